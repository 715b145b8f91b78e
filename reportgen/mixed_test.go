package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/report"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// pythonNotebook is the JSON of a notebook of ipykernel, with Markdown after its cells.
func pythonNotebook(t *testing.T, title, after string, cells ...string) string {
	t.Helper()
	nb := &nbformat.Notebook{Minor: 5, Metadata: map[string]any{"kernelspec": map[string]any{"name": "python3", "language": "python", "display_name": "Python 3"}}}
	nb.Cells = append(nb.Cells, &nbformat.Cell{Type: nbformat.Markdown, ID: "title", Source: "# " + title})
	for i, source := range cells {
		nb.Cells = append(nb.Cells, &nbformat.Cell{Type: nbformat.Code, ID: fmt.Sprintf("code-%d", i+1), Source: source})
	}
	nb.Cells = append(nb.Cells, &nbformat.Cell{Type: nbformat.Markdown, ID: "after", Source: after})
	src, err := nbformat.Marshal(nb)
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

func needPython(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts real kernels: skipped with -short")
	}
	testenv.Python(t, "ipykernel")
}

// A folder of notebooks of two kernels gives one report, the same however many
// run at once; what changed in one does not run the other again.
func TestTwoKernels(t *testing.T) {
	needPython(t)
	dir := notebookFolder(t, nil)
	testenv.WriteFiles(t, dir, map[string]string{
		"notebooks/1.ipynb": goNotebook(t, "In Go", "var n = 20", "%%\nfmt.Println(\"go says\", n + 1)"),
		"notebooks/2.ipynb": pythonNotebook(t, "In Python", "", "n = 20", "print('python says', n + 2)"),
		"notebooks/3.ipynb": goNotebook(t, "In Go again", "var m = 20", "%%\nfmt.Println(\"go says\", m + 3)"),
	})
	mustRun(t, "run", "--jobs", "3")
	first := testenv.Tree(t, "report")
	for _, want := range []string{"## 1 In Go", "go says 21", "## 2 In Python", "python says 22", "## 3 In Go again", "go says 23"} {
		if !strings.Contains(first["report.md"], want) {
			t.Errorf("the report does not hold %q:\n%s", want, first["report.md"])
		}
	}
	for _, want := range []string{`"kernel": "gonb 0.1.0, go 1`, `"kernel": "ipython `} {
		if !strings.Contains(first[report.SourcesName], want) {
			t.Errorf("%s does not hold %q:\n%s", report.SourcesName, want, first[report.SourcesName])
		}
	}
	mustRun(t, "run", "--no-cache", "--jobs", "1")
	if diff := cmp.Diff(first, testenv.Tree(t, "report")); diff != "" {
		t.Errorf("one at a time gives other bytes:\n%s", diff)
	}
	testenv.WriteFiles(t, dir, map[string]string{"notebooks/2.ipynb": pythonNotebook(t, "In Python", "", "n = 20", "print('python says', n + 4)")})
	status, _, stderr := reportgen(t, "run")
	if status != exit.Done || !strings.Contains(stderr, "1.ipynb: unchanged") || !strings.Contains(stderr, "3.ipynb: unchanged") || !strings.Contains(stderr, "2.ipynb: cell 2/2") {
		t.Errorf("status %d\n%s", status, stderr)
	}
}

// A picture that a cell wrote and did not close is whole in the report: it is read
// when the kernel has ended.
func TestPictureLeftOpen(t *testing.T) {
	needPython(t)
	dir := notebookFolder(t, nil)
	svg := `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><title>bars</title><rect width="7" height="7"/></svg>`
	testenv.WriteFiles(t, dir, map[string]string{
		"notebooks/a.ipynb": pythonNotebook(t, "A", "![bars](bars.svg)", fmt.Sprintf("f = open('bars.svg', 'w')\nf.write('%s')\nimport atexit, time\natexit.register(time.sleep, 0.3)", svg)),
	})
	mustRun(t, "run", "--to", "html,md")
	found := false
	for name, content := range testenv.Tree(t, "report") {
		found = found || strings.HasSuffix(name, ".svg") && strings.Contains(content, `width="7"`)
	}
	if !found {
		t.Error("no file of the report has the picture")
	}
}

// examples are notebooks of GoNB that need neither network nor browser. They are in
// its module.
var examples = []string{"bash_script", "hello", "vartuple", "writefile"}

// Notebooks that others wrote run as they are.
func TestNotebooksOfOthers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real GoNB kernels: skipped with -short")
	}
	list := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/janpfeifer/gonb")
	out, err := list.Output()
	if err != nil {
		t.Skipf("the module of GoNB is not here: %v", err)
	}
	files := make(map[string]string)
	for _, name := range examples {
		src, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "examples", "tests", name+".ipynb"))
		if err != nil {
			t.Fatal(err)
		}
		files["notebooks/"+name+".ipynb"] = string(src)
	}
	notebookFolder(t, files)
	mustRun(t, "run")
	md := testenv.Tree(t, "report")["report.md"]
	for _, want := range []string{"Got x=13", "a=3, c=7", "Cell contents appended to"} {
		if !strings.Contains(md, want) {
			t.Errorf("no %q in\n%s", want, md)
		}
	}
}
