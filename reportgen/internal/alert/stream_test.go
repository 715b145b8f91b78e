package alert

import (
	"errors"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

var uidParameter = regexp.MustCompile(` uid="([^"]+)"`)

// restarting is a receiver that ends each connection after some bytes, whatever
// it has not read.
type restarting struct {
	sync.Mutex
	uids        map[string]int
	connections int
}

func startRestarting(t testing.TB, limit int, linger bool) (addr string, r *restarting) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r = &restarting{uids: map[string]int{}}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				var text strings.Builder
				b := make([]byte, 700)
				for text.Len() < limit {
					n, err := conn.Read(b)
					text.Write(b[:n])
					if err != nil {
						break
					}
				}
				r.Lock()
				r.connections++
				for _, m := range uidParameter.FindAllStringSubmatch(text.String(), -1) {
					r.uids[m[1]]++
				}
				r.Unlock()
				if linger {
					time.Sleep(20 * time.Millisecond) // more arrives meanwhile
				}
				_ = conn.Close()
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	return l.Addr().String(), r
}

// What a receiver that ends the connection has not read is sent again.
func TestReceiverRestarts(t *testing.T) {
	alerts := someAlerts(t, 200)
	for _, linger := range []bool{false, true} {
		for _, limit := range []int{700, 2500, 20_000, 50_000} {
			addr, r := startRestarting(t, limit, linger)
			if d := deliver(t, "syslog+tcp://"+addr, alerts, quick(t, 0)); !d.only(200) {
				t.Errorf("limit %d: %+v", limit, d)
			}
			r.Lock()
			if len(r.uids) != 200 {
				t.Errorf("limit %d: %d of 200 arrived in %d connections", limit, len(r.uids), r.connections)
			}
			r.Unlock()
		}
	}
}

// Nothing that a receiver does not read counts as sent.
func TestReceiverReadsNothing(t *testing.T) {
	addr, _ := startRestarting(t, 0, true)
	if d := deliver(t, "syslog+tcp://"+addr, someAlerts(t, 20), quick(t, 1)); d.Sent > 0 || d.Kept != 20 || d.Cause == nil {
		t.Errorf("%+v", d)
	}
}

// A receiver that takes bytes and never ends a connection may not have read them: they are sent once more the next time,
// with alerts that are new by then, or until a receiver confirms them.
func TestReceiverIsSilent(t *testing.T) {
	alerts := someAlerts(t, 200)
	silent := func(port string) net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		return l // connections wait in the backlog
	}
	for _, confirms := range []bool{false, true} {
		l := silent("0")
		addr, opt := l.Addr().String(), quick(t, 2)
		opt.Timeout = 200 * time.Millisecond
		first := deliver(t, "syslog+tcp://"+addr, alerts[:150], opt)
		if first.Sent != 0 || first.Kept != 150 || first.Unconfirmed+first.Lost > 0 || !errors.Is(first.Cause, errSilent) || first.Err() == nil {
			t.Errorf("%+v", first)
		}
		if confirms {
			_ = l.Close()
			_, port, _ := net.SplitHostPort(addr)
			took := serveStream(t, silent(port))
			if d := deliver(t, "syslog+tcp://"+addr, alerts, opt); !d.only(200) || len(<-took) == 0 {
				t.Errorf("confirmed: %+v", d)
			}
			continue
		}
		if d := deliver(t, "syslog+tcp://"+addr, alerts, opt); d.Sent != 150 || d.Unconfirmed != 150 || d.Kept != 50 || d.Lost > 0 {
			t.Errorf("with new alerts: %+v", d)
		}
		if d := deliver(t, "syslog+tcp://"+addr, nil, opt); d.Sent != 50 || d.Unconfirmed != 50 || d.Kept+d.Lost > 0 || d.Err() != nil {
			t.Errorf("the last time: %+v", d)
		}
		_ = l.Close()
	}
}

func TestBatchSizes(t *testing.T) {
	messages := []message{{UID: "1", Payload: strings.Repeat("x", 99)}, {UID: "2", Payload: strings.Repeat("x", 99)}, {UID: "3", Payload: strings.Repeat("x", 999)}}
	for limit, want := range map[int]int{10: 1, 100: 1, 199: 1, 200: 2, 1199: 2, 1200: 3, 5000: 3} {
		if got := batch(messages, limit); got != want {
			t.Errorf("%d bytes: %d messages, want %d", limit, got, want)
		}
	}
}
