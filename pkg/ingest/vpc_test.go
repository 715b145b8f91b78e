package ingest

import "testing"

func TestVPC(t *testing.T) {
	const head = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n"
	const ssh = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1713530096 1713530155 ACCEPT OK\n"
	const want = " 2024-04-19 12:34:56.00 tcp 172.31.16.139:20641 > 172.31.16.21:22 4249 one-way for 5900"
	testFormat(t, "vpc", []formatCase{
		{"default format", Options{}, head + ssh, "2" + want + "\n"},
		{"without header", Options{}, ssh, "1" + want + "\n"},
		{"with the times of CloudWatch", Options{}, "2024-04-19T12:36:00.000Z " + ssh, "1" + want + "\n"},
		{"with commas", Options{Delimiter: ','}, "version,srcaddr,dstaddr,srcport,dstport,protocol,bytes,start,end\n2,10.0.0.1,10.0.0.2,1,2,17,9,1713530096,1713530096\n",
			"2 2024-04-19 12:34:56.00 udp 10.0.0.1:1 > 10.0.0.2:2 9 one-way for 0\n"},
		{"custom format, flags and addresses of packets", Options{},
			"srcaddr dstaddr pkt-srcaddr pkt-dstaddr srcport dstport protocol tcp-flags bytes start\n" +
				"10.0.0.1 10.0.0.9 10.0.0.1 192.0.2.1 50000 443 6 3 1000 1713530096\n" +
				"10.0.0.9 10.0.0.1 192.0.2.1 10.0.0.1 443 50000 6 19 2000 1713530096\n" +
				"10.0.0.9 10.0.0.1 192.0.2.1 10.0.0.1 443 50000 6 0 2000 1713530096\n" +
				"10.0.0.9 10.0.0.1 192.0.2.1 10.0.0.1 443 50000 6 x 2000 1713530096\n", `
2 2024-04-19 12:34:56.00 tcp 10.0.0.1:50000 > 192.0.2.1:443 1000 one-way for 0 opened by source
3 2024-04-19 12:34:56.00 tcp 192.0.2.1:443 > 10.0.0.1:50000 2000 one-way for 0 opened by destination
4 2024-04-19 12:34:56.00 tcp 192.0.2.1:443 > 10.0.0.1:50000 2000 one-way for 0
5 left out: number not readable: tcp-flags "x"
`},
		{"custom format named as AWS has it", Options{Fields: []string{"${srcaddr}", "${dstaddr}", "${srcport}", "${dstport}", "${protocol}", "${bytes}", "${start}"}},
			"10.0.0.1 10.0.0.2 1 2 17 9 1713530096\n", "1 2024-04-19 12:34:56.00 udp 10.0.0.1:1 > 10.0.0.2:2 9 one-way for 0\n"},
		{"odd records", Options{}, head +
			"2 123456789010 eni-1 - - - - - - - 1713530096 1713530155 - NODATA\n" +
			"2 123456789010 eni-1 - - - - - - - 1713530096 1713530155 - SKIPDATA\n" +
			"2 123456789010 eni-1 10.0.0.1 10.0.0.2 0 0 1 4 336 1713530096 1713530155 REJECT OK\n" +
			"2 123456789010 eni-1 10.0.0.1 10.0.0.2 1 22 6 4 336 1713530096 1713530155 REJECT OK\n" +
			"2 123456789010 eni-1 10.0.0.1 10.0.0.2 1 22 6 4 336 1713530096 x REJECT OK\n" +
			"2 123456789010 eni-1 10.0.0.1 10.0.0.2 1 22 6", `
2 left out: record without data: NODATA
3 left out: record without data: SKIPDATA
4 left out: protocol neither tcp nor udp: "1"
5 2024-04-19 12:34:56.00 tcp 10.0.0.1:1 > 10.0.0.2:22 336 one-way for 5900
6 left out: time not readable: end "x"
7 left out: last line cut off: 8 of 14 fields, and no line end: the log is truncated, or was being written
`},
		{"a field missing", Options{Fields: []string{"srcaddr", "dstaddr", "start"}}, "10.0.0.1 10.0.0.2 1\n", "error: no column srcport, nor dstport, nor protocol, nor bytes, which a VPC flow log needs; the columns are"},
		{"empty", Options{}, "", ""},
	})
}
