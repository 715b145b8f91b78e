package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

// detects runs detect on the sample days and returns its status and outputs.
func detects(t *testing.T, more ...string) (status int, stdout, stderr string) {
	t.Helper()
	shareCache(t)
	t.Setenv("SOURCE_DATE_EPOCH", "")
	return reportgen(t, sampleArgs(more...)...)
}

func ruleFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The date comes from --day, then from the name of the file or of a folder. If
// there is none, detect says so and alerts have the time at which they were made.
func TestDetectDay(t *testing.T) {
	day := func(more ...string) string {
		status, out, errs := detects(t, append(more, "--format", "ecs")...)
		if status != exit.Done {
			t.Fatal(errs)
		}
		var event struct {
			Timestamp string `json:"@timestamp"`
		}
		first, _, _ := strings.Cut(out, "\n")
		if err := json.Unmarshal([]byte(first), &event); err != nil {
			t.Fatal(err)
		}
		return event.Timestamp[:10]
	}
	if got := day("--day", "2024-04-21"); got != "2024-04-21" {
		t.Errorf("--day: %s", got)
	}
	if got, today := day(), time.Now().UTC().Format(time.DateOnly); got > today || got < time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly) {
		t.Errorf("no day: %s, want %s", got, today)
	}
	text, err := os.ReadFile(filepath.Join("..", "testdata", "test.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"flows-2024-02-29.parquet", "date=2024-02-29/day.parquet"} {
		dated := filepath.Join(t.TempDir(), name)
		if err := os.MkdirAll(filepath.Dir(dated), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dated, text, 0o600); err != nil {
			t.Fatal(err)
		}
		args := sampleArgs("--format", "ecs")
		args[4] = dated
		if out := ok(t, args...); !strings.HasPrefix(out, `{"@timestamp":"2024-02-29T`) {
			t.Errorf("%s: %.60s", name, out)
		}
	}
	shareCache(t)
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	status, out, errs := reportgen(t, sampleArgs("--format", "ecs")...)
	if status != exit.Done || !strings.HasPrefix(out, `{"@timestamp":"2023-11-14T`) || strings.Contains(out, `"start"`) || !strings.Contains(errs, "alerts have no times: neither test.parquet nor its folders have a date") {
		t.Errorf("SOURCE_DATE_EPOCH: status %d, %.60s, %s", status, out, errs)
	}
	if _, again, _ := reportgen(t, sampleArgs("--format", "ecs")...); again != out {
		t.Error("with SOURCE_DATE_EPOCH, a second run prints something else")
	}
}

// One finding is one line in every format of lines, the same each time.
func TestDetectStandardFormats(t *testing.T) {
	_, findings, _ := detects(t, "--format", "json")
	for _, format := range []string{"ocsf", "ecs"} {
		status, out, errs := detects(t, "--format", format, "--day", "2024-04-21")
		if status != exit.Done || strings.Count(out, "\n") != strings.Count(findings, "\n") {
			t.Errorf("%s: status %d, %d lines for %d findings: %s", format, status, strings.Count(out, "\n"), strings.Count(findings, "\n"), errs)
		}
		if _, again, _ := detects(t, "--format", format, "--day", "2024-04-21"); again != out {
			t.Errorf("%s: a second run prints something else", format)
		}
	}
}

// Rules' actions and --alert send what they name; what a destination does not
// take is reported, kept and sent the next time.
func TestDetectSendsAlerts(t *testing.T) {
	dir := t.TempDir()
	var mu sync.Mutex
	up, took := false, []string(nil)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if !up {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("Authorization") != "Bearer abc" {
			t.Errorf("%v, %v", err, r.Header)
		}
		took = append(took, string(body))
	}))
	defer server.Close()
	file := filepath.Join(dir, "alerts.jsonl")
	rules := ruleFile(t, "own.yaml", `name: exfiltration
flowbook:
  actions:
    - {to: '`+server.URL+`', format: ecs, least: high, retries: 0, token_env: HOOK_TOKEN}
    - {to: '`+server.URL+`', format: ecs, least: critical, token_env: HOOK_TOKEN}
`)
	t.Setenv("HOOK_TOKEN", "abc")
	args := []string{"--rules", rules, "--alert", "file:" + file, "--alert-format", "ocsf", "--alert-spool", filepath.Join(dir, "spool"), "--format", "csv"}

	status, out, errs := detects(t, args...)
	if status != exit.Failed || !strings.Contains(errs, "kept in") || !strings.Contains(errs, "503") || !strings.HasPrefix(out, "rule,") {
		t.Fatalf("status %d: %s", status, errs)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sent := 0
	for line := range bytes.Lines(text) {
		var event struct {
			Class int  `json:"class_uid"`
			Alert bool `json:"is_alert"`
		}
		if err := json.Unmarshal(line, &event); err != nil || event.Class != 2004 || !event.Alert {
			t.Errorf("%v in %s", err, line)
		}
		sent++
	}
	alerts := strings.Count(out, ",medium,") + strings.Count(out, ",high,") + strings.Count(out, ",critical,")
	if sent != alerts {
		t.Errorf("%d alerts in the file, %d found", sent, alerts)
	}

	mu.Lock()
	up = true
	mu.Unlock()
	status, out, errs = detects(t, args...)
	mu.Lock()
	defer mu.Unlock()
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, row := range rows {
		if row[0] == "exfiltration" && (row[2] == "high" || row[2] == "critical") {
			want++
		}
	}
	if status != exit.Done || want == 0 || len(took) != want {
		t.Fatalf("status %d, %d of %d taken: %s", status, len(took), want, errs)
	}
	seen := map[string]bool{}
	for _, body := range took {
		var event struct {
			Event struct{ ID, Action string }
		}
		if err := json.Unmarshal([]byte(body), &event); err != nil || event.Event.Action != "exfiltration" || seen[event.Event.ID] {
			t.Errorf("%v, twice %v, in %s", err, seen[event.Event.ID], body)
		}
		seen[event.Event.ID] = true
	}
}

// Servers are verified by the roots that --alert-ca names.
func TestDetectAlertTLS(t *testing.T) {
	var took atomic.Int32
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { took.Add(1) }))
	defer server.Close()
	args := []string{"--alert", server.URL, "--alert-spool", t.TempDir()}
	if status, _, errs := detects(t, args...); status != exit.Failed || took.Load() > 0 || !strings.Contains(errs, "unknown authority\nwarning: set --alert-ca") {
		t.Errorf("status %d, %d taken: %s", status, took.Load(), errs)
	}
	roots := ruleFile(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	if status, _, errs := detects(t, append(args, "--alert-ca", roots)...); status != exit.Done || took.Load() == 0 {
		t.Errorf("status %d, %d taken: %s", status, took.Load(), errs)
	}
}

func TestDetectAlertErrors(t *testing.T) {
	bad := ruleFile(t, "bad.yaml", "name: beacon\nlevel: loud\n")
	tokenless := ruleFile(t, "tokenless.yaml", "name: beacon\nflowbook: {actions: [{to: 'https://h.example', token_env: NO_SUCH_TOKEN}]}\n")
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"rules":       {[]string{"--rules", bad}, "bad.yaml:2: level"},
		"no rules":    {[]string{"--rules", filepath.Join(t.TempDir(), "none.yaml")}, "none.yaml"},
		"destination": {[]string{"--alert", "mail:me"}, "--alert"},
		"format":      {[]string{"--alert-format", "cef"}, `"cef"`},
		"least":       {[]string{"--alert-least", "loud"}, `"loud"`},
		"timeout":     {[]string{"--alert-timeout", "0s"}, "--alert-timeout"},
		"retries":     {[]string{"--alert-retries", "-1"}, "--alert-retries"},
		"day":         {[]string{"--day", "yesterday"}, `"yesterday"`},
		"no token":    {[]string{"--rules", tokenless}, "NO_SUCH_TOKEN"},
		"no roots":    {[]string{"--alert-ca", bad}, "bad.yaml: no certificate in PEM"},
		"roots":       {[]string{"--alert-ca", "none.pem"}, "--alert-ca: none.pem: no such file"},
		"certificate": {[]string{"--alert-cert", bad}, "use one PEM file with the certificate and its key"},
	} {
		if status, _, errs := detects(t, tt.args...); status != exit.BadInput || !strings.Contains(errs, tt.want) {
			t.Errorf("%s: status %d, %q lacks %q", name, status, errs, tt.want)
		}
	}
}

// A user's own rule finds beside the detections and is in every format.
func TestDetectOwnRule(t *testing.T) {
	rules := ruleFile(t, "own.yaml", `title: Much DNS
id: 6d9c2f3e-6f0e-4d3b-9d0c-0a6f7b1f2a11
name: all-dns
logsource: {category: firewall}
detection:
  selection: {dst_port: 53, src_internal: true}
  condition: selection
level: low
`)
	_, plain, _ := detects(t, "--format", "json")
	status, out, errs := detects(t, "--rules", rules, "--format", "json")
	own := strings.Count(out, `{"rule":"all-dns"`)
	if status != exit.Done || own == 0 || strings.Count(out, "\n") != strings.Count(plain, "\n")+own {
		t.Errorf("status %d, %d findings of the own rule: %s", status, own, errs)
	}
}

func TestRulesCommand(t *testing.T) {
	table := ok(t, "rules")
	for _, want := range []string{"exfiltration", "internal-scan", "T1567.002", "detection"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
	all := ok(t, "rules", "--format", "yaml")
	// What it writes it reads, to the same effect.
	if again := ok(t, "rules", "--format", "yaml", "--rules", ruleFile(t, "all.yaml", all)); !strings.Contains(again, "severity: scored") || len(again) < len(all) {
		t.Errorf("%d bytes after %d", len(again), len(all))
	}
	if sigma := ok(t, "rules", "--format", "sigma"); strings.Contains(sigma, "flowbook:") || strings.Count(sigma, "title:") != strings.Count(all, "title:") {
		t.Error("Sigma has our block or lacks rules")
	}
	var errs bytes.Buffer
	if status := run(t.Context(), []string{"rules", "--format", "toml"}, io.Discard, &errs); status != exit.BadInput || !strings.Contains(errs.String(), `"toml"`) {
		t.Errorf("status %d: %s", status, errs.String())
	}
}

// brokenPipe is an output without a reader.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, syscall.EPIPE }

// Alerts are sent whatever becomes of standard output and of the spool.
func TestDetectSecuresAlerts(t *testing.T) {
	dir := t.TempDir()
	shareCache(t)
	file := filepath.Join(dir, "alerts.jsonl")
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, spool := range []string{filepath.Join(dir, "spool"), filepath.Join(dir, "file", "spool")} {
		if err := os.RemoveAll(file); err != nil {
			t.Fatal(err)
		}
		var errs bytes.Buffer
		args := sampleArgs("--format", "json", "--alert", "file:"+file, "--alert-spool", spool, "--alert", "stdout", "--day", "2024-04-21")
		if status := run(t.Context(), args, brokenPipe{}, &errs); status != exit.BadInput || !strings.Contains(errs.String(), "broken pipe") {
			t.Errorf("status %d: %s", status, errs.String())
		}
		text, err := os.ReadFile(file)
		if err != nil || bytes.Count(text, []byte("\n")) < 10 {
			t.Errorf("%d alerts, %v: %s", bytes.Count(text, []byte("\n")), err, errs.String())
		}
	}
	status, out, errs := detects(t, "--format", "json", "--alert", "stdout", "--alert-format", "ocsf", "--day", "2024-04-21")
	first, rest, _ := strings.Cut(out, "{\"activity_id\"")
	if status != exit.Done || !strings.HasPrefix(first, `{"rule":`) || !strings.Contains(rest, "class_uid") || strings.Contains(rest, `{"rule":"`) {
		t.Errorf("status %d, %s", status, errs)
	}
}
