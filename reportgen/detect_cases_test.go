package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

// TestDetectCases runs detect on small logs on which it was wrong, which are not part
// of the repository, and prints right or wrong for each: $FLOWBOOK_CASES, or
// ../shared/cases beside the module.
func TestDetectCases(t *testing.T) {
	dir := os.Getenv("FLOWBOOK_CASES")
	if dir == "" {
		dir = testenv.Path(t, "..", "shared", "cases")
	}
	logs := testenv.File(t, filepath.Join(dir, "logs"), "the collected cases, which are not part of the repository: set FLOWBOOK_CASES to their folder")
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	file := func(name string) string {
		t.Helper()
		number, rest, _ := strings.Cut(name, "/")
		folders, err := filepath.Glob(filepath.Join(logs, number+"-*"))
		if err != nil || len(folders) != 1 {
			t.Fatalf("folders %v, %v", folders, err)
		}
		return filepath.Join(folders[0], rest)
	}
	csv := []string{"--from", "csv", "--map", "timestamp=timestamp"}
	for _, tt := range []struct {
		what       string
		from       []string
		base, test string
		args       []string
		rule       string // of the finding; empty if there must be no alert
		entity     string
		least      detect.Severity
		said       string // in the summary or in a message
	}{
		{"a scan in a network of two hosts", csv, "01/base.csv", "01/scan.csv", nil, detect.RuleInternalScan, "10.0.0.12", detect.Medium, "too few hosts"},
		{"a DNS channel in a network of two hosts", csv, "01/base.csv", "01/dns.csv", nil, detect.RuleDNSC2, "10.0.0.12", detect.Medium, "too few hosts"},
		{"hosts with public addresses", csv, "02/base.csv", "02/test.csv", nil, detect.RuleInternalScan, "147.32.84.12", detect.Medium, "147.32.84.0/24"},
		{"one connection in pieces", []string{"--from", "vpc"}, "03/base.log", "03/test.log", nil, "", "", "", ""},
		{"one connection in pieces, without a history", []string{"--from", "nfdump"}, "", "03/long.txt", nil, "", "", "", ""},
		{"the evening on which a beacon begins", csv, "04/sun.csv", "04/mon.csv", nil, detect.RuleBeacon, "10.0.0.11", detect.Low, "began at 20:00"},
		{"the day after that evening", csv, "04/mon.csv", "04/tue.csv", nil, detect.RuleBeacon, "10.0.0.11", detect.High, "began at 20:00 on the baseline day"},
		{"a day later", csv, "04/sun.csv", "04/tue.csv", nil, detect.RuleBeacon, "10.0.0.11", detect.High, ""},
		{"a scan whose answers are resets", []string{"--from", "nfdump"}, "", "10/scan.txt", nil, detect.RuleInternalScan, "10.0.0.66", detect.Medium, "30 internal hosts and ports"},
		{"an outside address that tries 600 ports", csv, "24/base.csv", "24/test.csv", []string{"--servers", "TEST"}, detect.RuleInboundAttack, "203.0.113.13", detect.Medium, ""},
	} {
		imported := func(name, day string) string {
			out := filepath.Join(t.TempDir(), day+".parquet")
			ok(t, append(append([]string{"import"}, tt.from...), file(name), "-o", out)...)
			return out
		}
		test := imported(tt.test, "test")
		args := []string{"--test", test}
		if tt.base != "" {
			args = append(args, "--baseline", imported(tt.base, "base"))
		}
		for _, a := range tt.args {
			args = append(args, strings.Replace(a, "TEST", test, 1))
		}
		status, findings, messages := detectAll(t, args...)
		right := status == exit.Done
		found := tt.rule == ""
		for _, f := range findings {
			if f.Rule == tt.rule && f.Entity.String() == tt.entity && f.Severity.Compare(tt.least) >= 0 && strings.Contains(f.Summary+messages, tt.said) {
				found = true
			}
			if tt.rule == "" && f.Severity.Alert() {
				right = false
			}
		}
		if right && found {
			t.Logf("right: %s: %s", tt.test, tt.what)
		} else {
			t.Errorf("wrong: %s: %s: status %d, %+v\n%s", tt.test, tt.what, status, findings, messages)
		}
	}
}
