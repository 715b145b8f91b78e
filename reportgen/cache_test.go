package main

import (
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

// A run is remembered, listed and forgotten, and none of it shows in the report.
func TestCacheCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real GoNB kernel: skipped with -short")
	}
	dir := notebookFolder(t, nil)
	testenv.WriteFiles(t, dir, map[string]string{"notebooks/a.ipynb": goNotebook(t, "A", "var x = 1", "%%\nfmt.Println(x)")})
	made := func(want string, args ...string) {
		t.Helper()
		status, _, stderr := reportgen(t, append([]string{"run", "--to", "md"}, args...)...)
		if status != exit.Done || !strings.Contains(stderr, want) {
			t.Errorf("status %d, no %q in\n%s", status, want, stderr)
		}
	}
	made("a.ipynb: done")
	first := testenv.Tree(t, "report")
	made("a.ipynb: unchanged")
	made("a.ipynb: done", "--no-cache")
	made("a.ipynb: done", "-p", "x=2")
	made("a.ipynb: unchanged")
	if again := testenv.Tree(t, "report"); again["report.md"] != first["report.md"] {
		t.Errorf("the report is another:\n%s", again["report.md"])
	}
	_, list, stderr := reportgen(t, "cache", "list")
	if strings.Count(list, "notebooks/a.ipynb\t") != 2 || !strings.Contains(stderr, "2 notebooks") {
		t.Errorf("list %q\n%s", list, stderr)
	}
	if _, out, _ := reportgen(t, "cache", "clean", "--older", "1h"); out != "" {
		t.Errorf("what was just used is removed: %q", out)
	}
	if status, out, _ := reportgen(t, "cache", "clean"); status != exit.Done || strings.Count(out, "a.ipynb") != 2 {
		t.Errorf("status %d, removed %q", status, out)
	}
	if _, list, _ := reportgen(t, "cache", "list"); list != "" {
		t.Errorf("left: %q", list)
	}
	made("a.ipynb: done")
	if status, _, stderr := reportgen(t, "cache", "clean", "--older", "-1h"); status != exit.BadInput {
		t.Errorf("status %d\n%s", status, stderr)
	}
}
