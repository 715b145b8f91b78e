package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

// An attack begins, goes on and ends, as the differences between days say.
func TestDiffFindings(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []struct {
		date string
		from int
	}{{"2024-03-18", 24}, {"2024-03-19", 24}, {"2024-03-20", 6}, {"2024-03-21", 0}, {"2024-03-22", 24}} {
		writeDay(t, filepath.Join(dir, "days", d.date+".parquet"), d.date, d.from, 0, 1, "10.0.0.")
	}
	file := func(date string) string { return filepath.Join(dir, date+".jsonl") }
	for _, date := range []string{"2024-03-19", "2024-03-20", "2024-03-21", "2024-03-22"} {
		found := mustRun(t, "detect", "--format", "json", "--coverage", "--days", filepath.Join(dir, "days"), "--test", date)
		if err := os.WriteFile(file(date), []byte(found), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		before, after string
		status        int
		want          string
	}{
		{"2024-03-19", "2024-03-20", exit.Stale, "New: 1\n  10.0.0.10: beacon"},
		{"2024-03-20", "2024-03-21", exit.Done, "Ongoing: 1\n  10.0.0.10: beacon, critical, since 2024-03-20"},
		{"2024-03-21", "2024-03-22", exit.Stale, "Gone: 1\n  10.0.0.10: beacon"},
	} {
		var out, errs bytes.Buffer
		status := run(t.Context(), []string{"diff", file(tt.before), file(tt.after)}, &out, &errs)
		if status != tt.status || !strings.Contains(out.String(), tt.want) {
			t.Errorf("%s to %s: status %d, want %d\n%s%s", tt.before, tt.after, status, tt.status, out.String(), errs.String())
		}
	}
}

func TestDiffReports(t *testing.T) {
	var out, errs bytes.Buffer
	if status := run(t.Context(), []string{"diff", "../testdata/report", "../testdata/report"}, &out, &errs); status != exit.Done || out.Len() > 0 {
		t.Errorf("status %d: %s%s", status, out.String(), errs.String())
	}
	other := t.TempDir()
	document, err := os.ReadFile("../testdata/report/document.json")
	if err != nil {
		t.Fatal(err)
	}
	changed := regexp.MustCompile(`,\n"checksum": "[0-9a-f]+"`).ReplaceAll(bytes.ReplaceAll(document, []byte("exfiltration"), []byte("theft")), nil)
	if err := os.WriteFile(filepath.Join(other, "document.json"), changed, 0o600); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if status := run(t.Context(), []string{"diff", "../testdata/report", other}, &out, &errs); status != exit.Stale || !strings.Contains(out.String(), "theft") {
		t.Errorf("status %d: %s%s", status, out.String(), errs.String())
	}
	// The same in the other formats, with the verbs for findings.
	for format, want := range map[string]string{"md": "### Changed: ", "json": `{"kind":"changed","section":"`} {
		out.Reset()
		if status := run(t.Context(), []string{"diff", "--format", format, "../testdata/report", other}, &out, &errs); status != exit.Stale ||
			!strings.HasPrefix(out.String(), want) || !strings.Contains(out.String(), "theft") || !strings.Contains(strings.ToLower(out.String()), "cause") {
			t.Errorf("%s: status %d: %s%s", format, status, out.String(), errs.String())
		}
	}
}

func TestDiffRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.jsonl")
	if err := os.WriteFile(file, []byte("{\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{file}, "missing argument AFTER"},
		{[]string{file, t.TempDir()}, "one is a folder and one a file"},
		{[]string{t.TempDir(), t.TempDir()}, "not a report"},
		{[]string{"-", "-"}, "standard input can be read only once"},
		{[]string{testenv.Path(t, "testdata", "fortnight"), t.TempDir()}, "fortnight: a folder of flow files, not a report"},
		{[]string{t.TempDir(), testenv.Path(t, "testdata", "fortnight", "date=2024-03-20")}, "a folder of flow files, not a report"},
		{[]string{file, file}, "a.jsonl: line 1: not a finding in JSON"},
		{[]string{"--format", "xml", file, file}, `--format "xml": want text, md or json`},
	} {
		var out, errs bytes.Buffer
		if status := run(t.Context(), append([]string{"diff"}, tt.args...), &out, &errs); status != exit.BadInput || !strings.Contains(errs.String(), tt.want) {
			t.Errorf("%v: status %d: %s, want %s", tt.args, status, errs.String(), tt.want)
		}
	}
}
