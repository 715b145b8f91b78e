package ingest

import (
	"strings"
	"testing"
)

// The logs here follow the samples of each vendor's documentation.

const gcpLog = `{"insertId":"a","jsonPayload":{"bytes_sent":"1776","connection":{"dest_ip":"10.0.1.7","dest_port":443,"protocol":6,"src_ip":"10.0.0.5","src_port":50000},"end_time":"2024-04-19T12:35:01.789Z","packets_sent":"12","reporter":"SRC","start_time":"2024-04-19T12:34:56.789Z"},"logName":"projects/p/logs/compute.googleapis.com%2Fvpc_flows"}
{"insertId":"b","jsonPayload":{"bytes_sent":"5000","connection":{"dest_ip":"10.0.0.5","dest_port":50000,"protocol":6,"src_ip":"10.0.1.7","src_port":443},"end_time":"2024-04-19T12:35:01.789Z","packets_sent":"9","reporter":"SRC","start_time":"2024-04-19T12:34:56.790Z"}}
{"insertId":"c","textPayload":"x"}
`

const azureLog = `{"records":[{"time":"2024-04-19T12:35:00Z","systemId":"s","category":"NetworkSecurityGroupFlowEvent","operationName":"NetworkSecurityGroupFlowEvents",
"properties":{"Version":2,"flows":[{"rule":"DefaultRule_AllowInternetOutBound","flows":[{"mac":"000D3AF87856","flowTuples":[
"1713530096,10.0.0.4,13.67.143.118,44931,443,T,O,A,B,,,,",
"1713530396,10.0.0.4,13.67.143.118,44931,443,T,O,A,C,10,1000,20,8000",
"1713530420,10.0.0.4,13.67.143.118,44931,443,T,O,A,E,1,66,2,100",
"1713530100,198.51.100.9,10.0.0.4,50000,22,T,I,D,B,,,,",
"1713530101,10.0.0.4,168.63.129.16,50001,53,U,O,A,E,1,60,1,120"]}]}]}}]}
`

const azureVNet = `{"records":[{"time":"2024-04-19T12:35:00Z","category":"FlowLogFlowEvent","flowLogVersion":4,"flowRecords":{"flows":[{"aclID":"x","flowGroups":[{"rule":"r","flowTuples":[
"1713530096789,10.0.0.6,52.239.184.180,23956,443,6,O,B,NX,0,0,0,0","1713530099789,10.0.0.6,52.239.184.180,23956,443,6,O,E,NX,3,767,2,1580"]}]}]}}]}
`

const ocsfLog = `{"class_uid":4001,"time":1713530096789,"start_time":1713530096789,"end_time":1713530106789,"src_endpoint":{"ip":"10.0.0.5","port":50000},"dst_endpoint":{"ip":"192.0.2.1","port":443},"connection_info":{"protocol_num":6},"traffic":{"bytes_out":1000,"bytes_in":5000,"packets_out":10,"packets_in":8}}
{"class_uid":4001,"time":1713530096789,"src_endpoint":{"ip":"10.0.0.5","port":50001,"interface_uid":"eni-1"},"dst_endpoint":{"ip":"192.0.2.1","port":443},"connection_info":{"protocol_num":6,"tcp_flags":2},"traffic":{"bytes":40,"packets":1}}
{"class_uid":3002,"time":1713530096789}
`

const fortinetLog = `<189>date=2024-04-19 time=14:35:01 devname="FG" devid="FG100" logid="0000000013" type="traffic" subtype="forward" eventtime=1713530101789000000 tz="+0200" srcip=10.1.100.11 srcport=58012 dstip=23.59.154.35 dstport=80 sessionid=105048 proto=6 action="close" duration=5 sentbyte=480 rcvdbyte=5272 sentpkt=7 rcvdpkt=9 hostname="www.example.com"
date=2024-04-19 time=14:34:56 tz="+0200" devid="FG100" logid="0000000013" type="traffic" srcip=10.1.100.11 srcport=58013 dstip=192.0.2.9 dstport=445 proto=6 action="deny" duration=0 sentbyte=0 rcvdbyte=0
date=2024-04-19 time=14:34:56 devid="FG100" logid="0000000020" type="traffic" srcip=10.1.100.11 srcport=58012 dstip=23.59.154.35 dstport=80 proto=6 action="accept" duration=120 sentbyte=1 rcvdbyte=2
date=2024-04-19 time=14:34:56 devid="FG100" logid="0100032001" type="event" subtype="system"
`

var paloAltoLog = "<14>Apr 19 12:35:05 fw 1,2024/04/19 12:35:05,007000,TRAFFIC,end,2305,2024/04/19 12:35:05,10.0.0.5,192.0.2.1,0.0.0.0,0.0.0.0,Allow all,,,ssl,vsys1,trust,untrust,e1,e2,fwd,2024/04/19 12:35:05,12345,1,50000,443,0,0,0x19,tcp,allow,6000,1000,5000,18,2024/04/19 12:34:56,5,any,,123,0x0,US,US,,10,8,tcp-fin,0,0,0,0,,fw,from-policy\n" +
	"1,2024/04/19 12:35:05,007000,TRAFFIC,drop,2305,2024/04/19 12:35:05,10.0.0.5,192.0.2.2,0.0.0.0,0.0.0.0,Deny,,,not-applicable,vsys1,trust,untrust,e1,,fwd,2024/04/19 12:35:05,0,1,50001,23,0,0,0x0,tcp,deny,60,60,0,1,2024/04/19 12:34:56,0,any,,124,0x0,US,US,,1,0,policy-deny,0\n" +
	"1,2024/04/19 12:35:05,007000,THREAT,url,2305,2024/04/19 12:35:05,10.0.0.5,192.0.2.2,0.0.0.0,0.0.0.0,x,,,web,vsys1,trust,untrust,e1,,fwd,2024/04/19 12:35:05,0,1,50001,23,0,0,0x0,tcp,alert,a,b,c,1,2024/04/19 12:34:56,0,any,,124,0x0,US,US,,1,0,n,0\n"

const silkLog = "            sIP|            dIP|sPort|dPort|pro|   packets|     bytes|   flags|                  sTime| duration|                  eTime|sen|\n" +
	"       10.0.0.5|      192.0.2.1|50000|  443|  6|        10|      1000| S       |2024/04/19T12:34:56.789|    0.000|2024/04/19T12:34:56.789| S0|\n" +
	"      192.0.2.1|       10.0.0.5|  443|50000|  6|         9|      5000|  RA     |2024/04/19T12:34:56.790|    1.000|2024/04/19T12:34:57.790| S0|\n"

const cicLog = "Flow ID,Src IP,Src Port,Dst IP,Dst Port,Protocol,Timestamp,Flow Duration,Total Fwd Packet,Total Bwd packets,Total Length of Fwd Packet,Total Length of Bwd Packet,Label\n" +
	"a,10.0.0.5,50000,192.0.2.1,443,6,19/04/2024 12:34:56 PM,2500000,10,8,1000.0,5000.0,BENIGN\n" +
	"b,10.0.0.5,50000,192.0.2.1,0,0,19/04/2024 12:34:56 PM,1,1,0,0,0,BENIGN\n"

const ugrLog = "2024-04-19 12:35:00,3.220,42.219.154.107,143.72.8.137,60185,53,UDP,.A....,0,0,1,66,background\n"

const nfdumpJSON = `[
{
	"type" : "FLOW",
	"first" : "2024-04-19T12:34:56.789",
	"last" : "2024-04-19T12:34:57.789",
	"in_packets" : 10,
	"in_bytes" : 1000,
	"proto" : 6,
	"tcp_flags" : "......S.",
	"src_port" : 50000,
	"dst_port" : 443,
	"src4_addr" : "10.0.0.5",
	"dst4_addr" : "192.0.2.1"
},
{
	"type" : "FLOW",
	"first" : "2024-04-19T12:34:56.789",
	"last" : "2024-04-19T12:34:56.789",
	"in_packets" : 1,
	"in_bytes" : 84,
	"proto" : 1,
	"icmp_type" : 8,
	"src4_addr" : "10.0.0.5",
	"dst4_addr" : "192.0.2.1"
}
]
`

func TestCloudFormats(t *testing.T) {
	const at = "2024-04-19 12:34:56.78 "
	for _, test := range []struct{ format, log, want string }{
		{"gcp", gcpLog, "1 " + at + "tcp 10.0.0.5:50000 > 10.0.1.7:443 1776 one-way for 500\n2 2024-04-19 12:34:56.79 tcp 10.0.1.7:443 > 10.0.0.5:50000 5000 one-way for 499\n" +
			"3 left out: record of another log: an entry without connection.src_ip and connection.dest_ip\n"},
		{"ocsf", ocsfLog, "1 " + at + "tcp 10.0.0.5:50000 > 192.0.2.1:443 1000/5000\n2 " + at + "tcp 10.0.0.5:50001 > 192.0.2.1:443 40 one-way for 0\n" +
			"3 left out: record of another log: class_uid \"3002\"\n"},
		{"fortinet", fortinetLog, "1 " + at + "tcp 10.1.100.11:58012 > 23.59.154.35:80 480/5272\n2 2024-04-19 12:34:56.00 tcp 10.1.100.11:58013 > 192.0.2.9:445 0/0\n" +
			"3 2024-04-19 14:32:56.00 tcp 10.1.100.11:58012 > 23.59.154.35:80 1/2 opened by source\n4 left out: record of another log: type \"event\"\n"},
		{"paloalto", paloAltoLog, "1 2024-04-19 12:34:56.00 tcp 10.0.0.5:50000 > 192.0.2.1:443 1000/5000\n2 2024-04-19 12:34:56.00 tcp 10.0.0.5:50001 > 192.0.2.2:23 60/0\n" +
			"3 left out: record of another log: type \"THREAT\"\n"},
		{"silk", silkLog, "2 " + at + "tcp 10.0.0.5:50000 > 192.0.2.1:443 1000 one-way for 0\n3 2024-04-19 12:34:56.79 tcp 192.0.2.1:443 > 10.0.0.5:50000 5000 one-way for 100\n"},
		{"cicflowmeter", cicLog, "2 2024-04-19 12:34:56.00 tcp 10.0.0.5:50000 > 192.0.2.1:443 1000/5000\n3 left out: not an IP protocol: \"0\"\n"},
		{"ugr16", ugrLog, "1 " + at + "udp 42.219.154.107:60185 > 143.72.8.137:53 66 one-way for 322\n"},
		{"nfdump", nfdumpJSON, "2 " + at + "tcp 10.0.0.5:50000 > 192.0.2.1:443 1000 one-way for 100\n15 " + at + "icmp 10.0.0.5:0 > 192.0.2.1:2048 84 one-way for 0\n"},
		{"azure", `{"records":[{"properties":{"Version":1,"flows":[{"rule":"r","flows":[{"mac":"0","flowTuples":["1713530096,10.0.0.4,13.67.143.118,44931,443,T,O,A"]}]}]}}]}` + "\n",
			"1 2024-04-19 12:34:56.00 tcp 10.0.0.4:44931 > 13.67.143.118:443 0/0 unknown opened by source\n"},
		{"azure", azureVNet, "1 " + at + "tcp 10.0.0.6:23956 > 52.239.184.180:443 0/0 opened by source\n1 2024-04-19 12:34:59.78 tcp 10.0.0.6:23956 > 52.239.184.180:443 767/1580 opened by source\n"},
	} {
		t.Run(test.format, func(t *testing.T) {
			testFormat(t, test.format, []formatCase{{"sample", Options{}, test.log, test.want}})
		})
	}
}

// TestAzure joins the tuples of flows.
func TestAzure(t *testing.T) {
	got := decodeAs("azure", azureLog, Options{})
	if got.err != nil || len(got.bad) > 0 {
		t.Fatal(got.err, got.bad)
	}
	flows, pairing := paired(t, &Sorter{}, got.flows)
	const want = "2024-04-19 12:34:56.00 10.0.0.4 > 13.67.143.118:443 1066/8100\n" +
		"2024-04-19 12:35:00.00 198.51.100.9 > 10.0.0.4:22 0/0\n" +
		"2024-04-19 12:35:01.00 10.0.0.4 > 168.63.129.16:53 60/120\n"
	if flows != want || pairing.Rows != 5 || pairing.Flows != 3 {
		t.Errorf("%s%+v", flows, pairing)
	}
}

func TestDetect(t *testing.T) {
	const vpc = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1713530096 1713530155 ACCEPT OK\n"
	logs := map[string]string{
		"gcp": gcpLog, "azure": azureLog, "ocsf": ocsfLog, "fortinet": fortinetLog, "paloalto": paloAltoLog, "silk": silkLog, "cicflowmeter": cicLog,
		"ugr16": ugrLog, "nfdump": nfdumpJSON, "vpc": vpc, "eve": `{"event_type":"stats"}` + "\n" + `{"event_type":"flow"}` + "\n", "eve-netflow": `{"event_type":"netflow"}` + "\n",
		"zeek": sniffedZeek, "binetflow": binetflowHead, "ecs": `{"@timestamp":"2024-04-19T12:34:56Z","source":{"ip":"10.0.0.1"}}` + "\n",
	}
	for want, text := range logs {
		dir := t.TempDir()
		f, err := Detect([]string{write(t, dir, "some.log", []byte(text))}, Options{})
		if err != nil || f.Name != want {
			t.Errorf("%s is detected as %q, error %v", want, f.Name, err)
		}
	}
	for name, text := range map[string]string{
		"text": "Lorem ipsum\n", "a table": "a,b,c\n1,2,3\n", "nothing": "",
	} {
		if f, err := Detect([]string{write(t, t.TempDir(), "some.log", []byte(text))}, Options{}); err == nil || !strings.Contains(err.Error(), "name it with --from") {
			t.Errorf("%s is detected as %q, error %v", name, f.Name, err)
		}
	}
	// A folder holds other files as well.
	dir := t.TempDir()
	write(t, dir, "notes.txt", []byte("Lorem ipsum\n"))
	write(t, dir, "a/conn.log", []byte(sniffedZeek))
	write(t, dir, "a/dns.log", []byte("#separator \\x09\n#path\tdns\n#fields\tts\n"))
	if f, err := Detect([]string{dir}, Options{}); err != nil || f.Name != "zeek" {
		t.Errorf("%q, %v", f.Name, err)
	}
	write(t, dir, "b/vpc.log", []byte(vpc))
	if f, err := Detect([]string{dir}, Options{}); err == nil || !strings.Contains(err.Error(), "several formats") {
		t.Errorf("%q, %v", f.Name, err)
	}
}

const sniffedZeek = "#separator \\x09\n#path\tconn\n#fields\tts\tid.orig_h\tid.resp_h\tid.resp_p\tproto\torig_bytes\tresp_bytes\n1713530096.789\t10.0.0.1\t192.0.2.1\t443\ttcp\t1\t2\n"
