package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/reportgen/internal/evaluation"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

// allowFile writes an allow-list.
func allowFile(t testing.TB, text string) string {
	path := filepath.Join(t.TempDir(), "allow.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// anyRule takes every id for a rule's.
func anyRule(string) bool { return true }

// The hired watcher of the sample days is found, and not shown where it is
// allowed; all else is as before.
func TestAllow(t *testing.T) {
	before := ok(t, sampleArgs("--format", "json")...)
	known, err := evaluation.ReadTruth(filepath.Join("..", "testdata", "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var watcher string
	for _, b := range known.Benign {
		if b.Kind == "monitoring" {
			watcher = b.Entity
		}
	}
	var out, errs bytes.Buffer
	list := allowFile(t, "- network: "+watcher+"\n  rules: [external-automation]\n  reason: hired monitoring\n")
	if status := run(t.Context(), sampleArgs("--format", "json", "--allow", list), &out, &errs); status != exit.Done {
		t.Fatalf("status %d, %s", status, errs.String())
	}
	var want strings.Builder
	for line := range strings.Lines(before) {
		if !strings.Contains(line, `"entity":"`+watcher+`"`) {
			want.WriteString(line)
		}
	}
	if out.String() != want.String() || out.String() == before {
		t.Errorf("%d bytes of findings, %d without the watcher's, %d before", out.Len(), want.Len(), len(before))
	}
	if told := errs.String(); !strings.Contains(told, "not shown: 1 of network "+watcher) || !strings.Contains(told, "hired monitoring") {
		t.Errorf("stderr says %q", told)
	}
}

func TestFailOn(t *testing.T) {
	all := allowFile(t, "- network: 0.0.0.0/0\n")
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
		var out, errs bytes.Buffer
		if status := run(t.Context(), sampleArgs(tt.args...), &out, &errs); status != tt.status {
			t.Errorf("%v: status %d, want %d; %s", tt.args, status, tt.status, errs.String())
		}
		if tt.status == exit.Failed && (out.Len() == 0 || !strings.Contains(errs.String(), "--fail-on")) {
			t.Errorf("%v: %d bytes of findings, %q", tt.args, out.Len(), errs.String())
		}
	}
}

func TestAllowFaults(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"no list", "network: 10.0.0.0/8\n", "line 1"},
		{"no YAML", "- network: [\n", "YAML"},
		{"an unknown field", "- network: 10.0.0.0/8\n\n- addr: 10.0.0.1\n", "line 3"},
		{"no network", "- network: 10.0.0\n", `"10.0.0"`},
		{"no country", "- country: Brazil\n", "two letters"},
		{"no rule", "- rules: [beacons]\n", `"beacons"`},
		{"a rule that is no list", "- rules: beacon\n", "list"},
		{"everything", "- reason: all is well\n", "everything"},
		{"an empty item", "-\n", "line 1"},
	}
	for _, tt := range tests {
		var errs bytes.Buffer
		path := allowFile(t, tt.text)
		status := run(t.Context(), sampleArgs("--allow", path), io.Discard, &errs)
		if status != exit.BadInput || !strings.Contains(errs.String(), tt.want) || !strings.Contains(errs.String(), path) {
			t.Errorf("%s: status %d, %q, want %q in it", tt.name, status, errs.String(), tt.want)
		}
	}
	if list, err := readAllowList(allowFile(t, "# nobody yet\n"), anyRule); err != nil || len(list) != 0 {
		t.Errorf("an empty list: %v, %v", list, err)
	}
}

// Whatever the file, there is a list or an error, and no item that allows
// everything.
func FuzzAllowList(f *testing.F) {
	f.Add("- network: 10.0.0.0/8\n  owner: Google\n  country: BR\n  rules: [beacon]\n  reason: x\n")
	f.Add("- &a {network: ::1}\n- *a\n")
	f.Add("---\n- owner: 1\n...\n---\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := readAllowList(allowFile(t, text), anyRule)
		if err != nil {
			return
		}
		odd := detect.Finding{Rule: "none"}
		if r, _ := list.Apply(detect.Result{Findings: []detect.Finding{odd}}); len(r.Findings) == 0 {
			for _, a := range list {
				if len(a.Rules) == 0 {
					t.Errorf("%+v allows everything", a)
				}
			}
		}
	})
}
