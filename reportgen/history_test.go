package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

// writeDay writes the flows of a small network on a date as a flow file: twelve
// hosts that browse, and calls of the first once a minute from some hour on, or
// none if that is 24. Of parts it writes the one given.
func writeDay(t *testing.T, path, date string, from, part, parts int, network string) {
	t.Helper()
	var b strings.Builder
	b.WriteString("timestamp,src_ip,dst_ip,proto,port,up_bytes,down_bytes\n")
	row := 0
	add := func(minute, host int, dst string, up, down int) {
		if row++; row%parts == part {
			fmt.Fprintf(&b, "%sT%02d:%02d:%02dZ,%s%d,%s,tcp,443,%d,%d\n", date, minute/60, minute%60, host, network, 10+host, dst, up, down)
		}
	}
	for host := range 12 {
		for i := range 60 {
			add(480+(i*37+host*11+len(date)*i*i)%600, host, fmt.Sprintf("198.51.100.%d", 1+(i+host)%20), 400+i, 9000+100*i)
		}
	}
	for minute := from * 60; minute < 24*60; minute++ {
		add(minute, 0, "203.0.113.99", 300, 200)
	}
	csv := filepath.Join(t.TempDir(), "day.csv")
	if err := os.WriteFile(csv, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	ok(t, "import", "--from", "csv", "--map", "timestamp=timestamp", csv, "-o", path)
}

// detectAll runs reportgen detect and returns its status, findings and messages.
func detectAll(t *testing.T, args ...string) (int, []detect.Finding, string) {
	t.Helper()
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	status, out, errs := reportgen(t, append([]string{"detect", "--format", "json"}, args...)...)
	var findings []detect.Finding
	for line := range strings.Lines(out) {
		var f detect.Finding
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		findings = append(findings, f)
	}
	return status, findings, errs
}

// A folder of days, single files, patterns and days in parts say the same, and
// an attack that goes on says since when.
func TestDetectHistory(t *testing.T) {
	dir := t.TempDir()
	files, parts := filepath.Join(dir, "files"), filepath.Join(dir, "parts")
	days := []struct {
		date string
		from int
	}{{"2024-03-18", 24}, {"2024-03-19", 24}, {"2024-03-20", 20}, {"2024-03-21", 0}, {"2024-03-22", 0}}
	for _, d := range days {
		writeDay(t, filepath.Join(files, d.date+".parquet"), d.date, d.from, 0, 1, "10.0.0.")
		for i := range 2 {
			writeDay(t, filepath.Join(parts, "date="+d.date, fmt.Sprintf("part-%d.parquet", i)), d.date, d.from, i, 2, "10.0.0.")
		}
	}
	text := func(fs []detect.Finding) string {
		b, err := json.Marshal(fs)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	status, want, messages := detectAll(t, "--days", files, "--test", "latest")
	var beacon *detect.Finding
	for i, f := range want {
		if f.Rule == detect.RuleBeacon && f.Severity.Alert() {
			beacon = &want[i]
		}
	}
	if status != exit.Done || beacon == nil || beacon.Entity.String() != "10.0.0.10" || beacon.State != detect.StateOngoing || beacon.Since != "2024-03-20" {
		t.Fatalf("status %d, %s\n%s", status, text(want), messages)
	}
	if beacon.History == nil || beacon.History.Days != 4 || beacon.History.Hosts != 12 {
		t.Errorf("history %+v", beacon.History)
	}
	if !strings.Contains(messages, "coverage: ") || !strings.Contains(messages, "4 days and 12 hosts") {
		t.Errorf("messages: %s", messages)
	}
	for name, args := range map[string][]string{
		"a date":  {"--days", files, "--test", "2024-03-22"},
		"parts":   {"--days", parts, "--test", "latest"},
		"a glob":  {"--baseline", filepath.Join(files, "*-[12][890].parquet"), "--baseline", filepath.Join(files, "2024-03-21.parquet"), "--test", filepath.Join(files, "2024-03-22.parquet")},
		"reverse": {"--baseline", filepath.Join(files, "2024-03-21.parquet"), "--baseline", filepath.Join(files, "2024-03-20.parquet"), "--baseline", filepath.Join(files, "2024-03-19.parquet"), "--baseline", filepath.Join(files, "2024-03-18.parquet"), "--test", filepath.Join(files, "2024-03-22.parquet")},
	} {
		if status, got, messages := detectAll(t, args...); status != exit.Done || text(got) != text(want) {
			t.Errorf("%s: status %d, %s\n%s", name, status, messages, text(got))
		}
	}
	// The day before the calls: nothing, and the line that says what was looked at.
	out := ok(t, "detect", "--days", files, "--test", "2024-03-19", "--coverage")
	if !strings.Contains(out, "No findings above info.") || !strings.Contains(out, "WHAT IT COULD NOT SEE") {
		t.Error(out)
	}
	// The first evening is found; the day alone is searched too.
	_, first, _ := detectAll(t, "--days", files, "--test", "2024-03-20")
	if len(first) == 0 || !first[0].Severity.Alert() || !strings.Contains(text(first), "began at 20:00") {
		t.Errorf("first evening: %s", text(first))
	}
	status, alone, messages := detectAll(t, "--test", filepath.Join(files, "2024-03-22.parquet"))
	if status != exit.Done || len(alone) == 0 || alone[0].Rule != detect.RuleBeacon || alone[0].State != "" || !strings.Contains(messages, "no history") {
		t.Errorf("alone: status %d, %s\n%s", status, text(alone), messages)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--days", files, "--test", "2024-03-23"}, "it has 5 days from 2024-03-18 to 2024-03-22"},
		{[]string{"--days", files, "--test", "friday"}, "is not a date"},
		{[]string{"--days", t.TempDir(), "--test", "latest"}, "no .parquet or .profile"},
		{[]string{"--test", filepath.Join(files, "2024-03-22.parquet"), "--baseline", filepath.Join(files, "x*.parquet")}, "no file matches"},
		{[]string{"--test", filepath.Join(files, "2024-03-22.parquet"), "--internal", "172.16.0.0/12"}, "no flow has an end in these networks"},
	} {
		if status, _, messages := detectAll(t, tt.args...); status != exit.BadInput || !strings.Contains(messages, tt.want) {
			t.Errorf("%v: status %d, %q does not say %q", tt.args, status, messages, tt.want)
		}
	}
}

// A list of indicators raises a finding that names it.
func TestDetectIntel(t *testing.T) {
	dir := t.TempDir()
	day, list := filepath.Join(dir, "2024-03-22.parquet"), filepath.Join(dir, "feed.txt")
	writeDay(t, day, "2024-03-22", 24, 0, 1, "10.0.0.")
	if err := os.WriteFile(list, []byte("# 2024-03-01\n198.51.100.7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, found, messages := detectAll(t, "--test", day, "--intel", list)
	if status != exit.Done || len(found) == 0 || found[0].Rule != detect.RuleThreatIntel || !strings.Contains(found[0].Summary, "the list feed.txt of 2024-03-01") ||
		!strings.Contains(messages, "SHA-256") {
		t.Errorf("status %d, %+v\n%s", status, found, messages)
	}
	if err := os.WriteFile(list, []byte("nothing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, messages := detectAll(t, "--test", day, "--intel", filepath.Join(dir, "none.txt")); status != exit.BadInput || !strings.Contains(messages, "none.txt") {
		t.Errorf("status %d, %s", status, messages)
	}
}

// Hosts with public addresses are found, and said.
func TestDetectPublicAddresses(t *testing.T) {
	day := filepath.Join(t.TempDir(), "2024-03-22.parquet")
	writeDay(t, day, "2024-03-22", 0, 0, 1, "147.32.84.")
	status, found, messages := detectAll(t, "--test", day)
	if status != exit.Done || len(found) == 0 || found[0].Entity.String() != "147.32.84.10" || !strings.Contains(messages, "the private ones and 147.32.84.0/24") {
		t.Errorf("status %d, %+v\n%s", status, found, messages)
	}
}
