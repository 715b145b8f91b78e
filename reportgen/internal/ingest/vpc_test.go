package ingest

import "testing"

// vpcThree names fields of version 3.
const vpcThree = "version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport pkt-srcaddr pkt-dstaddr protocol bytes packets start end action tcp-flags log-status\n"

// TestVPCFlags joins the records of a TCP connection of the AWS documentation.
// The flags of its first minute show which side opened it; those of the second do
// not.
func TestVPCFlags(t *testing.T) {
	const of = "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4 "
	log := vpcThree +
		of + "52.213.180.42 10.0.0.62 43418 5001 52.213.180.42 10.0.0.62 6 100701 70 1566848875 1566848933 ACCEPT 2 OK\n" +
		of + "10.0.0.62 52.213.180.42 5001 43418 10.0.0.62 52.213.180.42 6 632 12 1566848875 1566848933 ACCEPT 18 OK\n" +
		of + "10.0.0.62 52.213.180.42 5001 43418 10.0.0.62 52.213.180.42 6 63388 1219 1566848933 1566849113 ACCEPT 1 OK\n" +
		of + "52.213.180.42 10.0.0.62 43418 5001 52.213.180.42 10.0.0.62 6 23294588 15774 1566848933 1566849113 ACCEPT 1 OK\n"
	got := decodeAs("vpc", log, Options{})
	if got.err != nil || len(got.bad) > 0 {
		t.Fatal(got.err, got.bad)
	}
	flows, pairing := paired(t, &Sorter{}, got.flows)
	const want = "2019-08-26 19:47:55.00 52.213.180.42 > 10.0.0.62:5001 23395289/64020\n"
	if flows != want || pairing != (Pairing{Rows: 4, Flows: 1, Joined: 1, Pieces: 2, ByFlags: 1}) {
		t.Errorf("%s%+v", flows, pairing)
	}
}

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
4 2024-04-19 12:34:56.00 icmp 10.0.0.1:0 > 10.0.0.2:0 336 one-way for 5900
5 2024-04-19 12:34:56.00 tcp 10.0.0.1:1 > 10.0.0.2:22 336 one-way for 5900
6 left out: time not readable: end "x"
7 left out: last line cut off: 8 of 14 fields, and no line end: the log is truncated, or was being written
`},
		// Records of the AWS documentation and of Elastic's test data.
		{"IPv6, skipped records and rejected ones", Options{}, "2 123456789010 eni-1235b8ca123456789 2001:db8:1234:a100:8d6e:3477:df66:f105 2001:db8:1234:a102:3304:8879:34cf:4071 34892 22 6 54 8855 1477913708 1477913820 ACCEPT OK\n" +
			"2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK\n" +
			"2 123456789010 eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - SKIPDATA\n", `
1 2016-10-31 11:35:08.00 tcp 2001:db8:1234:a100:8d6e:3477:df66:f105:34892 > 2001:db8:1234:a102:3304:8879:34cf:4071:22 8855 one-way for 11200
2 2014-12-14 04:06:50.00 tcp 172.31.9.69:49761 > 172.31.9.12:3389 4249 one-way for 6000
3 left out: record without data: SKIPDATA
`},
		{"version 3, the header before each record", Options{}, vpcThree + "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4 52.213.180.42 10.0.0.62 43416 5001 52.213.180.42 10.0.0.62 6 568 8 1566848875 1566848933 ACCEPT 2 OK\n" +
			vpcThree + "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 - - - - - - - - - - 1566848875 1566848933 - - NODATA\n", `
2 2019-08-26 19:47:55.00 tcp 52.213.180.42:43416 > 10.0.0.62:5001 568 one-way for 5800 opened by source
4 left out: record without data: NODATA
`},
		{"version 5, all fields", Options{}, "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path\n" +
			"5 64111117617 eni-069xxxxxb7a490 89.160.20.156 10.200.0.0 50041 33004 17 52 1 1640000066 1640000297 REJECT OK vpc-09676f97xxxxxb8a7 subnet-02d645xxxxxxxdbc0 i-0axxxxxx1ad77 1 IPv4 89.160.20.156 10.200.0.80 us-east-1 use1-az5 - - AMAZON CLOUDFRONT ingress 1\n",
			"2 2021-12-20 11:34:26.00 udp 89.160.20.156:50041 > 10.200.0.80:33004 1 one-way for 23100\n"},
		{"of a transit gateway, without header", Options{}, "3 - 748335378900 tgw-0a12bc34de56f7890 tgw-attach-0123abcd - - vpc-0abc1234 vpc-0def5678 - - eni-0ee5f66aa7bcc89d0 eni-0dd4ee5f66aa7bcc8 - - - 216.160.83.56 89.160.20.128 36721 8080 17 13 6842 1755592553 1755592580 OK - - - - - - - ingress - -\n",
			"error: line 1: 36 fields without a header, but the default format has 14; name the columns in the first line, or with --fields\n"},
		{"a field missing", Options{Fields: []string{"srcaddr", "dstaddr", "start"}}, "10.0.0.1 10.0.0.2 1\n", "error: missing columns of a VPC flow log: srcport or srcPort, dstport or dstPort, protocol, bytes or numbytes; found"},
		{"empty", Options{}, "", ""},
	})
}
