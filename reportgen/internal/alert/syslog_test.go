package alert

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// message5424 is a message by the grammar of RFC 5424, section 6, as far as
// one program writes it.
var message5424 = regexp.MustCompile(`^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)) - ([\x21-\x7e]{1,48}) - ([\x21-\x7e]{1,32}) ` +
	`(\[[\x21-\x7e]{1,32}(?: [\x21-\x7e]{1,32}="(?:[^"\\\]]|\\["\\\]])*")+\]) (.*)$`)

// counted reads messages, each after its length (RFC 5425), to the end of the
// stream.
func counted(t *testing.T, from io.Reader) (messages []string) {
	t.Helper()
	in := bufio.NewReader(from)
	for {
		var n int
		if _, err := fmt.Fscanf(in, "%d ", &n); errors.Is(err, io.EOF) {
			return messages
		} else if err != nil {
			t.Error(err)
			return messages
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(in, b); err != nil {
			t.Error(err)
			return messages
		}
		messages = append(messages, string(b))
	}
}

// serveStream takes one connection after the other, and returns the messages of
// each when the client has ended it.
func serveStream(t *testing.T, l net.Listener) <-chan []string {
	t.Helper()
	took, done := make(chan []string, 10), make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			took <- counted(t, conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return took
}

func TestSyslog(t *testing.T) {
	alerts := someAlerts(t, 3)
	check := func(t *testing.T, i int, got string) {
		t.Helper()
		m := message5424.FindStringSubmatch(got)
		if m == nil {
			t.Fatalf("no message of RFC 5424: %q", got)
		}
		if m[1] != "35" || m[2] != "2024-12-25T02:00:00.00Z" || m[4] != "beacon" || !strings.Contains(m[5], `entity="`+alerts[i].Finding.Entity.String()+`"`) ||
			m[6] != "\ufeffcalls “home” every 60 s" {
			t.Errorf("%q", got)
		}
	}
	checkDatagrams := func(t *testing.T, conn net.PacketConn) {
		t.Helper()
		for i := range alerts {
			b := make([]byte, 2000)
			n, _, err := conn.ReadFrom(b)
			if err != nil {
				t.Fatal(err)
			}
			check(t, i, string(b[:n]))
		}
	}
	t.Run("udp", func(t *testing.T) {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if d := deliver(t, "syslog+udp://"+conn.LocalAddr().String(), alerts, quick(t, 0)); d.Sent != 3 {
			t.Fatalf("%+v", d)
		}
		checkDatagrams(t, conn)
	})
	t.Run("tcp", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		took := serveStream(t, l)
		if d := deliver(t, "syslog+tcp://"+l.Addr().String(), alerts, quick(t, 0)); !d.only(3) {
			t.Fatalf("%+v", d)
		}
		for i, got := range <-took {
			check(t, i, got)
		}
	})
	t.Run("unix stream", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "log")
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		took := serveStream(t, l)
		if d := deliver(t, "syslog+unix://"+path, alerts, quick(t, 0)); !d.only(3) {
			t.Fatalf("%+v", d)
		}
		for i, got := range append(<-took, <-took...) {
			check(t, i, got)
		}
	})
	t.Run("tls", func(t *testing.T) {
		config, trust := serverTLS(t)
		addr, took := listenTLS(t, config)
		opt := quick(t, 0)
		opt.TLS = trust
		if d := deliver(t, "syslog+tls://"+addr, alerts, opt); d.Sent != 3 {
			t.Fatalf("%+v", d)
		}
		got := <-took
		if len(got) != len(alerts) {
			t.Fatalf("%d messages", len(got))
		}
		for i := range got {
			check(t, i, got[i])
		}
	})
	t.Run("unix", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "log")
		conn, err := net.ListenPacket("unixgram", path)
		if err != nil {
			t.Skip("no datagram sockets here: ", err)
		}
		defer conn.Close()
		if d := deliver(t, "syslog+unix://"+path, alerts, quick(t, 0)); d.Sent != 3 {
			t.Fatalf("%+v", d)
		}
		checkDatagrams(t, conn)
	})
	t.Run("nobody listens", func(t *testing.T) {
		if d := deliver(t, "syslog+unix://"+filepath.Join(t.TempDir(), "none"), alerts, quick(t, 1)); d.Kept != 3 || d.Cause == nil {
			t.Errorf("%+v", d)
		}
	})
	t.Run("too long for UDP", func(t *testing.T) {
		long := someAlerts(t, 1)
		long[0].Finding.Summary = strings.Repeat("x", 70000)
		if d := deliver(t, "syslog+udp://127.0.0.1:9", long, quick(t, 5)); d.Kept != 1 || !strings.Contains(d.Cause.Error(), "syslog+tcp") {
			t.Errorf("%+v", d)
		}
	})
}

// The texts of a finding cannot break a message.
func TestSyslogEscapes(t *testing.T) {
	a := someAlerts(t, 1)[0]
	a.Finding.Rule, a.Finding.Summary = "my rule \"é\"\n", "line\r\n<1>1 - forged"
	a.Finding.Entity = netip.MustParseAddr(`fe80::1%a"b\c]d`) // a zone may be any text
	for _, format := range []string{"", formatJSON, formatOCSF, formatECS} {
		text, err := a.syslog(format)
		if err != nil {
			t.Fatal(err)
		}
		if m := message5424.FindStringSubmatch(text); m == nil || strings.ContainsAny(text, "\r\n") || !strings.Contains(m[5], `entity="fe80::1%a\"b\\c\]d"`) {
			t.Errorf("%q: %q", format, text)
		}
	}
}
