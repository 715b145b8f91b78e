package ingest

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// ipPackets are the packets of a capture without their Ethernet headers.
func ipPackets(t testing.TB, packets []aPacket) (all [][]byte, times []time.Time) {
	t.Helper()
	r, err := pcapgo.NewReader(bytes.NewReader(capture(t, false, packets)))
	if err != nil {
		t.Fatal(err)
	}
	for {
		data, info, err := r.ReadPacketData()
		if err != nil {
			return all, times
		}
		all, times = append(all, data[14:]), append(times, info.Timestamp)
	}
}

// captureOf writes packets of a link type as a pcap file.
func captureOf(t testing.TB, link layers.LinkType, packets [][]byte, times []time.Time) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pcapgo.NewWriter(&b)
	if err := w.WriteFileHeader(65536, link); err != nil {
		t.Fatal(err)
	}
	for i, p := range packets {
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: times[i], CaptureLength: len(p), Length: len(p)}, p); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// ethernetOf is a frame of a type of Ethernet.
func ethernetOf(kind uint16, carried []byte) []byte {
	return append(be(make([]byte, 12), kind), carried...)
}

// kindOf is the type of Ethernet of an IP packet.
func kindOf(ip []byte) uint16 {
	if ip[0]>>4 == 6 {
		return 0x86dd
	}
	return 0x0800
}

// ipOf is an IPv4 packet from a tunnel's end to the other.
func ipOf(proto byte, carried []byte) []byte {
	b := be(nil, uint16(0x4500), uint16(20+len(carried)), uint32(0), byte(64), proto, uint16(0), [4]byte{203, 0, 113, 1}, [4]byte{203, 0, 113, 2})
	return append(b, carried...)
}

func udpOf(port uint16, carried []byte) []byte {
	return ipOf(17, append(be(nil, uint16(33333), port, uint16(8+len(carried)), uint16(0)), carried...))
}

func pppOf(ip []byte) []byte {
	if ip[0]>>4 == 6 {
		return append(be(nil, uint16(0x57)), ip...)
	}
	return append(be(nil, uint16(0x21)), ip...)
}

// TestCaptureTunnels reads the same connections out of links and tunnels of many kinds.
func TestCaptureTunnels(t *testing.T) {
	ips, times := ipPackets(t, somePackets)
	for _, c := range []struct {
		name   string
		link   layers.LinkType
		wrap   func(ip []byte) []byte
		inside bool // an IP packet carries the connections
	}{
		{"two VLANs", layers.LinkTypeEthernet, func(ip []byte) []byte {
			return ethernetOf(0x88a8, append(be(nil, uint16(7), uint16(0x8100), uint16(8), kindOf(ip)), ip...))
		}, false},
		{"PPPoE", layers.LinkTypeEthernet, func(ip []byte) []byte {
			return ethernetOf(0x8864, append(be(nil, uint16(0x1100), uint16(9), uint16(len(ip)+2)), pppOf(ip)...))
		}, false},
		{"MPLS", layers.LinkTypeEthernet, func(ip []byte) []byte {
			return ethernetOf(0x8847, append(be(nil, uint32(16<<12|64), uint32(17<<12|0x140)), ip...))
		}, false},
		{"Ethernet over MPLS", layers.LinkTypeEthernet, func(ip []byte) []byte {
			return ethernetOf(0x8847, append(be(nil, uint32(17<<12|0x140), uint32(0)), ethernetOf(kindOf(ip), ip)...))
		}, false},
		{"PPP", layers.LinkTypePPP, func(ip []byte) []byte { return append([]byte{0xff, 3}, pppOf(ip)...) }, false},
		{"PPP with short protocols", layers.LinkTypePPP, func(ip []byte) []byte { return pppOf(ip)[1:] }, false},
		{"HDLC in PPP", layers.LinkTypePPP_HDLC, func(ip []byte) []byte { return append(be(nil, uint16(0x0f00), kindOf(ip)), ip...) }, false},
		{"HDLC", layers.LinkTypeC_HDLC, func(ip []byte) []byte { return append(be(nil, uint16(0x0f00), kindOf(ip)), ip...) }, false},
		{"IP in IP", layers.LinkTypeRaw, func(ip []byte) []byte {
			if kindOf(ip) == 0x86dd {
				return ipOf(41, ip)
			}
			return ipOf(4, ip)
		}, true},
		{"GRE", layers.LinkTypeRaw, func(ip []byte) []byte { return ipOf(47, append(be(nil, uint16(0), kindOf(ip)), ip...)) }, true},
		{"Ethernet in GRE in GRE", layers.LinkTypeRaw, func(ip []byte) []byte {
			inner := ipOf(47, append(be(nil, uint16(0x2000), uint16(0x6558), uint32(5)), ethernetOf(kindOf(ip), ip)...))
			return ipOf(47, append(be(nil, uint16(0), uint16(0x0800)), inner...))
		}, true},
		{"ERSPAN", layers.LinkTypeRaw, func(ip []byte) []byte {
			return ipOf(47, append(be(nil, uint16(0x1000), uint16(0x88be), uint32(1), uint32(0x10000001), uint32(0)), ethernetOf(kindOf(ip), ip)...))
		}, true},
		{"VXLAN", layers.LinkTypeEthernet, func(ip []byte) []byte {
			return ethernetOf(0x0800, udpOf(4789, append(be(nil, uint32(0x08000000), uint32(42<<8)), ethernetOf(kindOf(ip), ip)...)))
		}, true},
		{"Geneve", layers.LinkTypeEthernet, func(ip []byte) []byte {
			return ethernetOf(0x0800, udpOf(6081, append(be(nil, uint16(0x0100), uint16(0x6558), uint32(42<<8), uint32(0x01020300)), ethernetOf(kindOf(ip), ip)...)))
		}, true},
		{"GTP", layers.LinkTypeEthernet, func(ip []byte) []byte {
			return ethernetOf(0x0800, udpOf(2152, append(be(nil, uint16(0x30ff), uint16(len(ip)), uint32(1)), ip...)))
		}, true},
	} {
		var packets [][]byte
		for _, ip := range ips {
			packets = append(packets, c.wrap(ip))
		}
		flows, summary, err := readAs(t, "pcap", []string{write(t, t.TempDir(), "a.pcap", captureOf(t, c.link, packets, times))}, Options{})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got, _ := paired(t, &Sorter{}, flows); got != someConnections {
			t.Errorf("%s:\n%swant\n%s", c.name, got, someConnections)
		}
		if said := summary.Tunnelled.Rows > 0; said != c.inside {
			t.Errorf("%s: %d flows inside tunnels", c.name, summary.Tunnelled.Rows)
		}
		// A packet cut anywhere is counted as that of the tunnel, or left out.
		for n := range packets[3] {
			cut := captureOf(t, c.link, [][]byte{packets[3][:n], packets[4]}, times)
			if _, _, err := readAs(t, "pcap", []string{write(t, t.TempDir(), "a.pcap", cut)}, Options{}); err != nil {
				t.Errorf("%s cut to %d bytes: %v", c.name, n, err)
			}
		}
	}
}

// TestCaptureFragments adds the fragments of packets to their connections.
func TestCaptureFragments(t *testing.T) {
	ips, times := ipPackets(t, []aPacket{
		{0, "10.0.0.5:50001", "10.0.0.1:53", "", 40, ""}, {0.1, "10.0.0.1:53", "10.0.0.5:50001", "", 4000, ""},
		{0.2, "[2001:db8::5]:50000", "[2001:db8::1]:443", "", 3000, ""},
		{0.3, client, server, "PA", 2000, ""},
	})
	var packets [][]byte
	var at []time.Time
	for i, ip := range ips {
		header := 20
		if ip[0]>>4 == 6 {
			header = 40
		}
		carried := ip[header:]
		for offset := 0; offset < len(carried); offset += 1480 {
			part := carried[offset:min(offset+1480, len(carried))]
			more := offset+1480 < len(carried)
			place := uint16(offset / 8)
			var p []byte
			if header == 40 {
				bit := uint16(0)
				if more {
					bit = 1
				}
				p = append(bytes.Clone(ip[:40]), be(nil, byte(17), byte(0), place<<3|bit, uint32(i))...)
				p[6] = 44
				binary.BigEndian.PutUint16(p[4:], uint16(8+len(part)))
			} else {
				p = bytes.Clone(ip[:20])
				if more {
					place |= 0x2000
				}
				binary.BigEndian.PutUint16(p[4:], uint16(i))
				binary.BigEndian.PutUint16(p[6:], place)
				binary.BigEndian.PutUint16(p[2:], uint16(20+len(part)))
			}
			packets, at = append(packets, append(p, part...)), append(at, times[i])
		}
	}
	orphan := bytes.Clone(packets[2]) // the second part of a packet whose first was not captured
	binary.BigEndian.PutUint16(orphan[4:], 999)
	packets, at = append(packets, orphan), append(at, times[3])
	flows, summary, err := readAs(t, "pcap", []string{write(t, t.TempDir(), "a.pcap", captureOf(t, layers.LinkTypeRaw, packets, at))}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, _ := paired(t, &Sorter{}, flows)
	const want = "2024-04-19 12:34:56.00 10.0.0.5 > 10.0.0.1:53 40/4000\n" +
		"2024-04-19 12:34:56.20 2001:db8::5 > 2001:db8::1:443 3000/0\n" +
		"2024-04-19 12:34:56.30 10.0.0.5 > 192.0.2.1:443 2000/0\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if len(summary.LeftOut) != 1 || summary.LeftOut[0].Reason != fragment || summary.LeftOut[0].Rows != 1 || !strings.Contains(summary.LeftOut[0].First, "10.0.0.1") {
		t.Errorf("left out %+v", summary.LeftOut)
	}
}
