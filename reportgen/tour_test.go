package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// The guided tour runs from top to bottom, every cell shows something or declares
// something, and it finds what it asks for. It is not part of the sample report.
func TestTour(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real GoNB kernel: skipped with -short")
	}
	out := filepath.Join(t.TempDir(), "tour")
	mustRun(t, "run", "-o", out, "--to", "ipynb", "../notebooks/explore.ipynb")
	nb, err := nbformat.ReadFile(filepath.Join(out, "notebooks", "explore.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	cells := 0
	for _, c := range nb.Cells {
		if c.Type != nbformat.Code {
			continue
		}
		cells++
		if shows := strings.HasPrefix(c.Source, "%%"); shows != (len(c.Outputs) > 0) {
			t.Errorf("cell %s: %d outputs:\n%s", c.ID, len(c.Outputs), c.Source)
		}
		for _, o := range c.Outputs {
			if o.Type == nbformat.Error || o.Type == nbformat.Stream {
				t.Errorf("cell %s: %s %s %s", c.ID, o.Type, o.EValue, o.Text)
			}
		}
	}
	if cells != 15 {
		t.Errorf("%d cells of code, want 15", cells)
	}
	text := testenv.Tree(t, filepath.Join(out, "notebooks"))["explore.ipynb"]
	for _, want := range []string{"Dropbox, Inc.", "uploaded 120 MB to 162.125.232.72", "17:56:44"} {
		if !strings.Contains(text, want) {
			t.Errorf("the tour does not find %q", want)
		}
	}
	if picture := testenv.Tree(t, "../notebooks")["explore.svg"]; !strings.HasPrefix(picture, "<svg") || len(picture) > 200_000 {
		t.Errorf("README.md's picture of the tour: %d bytes, %.20q", len(picture), picture)
	}
	if report := testenv.Tree(t, goldenReport)["report.md"]; strings.Contains(report, "A guided tour") {
		t.Error("the tour is part of the sample report")
	}
}

// The notebook on a folder of days runs: its last table compares the last two days. It is not part of the sample report.
func TestHistoryNotebook(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real GoNB kernel: skipped with -short")
	}
	out := filepath.Join(t.TempDir(), "history")
	mustRun(t, "run", "--strict", "-o", out, "--to", "md", "../notebooks/history.ipynb")
	_, changes, ok := strings.Cut(testenv.Tree(t, out)["report.md"], "What changed since the previous day")
	if !ok {
		t.Fatal("no table of changes")
	}
	for _, kind := range []string{"| new |", "| ongoing |", "| gone |"} {
		if !strings.Contains(changes, kind) {
			t.Errorf("no finding is %s:\n%s", kind, changes)
		}
	}
}
