package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/evaluation"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/flowbook/flowbook/reportgen/internal/synth"
)

// sampleArgs are the arguments of reportgen detect for the sample days.
func sampleArgs(more ...string) []string {
	in := func(name string) string { return filepath.Join("..", "testdata", name) }
	return append([]string{"detect", "--baseline", in("data.parquet"), "--test", in("test.parquet"),
		"--servers", in("servers.parquet"), "--country", in("country.mmdb"), "--asn", in("asn.mmdb")}, more...)
}

// ok runs reportgen and returns what it printed.
func ok(t *testing.T, args ...string) string {
	t.Helper()
	shareCache(t)
	return mustRun(t, args...)
}

// Every planted host of the sample days is found, and hardly anyone else.
func TestDetectSampleDays(t *testing.T) {
	out := ok(t, sampleArgs("--format", "json")...)
	findings := filepath.Join(t.TempDir(), "findings.json")
	if err := os.WriteFile(findings, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(ok(t, "evaluate", "--truth", filepath.Join("..", "testdata", "truth.json"), findings)) {
		// Flows alone do not distinguish a hired monitoring service from an unwanted one.
		if strings.HasPrefix(line, "missed") || strings.HasPrefix(line, "false alarm") && !strings.HasSuffix(line, " monitoring\n") {
			t.Error(line)
		}
	}
	if again := ok(t, sampleArgs("--format", "json")...); again != out {
		t.Error("a second run prints something else")
	}
}

func TestDetectFormats(t *testing.T) {
	lines := strings.Count(ok(t, sampleArgs("--format", "json")...), "\n")
	rows, err := csv.NewReader(strings.NewReader(ok(t, sampleArgs("--format", "csv")...))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != lines+1 || !json.Valid([]byte(rows[1][8])) {
		t.Errorf("%d rows of CSV for %d findings, evidence %q", len(rows), lines, rows[1][8])
	}
	table := ok(t, sampleArgs()...)
	for _, want := range []string{"DEVICE ", "RULE ", "exfiltration", "more at severity info"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
}

// A profile that reportgen profile wrote is as good as the flow file.
func TestDetectTakesProfiles(t *testing.T) {
	dir := t.TempDir()
	args := sampleArgs("--format", "json")
	want := ok(t, args...)
	for i := range args {
		if strings.HasSuffix(args[i], ".parquet") {
			encoded := filepath.Join(dir, filepath.Base(args[i])+".profile")
			ok(t, "profile", args[i], "-o", encoded)
			args[i] = encoded
		}
	}
	if got := ok(t, args...); got != want {
		t.Error("findings of profiles differ from those of flow files")
	}
}

// Three real days of one public server hold no internal host, so that nothing
// is found inside, with any of its addresses as our own too. Its clients are
// mostly programs; the known one is among them.
func TestDetectRealDays(t *testing.T) {
	logs := testenv.Data(t, "zeek", "missing-host")
	dir := t.TempDir()
	day := func(date string) string {
		path := filepath.Join(dir, date+".parquet")
		ok(t, "import", "--from", "zeek", filepath.Join(logs, date), "--day", date, "-o", path)
		return path
	}
	args := []string{"detect", "--baseline", day("2024-04-19"), "--test", day("2024-04-20"), "--servers", day("2024-04-21")}
	read, err := detect.ReadFindings("stdout", strings.NewReader(ok(t, append(args, "--format", "json")...)))
	if err != nil {
		t.Fatal(err)
	}
	programs := map[string]bool{}
	for _, f := range read.Findings {
		switch f.Rule {
		case detect.RuleExternalAutomation:
			programs[f.Entity.String()] = f.Severity.Alert()
		case detect.RuleInboundAttack:
			if f.Entity == netip.MustParseAddr("64.225.56.201") || f.Severity.Compare(detect.Medium) > 0 {
				t.Errorf("%s of %s: %s", f.Severity, f.Entity, f.Summary)
			}
		default:
			t.Errorf("%s %s on a server that only answers", f.Rule, f.Entity)
		}
	}
	if !programs["73.54.23.243"] || len(programs) > 100 {
		t.Errorf("%d clients of some 5,900 are taken for programs; the known one is among them: %v", len(programs), programs["73.54.23.243"])
	}
	ok(t, append(args, "--internal", "64.225.56.201/32,73.54.23.243/32")...)
}

func TestDetectErrors(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(text, []byte("not a day"), 0o600); err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(dir, "damaged.profile")
	if err := os.WriteFile(damaged, fmt.Appendf(nil, "flowbook profile %d\n\x00", profile.FormatVersion), 0o600); err != nil {
		t.Fatal(err)
	}
	with := func(flag, value string) []string {
		args := sampleArgs()
		if i := slices.Index(args, flag); i >= 0 {
			args[i+1] = value
			return args
		}
		return append(args, flag, value)
	}
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"no days", []string{"detect"}, []string{"--baseline", "--test"}},
		{"no such file", with("--test", filepath.Join(dir, "none.parquet")), []string{"--test", "none.parquet", "no such file"}},
		{"not Parquet", with("--baseline", text), []string{"--baseline", "notes.txt", "not a Parquet file"}},
		{"damaged profile", with("--servers", damaged), []string{"--servers", "damaged.profile", "damaged"}},
		{"two tests", append(sampleArgs(), "--test="+text), []string{"--test", "takes one file"}},
		{"unknown format", with("--format", "xml"), []string{`"xml"`, "table, json, csv"}},
		{"bad network", with("--internal", "192.168.0.0"), []string{"--internal", `"192.168.0.0"`, "CIDR"}},
		{"bad sensitivity", with("--sensitivity", "NaN"), []string{"--sensitivity", "NaN"}},
		{"owners as countries", with("--country", filepath.Join("..", "testdata", "asn.mmdb")), []string{"asn.mmdb"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			shareCache(t)
			var errs bytes.Buffer
			if status := run(t.Context(), tt.args, io.Discard, &errs); status != exit.BadInput {
				t.Errorf("status %d, want %d", status, exit.BadInput)
			}
			for _, want := range tt.want {
				if !strings.Contains(errs.String(), want) {
					t.Errorf("stderr %q lacks %q", errs.String(), want)
				}
			}
		})
	}
}

// Rows left out are reported on stderr, and do not stop a detection.
func TestDetectTellsRejectedRows(t *testing.T) {
	b := profile.NewBuilder()
	b.AddSource(profile.Source{Name: "odd.parquet", Rows: 2})
	b.Add(flow.Record{Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("10.0.0.2"), Proto: flow.TCP, Port: 443})
	b.Reject("timestamp outside the day", profile.Place{File: "odd.parquet", Row: 1, Column: flow.ColTime, Value: "8640005"})
	path := filepath.Join(t.TempDir(), "odd.profile")
	if err := flowfile.WriteProfile(path, b.Profile()); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if status := run(t.Context(), []string{"detect", "--baseline", path, "--test", path}, &out, &errs); status != exit.Done {
		t.Fatalf("status %d: %s", status, errs.String())
	}
	for _, want := range []string{"odd.parquet", "1 of 2 rows left out", "timestamp outside the day", "8640005"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("stderr %q lacks %q", errs.String(), want)
		}
	}
}

func TestEvaluate(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	truth := write("truth.json", `{"seed":1,"planted":[
		{"rule":"exfiltration","entity":"10.0.0.1"},{"rule":"exfiltration","entity":"10.0.0.2"},{"rule":"dns-c2","entity":"10.0.0.3"}],
		"benign":[{"entity":"10.0.0.9","kind":"backup"}]}`)
	findings := write("findings.json", `{"rule":"exfiltration","entity":"10.0.0.1","severity":"high"}
{"rule":"exfiltration","entity":"10.0.0.2","severity":"low"}
{"rule":"exfiltration","entity":"10.0.0.9","severity":"medium"}
{"rule":"exfiltration","entity":"10.0.0.3","severity":"critical"}
{"rule":"new-country","entity":"10.0.0.8","severity":"info"}
`)
	const want = `RULE          PLANTED  FOUND  WRONG  PRECISION  RECALL  F1     P@K
dns-c2        1        0      0      -          0.000   -      0.000
exfiltration  2        1      2      0.333      0.500   0.400  0.500
missed: dns-c2 10.0.0.3
missed: exfiltration 10.0.0.2
false alarm: exfiltration 10.0.0.9 backup
benign entities with a false alarm: 1 of 40 (2.50 %)
`
	if got := ok(t, "evaluate", "--truth", truth, "--hosts", "43", findings); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}

	for name, args := range map[string][]string{
		"no truth":       {findings},
		"no such file":   {"--truth", filepath.Join(dir, "none.json"), findings},
		"not a truth":    {"--truth", findings, findings},
		"no address":     {"--truth", write("odd.json", `{"planted":[{"rule":"beacon","entity":"laptop"}]}`), findings},
		"not findings":   {"--truth", truth, write("odd.txt", "RULE ENTITY")},
		"other findings": {"--truth", truth, write("other.json", `{"rule":"beacon","entity":"10.0.0.1","severity":"bad"}`)},
	} {
		var errs bytes.Buffer
		if status := run(t.Context(), append([]string{"evaluate"}, args...), io.Discard, &errs); status != exit.BadInput || errs.Len() == 0 {
			t.Errorf("%s: status %d, %q", name, status, errs.String())
		}
	}
}

// A day that is its own baseline is warned of.
func TestDetectSaysThatDaysAreTheSame(t *testing.T) {
	plan, err := synth.New(synth.Options{Seed: 2, Flows: 10_000, Hosts: 20})
	if err != nil {
		t.Fatal(err)
	}
	day, other := filepath.Join(t.TempDir(), "day.parquet"), filepath.Join(t.TempDir(), "other.parquet")
	for path, flows := range map[string]iter.Seq[flow.Record]{day: plan.Test(), other: plan.Data()} {
		if _, err := flowfile.WriteRecords(t.Context(), path, flows); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	for _, c := range []struct {
		baseline string
		same     bool
	}{{day, true}, {other, false}} {
		status, _, stderr := reportgen(t, "detect", "--baseline", c.baseline, "--test", day)
		if status != exit.Done {
			t.Fatalf("status %d, %s", status, stderr)
		}
		if warned := strings.Contains(stderr, "same flows"); warned != c.same {
			t.Errorf("baseline %s: warned %v, want %v", filepath.Base(c.baseline), warned, c.same)
		}
	}
}

// The monitoring service of the sample days is found, and not shown if it is
// allowed; all else is as before.
func TestAllow(t *testing.T) {
	before := ok(t, sampleArgs("--format", "json")...)
	known, err := evaluation.ReadTruth(testenv.Path(t, "testdata", "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var watcher string
	for _, b := range known.Benign {
		if b.Kind == "monitoring" {
			watcher = b.Entity
		}
	}
	list := ruleFile(t, "allow.yaml", "- network: "+watcher+"\n  rules: [external-automation]\n  reason: hired monitoring\n")
	status, out, stderr := reportgen(t, sampleArgs("--format", "json", "--allow", list)...)
	if status != exit.Done {
		t.Fatalf("status %d, %s", status, stderr)
	}
	var want strings.Builder
	for line := range strings.Lines(before) {
		if !strings.Contains(line, `"entity":"`+watcher+`"`) {
			want.WriteString(line)
		}
	}
	if out != want.String() || out == before {
		t.Errorf("%d bytes of findings, %d without the watcher's, %d before", len(out), want.Len(), len(before))
	}
	if !strings.Contains(stderr, "not shown: 1 of network "+watcher) || !strings.Contains(stderr, "hired monitoring") {
		t.Errorf("stderr says %q", stderr)
	}
}

func TestFailOn(t *testing.T) {
	all := ruleFile(t, "allow.yaml", "- network: 0.0.0.0/0\n")
	tests := []struct {
		args   []string
		status int
	}{
		{[]string{"--fail-on", "critical"}, exit.Failed},
		{[]string{"--fail-on", "info"}, exit.Failed},
		{nil, exit.Done},
		{[]string{"--fail-on", "high", "--allow", all}, exit.Done},
		{[]string{"--fail-on", "urgent"}, exit.BadInput},
	}
	for _, tt := range tests {
		status, stdout, stderr := reportgen(t, sampleArgs(tt.args...)...)
		if status != tt.status {
			t.Errorf("%v: status %d, want %d; %s", tt.args, status, tt.status, stderr)
		}
		if tt.status == exit.Failed && (stdout == "" || !strings.Contains(stderr, "--fail-on")) {
			t.Errorf("%v: %d bytes of findings, %q", tt.args, len(stdout), stderr)
		}
	}
}
