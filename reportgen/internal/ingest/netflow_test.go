package ingest

import (
	"encoding/binary"
	"strings"
	"testing"
)

// be appends numbers in the order of the network, each in the bytes of its type.
func be(b []byte, numbers ...any) []byte {
	for _, n := range numbers {
		var err error
		if b, err = binary.Append(b, binary.BigEndian, n); err != nil {
			panic(err)
		}
	}
	return b
}

// set is a set of a message of NetFlow v9 or IPFIX.
func set(id uint16, content []byte) []byte {
	return append(be(nil, id, uint16(4+len(content))), content...)
}

// templateOf is a template of fields, given as pairs of type and length.
func templateOf(id uint16, fields ...uint16) []byte {
	return be(be(nil, id, uint16(len(fields)/2)), fields)
}

const (
	sentAt = uint32(1713530096) // 2024-04-19 12:34:56
	uptime = uint32(100_000)
)

func messageV9(sets ...[]byte) string {
	b := be(nil, uint16(9), uint16(len(sets)), uptime, sentAt, uint32(1), uint32(7))
	for _, s := range sets {
		b = append(b, s...)
	}
	return string(b)
}

func messageIPFIX(sets ...[]byte) string {
	n := 16
	for _, s := range sets {
		n += len(s)
	}
	b := be(nil, uint16(10), uint16(n), sentAt, uint32(1), uint32(7))
	for _, s := range sets {
		b = append(b, s...)
	}
	return string(b)
}

func messageV5(sampling uint16, records ...[]byte) string {
	b := be(nil, uint16(5), uint16(len(records)), uptime, sentAt, uint32(500_000_000), uint32(1), uint16(0), sampling)
	for _, r := range records {
		b = append(b, r...)
	}
	return string(b)
}

func recordV5(first, last uint32, src, dst [4]byte, packets, octets uint32, sport, dport uint16, flags, proto uint8) []byte {
	return be(nil, src, dst, uint32(0), uint16(1), uint16(2), packets, octets, first, last, sport, dport, uint8(0), flags, proto, [9]byte{})
}

var (
	a10   = [4]byte{10, 0, 0, 5}
	b198  = [4]byte{198, 51, 100, 7}
	flow9 = []uint16{ieSrc4, 4, ieDst4, 4, ieSrcPort, 2, ieDstPort, 2, ieProtocol, 1, ieFlags, 1, iePackets, 4, ieBytes, 4, ieFirstUptime, 4, ieLastUptime, 4}
)

func data9(first, last uint32, src, dst [4]byte, sport, dport uint16, proto, flags uint8, packets, octets uint32) []byte {
	return be(nil, src, dst, sport, dport, proto, flags, packets, octets, first, last)
}

// sent is a capture of messages that an exporter sends.
func sent(t testing.TB, messages ...string) string {
	t.Helper()
	var packets []aPacket
	for i, m := range messages {
		packets = append(packets, aPacket{float64(i), "192.0.2.254:40000", "192.0.2.253:2055", "", 0, m})
	}
	return string(capture(t, false, packets))
}

func TestNetFlow(t *testing.T) {
	request := data9(90_000, 95_500, a10, b198, 50000, 443, 6, tcpSYN|tcpACK|tcpPSH, 10, 1000)
	answer := data9(90_010, 95_400, b198, a10, 443, 50000, 6, tcpSYN|tcpACK, 12, 5000)
	const row1 = " 2024-04-19 12:34:46.00 tcp 10.0.0.5:50000 > 198.51.100.7:443 1000 one-way for 550\n"
	const row2 = " 2024-04-19 12:34:46.01 tcp 198.51.100.7:443 > 10.0.0.5:50000 5000 one-way for 539\n"
	nano := func(ms uint64) uint64 { return (uint64(sentAt)+2208988800)<<32 + ms<<32/1000 }
	testFormat(t, "netflow", []formatCase{
		{"v5", Options{}, sent(t, messageV5(0, recordV5(90_000, 95_500, a10, b198, 10, 1000, 50000, 443, 0, 6)),
			messageV5(1<<14|100, recordV5(90_000, 95_500, a10, b198, 4, 400, 0, 8<<8, 0, 1))), `
1 2024-04-19 12:34:46.50 tcp 10.0.0.5:50000 > 198.51.100.7:443 1000 one-way for 550
2 2024-04-19 12:34:46.50 icmp 10.0.0.5:0 > 198.51.100.7:2048 400 one-way for 550
`},
		{"v5, begun before the clock of the exporter began again", Options{}, sent(t, messageV5(0, recordV5(1<<32-50_000, 50_000, a10, b198, 10, 1000, 50000, 443, 0, 6))),
			"1 2024-04-19 12:32:26.50 tcp 10.0.0.5:50000 > 198.51.100.7:443 1000 one-way for 10000\n"},
		{"v9", Options{}, sent(t, messageV9(set(0, templateOf(256, flow9...)), set(256, append(request, answer...)))), "1" + row1 + "1" + row2},
		{"v9, the template after the records", Options{}, sent(t, messageV9(set(256, request)), messageV9(set(256, answer)), messageV9(set(0, templateOf(256, flow9...)))),
			"1" + row1 + "2" + row2},
		{"v9, no template", Options{}, sent(t, messageV9(set(257, request)), messageV9(set(0, templateOf(256, flow9...)), set(256, request))),
			"1 left out: template of the records missing: template 257\n2" + row1},
		{"v9, a template of another domain", Options{}, sent(t, messageV9(set(0, templateOf(256, flow9...))), strings.Replace(messageV9(set(256, request)), "\x00\x00\x00\x07", "\x00\x00\x00\x08", 1)),
			"2 left out: template of the records missing: template 256\n"},
		{"v9, options with sampling", Options{}, sent(t, messageV9(set(1, be(nil, uint16(258), uint16(4), uint16(4), uint16(1), uint16(4), uint16(ieSamplingInterval), uint16(4))), set(258, be(nil, uint32(1), uint32(512)))),
			messageV9(set(0, templateOf(256, flow9...)), set(256, request))), "1 left out: options of an exporter: template 258\n2" + row1},
		{"a template without length", Options{}, sent(t, messageV9(set(0, templateOf(256, ieSrc4, 0)), set(256, request))), "1 left out: template of the records missing: template 256\n"},
		{"a template that is withdrawn", Options{}, sent(t, messageIPFIX(set(2, templateOf(256, flow9...)), set(2, templateOf(256)), set(256, request))), "1 left out: template of the records missing: template 256\n"},
		{"IPFIX, both directions", Options{}, sent(t, messageIPFIX(
			set(2, be(be(nil, uint16(300), uint16(10)), uint16(ieFirstMilli), uint16(8), uint16(ieLastMilli), uint16(8), uint16(ieSrc6), uint16(16), uint16(ieDst6), uint16(16), uint16(ieSrcPort), uint16(2), uint16(ieDstPort), uint16(2), uint16(ieProtocol), uint16(1),
				uint16(ieBytes), uint16(8), uint16(0x8000|ieBytes), uint16(8), uint32(reversePEN), uint16(96), uint16(0xffff))),
			set(300, be(nil, uint64(sentAt)*1000-2000, uint64(sentAt)*1000, [16]byte{0x20, 1, 15: 5}, [16]byte{0x20, 1, 15: 7}, uint16(50000), uint16(53), uint8(17), uint64(70), uint64(300), uint8(3), [3]byte{'d', 'n', 's'})))),
			"1 2024-04-19 12:34:54.00 udp 2001::5:50000 > 2001::7:53 70/300\n"},
		{"IPFIX, times of NTP", Options{}, sent(t, messageIPFIX(set(2, templateOf(300, ieFirstMicro, 8, ieDurationMilli, 4, ieSrc4, 4, ieDst4, 4, ieProtocol, 1, ieTotalBytes, 8)),
			set(300, be(nil, nano(250), uint32(1500), a10, b198, uint8(47), uint64(9))))), "1 2024-04-19 12:34:56.25 gre 10.0.0.5:0 > 198.51.100.7:0 9 one-way for 150\n"},
		{"IPFIX, uptime", Options{}, sent(t, messageIPFIX(set(2, templateOf(300, ieSystemInit, 8, ieFirstUptime, 4, ieSrc4, 4, ieDst4, 4, ieProtocol, 1, ieICMP4, 2)),
			set(300, be(nil, uint64(sentAt-100)*1000, uint32(1500), a10, b198, uint8(1), uint16(0x0303))))), "1 2024-04-19 12:33:17.50 icmp 10.0.0.5:0 > 198.51.100.7:771 0 one-way for 0 unknown\n"},
		{"IPFIX, uptimes of an exporter that does not say when it started", Options{}, sent(t, messageIPFIX(set(2, templateOf(300, ieFirstUptime, 4, ieLastUptime, 4, ieSrc4, 4, ieDst4, 4, ieProtocol, 1, ieBytes, 4)),
			set(300, be(nil, uint32(1000), uint32(3000), a10, b198, uint8(47), uint32(7), uint32(2000), uint32(9000), a10, b198, uint8(47), uint32(8)))),
			messageIPFIX(set(300, be(nil, uint32(4000), uint32(8000), a10, b198, uint8(47), uint32(9))))),
			"1 2024-04-19 12:34:48.00 gre 10.0.0.5:0 > 198.51.100.7:0 7 one-way for 200\n1 2024-04-19 12:34:49.00 gre 10.0.0.5:0 > 198.51.100.7:0 8 one-way for 700\n" +
				"2 2024-04-19 12:34:51.00 gre 10.0.0.5:0 > 198.51.100.7:0 9 one-way for 400\n"},
		{"IPFIX, uptimes that begin again with 0", Options{}, sent(t, messageIPFIX(set(2, templateOf(300, ieFirstUptime, 4, ieLastUptime, 4, ieSrc4, 4, ieDst4, 4, ieProtocol, 1, ieBytes, 4)),
			set(300, be(nil, uint32(1<<32-9000), uint32(1<<32-2000), a10, b198, uint8(47), uint32(7)))), messageIPFIX(set(300, be(nil, uint32(4000), uint32(8000), a10, b198, uint8(47), uint32(9))))),
			"1 2024-04-19 12:34:49.00 gre 10.0.0.5:0 > 198.51.100.7:0 7 one-way for 700\n2 2024-04-19 12:34:52.00 gre 10.0.0.5:0 > 198.51.100.7:0 9 one-way for 400\n"},
		{"v9, without times", Options{}, sent(t, messageV9(set(0, templateOf(256, ieSrc4, 4, ieDst4, 4, ieProtocol, 1, ieBytes, 4)), set(256, be(nil, a10, b198, uint8(47), uint32(7))))),
			"1 2024-04-19 12:34:56.00 gre 10.0.0.5:0 > 198.51.100.7:0 7 one-way for 0\n"},
		{"padded messages", Options{}, sent(t, messageV5(0, recordV5(90_000, 95_500, a10, b198, 10, 1000, 50000, 443, 0, 6))+"\x00\x00\x00",
			messageIPFIX(set(2, templateOf(300, ieFirstSeconds, 4, ieSrc4, 4, ieDst4, 4, ieProtocol, 1, ieBytes, 2)), set(300, be(nil, sentAt, a10, b198, uint8(50), uint16(99))))+"\x00\x00\x00\x00"),
			"1 2024-04-19 12:34:46.50 tcp 10.0.0.5:50000 > 198.51.100.7:443 1000 one-way for 550\n2 2024-04-19 12:34:56.00 esp 10.0.0.5:0 > 198.51.100.7:0 99 one-way for 0\n"},
		{"v5 with another number of records than it says", Options{}, sent(t, strings.Replace(messageV5(0, make([]byte, 48)), "\x00\x05\x00\x01", "\x00\x05\x00\x09", 1)),
			"1 left out: export message not readable: 1 records in place of 9\n"},
		{"events of a firewall", Options{}, sent(t, messageV9(set(0, templateOf(256, ieSrc4, 4, ieDst4, 4, ieDstPort, 2, ieProtocol, 1, ieFirewallEvent, 1, ieObserved, 8)),
			set(256, be(nil, a10, b198, uint16(22), uint8(6), uint8(1), uint64(sentAt)*1000, a10, b198, uint16(22), uint8(6), uint8(3), uint64(sentAt)*1000)))),
			"1 2024-04-19 12:34:56.00 tcp 10.0.0.5:0 > 198.51.100.7:22 0 one-way for 0 unknown\n1 left out: event without counts: event 1\n"},
		{"of layer 2", Options{}, sent(t, messageV9(set(0, templateOf(256, 56, 6, ieBytes, 4)), set(256, be(nil, [6]byte{1}, uint32(9))))), "1 left out: record of another log: a record without IP addresses\n"},
		{"other packets", Options{}, sent(t, "Lorem ipsum dolor", messageV9(set(0, templateOf(256, flow9...)), set(256, request))), "1 left out: record of another log: UDP to port 2055 that is not NetFlow v5, v9 or IPFIX\n2" + row1},
		{"a file of IPFIX, cut off", Options{}, messageIPFIX(set(2, templateOf(300, ieFirstSeconds, 4, ieSrc4, 4, ieDst4, 4, ieProtocol, 1, ieBytes, 2)),
			set(300, be(nil, sentAt, a10, b198, uint8(50), uint16(99)))) + messageIPFIX(set(300, make([]byte, 15)))[:20],
			"1 2024-04-19 12:34:56.00 esp 10.0.0.5:0 > 198.51.100.7:0 99 one-way for 0\n2 left out: last line cut off: the last message is cut off: the file is truncated, or was being written\n"},
		{"not a capture", Options{}, "Lorem", "error: starts with \"Lore\": not a packet capture; NetFlow is read from captures of exporters, IPFIX also from files of its messages"},
		{"empty", Options{}, "", ""},
	})
	for name, log := range map[string]string{
		"netflow": sent(t, messageV9(set(0, templateOf(256, flow9...)), set(256, request))), "pcap": string(capture(t, false, somePackets)),
	} {
		if f, err := Detect([]string{write(t, t.TempDir(), "some.pcap", []byte(log))}, Options{}); err != nil || f.Name != name {
			t.Errorf("%s is detected as %q, %v", name, f.Name, err)
		}
	}
}

// Times that are derived, and bytes that a record does not have, are reported.
func TestNetFlowLacking(t *testing.T) {
	log := sent(t, messageV9(set(0, templateOf(256, ieSrc4, 4, ieDst4, 4, ieProtocol, 1)), set(256, be(nil, a10, b198, uint8(47)))))
	_, summary, err := readAs(t, "netflow", []string{write(t, t.TempDir(), "a.pcap", []byte(log))}, Options{})
	if err != nil || summary.TimeGuessed.Rows != 1 || summary.BytesUnknown.Rows != 1 {
		t.Errorf("%v, %+v", err, summary)
	}
}

// The sampling that an exporter states is reported, and counts stay as they are.
func TestNetFlowSampling(t *testing.T) {
	log := sent(t, messageV5(1<<14|100, recordV5(90_000, 95_500, a10, b198, 10, 1000, 50000, 443, 0, 6)))
	_, summary, err := readAs(t, "netflow", []string{write(t, t.TempDir(), "a.pcap", []byte(log))}, Options{})
	var b strings.Builder
	if _, werr := summary.WriteTo(&b); err != nil || werr != nil || !strings.Contains(b.String(), "used counts of sampled packets (1 of 100) as they are, which is less than was sent, in 1 row") {
		t.Errorf("%v, %v:\n%s", err, werr, b.String())
	}
}

// Messages cut or damaged anywhere end in an error or fewer flows.
func TestNetFlowDamaged(t *testing.T) {
	whole := sent(t, messageV9(set(0, templateOf(256, flow9...)), set(256, data9(90_000, 95_500, a10, b198, 50000, 443, 6, 0, 10, 1000))),
		messageV5(0, recordV5(90_000, 95_500, a10, b198, 10, 1000, 50000, 443, 0, 6)))
	for n := range len(whole) {
		damaged := []byte(whole)
		damaged[n] ^= 0xa5
		for _, log := range []string{whole[:n], string(damaged)} {
			if got := decodeAs("netflow", log, Options{}); len(got.flows) > 2 {
				t.Errorf("byte %d: %d flows", n, len(got.flows))
			}
		}
	}
}
