package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// notebookFolder makes a folder of notebooks in the module's .cache, where the
// pinned kernel is found, and moves into its parent.
func notebookFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	cache, err := filepath.Abs("../.cache")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(cache, "run-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	t.Chdir(dir)
	testenv.WriteFiles(t, dir, files)
	return dir
}

// goNotebook is the JSON of a GoNB notebook; the first code cell declares the
// parameters.
func goNotebook(t *testing.T, title string, cells ...string) string {
	t.Helper()
	nb := &nbformat.Notebook{Minor: 5, Metadata: map[string]any{"kernelspec": map[string]any{"name": "gonb", "language": "go", "display_name": "Go (gonb)"}}}
	nb.Cells = append(nb.Cells, &nbformat.Cell{Type: nbformat.Markdown, ID: "title", Source: "# " + title})
	for i, source := range cells {
		c := &nbformat.Cell{Type: nbformat.Code, ID: fmt.Sprintf("code-%d", i+1), Source: source, Metadata: map[string]any{}}
		if i == 0 {
			c.Metadata["tags"] = []any{"parameters"}
		}
		nb.Cells = append(nb.Cells, c)
	}
	src, err := nbformat.Marshal(nb)
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// A run of real notebooks: parameters from report.yaml and flags, paths that no
// output holds, a failing cell, the same bytes twice, and notebooks left alone.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real GoNB kernels: skipped with -short")
	}
	dir := notebookFolder(t, map[string]string{
		"notebooks/report.yaml": "title: Two notebooks\ndate: 2024-04-19\nauthors: [A. Writer]\nnotebooks:\n  - b.ipynb\n  - a.ipynb\nparameters:\n  limit: 7\n  day: near.txt\n",
		"notebooks/near.txt":    "near",
		"far.txt":               "far",
	})
	testenv.WriteFiles(t, dir, map[string]string{
		"notebooks/a.ipynb": goNotebook(t, "First", "var limit = 1", "%%\nfmt.Println(\"limit\", limit)"),
		"notebooks/b.ipynb": goNotebook(t, "Second", "var day = \"\"", "%%\ntext, err := os.ReadFile(day)\nfmt.Println(day, string(text), err)"),
	})
	before := testenv.Tree(t, "notebooks")
	status, stdout, stderr := reportgen(t, "run", "-p", "day=far.txt")
	if status != exit.Done {
		t.Fatalf("status %d\n%s", status, stderr)
	}
	if want := "report/index.html\nreport/notebooks\nreport/report.md\n"; stdout != want {
		t.Errorf("stdout %q, want %q", stdout, want)
	}
	first := testenv.Tree(t, "report")
	md := first["report.md"]
	for _, want := range []string{"# Two notebooks", "limit 7", "far.txt far <nil>", "A. Writer", "2024-04-19"} {
		if !strings.Contains(md, want) {
			t.Errorf("the report does not hold %q:\n%s", want, md)
		}
	}
	if second, first := strings.Index(md, "## 1 Second"), strings.Index(md, "## 2 First"); second < 0 || first < second {
		t.Errorf("the notebooks are not in the order of report.yaml:\n%s", md)
	}
	for name, content := range first {
		if strings.Contains(content, dir) {
			t.Errorf("%s holds the path of this machine", name)
		}
	}
	if diff := cmp.Diff(before, testenv.Tree(t, "notebooks")); diff != "" {
		t.Errorf("the notebooks' folder was written to:\n%s", diff)
	}

	if status, _, stderr = reportgen(t, "run", "-p", "day=far.txt", "--jobs", "1"); status != exit.Done {
		t.Fatalf("second run: status %d\n%s", status, stderr)
	}
	if diff := cmp.Diff(first, testenv.Tree(t, "report")); diff != "" {
		t.Errorf("a second run gives other bytes:\n%s", diff)
	}

	testenv.WriteFiles(t, dir, map[string]string{"notebooks/a.ipynb": goNotebook(t, "First", "var limit = 1", "%%\nfmt.Println(\"kept\")\nvar m map[string]int\nm[\"x\"] = limit")})
	status, _, stderr = reportgen(t, "run", "--to", "md", "notebooks/a.ipynb")
	if want := "a.ipynb: cell 3 (code-2), line 4: panic: assignment to entry in nil map"; status != exit.Failed || !strings.Contains(stderr, want) {
		t.Errorf("status %d, want 1 and %q:\n%s", status, want, stderr)
	}
	after := testenv.Tree(t, "report")
	if _, left := after["index.html"]; left {
		t.Error("the old report was not replaced as a whole")
	}
	if md := after["report.md"]; !strings.Contains(md, "kept") || !strings.Contains(md, "failed") {
		t.Errorf("the partial report holds no partial result or does not mark the failure:\n%s", md)
	}
	entries, err := os.ReadDir(".")
	if err != nil || len(entries) != 3 {
		t.Errorf("left beside the report: %v, %v", entries, err)
	}
}

func TestRunRefuses(t *testing.T) {
	nb := goNotebook(t, "A", "var limit = 1")
	tests := []struct {
		name  string
		files map[string]string
		args  []string
		want  string
	}{
		{"nothing here", nil, nil, "nothing to run: no report.yaml and no folder notebooks here"},
		{"empty folder", map[string]string{"n/x.txt": ""}, []string{"n"}, "n: no notebook"},
		{"missing", nil, []string{"a.ipynb"}, "a.ipynb: no such notebook or folder"},
		{"format", nil, []string{"--to", "docx"}, "--to \"docx\": want html, md, ipynb"},
		{"parameter", map[string]string{"notebooks/a.ipynb": nb}, []string{"-p", "limit"}, "-p limit: want name=value"},
		{"unknown parameter", map[string]string{"notebooks/a.ipynb": nb}, []string{"-p", "x=1"}, `parameter "x": not declared by any notebook; they declare limit`},
		{"value", map[string]string{"notebooks/a.ipynb": nb}, []string{"-p", "limit=x"}, `parameter limit of a.ipynb: "x" is not a whole number`},
		{"yaml field", map[string]string{"notebooks/a.ipynb": nb, "notebooks/report.yaml": "title: x\nwriter: y\n"}, nil, `report.yaml: line 2, column 1: unknown field "writer"`},
		{"yaml type", map[string]string{"notebooks/a.ipynb": nb, "notebooks/report.yaml": "title: x\nnotebooks:\n  a: b\n"}, nil, "report.yaml: line 3, column "},
		{"yaml code", map[string]string{"notebooks/a.ipynb": nb, "notebooks/report.yaml": "code: maybe\n"}, nil, `"maybe" is not show, fold or hide`},
		{"yaml parameter", map[string]string{"notebooks/a.ipynb": nb, "notebooks/report.yaml": "parameters: {y: 1}\n"}, nil, `parameter "y": `},
		{"outside", map[string]string{"notebooks/report.yaml": "notebooks: [../a.ipynb]\n"}, nil, "not below this folder"},
		{"no notebook", map[string]string{"notebooks/a.ipynb": "{"}, nil, "a.ipynb: not a notebook"},
		{"same name", map[string]string{"a/x.ipynb": nb, "b/x.ipynb": nb}, []string{"a", "b"}, "have the same name"},
		{"foreign folder", map[string]string{"notebooks/a.ipynb": nb, "report/thesis.tex": "mine"}, nil, "-o report: exists and is not a report folder"},
		{"a file", map[string]string{"notebooks/a.ipynb": nb, "report": "mine"}, nil, "exists and is not a report folder"},
		{"kernel", map[string]string{"notebooks/a.ipynb": nb}, []string{"--kernel", "no-such-kernel"}, `Jupyter kernel "no-such-kernel" not found`},
		{"jobs", nil, []string{"--jobs", "-1"}, "--jobs -1: must not be negative"},
		{"timeout", nil, []string{"--run-timeout", "-1m30s"}, "--run-timeout \"-1m30s\": must not be negative"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir)
			testenv.WriteFiles(t, dir, tt.files)
			before := testenv.Tree(t, dir)
			status, _, stderr := reportgen(t, append([]string{"run"}, tt.args...)...)
			if status != exit.BadInput || !strings.Contains(stderr, tt.want) {
				t.Errorf("status %d, want 2 and %q:\n%s", status, tt.want, stderr)
			}
			if diff := cmp.Diff(before, testenv.Tree(t, dir)); diff != "" {
				t.Errorf("files changed:\n%s", diff)
			}
		})
	}
}

// cancelOn cancels when a text has been written to it.
type cancelOn struct {
	bytes.Buffer
	text   string
	cancel func()
}

// WriteString replaces that of [bytes.Buffer], which would not cancel.
func (c *cancelOn) WriteString(s string) (int, error) {
	return c.Write([]byte(s)) //nolint:gocritic // WriteString would call itself
}

func (c *cancelOn) Write(p []byte) (int, error) {
	n, err := c.Buffer.Write(p)
	if strings.Contains(c.String(), c.text) {
		c.cancel()
	}
	return n, err
}

// A kernel that dies gives status 4 and a report of what there was.
func TestRunWhoseKernelDies(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real GoNB kernel: skipped with -short")
	}
	dir := notebookFolder(t, nil)
	testenv.WriteFiles(t, dir, map[string]string{
		"notebooks/a.ipynb": goNotebook(t, "A", "var x = 1", "%%\nfmt.Println(\"kept\")", "%%\nsyscall.Kill(os.Getppid(), syscall.SIGKILL)\ntime.Sleep(time.Hour)"),
	})
	status, _, stderr := reportgen(t, "run", "--to", "md,ipynb")
	if want := "a.ipynb: cell 4 (code-3): the kernel died (signal: killed)"; status != exit.KernelDied || !strings.Contains(stderr, want) {
		t.Errorf("status %d, want 4 and %q:\n%s", status, want, stderr)
	}
	md := testenv.Tree(t, "report")["report.md"]
	for _, want := range []string{"kept", "the kernel died (signal: killed)"} {
		if !strings.Contains(md, want) {
			t.Errorf("the report does not hold %q:\n%s", want, md)
		}
	}
}
