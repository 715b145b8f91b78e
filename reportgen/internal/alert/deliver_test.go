package alert

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
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
func someAlerts(t *testing.T, n int) []Alert {
	t.Helper()
	var alerts []Alert
	for i := range n {
		a, err := New(detect.Finding{Rule: "beacon", Entity: netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)}), Severity: detect.High, Score: 0.8,
			Attack: []string{"T1071.001"}, Summary: "calls “home” every 60 s", Evidence: map[string]any{"dst_ip": "93.184.216.34"},
			Window: [2]flow.Time{flow.Hour, 2 * flow.Hour}}, nil, christmas)
		if err != nil {
			t.Fatal(err)
		}
		alerts = append(alerts, a)
	}
	return alerts
}

// quick are options that wait for nothing long.
func quick(t *testing.T, retries int) Options {
	return Options{Spool: filepath.Join(t.TempDir(), "spool"), Retries: &retries, Backoff: time.Millisecond, Timeout: 5 * time.Second}
}

func deliver(t *testing.T, to string, alerts []Alert, opt Options) Delivery {
	t.Helper()
	d, err := ParseDestination(to)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Deliver(t.Context(), d, alerts, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// hook is a webhook that answers as it is told and keeps what it took.
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
	opt.Token, opt.Format = "t0ken", FormatOCSF
	alerts := someAlerts(t, 2)
	if d := deliver(t, url, alerts, opt); d != (Delivery{Sent: 2}) {
		t.Fatalf("%+v", d)
	}
	for i, r := range h.took {
		if r.Method != http.MethodPost || r.Header.Get("Authorization") != "Bearer t0ken" || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Idempotency-Key") != alerts[i].UID {
			t.Errorf("%s %v", r.Method, r.Header)
		}
		var event OCSF
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
			t.Errorf("%q is told of in %v, %s", secret, d.Cause, d.Spool)
		}
	}
	if info, err := os.Stat(d.Spool); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	if d := deliver(t, url, alerts[1:2], opt); d.Kept != 2 {
		t.Errorf("the same alert waits twice: %+v", d)
	}
	h.answer = always(200)
	if d := deliver(t, url, alerts[2:], opt); d != (Delivery{Sent: 3}) {
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
	if d := deliver(t, url, nil, opt); d != (Delivery{}) {
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
	to, err := ParseDestination(startHook(t, h))
	if err != nil {
		t.Fatal(err)
	}
	d, err := Deliver(ctx, to, someAlerts(t, 2), opt)
	if err != nil || d.Kept != 2 {
		t.Errorf("interrupted: %+v, %v", d, err)
	}
}

// Who waits for another program's sending can be interrupted.
func TestSpoolLock(t *testing.T) {
	opt := quick(t, 0)
	to, err := ParseDestination("file:" + filepath.Join(t.TempDir(), "alerts.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	held, err := openSpool(t.Context(), opt.Spool, to)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := Deliver(ctx, to, someAlerts(t, 1), opt); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	held.close()
	if d, err := Deliver(t.Context(), to, someAlerts(t, 1), opt); err != nil || d.Sent != 1 {
		t.Errorf("%+v, %v", d, err)
	}
}

// A damaged spool is not overwritten: what waits in it was not sent.
func TestDamagedSpool(t *testing.T) {
	opt := quick(t, 0)
	d := deliver(t, "http://127.0.0.1:1/", someAlerts(t, 2), opt)
	if d.Kept != 2 {
		t.Fatalf("%+v", d)
	}
	text, err := os.ReadFile(d.Spool)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.Spool, text[:len(text)-5], 0o600); err != nil {
		t.Fatal(err)
	}
	to, err := ParseDestination("http://127.0.0.1:1/")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Deliver(t.Context(), to, someAlerts(t, 1), opt); err == nil || !strings.Contains(err.Error(), ":2 is damaged") {
		t.Error(err)
	}
	if again, err := os.ReadFile(d.Spool); err != nil || len(again) != len(text)-5 {
		t.Error("the spool was changed")
	}
}

// Programs that send at once neither lose nor mix alerts.
func TestDeliverTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.jsonl")
	opt := quick(t, 0)
	alerts := someAlerts(t, 20)
	to, err := ParseDestination("file:" + path)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range alerts {
		all.Go(func() {
			if _, err := Deliver(t.Context(), to, alerts[i:i+1], opt); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range bytes.Lines(text) {
		var a struct{ UID string }
		if err := json.Unmarshal(line, &a); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		seen[a.UID] = true
	}
	if len(seen) != len(alerts) || bytes.Count(text, []byte("\n")) != len(alerts) {
		t.Errorf("%d alerts on %d lines", len(seen), bytes.Count(text, []byte("\n")))
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
	for _, text := range []string{"", "file:", "syslog://h", "syslog+udp:///x", "syslog+unix://h/x", "https://", "ftp://h", "alerts.jsonl", "https://h\x7f"} {
		if d, err := ParseDestination(text); err == nil {
			t.Errorf("%q is taken for %+v", text, d)
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
		a, err := New(f, nil, day)
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
	if _, err := New(f, nil, christmas); err == nil {
		t.Error("evidence that JSON cannot hold passes")
	}
}
