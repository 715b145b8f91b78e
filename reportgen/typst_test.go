package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/internal/typst"
)

// Without a browser, Typst prints the report, the same each time, and check holds.
func TestTypst(t *testing.T) {
	needPython(t)
	t.Setenv(typst.Variable, rendertest.Typst(t))
	t.Setenv("FLOWBOOK_CHROMIUM", "") // it would not be asked
	dir := notebookFolder(t, nil)
	notebook := func(n string) map[string]string {
		return map[string]string{"notebooks/a.ipynb": pythonNotebook(t, "A", "Some $x^2$.", "print('python says', "+n+")")}
	}
	testenv.WriteFiles(t, dir, notebook("1"))
	status, stdout, stderr := reportgen(t, "run", "--to", "pdf,typst")
	if status != exit.Done || !strings.Contains(stderr, "report.pdf printed by Typst/") || !strings.Contains(stdout, "report/report.typ") {
		t.Fatalf("status %d: %s%s", status, stdout, stderr)
	}
	first, err := os.ReadFile("report/report.pdf")
	if err != nil {
		t.Fatal(err)
	}
	mustRun(t, "run", "--to", "pdf,typst", "--no-cache")
	if again, err := os.ReadFile("report/report.pdf"); err != nil || !bytes.Equal(again, first) {
		t.Errorf("the second PDF has other bytes (%v)", err)
	}
	mustRun(t, "check", "report")
	testenv.WriteFiles(t, dir, notebook("2"))
	status, stdout, stderr = reportgen(t, "check", "report")
	if status != exit.Stale || !strings.Contains(stdout, "report.pdf") || !strings.Contains(stdout, "report.typ") {
		t.Errorf("status %d: %s%s", status, stdout, stderr)
	}
}
