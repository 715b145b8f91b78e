package alert

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

var christmas = time.Date(2024, 12, 25, 0, 0, 0, 0, time.UTC)

// someAlerts are n different alerts.
func someAlerts(t testing.TB, n int) []Alert {
	t.Helper()
	var alerts []Alert
	for i := range n {
		a, err := New(detect.Finding{Rule: "beacon", Entity: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i + 1)}), Severity: detect.High, Score: 0.8,
			Attack: []string{"T1071.001"}, Summary: "calls “home” every 60 s", Evidence: map[string]any{"dst_ip": "93.184.216.34"},
			Window: [2]flow.Time{flow.Hour, 2 * flow.Hour}}, nil, Day{Midnight: christmas})
		if err != nil {
			t.Fatal(err)
		}
		alerts = append(alerts, a)
	}
	return alerts
}

// quick are options that wait for nothing long.
func quick(t testing.TB, retries int) Options {
	return Options{Spool: filepath.Join(t.TempDir(), "spool"), Retries: &retries, Backoff: time.Millisecond, Timeout: 5 * time.Second}
}

func deliver(t testing.TB, to string, alerts []Alert, opt Options) Delivery {
	t.Helper()
	return deliverIn(t.Context(), t, to, alerts, opt)
}

func deliverIn(ctx context.Context, t testing.TB, to string, alerts []Alert, opt Options) Delivery {
	t.Helper()
	d, err := ParseDestination(to)
	if err != nil {
		t.Fatal(err)
	}
	return Deliver(ctx, []*Route{{To: d, Options: opt, Alerts: alerts}})[0]
}

// only reports whether n alerts were sent and nothing else happened.
func (d Delivery) only(sent int) bool {
	return d.Sent == sent && d.Kept == 0 && d.Lost == 0 && d.Unconfirmed == 0 && d.Spool == "" && d.Cause == nil && len(d.Problems) == 0 && d.Err() == nil
}

// hook is a webhook that answers as configured and records requests.
type hook struct {
	sync.Mutex
	answer func(try int) (status int, header map[string]string)
	tries  int
	took   []*http.Request
	bodies []string
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.Lock()
	defer h.Unlock()
	body, _ := io.ReadAll(r.Body)
	h.tries++
	status, header := h.answer(h.tries)
	for k, v := range header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(status)
	if status/100 == 2 {
		h.took, h.bodies = append(h.took, r), append(h.bodies, string(body))
	}
}

func always(status int) func(int) (int, map[string]string) {
	return func(int) (int, map[string]string) { return status, nil }
}

func startHook(t *testing.T, h *hook) string {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL + "/secret?token=1"
}

func TestWebhook(t *testing.T) {
	h := &hook{answer: always(204)}
	url := startHook(t, h)
	opt := quick(t, 0)
	opt.Token, opt.Format = "t0ken", formatOCSF
	alerts := someAlerts(t, 2)
	if d := deliver(t, url, alerts, opt); !d.only(2) {
		t.Fatalf("%+v", d)
	}
	for i, r := range h.took {
		if r.Method != http.MethodPost || r.Header.Get("Authorization") != "Bearer t0ken" || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Idempotency-Key") != alerts[i].UID {
			t.Errorf("%s %v", r.Method, r.Header)
		}
		var event ocsfEvent
		if err := json.Unmarshal([]byte(h.bodies[i]), &event); err != nil || event.FindingInfo.UID != alerts[i].UID {
			t.Errorf("%v in %s", err, h.bodies[i])
		}
	}
	left, err := filepath.Glob(filepath.Join(opt.Spool, "*.jsonl"))
	if err != nil || len(left) > 0 {
		t.Errorf("left in the spool: %v, %v", left, err)
	}
}

// What fails for a while is tried again.
func TestWebhookRetries(t *testing.T) {
	h := &hook{answer: func(try int) (int, map[string]string) {
		return []int{500, 429, 503, 200}[min(try-1, 3)], map[string]string{"Retry-After": "0"}
	}}
	if d := deliver(t, startHook(t, h), someAlerts(t, 1), quick(t, 3)); d.Sent != 1 || h.tries != 4 {
		t.Errorf("%+v after %d tries", d, h.tries)
	}
	h = &hook{answer: always(500)}
	if d := deliver(t, startHook(t, h), someAlerts(t, 3), quick(t, 2)); d.Kept != 3 || h.tries != 3 || !strings.Contains(d.Cause.Error(), "500") {
		t.Errorf("%+v after %d tries; the rest is not tried", d, h.tries)
	}
}

// What could not be sent goes first the next time, once, in order.
func TestSpool(t *testing.T) {
	h := &hook{answer: always(503)}
	url := startHook(t, h)
	opt := quick(t, 0)
	alerts := someAlerts(t, 3)
	d := deliver(t, url, alerts[:2], opt)
	if d.Kept != 2 || d.Spool == "" {
		t.Fatalf("%+v", d)
	}
	for _, secret := range []string{"secret", "token"} {
		if strings.Contains(d.Cause.Error(), secret) || strings.Contains(d.Spool, secret) {
			t.Errorf("%q is in %v, %s", secret, d.Cause, d.Spool)
		}
	}
	if info, err := os.Stat(d.Spool); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	if d := deliver(t, url, alerts[1:2], opt); d.Kept != 2 {
		t.Errorf("the same alert waits twice: %+v", d)
	}
	h.answer = always(200)
	if d := deliver(t, url, alerts[2:], opt); !d.only(3) {
		t.Errorf("%+v", d)
	}
	for i, body := range h.bodies {
		if !strings.Contains(body, alerts[i].UID) {
			t.Errorf("%d: %s", i, body)
		}
	}
	if _, err := os.Stat(d.Spool); err == nil {
		t.Error("the spool stays")
	}
	if d := deliver(t, url, nil, opt); !d.only(0) {
		t.Errorf("nothing to send: %+v", d)
	}
}

// An alert is in the spool before it is sent, for the program may end at any
// moment.
func TestSpoolBeforeSending(t *testing.T) {
	opt := quick(t, 0)
	var waiting []int
	h := &hook{answer: func(int) (int, map[string]string) {
		files, err := filepath.Glob(filepath.Join(opt.Spool, "*.jsonl"))
		if err != nil || len(files) != 1 {
			t.Errorf("spools %v, %v", files, err)
			return 200, nil
		}
		text, err := os.ReadFile(files[0])
		if err != nil {
			t.Error(err)
		}
		waiting = append(waiting, bytes.Count(text, []byte("\n")))
		return 200, nil
	}}
	if d := deliver(t, startHook(t, h), someAlerts(t, 2), opt); d.Sent != 2 || len(waiting) != 2 || waiting[0] != 2 {
		t.Errorf("%+v, with %v in the spool at each sending", d, waiting)
	}
}

// What is refused is kept and does not hold up the rest; nothing follows a
// redirect.
func TestWebhookRefuses(t *testing.T) {
	h := &hook{answer: func(try int) (int, map[string]string) {
		return map[int]int{1: 400, 2: 302}[try] + 200*(try/3), map[string]string{"Location": "http://127.0.0.1:1/"}
	}}
	d := deliver(t, startHook(t, h), someAlerts(t, 3), quick(t, 5))
	if d.Sent != 1 || d.Kept != 2 || h.tries != 3 || !strings.Contains(d.Cause.Error(), "400") {
		t.Errorf("%+v after %d tries", d, h.tries)
	}
}

func TestDeliveryStops(t *testing.T) {
	opt := quick(t, 20)
	opt.Backoff = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	h := &hook{answer: func(int) (int, map[string]string) { cancel(); return 500, nil }}
	if d := deliverIn(ctx, t, startHook(t, h), someAlerts(t, 2), opt); d.Kept != 2 || d.Lost > 0 {
		t.Errorf("interrupted: %+v", d)
	}
}

func TestParseDestination(t *testing.T) {
	for text, want := range map[string]Destination{
		"stdout":                    {"stdout", "stdout", ""},
		"file:a/b c.jsonl":          {"file:a/b c.jsonl", "file", "a/b c.jsonl"},
		"file:///var/log/a":         {"file:///var/log/a", "file", "/var/log/a"},
		"syslog+udp://logs":         {"syslog+udp://logs", "udp", "logs:514"},
		"syslog+tcp://[::1]":        {"syslog+tcp://[::1]", "tcp", "[::1]:601"},
		"syslog+tcp://logs:6514":    {"syslog+tcp://logs:6514", "tcp", "logs:6514"},
		"syslog+tls://logs":         {"syslog+tls://logs", "tls", "logs:6514"},
		"syslog+unix:///dev/log":    {"syslog+unix:///dev/log", "unix", "/dev/log"},
		"https://u:p@h.example/x?y": {"https://u:p@h.example/x?y", "https", "https://u:p@h.example/x?y"},
	} {
		if got, err := ParseDestination(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "file:", "syslog://h", "syslog+udp:///x", "syslog+unix://h/x", "https://", "ftp://h", "htps://h/secret", "alerts.jsonl", "https://h\x7f/secret"} {
		if d, err := ParseDestination(text); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q is taken for %+v, %v", text, d, err)
		}
	}
	if d, _ := ParseDestination("https://u:p@h.example/x?y"); d.String() != "https://h.example" {
		t.Error(d)
	}
}

// The same finding has the same uid; another day or number another.
func TestUID(t *testing.T) {
	f := someAlerts(t, 1)[0].Finding
	uid := func(f detect.Finding, day time.Time) string {
		a, err := New(f, nil, Day{Midnight: day})
		if err != nil {
			t.Fatal(err)
		}
		return a.UID
	}
	first := uid(f, christmas)
	if uid(f, christmas) != first || uid(f, christmas.AddDate(0, 0, 1)) == first {
		t.Error("uid does not follow the day")
	}
	f.Score = 0.9
	if uid(f, christmas) == first {
		t.Error("uid does not follow the finding")
	}
	f.Evidence = func() {}
	if _, err := New(f, nil, Day{Midnight: christmas}); err == nil {
		t.Error("evidence that JSON cannot hold passes")
	}
}

// A response whose body does not end is taken by its status.
func TestWebhookEndlessBody(t *testing.T) {
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, "{")
		w.(http.Flusher).Flush()
		select {
		case <-ended:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(ended)
	began := time.Now()
	if d := deliver(t, server.URL, someAlerts(t, 20), quick(t, 0)); !d.only(20) || time.Since(began) > 3*time.Second {
		t.Errorf("%+v after %v", d, time.Since(began))
	}
}

// Control characters of a server do not leave the package.
func TestWebhookStatusIsClean(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = conn.Read(make([]byte, 4096))
		_, _ = io.WriteString(conn, "HTTP/1.1 400 \x1b]0;PWN\a\r\nContent-Length: 3\r\n\r\n\x1b[2")
		_ = conn.Close()
	}()
	if d := deliver(t, "http://"+l.Addr().String(), someAlerts(t, 1), quick(t, 0)); d.Kept != 1 || strings.ContainsAny(d.Cause.Error(), "\x1b\a") {
		t.Errorf("%+v", d)
	}
}
