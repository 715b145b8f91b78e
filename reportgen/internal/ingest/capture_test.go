package ingest

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// aPacket is a packet between two ends at a time, in seconds after 12:34:56.
type aPacket struct {
	at       float64
	src, dst string // address:port
	flags    string // of TCP; empty for UDP; echo or reply for ICMP
	payload  int
	says     string // payload of UDP or TCP, if not empty
}

// capture writes packets as a pcap file of Ethernet.
func capture(t testing.TB, ng bool, packets []aPacket) []byte {
	t.Helper()
	var b bytes.Buffer
	var write func(gopacket.CaptureInfo, []byte) error
	flush := func() error { return nil }
	if ng {
		w, err := pcapgo.NewNgWriter(&b, layers.LinkTypeEthernet)
		if err != nil {
			t.Fatal(err)
		}
		write, flush = w.WritePacket, w.Flush
	} else {
		w := pcapgo.NewWriter(&b)
		if err := w.WriteFileHeader(65536, layers.LinkTypeEthernet); err != nil {
			t.Fatal(err)
		}
		write = w.WritePacket
	}
	for _, p := range packets {
		src, dst := net.TCPAddrFromAddrPort(mustAddrPort(t, p.src)), net.TCPAddrFromAddrPort(mustAddrPort(t, p.dst))
		ethernet := &layers.Ethernet{SrcMAC: make(net.HardwareAddr, 6), DstMAC: make(net.HardwareAddr, 6), EthernetType: layers.EthernetTypeIPv4}
		ip4 := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: src.IP, DstIP: dst.IP}
		ip6 := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolUDP, SrcIP: src.IP, DstIP: dst.IP}
		var network gopacket.NetworkLayer = ip4
		stack := []gopacket.SerializableLayer{ethernet, ip4}
		if src.IP.To4() == nil {
			ethernet.EthernetType, network, stack[1] = layers.EthernetTypeIPv6, ip6, ip6
		}
		switch {
		case p.flags == "echo" || p.flags == "reply":
			kind := map[string]uint8{"echo": layers.ICMPv4TypeEchoRequest, "reply": layers.ICMPv4TypeEchoReply}[p.flags]
			ip4.Protocol = layers.IPProtocolICMPv4
			stack = append(stack, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(kind, 0), Id: 7})
		case p.flags != "":
			ip4.Protocol, ip6.NextHeader = layers.IPProtocolTCP, layers.IPProtocolTCP
			tcp := &layers.TCP{SrcPort: layers.TCPPort(src.Port), DstPort: layers.TCPPort(dst.Port), SYN: strings.Contains(p.flags, "S"), ACK: strings.Contains(p.flags, "A"),
				FIN: strings.Contains(p.flags, "F"), RST: strings.Contains(p.flags, "R"), PSH: strings.Contains(p.flags, "P"),
				Options: []layers.TCPOption{{OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10, OptionData: make([]byte, 8)}}}
			if err := tcp.SetNetworkLayerForChecksum(network); err != nil {
				t.Fatal(err)
			}
			stack = append(stack, tcp)
		default:
			udp := &layers.UDP{SrcPort: layers.UDPPort(src.Port), DstPort: layers.UDPPort(dst.Port)}
			if err := udp.SetNetworkLayerForChecksum(network); err != nil {
				t.Fatal(err)
			}
			stack = append(stack, udp)
		}
		buffer := gopacket.NewSerializeBuffer()
		if err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, append(stack, p.carried())...); err != nil {
			t.Fatal(err)
		}
		at := time.Date(2024, 4, 19, 12, 34, 56, 0, time.UTC).Add(time.Duration(p.at * float64(time.Second)))
		if err := write(gopacket.CaptureInfo{Timestamp: at, CaptureLength: len(buffer.Bytes()), Length: len(buffer.Bytes())}, buffer.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	if err := flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (p aPacket) carried() gopacket.Payload {
	if p.says != "" {
		return gopacket.Payload(p.says)
	}
	return make([]byte, p.payload)
}

func mustAddrPort(t testing.TB, s string) netip.AddrPort {
	t.Helper()
	a, err := netip.ParseAddrPort(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

const client, server = "10.0.0.5:50000", "192.0.2.1:443"

var somePackets = []aPacket{
	{0, client, server, "S", 0, ""}, {0.01, server, client, "SA", 0, ""}, {0.02, client, server, "A", 0, ""}, {0.03, client, server, "PA", 100, ""},
	{0.05, server, client, "PA", 1000, ""}, {0.06, server, client, "PA", 200, ""}, {1, client, server, "FA", 0, ""}, {1.01, server, client, "FA", 0, ""}, {1.02, client, server, "A", 0, ""},
	{2, "10.0.0.5:50001", "10.0.0.1:53", "", 40, ""}, {2.1, "10.0.0.1:53", "10.0.0.5:50001", "", 90, ""},
	{3, "10.0.0.66:40000", "10.0.0.9:49200", "S", 0, ""}, {3.001, "10.0.0.9:49200", "10.0.0.66:40000", "RA", 0, ""},
	{4, "10.0.0.66:40000", "10.0.0.9:49201", "S", 0, ""},
	{5, "[2001:db8::5]:50000", "[2001:db8::1]:443", "", 33, ""},
	{6, client, server, "S", 0, ""}, {6.01, server, client, "SA", 0, ""}, {6.02, client, server, "PA", 7, ""}, // the same ports again
	{130, client, server, "PA", 5, ""}, // idle for two minutes
}

const someConnections = "2024-04-19 12:34:56.00 10.0.0.5 > 192.0.2.1:443 100/1200\n" +
	"2024-04-19 12:34:58.00 10.0.0.5 > 10.0.0.1:53 40/90\n" +
	"2024-04-19 12:34:59.00 10.0.0.66 > 10.0.0.9:49200 0/0\n" +
	"2024-04-19 12:35:00.00 10.0.0.66 > 10.0.0.9:49201 0/0\n" +
	"2024-04-19 12:35:01.00 2001:db8::5 > 2001:db8::1:443 33/0\n" +
	"2024-04-19 12:35:02.00 10.0.0.5 > 192.0.2.1:443 12/0\n"

func TestCapture(t *testing.T) {
	for _, ng := range []bool{false, true} {
		file := capture(t, ng, somePackets)
		flows, _, err := readAs(t, "pcap", []string{write(t, t.TempDir(), "a.pcap", file)}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var states []string
		for _, f := range flows {
			states = append(states, flagsState(&f).String())
		}
		if got, _ := paired(t, &Sorter{}, flows); got != someConnections {
			t.Errorf("pcapng %v: got\n%swant\n%s", ng, got, someConnections)
		}
		if got := strings.Join(states, " "); got != "established established refused unanswered unanswered open" {
			t.Errorf("states %s", got) // in the order in which connections end
		}
		// The bytes of IP packets.
		flows, _, err = readAs(t, "pcap", []string{write(t, t.TempDir(), "a.pcap.gz", zipped(t, string(file)))}, Options{Bytes: IPBytes})
		if got, _ := paired(t, &Sorter{}, flows); err != nil || !strings.Contains(got, "10.0.0.5 > 10.0.0.1:53 68/118\n") {
			t.Errorf("%s, %v", got, err)
		}
	}
	if f, err := Detect([]string{write(t, t.TempDir(), "some", capture(t, true, somePackets))}, Options{}); err != nil || f.Name != "pcap" {
		t.Errorf("%q, %v", f.Name, err)
	}
}

func TestCaptureDamaged(t *testing.T) {
	for _, ng := range []bool{false, true} {
		whole := capture(t, ng, somePackets)
		for n := range len(whole) {
			if n%7 > 0 && n > 300 {
				continue
			}
			path := write(t, t.TempDir(), "a.pcap", whole[:n])
			if _, _, err := readAs(t, "pcap", []string{path}, Options{}); err != nil && !strings.HasPrefix(err.Error(), path+": ") {
				t.Errorf("%d bytes: %v", n, err)
			}
			damaged := bytes.Clone(whole)
			damaged[n] ^= 0xa5
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, _, err := readAs(t, "pcap", []string{path}, Options{}); err != nil && !strings.HasPrefix(err.Error(), path+": ") {
				t.Errorf("byte %d damaged: %v", n, err)
			}
		}
	}
}

// TestCaptureAsTshark compares the connections of a capture with the conversations
// of tshark, which cuts none.
func TestCaptureAsTshark(t *testing.T) {
	tshark := testenv.Program(t, "tshark", "the Debian package tshark")
	path := filepath.Join(t.TempDir(), "a.pcap")
	if err := os.WriteFile(path, capture(t, false, somePackets[:15]), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), tshark, "-r", path, "-q", "-z", "conv,tcp", "-z", "conv,udp").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"10.0.0.5:50000", "10.0.0.66:40000", "10.0.0.5:50001", "2001:db8::5:50000"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("tshark has no %s:\n%s", want, out)
		}
	}
	if n := strings.Count(string(out), "<->"); n != 5 {
		t.Errorf("tshark has %d conversations, want 5:\n%s", n, out)
	}
}
