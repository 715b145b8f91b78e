package ingest

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// clientHello is the ClientHello of a client that asks for a name, in one record.
func clientHello(name string) []byte {
	list := be(nil, uint8(0), uint16(len(name)), []byte(name))
	extension := be(be(nil, uint16(0), uint16(len(list)+2), uint16(len(list))), list)
	extensions := append(be(nil, uint16(43), uint16(3), []byte{2, 3, 4}), extension...)
	body := be(nil, uint16(0x0303), [32]byte{}, uint8(0), uint16(2), uint16(0x1301), uint8(1), uint8(0), uint16(len(extensions)), extensions)
	hello := append([]byte{1, 0, byte(len(body) >> 8), byte(len(body))}, body...)
	return append(be(nil, uint8(22), uint16(0x0301), uint16(len(hello))), hello...)
}

func query(t testing.TB, name string) string {
	t.Helper()
	m := dnsmessage.Message{Header: dnsmessage.Header{ID: 7}, Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}}}
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Captures give the names that clients ask for, whichever packets a name is in.
func TestCaptureNames(t *testing.T) {
	hello := string(clientHello("WWW.Example.com."))
	const web, dns = "192.0.2.1:80", "10.0.0.1:53"
	packets := []aPacket{
		{0, client, server, "S", 0, ""}, {.1, server, client, "SA", 0, ""}, {.2, client, server, "PA", 0, hello}, {.3, server, client, "PA", 0, string(clientHello("not.this"))},
		{1, "10.0.0.5:50001", server, "S", 0, ""}, {1.2, "10.0.0.5:50001", server, "A", 0, hello[:30]}, {1.3, "10.0.0.5:50001", server, "PA", 0, hello[30:]},
		{2, "10.0.0.5:50002", web, "PA", 0, "GET / HTTP/1.1\r\nAccept: */*\r\nHOST: plain.example:80\r\n\r\n"},
		{3, "10.0.0.5:50003", dns, "", 0, query(t, "a.example.")}, {3.1, dns, "10.0.0.5:50003", "", 0, query(t, "b.example.")},
		{4, "10.0.0.5:50004", "192.0.2.9:25", "PA", 0, "EHLO client\r\n"}, {4.1, "10.0.0.5:50004", "192.0.2.9:25", "PA", 0, hello},
		{5, "10.0.0.5:50005", server, "PA", 0, hello[:40]}, {5.1, server, "10.0.0.5:50005", "PA", 0, "no"}, {5.2, "10.0.0.5:50005", server, "PA", 0, hello[40:]},
	}
	flows, summary, err := readAs(t, "pcap", []string{write(t, t.TempDir(), "a.pcap", capture(t, false, packets))}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	all, _ := pairedFlows(t, &Sorter{}, flows)
	var names []string
	for _, f := range all {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, "|"); got != "www.example.com|www.example.com|plain.example|a.example||" || summary.Named != 4 {
		t.Errorf("%s, %d named", got, summary.Named)
	}
}

func TestHelloName(t *testing.T) {
	hello := clientHello("a.example")
	// The same in two records.
	two := bytes.Join([][]byte{be(nil, uint8(22), uint16(0x0301), uint16(20)), hello[5:25], be(nil, uint8(22), uint16(0x0301), uint16(len(hello)-25)), hello[25:]}, nil)
	for text, want := range map[string]string{string(hello): "a.example", string(two): "a.example", string(clientHello("a b")): "", "GET / HTTP/1.0\r\n\r\n": ""} {
		if name, enough := helloName([]byte(text)); name != want || !enough {
			t.Errorf("%q: %q, %v", text, name, enough)
		}
	}
	for n := range len(two) {
		if name, enough := helloName(two[:n]); name != "" || enough {
			t.Errorf("%d bytes: %q, %v", n, name, enough)
		}
	}
}
