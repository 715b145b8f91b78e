package ingest

import (
	"strings"
	"testing"
)

// firewallDialects are events of firewalls.
var firewallDialects = []dialect{
	{"CEF of FortiOS", "cef", "Apr 19 14:34:58 FG CEF: 0|Fortinet|Fortigate|v6.4.2|00013|traffic:forward close|3|FTNTFGTlogid=0000000013 cat=traffic:forward FTNTFGTeventtime=1713530098500000000 src=10.0.0.5 spt=50000 " +
		"dst=198.51.100.7 dpt=443 proto=6 act=close app=HTTPS FTNTFGTdstcountry=United States FTNTFGTduration=2 out=100 in=200 FTNTFGTsentpkt=2 FTNTFGTrcvdpkt=3\n" +
		"Apr 19 14:34:58 FG CEF:0|Fortinet|Fortigate|v6.4.2|00020|traffic:forward accept|3|FTNTFGTlogid=0000000020 cat=traffic:forward FTNTFGTeventtime=1713530098500000000 src=10.0.0.5 spt=50000 dst=198.51.100.7 dpt=443 proto=6 act=accept FTNTFGTduration=1 out=50 in=60\n" +
		"Apr 19 14:34:58 FG CEF:0|Fortinet|Fortigate|v6.4.2|32001|event:system login success|3|cat=event:system msg=a\\=b\n", oneConn},
	{"CEF of PAN-OS 10", "cef", panCEF("10.1.0", "in=200 out=100"), oneConnVPC},
	{"CEF of PAN-OS 9", "cef", panCEF("9.1.0", "in=100 out=200"), oneConnVPC},
	{"CEF of Check Point", "cef", "CEF:0|Check Point|VPN-1 & FireWall-1|Check Point|Accept|https|Unknown|act=Accept rt=1713530096000 spt=50000 dpt=443 cs2Label=Rule Name cs2=out loguid={0x1} proto=6 src=10.0.0.5 dst=198.51.100.7 in=200 out=100 duration=60\n" +
		"CEF:0|Check Point|VPN-1 & FireWall-1|Check Point|Drop|telnet|Unknown|act=Drop rt=1713530096000 spt=50000 dpt=23 proto=6 src=10.0.0.5 dst=198.51.100.7\n", oneConnVPC},
	{"LEEF of PAN-OS", "cef", "<14>Apr 19 12:35:56 fw LEEF:1.0|Palo Alto Networks|PAN-OS Syslog Integration|10.1.0|allow|cat=TRAFFIC|ReceiveTime=2024/04/19 12:35:56|Type=TRAFFIC|Subtype=end|devTime=Apr 19 2024 12:35:56 GMT|" +
		"src=10.0.0.5|dst=198.51.100.7|RuleName =out|srcPort=50000|dstPort=443|proto=tcp|action=allow|totalBytes=300|dstBytes=200|srcBytes=100|StartTime=2024/04/19 12:34:56|ElapsedTime=60\n", oneConnVPC},
	{"LEEF 2 with a delimiter of its own", "cef", "LEEF:2.0|Palo Alto Networks|PAN-OS|11.0|allow|x5E|cat=TRAFFIC^Type=TRAFFIC^Subtype=end^src=10.0.0.5^dst=198.51.100.7^srcPort=50000^dstPort=443^proto=tcp^action=allow^dstBytes=200^srcBytes=100^StartTime=2024/04/19 12:34:56^ElapsedTime=60\n", oneConnVPC},
	{"FortiOS as JSON", "fortinet", `{"date":"2024-04-19","time":"12:34:56","tz":"+0000","type":"event","logid":"0100032001","devid":"FG1","srcip":"10.0.0.5","dstip":"198.51.100.7"}` + "\n" +
		`{"date":"2024-04-19","time":"12:35:56","tz":"+0000","type":"traffic","logid":"0000000020","devid":"FG1","srcip":"10.0.0.5","srcport":50000,"dstip":"198.51.100.7","dstport":443,"proto":6,"sentbyte":9,"rcvdbyte":9}` + "\n" +
		`{"date":"2024-04-19","time":"12:35:56","tz":"+0000","type":"traffic","logid":"0000000013","devid":"FG1","srcip":"10.0.0.5","srcport":50000,"dstip":"198.51.100.7","dstport":443,"proto":6,"action":"close","duration":60,"sentbyte":100,"rcvdbyte":200}` + "\n", oneConnVPC},
	{"a session that does not end", "fortinet", "devid=FG1 logid=0000000020 type=traffic eventtime=1713530218000000000 srcip=10.0.0.5 srcport=50000 dstip=198.51.100.7 dstport=443 proto=6 action=accept duration=122 sentbyte=40 rcvdbyte=90\n" +
		"devid=FG1 logid=0000000020 type=traffic eventtime=1713530340900000000 srcip=10.0.0.5 srcport=50000 dstip=198.51.100.7 dstport=443 proto=6 action=accept duration=244 sentbyte=100 rcvdbyte=200\n", oneConnVPC},
	{"FortiOS in Elasticsearch", "fortinet", `[{"_source":{"fgt":{"eventtime":"1713530156000000000","type":"traffic","logid":"0000000013","srcip":"10.0.0.5","srcport":"50000","dstip":"198.51.100.7","dstport":"443","proto":"6","action":"close","duration":"60","sentbyte":"100","rcvdbyte":"200"}}}]`, oneConnVPC},
	{"CSV of FortiAnalyzer", "fortinet", `"date=2024-04-19","time=12:35:56","tz=+0000","devname=FG 1","devid=FG1","logid=0000000013","type=traffic","srcip=10.0.0.5","srcport=50000","dstip=198.51.100.7","dstport=443","proto=6","action=close","policyname=to the world","duration=60","sentbyte=100","rcvdbyte=200"` + "\n", oneConnVPC},
	{"the log service of PAN-OS", "paloalto", `{"LogType":"TRAFFIC","Subtype":"end","TimeGenerated":"2024-04-19T12:35:56.000000Z","SessionStartTime":"2024-04-19T12:34:56.500000Z","SourceAddress":"10.0.0.5","DestinationAddress":"198.51.100.7","SourcePort":50000,` +
		`"DestinationPort":443,"Protocol":"tcp","Bytes":300,"BytesSent":100,"BytesReceived":200,"Action":"allow","SessionDuration":60}` + "\n", oneConn},
	{"SRX", "juniper", `<14>1 2024-04-19T14:35:56.500+02:00 srx RT_FLOW - RT_FLOW_SESSION_CREATE [junos@2636.1.1.1.2.40 source-address="10.0.0.5" source-port="50000" destination-address="198.51.100.7" destination-port="443" protocol-id="6"]` + "\n" +
		`<14>1 2024-04-19T14:35:56.500+02:00 srx RT_FLOW - RT_FLOW_SESSION_CLOSE [junos@2636.1.1.1.2.40 reason="TCP FIN" source-address="10.0.0.5" source-port="50000" destination-address="198.51.100.7" destination-port="443" protocol-id="6" ` +
		`packets-from-client="2" bytes-from-client="100" packets-from-server="3" bytes-from-server="200" elapsed-time="60" application="SSL"]` + "\n", oneConn},
}

func panCEF(version, counts string) string {
	event := func(subtype, kind string) string {
		return "Apr 19 12:35:56 fw CEF:0|Palo Alto Networks|PAN-OS|" + version + "|" + subtype + "|" + kind + "|1|rt=Apr 19 2024 12:35:56 GMT src=10.0.0.5 dst=198.51.100.7 cs1Label=Rule cs1=all out app=ssl spt=50000 dpt=443 " +
			"proto=tcp act=allow flexNumber1Label=Total bytes flexNumber1=300 " + counts + " PanOSPacketsReceived=3 PanOSPacketsSent=2 start=Apr 19 2024 12:34:56 GMT cn3Label=Elapsed time in seconds cn3=60 reason=tcp-fin\n"
	}
	return event("start", "TRAFFIC") + event("url", "THREAT") + event("end", "TRAFFIC")
}

// collectorDialects are records of NetFlow as collectors write them.
var collectorDialects = []dialect{
	{"GoFlow2", "collector", `{"type":"NETFLOW_V9","time_received_ns":1713530200000000000,"sampler_address":"10.0.0.1","time_flow_start_ns":1713530096500000000,"time_flow_end_ns":1713530098000000000,"bytes":100,"packets":2,"src_addr":"10.0.0.5","dst_addr":"198.51.100.7","proto":"TCP","src_port":50000,"dst_port":443,"tcp_flags":27}` + "\n" +
		`{"type":"NETFLOW_V9","time_received_ns":1713530200000000000,"sampler_address":"10.0.0.1","time_flow_start_ns":1713530096510000000,"time_flow_end_ns":1713530098000000000,"bytes":200,"packets":3,"src_addr":"198.51.100.7","dst_addr":"10.0.0.5","proto":"TCP","src_port":443,"dst_port":50000,"tcp_flags":27}` + "\n", oneConn},
	{"pmacct, CSV", "collector", "SRC_IP,DST_IP,SRC_PORT,DST_PORT,TCP_FLAGS,PROTOCOL,TIMESTAMP_START,TIMESTAMP_END,PACKETS,BYTES\n" +
		"10.0.0.5,198.51.100.7,50000,443,27,tcp,2024-04-19 12:34:56.500000,2024-04-19 12:34:58.000000,2,100\n198.51.100.7,10.0.0.5,443,50000,27,tcp,2024-04-19 12:34:56.510000,2024-04-19 12:34:58.000000,3,200\n", oneConn},
	{"pmacct, JSON", "collector", `{"event_type":"purge","ip_src":"10.0.0.5","ip_dst":"198.51.100.7","port_src":50000,"port_dst":443,"ip_proto":"tcp","timestamp_start":"2024-04-19 12:34:56.500000","timestamp_end":"2024-04-19 12:34:58.000000","packets":2,"bytes":100}` + "\n" +
		`{"event_type":"purge","ip_src":"198.51.100.7","ip_dst":"10.0.0.5","port_src":443,"port_dst":50000,"ip_proto":"tcp","timestamp_start":"2024-04-19 12:34:56.510000","timestamp_end":"2024-04-19 12:34:58.000000","packets":3,"bytes":200}` + "\n", oneConn},
	{"Akvorado, without a start", "collector", `{"TimeReceived":"2024-04-19 12:34:56","SamplingRate":1,"ExporterAddress":"::ffff:10.0.0.1","SrcAddr":"::ffff:10.0.0.5","DstAddr":"::ffff:198.51.100.7","Proto":6,"SrcPort":50000,"DstPort":443,"Bytes":"100","Packets":"2"}` + "\n" +
		`{"TimeReceived":"2024-04-19 12:34:56","SamplingRate":1,"ExporterAddress":"::ffff:10.0.0.1","SrcAddr":"::ffff:198.51.100.7","DstAddr":"::ffff:10.0.0.5","Proto":6,"SrcPort":443,"DstPort":50000,"Bytes":"200","Packets":"3"}` + "\n", oneConnVPC},
	{"Logstash", "collector", `{"@timestamp":"2024-04-19T12:36:00.000Z","host":"10.0.0.1","netflow":{"version":9,"ipv4_src_addr":"10.0.0.5","ipv4_dst_addr":"198.51.100.7","l4_src_port":50000,"l4_dst_port":443,"protocol":6,"in_bytes":100,"in_pkts":2,"first_switched":"2024-04-19T12:34:56.500Z","last_switched":"2024-04-19T12:34:58.000Z"}}` + "\n" +
		`{"@timestamp":"2024-04-19T12:36:00.000Z","host":"10.0.0.1","netflow":{"version":9,"ipv4_src_addr":"198.51.100.7","ipv4_dst_addr":"10.0.0.5","l4_src_port":443,"l4_dst_port":50000,"protocol":6,"in_bytes":200,"in_pkts":3,"first_switched":"2024-04-19T12:34:56.510Z","last_switched":"2024-04-19T12:34:58.000Z"}}` + "\n", oneConn},
	{"nProbe, both directions in a record", "collector", `{"IPV4_SRC_ADDR":"10.0.0.5","L4_SRC_PORT":50000,"IPV4_DST_ADDR":"198.51.100.7","L4_DST_PORT":443,"PROTOCOL":6,"IN_BYTES":100,"IN_PKTS":2,"OUT_BYTES":200,"OUT_PKTS":3,"FIRST_SWITCHED":1713530096,"LAST_SWITCHED":1713530098}` + "\n", oneConnVPC},
	{"the NF data in version 3", "collector", "FLOW_START_MILLISECONDS,FLOW_END_MILLISECONDS,IPV4_SRC_ADDR,L4_SRC_PORT,IPV4_DST_ADDR,L4_DST_PORT,PROTOCOL,L7_PROTO,IN_BYTES,IN_PKTS,OUT_BYTES,OUT_PKTS,TCP_FLAGS,FLOW_DURATION_MILLISECONDS,Label\n" +
		"1713530096500,1713530098000,10.0.0.5,50000,198.51.100.7,443,6,91.0,100,2,200,3,27,1500,0\n", oneConn},
	{"IPFIX names", "collector", `{"flowStartMilliseconds":1713530096500,"flowEndMilliseconds":1713530098000,"sourceIPv4Address":"10.0.0.5","destinationIPv4Address":"198.51.100.7","sourceTransportPort":50000,"destinationTransportPort":443,"protocolIdentifier":6,"octetDeltaCount":100,"reverseOctetDeltaCount":200}` + "\n", oneConn},

	{"JSON of nfdump 1.6", "nfdump", `[{"type":"FLOW","t_first":"2024-04-19T12:34:56.500","t_last":"2024-04-19T12:34:58.000","proto":6,"src4_addr":"10.0.0.5","dst4_addr":"198.51.100.7","src_port":50000,"dst_port":443,"tcp_flags":"...AP.SF","in_packets":2,"in_bytes":100},` +
		`{"type":"FLOW","t_first":"2024-04-19T12:34:56.510","t_last":"2024-04-19T12:34:58.000","proto":6,"src4_addr":"198.51.100.7","dst4_addr":"10.0.0.5","src_port":443,"dst_port":50000,"tcp_flags":"...AP.SF","in_packets":3,"in_bytes":200}]` + "\n", oneConn},
	{"CIDDS", "nfdump", "Date first seen,Duration,Proto,Src IP Addr,Src Pt,Dst IP Addr,Dst Pt,Packets,Bytes,Flows,Flags,Tos,class,attackType\n" +
		"2024-04-19 12:34:56.500,1.500,TCP  ,10.0.0.5,50000,198.51.100.7,443.0,2,    100,1,.AP.SF,0,normal,---\n2024-04-19 12:34:56.510,1.500,TCP  ,198.51.100.7,443,10.0.0.5,50000.0,3,    200,1,.AP.SF,0,normal,---\n", oneConn},
	{"first flags tell the opener", "silk", "sIP|dIP|sPort|dPort|pro|packets|bytes|initialF|sTime|\n10.0.0.5|198.51.100.7|50000|443|6|2|100|S|2024/04/19T12:34:56.500|\n198.51.100.7|10.0.0.5|443|50000|6|3|200|SA|2024/04/19T12:34:56.500|\n", oneConn},
	{"UNSW-NB15", "binetflow", "srcip,sport,dstip,dsport,proto,state,dur,sbytes,dbytes,sttl,Spkts,Dpkts,Stime,Ltime\n10.0.0.5,50000,198.51.100.7,443,tcp,FIN,1.5,100,200,31,2,3,1713530096,1713530098\n", oneConnVPC},
	{"TON_IoT", "zeek", "ts,src_ip,src_port,dst_ip,dst_port,proto,service,duration,src_bytes,dst_bytes,conn_state,missed_bytes,src_pkts,src_ip_bytes,dst_pkts,dst_ip_bytes,label\n1713530096,10.0.0.5,50000,198.51.100.7,443,tcp,-,1.5,100,200,SF,0,2,180,3,320,1\n", oneConnVPC},
	{"Filebeat, below the name of the module", "eve", `{"@timestamp":"2024-04-19T12:36:00Z","suricata":{"eve":{"event_type":"flow","src_ip":"10.0.0.5","src_port":50000,"dest_ip":"198.51.100.7","dest_port":443,"proto":"TCP","flow":{"bytes_toserver":100,"bytes_toclient":200,"start":"2024-04-19T12:34:56.5+0000"}}}}` + "\n", oneConn},
	{"another separator of scopes", "zeek", "#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid-orig_h\tid-orig_p\tid-resp_h\tid-resp_p\tproto\torig_bytes\tresp_bytes\tconn_state\n1713530096.5\tC1\t10.0.0.5\t50000\t198.51.100.7\t443\ttcp\t100\t200\tSF\n", oneConn},
	{"Pub/Sub", "gcp", `[{"ackId":"a","message":{"data":"eyJqc29uUGF5bG9hZCI6eyJjb25uZWN0aW9uIjp7InNyY19pcCI6IjEwLjAuMC41Iiwic3JjX3BvcnQiOjUwMDAwLCJkZXN0X2lwIjoiMTk4LjUxLjEwMC43IiwiZGVzdF9wb3J0Ijo0NDMsInByb3RvY29sIjo2fSwiYnl0ZXNfc2VudCI6IjEwMCIsInN0YXJ0X3RpbWUiOiIyMDI0LTA0LTE5VDEyOjM0OjU2LjVaIiwiZW5kX3RpbWUiOiIyMDI0LTA0LTE5VDEyOjM0OjU4WiJ9fQ==","messageId":"1"}},` +
		`{"ackId":"b","message":{"data":"eyJqc29uUGF5bG9hZCI6eyJjb25uZWN0aW9uIjp7InNyY19pcCI6IjE5OC41MS4xMDAuNyIsInNyY19wb3J0Ijo0NDMsImRlc3RfaXAiOiIxMC4wLjAuNSIsImRlc3RfcG9ydCI6NTAwMDAsInByb3RvY29sIjo2fSwiYnl0ZXNfc2VudCI6IjIwMCIsInN0YXJ0X3RpbWUiOiIyMDI0LTA0LTE5VDEyOjM0OjU2LjZaIiwiZW5kX3RpbWUiOiIyMDI0LTA0LTE5VDEyOjM0OjU4WiJ9fQ==","messageId":"2"}}]` + "\n", oneConn},
}

// TestUnsupported says of logs without flows what they are.
func TestUnsupported(t *testing.T) {
	for _, tt := range []struct{ log, says string }{
		{"Apr 19 2024 12:34:56 fw : %ASA-6-302014: Teardown TCP connection 11 for outside:198.51.100.7/443 to inside:10.0.0.5/50000 duration 0:00:09 bytes 300 TCP FINs\n", "messages of Cisco's ASA"},
		{"<134>1 2024-04-19T12:34:56+00:00 gw filterlog 71 - - 5,,,1000000103,igb0,match,block,in,4,0x0,,64,0,0,DF,6,tcp,60,10.0.0.5,198.51.100.7,50000,443,0,S,1,,64240,,mss\n", "pfSense or OPNsense"},
		{"Apr 19 12:34:56 pf filterlog[45337]: 7,,,1000000105,igb0,match,pass,out,6,0x00,0x0,64,UDP,17,60,2001:db8::1,2001:db8::2,50000,53,40\n", "pfSense or OPNsense"},
		{"12:34:56 firewall,info input: in:ether1 out:(unknown 0), connection-state:new proto UDP, 198.51.100.7:53->10.0.0.5:50000, len 60\n", "MikroTik"},
		{"Apr 19 12:34:56 srx RT_FLOW: RT_FLOW_SESSION_CLOSE: session closed TCP FIN: 10.0.0.5/50000->198.51.100.7/443 junos-https 2(100) 3(200) 60\n", "set security log format sd-syslog"},
		{"Apr 19 12:34:56 h kernel: [UFW BLOCK] IN=eth0 OUT= MAC=00:11 SRC=198.51.100.7 DST=10.0.0.5 LEN=40 TOS=0x00 TTL=241 ID=1 PROTO=TCP SPT=4444 DPT=22 WINDOW=1024 SYN\n", "packet filter log of Linux"},
		{"#Version: 1.5\n#Software: Microsoft Windows Firewall\n#Time Format: Local\n#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags\n2024-04-19 12:34:56 ALLOW TCP 10.0.0.5 198.51.100.7 50000 443 0 -\n", "Windows Firewall"},
		{"12:34:56.500000 IP 10.0.0.5.50000 > 198.51.100.7.443: Flags [S], seq 1, win 64240, length 0\n", "tcpdump -w"},
		{"04/19/2024-12:34:56.500000  [**] [1:2100498:7] GPL ATTACK_RESPONSE id check [**] [Priority: 2] {TCP} 198.51.100.7:80 -> 10.0.0.5:50000\n", "eve.json"},
		{`{"AgentID":"10.0.0.1","Header":{"Version":10},"DataSets":[[{"I":8,"V":"10.0.0.5"}]]}` + "\n", "vFlow"},
		{"59.166.0.0,1390,149.171.126.6,53,udp,CON,0.001055,132,164,31,29,0,0,dns\n", "--from binetflow"},
		{"118781,5580,Comp364445,Comp547245,17,Port05507,46772,0,755065,0,1042329018\n", "hosts without addresses"},
		{"#separator \\x09\n#path\tssl\n#fields\tts\tuid\tid.orig_h\tid.resp_h\tserver_name\n", "import conn.log"},
		{"1.0,2.0,3.0\n", "the format cannot be detected"},
	} {
		path := write(t, t.TempDir(), "some.log", []byte(tt.log))
		if f, err := Detect([]string{path}, Options{}); err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%.60s: detected as %q, %v", tt.log, f.Name, err)
		}
	}
}

// TestCollectorSampling says that a collector's counts are those of sampled packets.
func TestCollectorSampling(t *testing.T) {
	log := strings.ReplaceAll(collectorDialects[0].log, `"packets"`, `"sampling_rate":1000,"packets"`)
	_, summary, err := readAs(t, "collector", []string{write(t, t.TempDir(), "a.json", []byte(log))}, Options{})
	if err != nil || summary.SamplingInterval() != 1000 || summary.Sampled.Rows != 2 {
		t.Errorf("%+v, %v", summary, err)
	}
}
