package ingest

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/flowbook/flowbook/pkg/flow"
)

// maxHello bounds the beginning of a connection in which the name is looked for.
// With keys that withstand quantum computers it is about 2 KiB.
const maxHello = 8 << 10

// listen looks for the name that a client asks for in what a packet of its
// connection carries: the server name of TLS, the host of HTTP or the query of DNS.
func (c *openConnection) listen(f *Flow, said []byte) {
	if len(said) == 0 || c.deaf {
		return
	}
	client := f.Src == c.flow.Src && f.SrcPort == c.flow.SrcPort
	switch {
	case f.Proto == flow.UDP && (f.Port == 53 || f.SrcPort == 53 || f.Port == 5353):
		c.flow.Name, c.deaf = dnsName(said), true
	case f.Proto != flow.TCP:
		c.deaf = true
	case (f.Port == 53 || f.SrcPort == 53) && len(said) > 2:
		c.flow.Name, c.deaf = dnsName(said[2:]), true // after the length
	case c.hello == nil && !startsHello(said) && !startsHTTP(said), c.hello != nil && !client, len(c.hello)+len(said) > maxHello:
		c.hello, c.deaf = nil, c.hello != nil || client
	default:
		c.hello = append(c.hello, said...)
		if name, enough := helloName(c.hello); enough {
			c.flow.Name, c.hello, c.deaf = name, nil, true
		}
	}
}

// dnsName returns the first name that a message of DNS asks for.
func dnsName(b []byte) string {
	var p dnsmessage.Parser
	if _, err := p.Start(b); err != nil {
		return ""
	}
	q, err := p.Question()
	if err != nil {
		return ""
	}
	return hostName([]byte(q.Name.String()))
}

func startsHello(b []byte) bool { return len(b) >= 6 && b[0] == 22 && b[1] == 3 && b[5] == 1 }

var httpMethods = [][]byte{[]byte("GET "), []byte("POST "), []byte("HEAD "), []byte("PUT "), []byte("CONNECT "), []byte("OPTIONS "), []byte("DELETE "), []byte("PATCH ")}

func startsHTTP(b []byte) bool {
	for _, m := range httpMethods {
		if bytes.HasPrefix(b, m) {
			return true
		}
	}
	return false
}

// helloName returns the name in the beginning of a connection of TLS or HTTP, and
// false if more of it is needed.
func helloName(b []byte) (name string, enough bool) {
	if startsHTTP(b) {
		head, _, whole := bytes.Cut(b, []byte("\r\n\r\n"))
		for line := range bytes.SplitSeq(head, []byte("\r\n")) {
			if key, value, ok := bytes.Cut(line, []byte(":")); ok && bytes.EqualFold(key, []byte("host")) && (whole || bytes.HasSuffix(b, []byte("\r\n"))) {
				host, _, _ := bytes.Cut(bytes.TrimSpace(value), []byte(":"))
				return hostName(host), true
			}
		}
		return "", whole
	}
	// A hello may be cut into several records (RFC 8446, section 5.1).
	var hello []byte
	for len(b) >= 5 && b[0] == 22 {
		n := int(binary.BigEndian.Uint16(b[3:]))
		hello = append(hello, b[5:min(5+n, len(b))]...)
		b = b[min(5+n, len(b)):]
	}
	if len(hello) < 4 || len(hello) < 4+int(bigEndian(hello[1:4])) {
		return "", false
	}
	return serverName(hello[4 : 4+int(bigEndian(hello[1:4]))]), true
}

// serverName returns the server name (RFC 6066) of a ClientHello of TLS (RFC 8446,
// section 4.1.2), or "".
func serverName(b []byte) string {
	r := &tlsReader{b}
	r.take(2 + 32) // version and random
	r.vector(1)    // session
	r.vector(2)    // ciphers
	r.vector(1)    // compression
	extensions := &tlsReader{r.vector(2)}
	for len(extensions.b) >= 4 {
		kind, body := extensions.take(2), extensions.vector(2)
		if bigEndian(kind) != 0 {
			continue
		}
		names := &tlsReader{(&tlsReader{body}).vector(2)}
		for len(names.b) >= 3 {
			kind, name := names.take(1), names.vector(2)
			if kind[0] == 0 {
				return hostName(name)
			}
		}
	}
	return ""
}

// tlsReader cuts the parts of a message off. Of one that is too short, there are
// empty parts.
type tlsReader struct{ b []byte }

func (r *tlsReader) take(n int) []byte {
	if n > len(r.b) {
		r.b = nil
		return nil
	}
	part := r.b[:n]
	r.b = r.b[n:]
	return part
}

// vector cuts off a part that has its length before it, of so many bytes.
func (r *tlsReader) vector(length int) []byte { return r.take(int(bigEndian(r.take(length)))) }
