package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/doctor"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

// A project in an empty folder outside of this module: a day is put in, its report is
// made, the check holds, and its other notebooks run.
func TestInit(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a GoNB kernel: skipped with -short")
	}
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	t.Chdir(t.TempDir())
	mustRun(t, "init", "office")
	mustRun(t, "synth", "-o", "office/days", "--flows", "10000", "--hosts", "40")
	t.Chdir("office")
	mustRun(t, "run", "--strict")
	report := testenv.Tree(t, "report")["report.md"]
	for _, want := range []string{"| test | test.parquet |", "Devices that are likely to be compromised", "Flows over time on the baseline day and the test day"} {
		if !strings.Contains(strings.Join(strings.Fields(report), " "), want) {
			t.Errorf("the report does not hold %q:\n%s", want, report)
		}
	}
	mustRun(t, "check", "report")
	if status, _, stderr := reportgen(t, "check", "-p", "test=days/data.parquet", "report"); status != exit.Stale {
		t.Errorf("check with another day: status %d: %s", status, stderr)
	}
	mustRun(t, "run", "--strict", "-p", "baseline=", "-o", "first", "--to", "md") // the first day has none
	mustRun(t, "run", "-o", "explored", "notebooks/explore.ipynb")
	mustRun(t, "run", "--strict", "-o", "investigated", "notebooks/investigate.ipynb")

	// A change of the copied packages is a change of the report's sources.
	file := filepath.Join("flowbook", "pkg", "frame", "titles_of_mine.go")
	testenv.WriteFiles(t, ".", map[string]string{file: "package frame\n"})
	status, _, stderr := reportgen(t, "run")
	if status != exit.Done || !strings.Contains(stderr, "cell 6/6") {
		t.Errorf("run after a change of a package: status %d: %s", status, stderr)
	}
}

func TestInitRefuses(t *testing.T) {
	dir := t.TempDir()
	testenv.WriteFiles(t, dir, map[string]string{"taken/go.mod": "module x\n"})
	for _, args := range [][]string{{"init"}, {"init", "a", "b"}, {"init", filepath.Join(dir, "taken")}} {
		if status, _, stderr := reportgen(t, args...); status != exit.BadInput || stderr == "" {
			t.Errorf("%q: status %d: %s", args, status, stderr)
		}
	}
	if files := testenv.Tree(t, dir); len(files) != 1 {
		t.Errorf("written all the same: %d files", len(files))
	}
}

// The name of the folder is escaped on the terminal.
func TestInitEscapes(t *testing.T) {
	t.Chdir(t.TempDir())
	status, stdout, stderr := reportgen(t, "init", "a\x1b[31m\n::error::b")
	if status != exit.Done || strings.ContainsAny(stdout+stderr, "\x1b") || strings.Contains(stdout, "\n::") {
		t.Errorf("status %d: %q, %q", status, stdout, stderr)
	}
}

// Without the go command, doctor says so and fails; with it, anything else that is
// missing is not an error.
func TestDoctor(t *testing.T) {
	look := func() (int, map[string]doctor.Check) {
		status, stdout, stderr := reportgen(t, "doctor", "--format", "json")
		checks := make(map[string]doctor.Check)
		for line := range strings.Lines(stdout) {
			var c doctor.Check
			if err := json.Unmarshal([]byte(line), &c); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			if checks[c.Name] = c; c.Found == (c.Fix != "") || c.Detail == "" || c.For == "" {
				t.Errorf("%+v", c)
			}
		}
		if status != exit.Done && !strings.Contains(stderr, "missing: ") {
			t.Errorf("status %d: %s", status, stderr)
		}
		return status, checks
	}
	if status, checks := look(); status != exit.Done || !checks["go"].Found || !checks["kernel"].Found {
		t.Errorf("in this module: status %d, %+v", status, checks)
	}
	programs := t.TempDir()
	t.Setenv("FLOWBOOK_CHROMIUM", "")
	for _, c := range []struct {
		version string
		status  int
		found   bool
	}{{"", exit.Failed, false}, {"go1.25.3", exit.Failed, false}, {"go1.26.8", exit.Done, true}, {"devel go1.28-abc", exit.Done, true}} {
		if c.version != "" {
			script := "#!/bin/sh\necho '" + c.version + "'\n"
			if err := os.WriteFile(filepath.Join(programs, "go"), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv("PATH", programs)
		status, checks := look()
		if status != c.status || checks["go"].Found != c.found || checks["chromium"].Found || checks["python"].Found {
			t.Errorf("version %q: status %d, %+v", c.version, status, checks)
		}
	}
	t.Chdir(t.TempDir())
	if status, checks := look(); status != exit.Failed || checks["kernel"].Found || !strings.Contains(checks["kernel"].Fix, "reportgen init") {
		t.Errorf("outside of a module: status %d, %+v", status, checks)
	}
	if status, stdout, _ := reportgen(t, "doctor"); status != exit.Failed || !strings.Contains(stdout, "MISSING  kernel") {
		t.Errorf("as a table: status %d:\n%s", status, stdout)
	}
	if status, _, _ := reportgen(t, "doctor", "--format", "xml"); status != exit.BadInput {
		t.Errorf("--format xml: status %d", status)
	}
}
