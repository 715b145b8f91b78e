package ingest

import "testing"

func TestNfdumpText(t *testing.T) {
	const head = "Date first seen          Duration Proto      Src IP Addr:Port          Dst IP Addr:Port   Flags Tos  Packets    Bytes Flows\n"
	testFormat(t, "nfdump", []formatCase{
		{"long", Options{}, head +
			"2013-07-09 01:00:23.040     0.028 UDP            8.8.8.8:53    ->       10.0.0.150:49058 ......   0        1      126     1\n" +
			"Summary: total flows: 1, total bytes: 126, total packets: 1, avg bps: 36000, avg pps: 35, avg bpp: 126\n" +
			"Time window: 2013-07-09 01:00:23 - 2013-07-09 01:04:33\nTotal flows processed: 1, Blocks skipped: 0, Bytes read: 1\n" +
			"Sys: 0.004s flows/second: 8750.0     Wall: 0.001s flows/second: 17500.0\n",
			"2 2013-07-09 01:00:23.04 udp 8.8.8.8:53 > 10.0.0.150:49058 126 one-way for 2\n"},
		{"tabs and a label", Options{}, "Date flow start Duration        Proto   Src IP Addr:Port        Dst IP Addr:Port        Flags   Tos     Packets Bytes   Flows  Label\n" +
			"2013-07-09 01:00:23.040\t\t0.028 UDP\t8.8.8.8:53\t-> 10.0.0.150:49058        ......   0     1 126   1  Background\n" +
			"2013-07-09 01:00:23.040\t\t0.028 UDP\t8.8.8.8:53\t-> 10.0.0.150:49058        ......   0     1 126   1\n", `
2 2013-07-09 01:00:23.04 udp 8.8.8.8:53 > 10.0.0.150:49058 126 one-way for 2
3 2013-07-09 01:00:23.04 udp 8.8.8.8:53 > 10.0.0.150:49058 126 one-way for 2
`},
		{"line, units and IPv6", Options{}, "Date first seen          Duration Proto      Src IP Addr:Port          Dst IP Addr:Port   Packets    Bytes Flows\n" +
			"2013-07-09 01:00:23.040     1.5 TCP 2001:db8::1.443 -> 2001:db8::2.50000    1.2 M   3.4 G     1\n" +
			"2013-07-09 01:00:23.040     1.5 TCP 2001:db..8::1.443 -> 2001:db8::2.50000    1   3     1\n", `
2 2013-07-09 01:00:23.04 tcp 2001:db8::1:443 > 2001:db8::2:50000 3400000000 one-way for 150 rounded
3 left out: address not readable: source address "2001:db..8::1"
`},
		{"joined by nfdump", Options{}, "Date first seen          Duration Proto      Src IP Addr:Port          Dst IP Addr:Port   Out Pkt   In Pkt Out Byte  In Byte Flows\n" +
			"2013-07-09 01:00:23.040     1.5 TCP 10.0.0.1:50000 <-> 10.0.0.2:443 12 10 5.0 M 1000 2\n" +
			"2013-07-09 01:00:23.040     1.5 TCP 10.0.0.1:50001 <-> 10.0.0.2:443 0 10 0 1000 1\n", `
2 2013-07-09 01:00:23.04 tcp 10.0.0.1:50000 > 10.0.0.2:443 1000/5000000 rounded
3 2013-07-09 01:00:23.04 tcp 10.0.0.1:50001 > 10.0.0.2:443 1000 one-way for 150
`},
		{"of 1.7, with clock times", Options{}, "Date first seen             Duration     Proto      Src IP Addr:Port          Dst IP Addr:Port     Flags Tos  Packets    Bytes Flows\n" +
			"2018-01-12 15:37:30.942     00:01:02.500 TCP      147.32.80.119:52324 ->     147.32.82.62:902   ......S.   0        1       60     1\n" +
			"2018-01-12 15:37:30.942  1d 00:00:01.000 TCP      147.32.80.119:52324 ->     147.32.82.62:902   ......S.   0        1       60     1\n" +
			"2018-01-12 15:37:30.942     00:61 TCP      147.32.80.119:52324 ->     147.32.82.62:902   ......S.   0        1       60     1\n" +
			"2018-01-12 15:37:30.942  xd 00:00:01.000 TCP      147.32.80.119:52324 ->     147.32.82.62:902   ......S.   0        1       60     1\n", `
2 2018-01-12 15:37:30.94 tcp 147.32.80.119:52324 > 147.32.82.62:902 60 one-way for 6250
3 2018-01-12 15:37:30.94 tcp 147.32.80.119:52324 > 147.32.82.62:902 60 one-way for 8640100
4 left out: time not readable: duration "00:61"
5 left out: time not readable: duration "xd 00:00:01.000"
`},
		{"extended, without header", Options{}, "2013-07-09 01:00:23.040 1.5 TCP 10.0.0.1:50000 -> 10.0.0.2:443 .AP.SF 0 10 1000 6 5333 100 1\n",
			"1 2013-07-09 01:00:23.04 tcp 10.0.0.1:50000 > 10.0.0.2:443 1000 one-way for 150\n"},
		{"odd rows", Options{}, head +
			"2013-07-09 01:00:26.553     4.781 IGMP         10.0.0.150:0     ->       224.0.0.22:0     ......   0        4      160     1\n" +
			"2013-07-09 01:00:26.553     4.781 ICMP         10.0.0.150:0     ->       224.0.0.22:8.0   ......   0        4      160     1\n" +
			"2013-07-09 01:00:26.553     x     UDP          10.0.0.150:0     ->       224.0.0.22:9     ......   0        4      160     1\n" +
			"2013-07-09 01:00:26.553     4.781 UDP          10.0.0.150       ->       224.0.0.22:9     ......   0        4      160     1\n" +
			"2013-07-09 01:00:26.553     4.781 UDP          10.0.0.150:1     ->       224.0.0.22:9     ......   0        4      -3     1\n" +
			"2013-07-09 01:00:26.553     4.781 UDP          10.0.0.150:1     >        224.0.0.22:9     ......   0        4      3     1\n" +
			"2013-07-09 01:00:26.553     4.781 UDP          10.0.0.150:1     ->       224.0.0.22:9     ......", `
2 2013-07-09 01:00:26.55 igmp 10.0.0.150:0 > 224.0.0.22:0 160 one-way for 478
3 2013-07-09 01:00:26.55 icmp 10.0.0.150:0 > 224.0.0.22:2048 160 one-way for 478
4 left out: time not readable: duration "x"
5 left out: a required field is missing: source port
6 left out: byte count not readable: bytes "-3"
7 left out: address not readable: destination address ">"
8 left out: last line cut off: "2013-07-09 01:00:26.553     4.781 UDP          10.0.0.150:1 "… has no line end: the log is truncated, or was being written
`},
		{"columns of a user", Options{}, "Proto      Src IP Addr Src Pt         Dst IP Addr Dst Pt     Duration     Date first seen              bps    Bytes\n" +
			"TCP      147.32.80.119: 52324 ->     147.32.82.62:   902     00:00:00.500 2018-01-12 15:37:30.942        0     1.2 M\n" +
			"UDP      2001:db8::7: 52324 ->     2001:db8:::   902     00:00:00.500 2018-01-12 15:37:30.942        0     9\n", `
2 2018-01-12 15:37:30.94 tcp 147.32.80.119:52324 > 147.32.82.62:902 1200000 one-way for 50 rounded
3 left out: address not readable: destination address "2001:db8:::"
`},
		{"columns with commas", Options{}, "Date last seen  Duration        Proto      Src IP Addr Src Pt      Dst IP Addr Dst Pt  In Byte Out Byte   In Pkt\n" +
			"2018-01-12 15:37:30.942, 1d 00:00:00.000,TCP  ,   147.32.80.119, 52324,    147.32.82.62,   902,      60,       7,       1\n",
			"2 2018-01-11 15:37:30.94 tcp 147.32.80.119:52324 > 147.32.82.62:902 60/7\n"},
		{"raw times", Options{}, "First seen raw Last seen raw      Src IP Addr:Port       Dst IP Addr:Port  Proto    Bytes Date flow received     \n" +
			"1515771450.942 1515771451.042    147.32.80.119:52324     147.32.82.62:902   TCP         60 1970-01-01 00:00:00.000\n",
			"2 2018-01-12 15:37:30.94 tcp 147.32.80.119:52324 > 147.32.82.62:902 60 one-way for 10\n"},
		{"pipe of 1.7", Options{}, "2|1515771450942|1515771451942|6|0|0|0|2468368503|52324|0|0|0|2468368958|902|2852|2852|0|0|2|0|1|60\n" +
			"10|1515771450942|1515771451942|58|536939960|0|0|5|0|536939960|0|0|7|32768|0|0|0|0|0|0|2|112\n2|x|1515771451942|6|0|0|0|2468368503|52324|0|0|0|2468368958|902|2852|2852|0|0|2|0|1|60\n2|1", `
1 2018-01-12 15:37:30.94 tcp 147.32.80.119:52324 > 147.32.82.62:902 60 one-way for 100
2 2018-01-12 15:37:30.94 icmp6 2001:db8::5:0 > 2001:db8::7:32768 112 one-way for 100
3 left out: number not readable: "2|x|1515771451942|6|0|0|0|2468368503|52324|0|0|0|2468368958|"…
4 left out: last line cut off: "2|1" has no line end: the log is truncated, or was being written
`},
		{"pipe of 1.6", Options{}, "2|1515771450|942|1515771451|42|6|0|0|0|2468368503|52324|0|0|0|2468368958|902|2852|2852|0|0|2|0|1|60\n",
			"1 2018-01-12 15:37:30.94 tcp 147.32.80.119:52324 > 147.32.82.62:902 60 one-way for 10\n"},
		{"a column not known", Options{}, "Date first seen Duration Proto Src IP Addr:Port Dst IP Addr:Port Packets Colour\n",
			`error: line 1: the header has a column at "Colour" that is not known`},
		{"no ports", Options{}, "Date first seen Duration Proto Src IP Addr Dst IP Addr Packets Bytes ->\n",
			`error: line 1: the header "Date first seen Duration Proto Src IP Addr Dst IP Addr Packe"… has no Dst Pt`},
		{"of nfcapd", Options{}, "\x0c\xa5\x01\x00\x00\x00none", "error: the header of nfcapd cannot be read: unexpected EOF; copy the file again\n"},
		{"empty", Options{}, "\n\n", ""},
	})
}

func TestNfdumpCSV(t *testing.T) {
	const head = "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,in,out\n"
	testFormat(t, "nfdump", []formatCase{
		{"of 1.6, with its summary", Options{}, head +
			"2013-07-09 01:00:23,2013-07-09 01:00:25,1.500,10.0.0.1,10.0.0.2,50000,443,TCP,.AP.SF,0,0,10,1000,0,0,1,2\n" +
			"2013-07-09 01:00:23,2013-07-09 01:00:25,1.500,10.0.0.1,10.0.0.2,50000,443,TCP,.AP.SF,0,0,10,1000,9,900,1,2\n" +
			"Summary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n2,2000,20,1,2,3\n", `
2 2013-07-09 01:00:23.00 tcp 10.0.0.1:50000 > 10.0.0.2:443 1000 one-way for 150
3 2013-07-09 01:00:23.00 tcp 10.0.0.1:50000 > 10.0.0.2:443 1000/900
`},
		{"of 1.7", Options{}, "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,bps,bpp,flows\n" +
			"2024-04-19 01:00:23.456,0.010,UDP,2001:db8::1,50000,2001:db8::2,53,1,70,5,70,1\n",
			"2 2024-04-19 01:00:23.45 udp 2001:db8::1:50000 > 2001:db8::2:53 70 one-way for 1\n"},
		{"of 1.7.5 and later", Options{}, "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n" +
			"2024-04-19 01:00:23.456,00:00:00.010,UDP,2001:db8::1,50000,2001:db8::2,53,1,70,1\n" +
			"2024-04-19 01:00:23.456, 2d 00:00:00.000,UDP,2001:db8::1,50000,2001:db8::2,53,1,70,1\n", `
2 2024-04-19 01:00:23.45 udp 2001:db8::1:50000 > 2001:db8::2:53 70 one-way for 1
3 2024-04-19 01:00:23.45 udp 2001:db8::1:50000 > 2001:db8::2:53 70 one-way for 17280000
`},
		{"csv_fast", Options{}, "cnt,af,firstSeen,lastSeen,proto,srcAddr,srcPort,dstAddr,dstPort,srcAS,dstAS,input,output,flags,srcTos,packets,bytes\n" +
			"1,2,1713488423456,1713488424456,6,10.0.0.1,50000,10.0.0.2,443,0,0,1,2,......S.,0,10,1000\n",
			"2 2024-04-19 01:00:23.45 tcp 10.0.0.1:50000 > 10.0.0.2:443 1000 one-way for 100\n"},
		{"bytes out of order", Options{}, head +
			"2013-07-09 01:00:23,2013-07-09 01:00:25,1.500,10.0.0.1,10.0.0.2,50000,443,TCP,.AP.SF,0,0,10,1000,9,x,1,2\n",
			"2 left out: byte count not readable: obyt \"x\"\n"},
		{"no header", Options{}, "2013-07-09 01:00:23,2013-07-09 01:00:25,1.500,10.0.0.1\n", "error: line 1: missing columns of the CSV of nfdump: ts or firstSeen, sa"},
	})
}
