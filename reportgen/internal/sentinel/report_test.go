package sentinel_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/net/html"

	"github.com/flowbook/flowbook/reportgen/internal/sentinel"
)

// nameServer answers reverse lookups from names, on loopback. Other names do not
// exist. It returns a resolver that uses only this server.
func nameServer(t *testing.T, names map[string]string) *net.Resolver {
	t.Helper()
	socket, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		if err := socket.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	go func() {
		defer close(done)
		buffer := make([]byte, 1500)
		for {
			n, from, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			if reply := answer(buffer[:n], names); reply != nil {
				_, _ = socket.WriteTo(reply, from) // who gets no answer asks again
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", socket.LocalAddr().String())
	}}
}

func answer(query []byte, names map[string]string) []byte {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	m.Response, m.Additionals = true, nil
	if name, ok := names[q.Name.String()]; ok {
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: dnsmessage.TypePTR, Class: dnsmessage.ClassINET, TTL: 60},
			Body:   &dnsmessage.PTRResource{PTR: dnsmessage.MustNewName(name)},
		}}
	} else {
		m.RCode = dnsmessage.RCodeNameError
	}
	reply, err := m.Pack()
	if err != nil {
		return nil
	}
	return reply
}

// Reverse names are asked for where a resolver is given, and only there.
func TestResolve(t *testing.T) {
	day := dayOf(record(1, "10.0.0.1", "198.51.100.7", 10, 90), record(2, "10.0.0.2", "198.51.100.7", 10, 80))
	o := sentinel.Options{Exfiltration: true, Percentile: 0}
	if text := markdown(t, day, "", o); strings.Contains(text, "Reverse name") {
		t.Errorf("names without a resolver:\n%s", text)
	}
	o.Resolver = nameServer(t, map[string]string{"1.0.0.10.in-addr.arpa.": "printer.example.org."})
	text := markdown(t, day, "", o)
	for _, want := range []string{"#### 10.0.0.1\n\n- Origin: internal\n- Owner: internal\n- Reverse name: printer.example.org\n", "- Reverse name: none\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
}

// An interrupted report is not written to its end.
func TestResolveInterrupted(t *testing.T) {
	day := dayOf(record(1, "10.0.0.1", "198.51.100.7", 10, 90))
	a, err := sentinel.Analyze(t.Context(), day, nil, sentinel.Options{Exfiltration: true, Resolver: nameServer(t, nil)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var b bytes.Buffer
	if err := a.WriteMarkdown(ctx, &b); err == nil || b.Len() > 0 {
		t.Errorf("error %v, and %d bytes written", err, b.Len())
	}
}

func markdown(t *testing.T, day sentinel.Day, owners string, o sentinel.Options) string {
	t.Helper()
	dir := t.TempDir()
	country, owner := filepath.Join(dir, "country.csv"), filepath.Join(dir, "owner.csv")
	files := map[string]string{country: "network,country_code\n198.51.100.0/24,PT\n", owner: "network,asn,name\n" + owners + "192.0.2.0/24,64500,Example\n"}
	for name, content := range files {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l, err := sentinel.OpenGeo(country, owner, day.Profile)
	if err != nil {
		t.Fatal(err)
	}
	a, err := sentinel.Analyze(t.Context(), day, l, o)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := a.WriteMarkdown(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// FuzzNames puts a name of an owner into the report: whatever it is, a reader of
// Markdown sees it as text, and it changes nothing around it.
func FuzzNames(f *testing.F) {
	for _, name := range []string{"Example, Inc.", "<script>alert(1)</script>", "![x](http://a.example/b.png)", "[x](javascript:x)",
		"| a | b", "``` code", "# head", "\x1b[2Jclear", "two\n\n# lines", "&lt;b&gt;", "https://a.example/", "a@b.example", "*_~"} {
		f.Add(name)
	}
	day := office(12, record(9, "10.0.0.1", "203.0.113.9", 2_000_000_000, 9))
	plain := outline(f, reportOf(f, day, "Example"))
	f.Fuzz(func(t *testing.T, name string) {
		got := outline(t, reportOf(t, day, name))
		if got != plain {
			t.Errorf("%q changes the report to %s, from %s", name, got, plain)
		}
	})
}

// reportOf is the report of a day in which the owner of all external addresses
// has a name.
func reportOf(t testing.TB, day sentinel.Day, name string) string {
	t.Helper()
	a, err := sentinel.Analyze(t.Context(), day, sentinel.OwnedBy(t, name, netip.MustParsePrefix("203.0.113.0/24")), sentinel.Options{Exfiltration: true, Percentile: 90})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := a.WriteMarkdown(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// outline lists the elements and attributes that Markdown becomes.
func outline(t testing.TB, markdown string) string {
	t.Helper()
	var page bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(markdown), &page); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for z := html.NewTokenizer(&page); ; {
		switch z.Next() {
		case html.ErrorToken:
			return out.String()
		case html.StartTagToken, html.SelfClosingTagToken, html.CommentToken:
			token := z.Token()
			fmt.Fprint(&out, "<", token.Data, len(token.Attr), ">")
		}
	}
}
