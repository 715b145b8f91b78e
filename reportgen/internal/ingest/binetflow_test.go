package ingest

import (
	"strings"
	"testing"
	"time"
)

const binetflowHead = "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,SrcPkts,Label\n"

func TestBinetflow(t *testing.T) {
	const udp = "2019/04/04 16:23:00.325010,0.027947,udp,10.8.0.69,48427,  <->,8.8.8.8,53,CON,0,0,2,142,63,1,\n"
	testFormat(t, "binetflow", []formatCase{
		{"both directions", Options{}, binetflowHead + udp,
			"2 2019-04-04 16:23:00.32 udp 10.8.0.69:48427 > 8.8.8.8:53 63/79 opened by source\n"},
		{"tabs, no line end", Options{}, strings.TrimSuffix(strings.ReplaceAll(binetflowHead+udp, ",", "\t"), "\n"),
			"2 2019-04-04 16:23:00.32 udp 10.8.0.69:48427 > 8.8.8.8:53 63/79 opened by source\n"},
		{"time of another zone", Options{LogLocation: time.FixedZone("", 8*3600)}, binetflowHead + udp,
			"2 2019-04-04 08:23:00.32 udp 10.8.0.69:48427 > 8.8.8.8:53 63/79 opened by source\n"},
		{"opened by the destination", Options{}, binetflowHead +
			"2019/04/04 16:23:00.325010,0.02,tcp,10.0.0.2,443,   <-,10.0.0.1,50000,SA_SA,0,0,2,142,63,1,\n",
			"2 2019-04-04 16:23:00.32 tcp 10.0.0.1:50000 > 10.0.0.2:443 79/63 opened by source\n"},
		{"direction not known", Options{}, binetflowHead +
			"2018/12/18 14:00:00.000000,2.696271,tcp,147.32.84.157,22,  <?>,94.230.156.166,58441,PA_PA,16,0,4,1162,1033,2,\n" +
			"2018/12/18 14:00:00.000000,2.696271,tcp,147.32.84.157,58441,  ?>,94.230.156.166,22,PA_PA,16,0,4,1162,1033,2,\n", `
2 2018-12-18 14:00:00.00 tcp 94.230.156.166:58441 > 147.32.84.157:22 129/1033 guessed
3 2018-12-18 14:00:00.00 tcp 147.32.84.157:58441 > 94.230.156.166:22 1033/129 guessed
`},
		{"odd rows", Options{}, binetflowHead +
			"2018/05/10 10:52:47.283479,0.045010,man,0,0,,0,0,STA,,,0,0,0,0,\n" +
			"1970/01/01 01:00:08.156845,3554.2,arp,10.0.2.15,,  who,10.0.2.2,,CON,,,22,924,462,11,flow=Background-ARP\n" +
			"1970/01/01 01:00:08.156845,3554.2,icmp,10.0.2.15,0x0008,  ->,10.0.2.2,0x7208,CON,,,22,924,462,11,\n" +
			"2019/04/04 16:23:00,0.02,tcp,10.0.0.2,443,->,10.0.0.1,http,,0,0,2,142,63,1,\n" +
			"2019/04/04 16:23:00,0.02,tcp,10.0.0.2,443,->,10.0.0.1,80,,0,0,2,42,63,1,\n" +
			"2019/04/04 16:23:00,0.02,tcp,10.0.0.2,443,->,00:1b:21,80,,0,0,2,142,63,1,\n" +
			"2019/04/04 25:23:00,0.02,tcp,10.0.0.2,443,->,10.0.0.1,80,,0,0,2,142,63,1,\n" +
			"2019/04/04 16:23:00,0.02,tcp,10.0.0.2,443,->,10.0.0.1,80,,0,0,2,142,,1,\n" +
			"2019/04/04 16:23:00,0.02,tcp,10.0.0.2\n" +
			"\n" + udp[:30], `
2 left out: not an IP protocol: "man"
3 left out: not an IP protocol: "arp"
4 1970-01-01 01:00:08.15 icmp 10.0.2.15:0 > 10.0.2.2:2048 462/462 opened by source
5 2019-04-04 16:23:00.00 tcp 10.0.0.2:443 > 10.0.0.1:80 63/79 opened by source
6 left out: byte count not readable: TotBytes "42"
7 left out: address not readable: DstAddr "00:1b:21"
8 left out: time not readable: StartTime "2019/04/04 25:23:00"
9 2019-04-04 16:23:00.00 tcp 10.0.0.2:443 > 10.0.0.1:80 0/0 unknown opened by source
10 left out: wrong number of fields: 4 of 16 fields: "2019/04/04 16:23:00,0.02,tcp,10.0.0.2"
12 left out: last line cut off: 2 of 16 fields, and no line end: the log is truncated, or was being written
`},
		{"header again, with other columns", Options{}, binetflowHead + udp + "StartTime,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,TotBytes,SrcBytes\n" +
			"2019/04/04 16:23:01,udp,10.8.0.69,1,->,8.8.8.8,53,10,4\n", `
2 2019-04-04 16:23:00.32 udp 10.8.0.69:48427 > 8.8.8.8:53 63/79 opened by source
4 2019-04-04 16:23:01.00 udp 10.8.0.69:1 > 8.8.8.8:53 4/6 opened by source
`},
		{"columns named by hand", Options{Fields: []string{"StartTime", "Proto", "SrcAddr", "Sport", "Dir", "DstAddr", "Dport", "TotBytes", "SrcBytes"}},
			"2019/04/04 16:23:01;udp;10.8.0.69;1;->;8.8.8.8;53;10;4\n",
			"1 2019-04-04 16:23:01.00 udp 10.8.0.69:1 > 8.8.8.8:53 4/6 opened by source\n"},
		{"bytes of each direction", Options{}, "StartTime,Dur,Flgs,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,SrcPkts,DstPkts,SrcBytes,DstBytes,State\n" +
			"2024/01/09 17:09:04.26,6953.125, e *      ,tcp,192.168.1.108,58707, ->,192.168.1.254,445,12515309,7693211,17116707426,7074783761,RST\n",
			"2 2024-01-09 17:09:04.26 tcp 192.168.1.108:58707 > 192.168.1.254:445 17116707426/7074783761 opened by source\n"},
		{"no header", Options{}, udp, `error: line 1: missing columns of a log of Argus: StartTime or stime, SrcAddr or saddr, DstAddr or daddr, Dport or dsport, Proto, SrcBytes or sbytes, TotBytes or DstBytes; found "2019/04/04 16:23:00.325010"`},
		{"another delimiter than said", Options{Delimiter: ';'}, binetflowHead + udp, `error: line 1: missing columns of a log of Argus: StartTime`},
		{"empty", Options{}, "", ""},
		{"binary", Options{}, "ra\x00\x01\x02", `error: line 1: starts with "ra\x00\x01\x02": a binary file, not a log of Argus`},
		{"map", Options{Map: map[string]string{"src_ip": "a"}}, "", "error: --map is only for csv and parquet"},
	})
}
