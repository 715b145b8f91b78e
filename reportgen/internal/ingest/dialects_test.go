package ingest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// dialect is a log as some program writes or carries it.
type dialect struct {
	name, format, log string
	want              string // the connections, with times, as paired writes them
}

const (
	oneConn    = "2024-04-19 12:34:56.50 10.0.0.5 > 198.51.100.7:443 100/200\n"
	oneConnVPC = "2024-04-19 12:34:56.00 10.0.0.5 > 198.51.100.7:443 100/200\n"

	zeekObject = `{"ts":1713530096.5,"uid":"C1","id.orig_h":"10.0.0.5","id.orig_p":50000,"id.resp_h":"198.51.100.7","id.resp_p":443,"proto":"tcp","duration":1.5,"orig_bytes":100,"resp_bytes":200,"conn_state":"SF"}`
	eveObject  = `{"timestamp":"2024-04-19T12:35:56.000000+0000","event_type":"flow","src_ip":"10.0.0.5","src_port":50000,"dest_ip":"198.51.100.7","dest_port":443,"proto":"TCP","flow":{"bytes_toserver":100,"bytes_toclient":200,"start":"2024-04-19T12:34:56.500000+0000"}}` + "\n"
	vpcThere   = "2 123456789010 eni-1 10.0.0.5 198.51.100.7 50000 443 6 2 100 1713530096 1713530156 ACCEPT OK"
	vpcBack    = "2 123456789010 eni-1 198.51.100.7 10.0.0.5 443 50000 6 3 200 1713530096 1713530156 ACCEPT OK"
)

// carried is a log of lines, each a text under a key of an object.
func carried(before, after string, lines ...string) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(before + strings.ReplaceAll(line, `"`, `\"`) + after)
	}
	return b.String()
}

// dialects are logs that programs carry in other ways than their tools write them, or
// that they write in other words. None is to be refused, or read as something else.
var dialects = []dialect{
	{"Docker", "zeek", carried(`{"log":"`, `\n","stream":"stdout"}`+"\n", zeekObject), oneConn},
	{"Beats, not decoded", "zeek", carried(`{"@timestamp":"2024-04-19T12:40:00Z","message":"`, `","host":{"name":"a"}}`+"\n", zeekObject), oneConn},
	{"Beats, decoded under a key", "zeek", `{"@timestamp":"2024-04-19T12:40:00Z","json":` + zeekObject + "}\n", oneConn},
	{"Beats, under the name of the module", "zeek", `{"@timestamp":"2024-04-19T12:40:00Z","zeek":{"conn":` + zeekObject + "}}\n", oneConn},
	{"Splunk, raw", "zeek", carried(`{"preview":false,"result":{"_raw":"`, `","_time":"2024"}}`+"\n", zeekObject), oneConn},
	{"Splunk, fields", "zeek", `{"preview":false,"result":` + zeekObject + "}\n", oneConn},
	{"journald", "zeek", carried(`{"__REALTIME_TIMESTAMP":"1","SYSLOG_IDENTIFIER":"zeek","MESSAGE":"`, `"}`+"\n", zeekObject), oneConn},
	{"GELF", "zeek", carried(`{"version":"1.1","host":"z","short_message":"`, `","timestamp":1713530096.5}`+"\n", zeekObject), oneConn},
	{"Cloud Logging", "zeek", `{"insertId":"a","jsonPayload":` + zeekObject + "}\n", oneConn},
	{"scope separator _", "zeek", strings.ReplaceAll(zeekObject, `"id.`, `"id_`) + "\n", oneConn},
	{"scope separator _, text", "zeek", "#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid_orig_h\tid_orig_p\tid_resp_h\tid_resp_p\tproto\tduration\torig_bytes\tresp_bytes\tconn_state\n" +
		"1713530096.5\tC1\t10.0.0.5\t50000\t198.51.100.7\t443\ttcp\t1.5\t100\t200\tSF\n", oneConn},
	{"ends as an object", "zeek", `{"ts":1713530096.5,"uid":"C1","id":{"orig_h":"10.0.0.5","orig_p":50000,"resp_h":"198.51.100.7","resp_p":443},"proto":"tcp","duration":1.5,"orig_bytes":100,"resp_bytes":200,"conn_state":"SF"}` + "\n", oneConn},
	{"Kafka, under the name of the log", "zeek", `{"conn":` + zeekObject + "}\n", oneConn},
	{"logs mixed, by @stream", "zeek", `{"@stream":"dns",` + strings.Replace(zeekObject[1:], `"conn_state":"SF"`, `"query":"a.example"`, 1) + "\n" + `{"@stream":"conn",` + zeekObject[1:] + "\n", oneConn},
	{"logs mixed, by what they have", "zeek", zeekObject + "\n" + `{"ts":1713530096.5,"uid":"C1","id.orig_h":"10.0.0.5","id.orig_p":50000,"id.resp_h":"198.51.100.7","id.resp_p":443,"version":"TLSv13","server_name":"a.example"}` + "\n", oneConn},
	{"syslog of BSD", "zeek", "<13>Apr  9 00:44:03 host zeek[12]: " + zeekObject + "\n", oneConn},
	{"syslog of BSD", "eve", "<13>Feb 25 00:44:03 host suricata: " + eveObject, oneConn},
	{"@cee of rsyslog", "eve", "Apr 19 12:35:56 host suricata[12]: @cee: " + eveObject, oneConn},
	{"syslog with braces in its own data", "zeek", `<134>1 2024-04-19T12:34:57Z h zeek 1 - [m a="{b}"] ` + zeekObject + "\n", oneConn},
	{"a search of Elasticsearch", "zeek", `{"took":1,"hits":{"hits":[{"_index":"z","_source":` + zeekObject + "}]}}", oneConn},
	{"names without scope", "zeek", strings.ReplaceAll(zeekObject, `"id.`, `"`) + "\n", oneConn},
	{"names of the manual's field map", "zeek", "#separator \\x09\n#path\tconn\n#fields\tts\tuid\tsrc\tsrc_port\tdst\tdst_port\tproto\tduration\torig_bytes\tresp_bytes\tconn_state\n" +
		"1713530096.5\tC1\t10.0.0.5\t50000\t198.51.100.7\t443\ttcp\t1.5\t100\t200\tSF\n", oneConn},
	{"logs mixed, by @path", "zeek", `{"@path":"ssl",` + zeekObject[1:] + "\n" + `{"@path":"conn",` + zeekObject[1:] + "\n", oneConn},
	{"an answer of Loki", "zeek", `{"status":"success","data":{"resultType":"streams","result":[{"stream":{"log":"values"},"values":[` +
		`["1713530100000000000",` + strconv.Quote(zeekObject) + `,{"trace":"1"}]]},{"stream":{"log":"dns"},"values":[]}],"stats":{"summary":{"values":3}}}}`, oneConn},
	{"what Promtail pushes to Loki", "eve", "{\n  \"streams\": [\n    {\"stream\": {\"job\": \"eve\"}, \"values\": [[\"1713530156000000000\", " + strconv.Quote(eveObject) + "]]}\n  ]\n}\n", oneConn},
	{"lines of VPC flow logs in Loki", "vpc", `{"streams":[{"stream":{},"values":[["1",` + strconv.Quote(vpcThere) + `],["2",` + strconv.Quote(vpcBack) + `]]}]}`, oneConnVPC},
	{"archives of Wazuh", "eve", `{"timestamp":"2024-04-19T12:36:00Z","id":"1.2","agent":{"id":"001"},"data":{"event_type":"flow","src_ip":"10.0.0.5","src_port":"50000","dest_ip":"198.51.100.7","dest_port":"443","proto":"TCP",` +
		`"flow":{"bytes_toserver":"100","bytes_toclient":"200","start":"2024-04-19T12:34:56.500000+0000"}},"location":"/var/log/suricata/eve.json"}` + "\n", oneConn},
	{"archives of Wazuh, the line itself", "zeek", `{"timestamp":"2024-04-19T12:36:00Z","id":"1.2","full_log":` + strconv.Quote(zeekObject) + `,"decoder":{"name":"json"}}` + "\n", oneConn},
	{"results of a search of Splunk", "zeek", `{"preview":false,"init_offset":0,"messages":[],"fields":[{"name":"ts"}],"results":[` + zeekObject + `]}`, oneConn},
	{"a table of pandas", "zeek", "ts,uid,id.orig_h,id.orig_p,id.resp_h,id.resp_p,proto,duration,orig_bytes,resp_bytes,conn_state\n1713530096.5,C1,10.0.0.5,50000,198.51.100.7,443.0,tcp,1.5,100.0,200.0,SF\n", oneConn},

	{"Kibana", "ecs", `"@timestamp","source.ip","source.port","destination.ip","destination.port","network.transport","source.bytes","destination.bytes","event.duration"` + "\n" +
		`"Apr 19, 2024 @ 12:34:56.500","10.0.0.5","50,000","198.51.100.7",443,tcp,"1,234","2,345,678","1,500,000,000"` + "\n", "2024-04-19 12:34:56.50 10.0.0.5 > 198.51.100.7:443 1234/2345678\n"},
	{"fields of a search of Elasticsearch", "ecs", `{"fields":{"@timestamp":["2024-04-19T12:34:56.5Z"],"source.ip":["10.0.0.5"],"source.port":[50000],"destination.ip":["198.51.100.7"],"destination.port":[443],"network.transport":["tcp"],"source.bytes":[100],"destination.bytes":[200]}}` + "\n", oneConn},
	{"the source is the server", "ecs", `{"@timestamp":"2024-04-19T12:36:00Z","event":{"start":"2024-04-19T12:34:56.5Z"},"source":{"ip":"198.51.100.7","port":443,"bytes":200},"destination":{"ip":"10.0.0.5","port":50000,"bytes":100},` +
		`"client":{"ip":"10.0.0.5","port":50000},"server":{"ip":"198.51.100.7","port":443},"network":{"transport":"tcp"}}` + "\n", oneConn},
	{"only the bytes of both", "ecs", `{"@timestamp":"2024-04-19T12:34:56.5Z","source":{"ip":"10.0.0.5","port":50000,"bytes":100},"destination":{"ip":"198.51.100.7","port":443},"network":{"transport":"tcp","bytes":300}}` + "\n", oneConn},
	{"firewalls report beginnings and other logs", "ecs", strings.Join([]string{
		ecsSession(`"event":{"action":"flow_started","start":"2024-04-19T12:34:56.5Z"},"panw":{"panos":{"type":"TRAFFIC"}}`),
		ecsSession(`"event":{"action":"url_filtering","start":"2024-04-19T12:34:56.5Z"},"panw":{"panos":{"type":"THREAT"}}`),
		ecsSession(`"event":{"code":"0000000020","start":"2024-04-19T12:34:56.5Z"},"fortinet":{"firewall":{"type":"traffic"}}`),
		ecsSession(`"event":{"action":"flow_terminated","start":"2024-04-19T12:34:56.5Z"},"panw":{"panos":{"type":"TRAFFIC"}}`)}, ""), oneConn},

	{"a subscription, objects without lines between", "vpc", `{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","message":"` + vpcThere + `"}]}` +
		`{"messageType":"CONTROL_MESSAGE","logEvents":[{"id":"","message":"CWL CONTROL MESSAGE: Checking health of destination Firehose."}]}` +
		`{"messageType":"DATA_MESSAGE","logEvents":[{"id":"2","message":"` + vpcBack + `"}]}`, oneConnVPC},
	{"an answer of Logs Insights", "vpc", `{"results":[[{"field":"@timestamp","value":"2024-04-19 12:34:56.000"},{"field":"@message","value":"` + vpcThere + `"},{"field":"@ptr","value":"x y"}],` +
		`[{"field":"@timestamp","value":"2024-04-19 12:34:56.000"},{"field":"@message","value":"` + vpcBack + `"},{"field":"@ptr","value":"z"}]],"statistics":{"recordsMatched":2},"status":"Complete"}`, oneConnVPC},
	{"Logs Insights", "vpc", "@timestamp,@message\n2024-04-19 12:34:56.000," + vpcThere + "\n2024-04-19 12:34:56.000,\"" + vpcBack + "\"\n", oneConnVPC},
	{"aws logs tail", "vpc", "2024-04-19T12:35:56+00:00 eni-1-all " + vpcThere + "\n2024-04-19T12:35:56+00:00 eni-1-all " + vpcBack + "\n", oneConnVPC},
	{"Splunk, a line of text", "vpc", carried(`{"result":{"_raw":"`, `"}}`+"\n", vpcThere, vpcBack), oneConnVPC},
	{"rows as objects", "vpc", vpcObject("10.0.0.5", "198.51.100.7", 50000, 443, 100) + vpcObject("198.51.100.7", "10.0.0.5", 443, 50000, 200), oneConnVPC},
	{"rows as objects, in other words", "vpc", strings.NewReplacer("srcaddr", "srcAddr", "dstaddr", "dstAddr", "srcport", "srcPort", "dstport", "dstPort", "interface_id", "interfaceId").Replace(
		vpcObject("10.0.0.5", "198.51.100.7", 50000, 443, 100) + vpcObject("198.51.100.7", "10.0.0.5", 443, 50000, 200)), oneConnVPC},
	{"a table of Athena", "vpc", `"version","account","interfaceid","sourceaddress","destinationaddress","sourceport","destinationport","protocol","numpackets","numbytes","starttime","endtime","action","logstatus"` + "\n" +
		`"2","1","eni-1","10.0.0.5","198.51.100.7","50000","443","6","2","100","1713530096","1713530156","ACCEPT","OK"` + "\n" +
		`"2","1","eni-1","198.51.100.7","10.0.0.5","443","50000","6","2","200","1713530096","1713530156","ACCEPT","OK"` + "\n", oneConnVPC},

	{"JSON of ra", "binetflow", `{"type":"flow","stime":"2024-04-19T12:34:56.500000","dur":1.5,"proto":"tcp","saddr":"10.0.0.5","sport":50000,"dir":"->","daddr":"198.51.100.7","dport":443,"spkts":5,"dpkts":5,"sbytes":100,"dbytes":200,"state":"FIN"}` + "\n", oneConn},
	{"rows that end with a comma", "binetflow", "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,TotBytes,SrcBytes\n" +
		"2024/04/19 12:34:56.5,5.0,tcp,10.0.0.5,50000,->,198.51.100.7,443,FIN,300,100,,\n", oneConn},
	{"reports of a long connection", "binetflow", "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,TotBytes,SrcBytes\n" +
		"2024/04/19 12:34:56.5,5.0,tcp,10.0.0.5,50000,->,198.51.100.7,443,CON,90,30\n2024/04/19 12:35:56.5,5.0,tcp,10.0.0.5,50000,->,198.51.100.7,443,CON,90,30\n" +
		"2024/04/19 12:36:20,5.0,tcp,10.0.0.5,50000,->,198.51.100.7,443,FIN,120,40\n", oneConn},
	{"pieces of two minutes", "cicflowmeter", "Flow ID,Src IP,Src Port,Dst IP,Dst Port,Protocol,Timestamp,Flow Duration,Total Fwd Packet,Total Bwd packets,Total Length of Fwd Packet,Total Length of Bwd Packet\n" +
		"x,10.0.0.5,50000,198.51.100.7,443,6,19/04/2024 12:34:56 PM,119990000,10,12,40.0,50.0\nx,10.0.0.5,50000,198.51.100.7,443,6,19/04/2024 12:36:56 PM,119990000,10,12,60.0,150.0\n", oneConnVPC},
	{"names of the Python version", "cicflowmeter", "src_ip,dst_ip,src_port,dst_port,protocol,timestamp,flow_duration,flow_byts_s,tot_fwd_pkts,tot_bwd_pkts,totlen_fwd_pkts,totlen_bwd_pkts\n" +
		"10.0.0.5,198.51.100.7,50000,443,6,2024-04-19 12:34:56,1500000.0,200.0,3,3,100,200\n", oneConnVPC},
	{"CSV of the Logs Explorer", "gcp", "insertId,jsonPayload.bytes_sent,jsonPayload.connection.dest_ip,jsonPayload.connection.dest_port,jsonPayload.connection.protocol,jsonPayload.connection.src_ip,jsonPayload.connection.src_port,jsonPayload.end_time,jsonPayload.reporter,jsonPayload.start_time\n" +
		"a,100,198.51.100.7,443,6,10.0.0.5,50000,2024-04-19T12:34:58Z,SRC,2024-04-19T12:34:56.5Z\nb,200,10.0.0.5,50000,6,198.51.100.7,443,2024-04-19T12:34:58Z,SRC,2024-04-19T12:34:56.6Z\n", oneConn},
	{"without titles", "silk", "       10.0.0.5|   198.51.100.7|50000|  443|  6|         2|       100|FS PA   |2024/04/19T12:34:56.500|    1.500|2024/04/19T12:34:58.000| S0|\n" +
		"   198.51.100.7|       10.0.0.5|  443|50000|  6|         3|       200|FS PA   |2024/04/19T12:34:56.510|    1.490|2024/04/19T12:34:58.000| S0|\n", oneConn},
	{"JSON of super_mediator", "collector", `{"flows":{"flowStartMilliseconds":"2024-04-19 12:34:56.500","flowEndMilliseconds":"2024-04-19 12:34:58.000","sourceTransportPort":50000,"destinationTransportPort":443,"protocolIdentifier":6,` +
		`"sourceIPv4Address":"10.0.0.5","destinationIPv4Address":"198.51.100.7","octetTotalCount":100,"reverseOctetTotalCount":200}}` + "\n", oneConn},
	{"reports of Packetbeat on a flow that goes on", "ecs", packetbeatReport("false", "12:35:06", 40) + packetbeatReport("false", "12:35:16", 70) + packetbeatReport("true", "12:35:26", 100), oneConn},
	{"reports of Packetbeat on a flow that does not end", "ecs", packetbeatReport("false", "12:35:06", 40) + packetbeatReport("false", "12:35:16", 100), oneConn},
	{"the ASA ends a connection", "ecs", `{"@timestamp":"2024-04-19T12:36:00Z","event":{"dataset":"cisco.asa","action":"flow-expiration","start":"2024-04-19T12:34:56.500Z","duration":63000000000},"source":{"ip":"198.51.100.7","port":443},` +
		`"destination":{"ip":"10.0.0.5","port":50000},"network":{"transport":"tcp","bytes":300}}` + "\n", "2024-04-19 12:34:56.50 10.0.0.5 > 198.51.100.7:443 0/0\n"},
	{"every value in quotes", "paloalto", `"1","2024/04/19 12:36:00","0011","TRAFFIC","end","2560","2024/04/19 12:35:56","10.0.0.5","198.51.100.7","","","rule","","","ssl","vsys1","a","b","c","d","fwd","2024/04/19 12:35:56","1","1","50000","443","0","0","0x19","tcp",` +
		`"allow","300","100","200","5","2024/04/19 12:34:56","60","any","0","1","0x0","US","US","0","2","3","tcp-fin"` + "\n", oneConnVPC},
	{"IPFIXcol2", "collector", `{"@type":"ipfix.entry","iana:flowStartMicroseconds":"2024-04-19T12:34:56.500Z","iana:flowEndMicroseconds":"2024-04-19T12:34:58.000Z","iana:ipVersion":4,"iana:protocolIdentifier":"TCP","iana:sourceIPv4Address":"10.0.0.5",` +
		`"iana:sourceTransportPort":50000,"iana:destinationIPv4Address":"198.51.100.7","iana:destinationTransportPort":443,"iana:octetDeltaCount":100,"iana@reverse:octetDeltaCount@reverse":200,"iana:packetDeltaCount":2,"iana@reverse:packetDeltaCount@reverse":3}` + "\n", oneConn},
	{"pieces of half an hour", "nfstream", "id,src_ip,src_port,dst_ip,dst_port,protocol,ip_version,bidirectional_first_seen_ms,bidirectional_last_seen_ms,bidirectional_duration_ms,src2dst_packets,src2dst_bytes,dst2src_packets,dst2src_bytes,requested_server_name\n" +
		"0,10.0.0.5,50000,198.51.100.7,443,6,4,1713530096500,1713531896000,1799500,2,60,3,50,a.example\n1,10.0.0.5,50000,198.51.100.7,443,6,4,1713531897000,1713531997000,100000,2,40,3,150,\n", oneConn},
	{"logs of other kinds with fewer columns", "paloalto", "Apr 19 12:34:50 fw 1,2024/04/19 12:34:50,0011,SYSTEM,general,0,2024/04/19 12:34:50,,general,,0,0,general,informational,\"a, b\",1,0x0\n" +
		"1,2024/04/19 12:36:00,0011,TRAFFIC,end,2560,2024/04/19 12:35:56,10.0.0.5,198.51.100.7,,,rule,,,ssl,vsys1,a,b,c,d,fwd,2024/04/19 12:35:56,1,1,50000,443,0,0,0x19,tcp,allow,300,100,200,5,2024/04/19 12:34:56,60,any,0,1,0x0,US,US,0,2,3,tcp-fin\n", oneConnVPC},
	{"totals of IPFIX", "collector", "flowStartMilliseconds,flowEndMilliseconds,sourceIPv4Address,destinationIPv4Address,sourceTransportPort,destinationTransportPort,protocolIdentifier,octetTotalCount,reverseOctetTotalCount\n" +
		"2024-04-19 12:34:56.500,2024-04-19 12:34:58.000,10.0.0.5,198.51.100.7,50000,443,6,100,200\n", oneConn},
	{"the export of Panorama", "paloalto", "Domain,Receive Time,Serial #,Type,Threat/Content Type,Source address,Destination address,Source Port,Destination Port,IP Protocol,Action,Bytes,Bytes Sent,Bytes Received,Start Time,Elapsed Time (sec)\n" +
		"1,2024/04/19 12:35:56,0011,TRAFFIC,end,10.0.0.5,198.51.100.7,50000,443,tcp,allow,300,100,200,2024/04/19 12:34:56,60\n", oneConnVPC},
	{"an old zone", "fortinet", `<190>date=2024-04-19 time=14:34:56 tz="UTC+2:00" devid=FG1 logid=0001000014 type=traffic srcip=10.0.0.5 srcport=50000 dstip=198.51.100.7 dstport=443 proto=6 action=close duration=0 sentbyte=100 rcvdbyte=200` + "\n", oneConnVPC},
	{"openings and listeners", "ocsf", ocsfEvent(`"activity_id":1`) + ocsfEvent(`"activity_id":7,"traffic":{"bytes_out":1,"bytes_in":1}`) + ocsfEvent(`"activity_id":2,"duration":60000,"traffic":{"bytes_out":100,"bytes_in":200}`), oneConnVPC},
}

func packetbeatReport(final, at string, bytes int) string {
	return fmt.Sprintf(`{"@timestamp":"2024-04-19T%s.000Z","type":"flow","event":{"start":"2024-04-19T12:34:56.500Z","end":"2024-04-19T%s.000Z"},"flow":{"final":%s},"source":{"ip":"10.0.0.5","port":50000,"bytes":%d},`+
		`"destination":{"ip":"198.51.100.7","port":443,"bytes":%d},"network":{"transport":"tcp"}}`+"\n", at, at, final, bytes, 2*bytes)
}

func ecsSession(more string) string {
	return `{"@timestamp":"2024-04-19T12:36:00Z","source":{"ip":"10.0.0.5","port":50000,"bytes":100},"destination":{"ip":"198.51.100.7","port":443,"bytes":200},"network":{"transport":"tcp"},` + more + "}\n"
}

func vpcObject(src, dst string, sport, dport, octets int) string {
	return fmt.Sprintf(`{"version":2,"interface_id":"eni-1","srcaddr":%q,"dstaddr":%q,"srcport":%d,"dstport":%d,"protocol":6,"packets":2,"bytes":%d,"start":1713530096,"end":1713530156,"action":"ACCEPT","log_status":"OK"}`+"\n",
		src, dst, sport, dport, octets)
}

func ocsfEvent(more string) string {
	return `{"class_uid":4001,"time":1713530096000,"src_endpoint":{"ip":"10.0.0.5","port":50000},"dst_endpoint":{"ip":"198.51.100.7","port":443},"connection_info":{"protocol_name":"TCP"},` + more + "}\n"
}

// TestDialects detects and reads each dialect.
func TestDialects(t *testing.T) {
	for _, d := range slices.Concat(dialects, firewallDialects, collectorDialects) {
		t.Run(d.format+"/"+d.name, func(t *testing.T) {
			path := write(t, t.TempDir(), "some.log", []byte(d.log))
			if f, err := Detect([]string{path}, Options{}); err != nil || f.Name != d.format {
				t.Errorf("detected as %q, %v", f.Name, err)
			}
			flows, summary, err := readAs(t, d.format, []string{path}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := paired(t, &Sorter{}, flows); got != d.want {
				t.Errorf("got\n%swant\n%s", got, d.want)
			}
			for _, c := range summary.LeftOut {
				if c.Reason.malformed() {
					t.Errorf("left out %d rows: %s: %s", c.Rows, c.Reason, c.First)
				}
			}
		})
	}
}

// TestJSONTable reads objects with keys of any name, also in other objects.
func TestJSONTable(t *testing.T) {
	opt := Options{Map: map[string]string{"timestamp": "start", "src_ip": "a.ip", "dst_ip": "b.ip", "port": "b.port", "proto": "p", "up_bytes": "out", "down_bytes": "in"}}
	testFormat(t, "csv", []formatCase{
		{"objects", opt, `{"start":"2024-04-19 12:34:56","a":{"ip":"10.0.0.5"},"b":{"ip":"192.0.2.1","port":53},"p":"udp","out":1.5E3,"in":null}` + "\n" + `{"start":1713530097,"a.ip":"10.0.0.5","b.ip":"192.0.2.1","b.port":"53","p":17,"out":"1,234","in":7}` + "\n" + `{"start":1713530097}` + "\n", `
1 2024-04-19 12:34:56.00 udp 10.0.0.5:0 > 192.0.2.1:53 1500/0 unknown
2 2024-04-19 12:34:57.00 udp 10.0.0.5:0 > 192.0.2.1:53 1234/7
3 left out: a required field is missing: p
`},
	})
}
