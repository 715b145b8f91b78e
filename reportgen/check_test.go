package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/report"
)

const dayCell = "%%\ntext, err := os.ReadFile(\"day.txt\")\nif err != nil { panic(err) }\nfmt.Println(\"flows\", string(text), limit)"

// A report holds until one of its inputs changes, and then
// check says which and what differs.
func TestCheck(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real GoNB kernels: skipped with -short")
	}
	dir := notebookFolder(t, map[string]string{"notebooks/day.txt": "17"})
	testenv.WriteFiles(t, dir, map[string]string{
		"notebooks/a.ipynb": goNotebook(t, "First", "var limit = 1", dayCell),
	})
	runReport(t, "report")
	document := testenv.Tree(t, "report")["document.json"]
	before := testenv.Tree(t, dir)
	status, stdout, stderr := reportgen(t, "check", "report")
	if want := "report is up to date\n"; status != exit.Done || stdout != want {
		t.Fatalf("status %d, stdout %q\n%s", status, stdout, stderr)
	}
	if diff := cmp.Diff(before, testenv.Tree(t, dir)); diff != "" {
		t.Errorf("check changed files:\n%s", diff)
	}
	tests := []struct {
		name   string
		change func()
		args   []string
		want   []string
	}{
		{"an input", func() { testenv.WriteFiles(t, dir, map[string]string{"notebooks/day.txt": "18"}) }, nil,
			[]string{"1 First\n", `output: "flows 17 1" → "flows 18 1"`, "Files that differ: document.json, index.html, notebooks/a.ipynb, report.md", "day.txt changed (a.ipynb)"}},
		{"a parameter", func() { testenv.WriteFiles(t, dir, map[string]string{"notebooks/day.txt": "17"}) }, []string{"-p", "limit=5"},
			[]string{`output: "flows 17 1" → "flows 17 5"`, "parameter limit is 5, was its default"}},
		{"a cell", func() {
			testenv.WriteFiles(t, dir, map[string]string{"notebooks/a.ipynb": goNotebook(t, "First", "var limit = 1", strings.Replace(dayCell, "flows", "rows", 1))})
		}, nil, []string{`output: "flows 17 1" → "rows 17 1"`, "a.ipynb: cell 3 (code-2) changed"}},
		{"the report", func() {
			testenv.WriteFiles(t, dir, map[string]string{"notebooks/a.ipynb": goNotebook(t, "First", "var limit = 1", dayCell)})
			md := testenv.Tree(t, "report")["report.md"]
			testenv.WriteFiles(t, dir, map[string]string{"report/report.md": strings.Replace(md, "flows 17 1", "flows 99 1", 1)})
		}, nil, []string{"The documents are equal, but the files written from them differ.\nFiles that differ: report.md\n", "or the report was edited"}},
		{"the document", func() {
			made := testenv.Tree(t, "report")
			unchecked := regexp.MustCompile(`,\n"checksum": "[0-9a-f]+"`).ReplaceAllString(made["document.json"], "") // as earlier versions wrote it
			testenv.WriteFiles(t, dir, map[string]string{
				"report/report.md":     strings.Replace(made["report.md"], "flows 99 1", "flows 17 1", 1),
				"report/document.json": strings.Replace(unchecked, "flows 17 1", "flows 99 1", 1),
			})
		}, nil, []string{"1 First\n  output: \"flows 99 1\" → \"flows 17 1\"\nFiles that differ: document.json\n"}},
		{"no document", func() {
			if err := os.Remove("report/document.json"); err != nil {
				t.Fatal(err)
			}
		}, nil, []string{"What changed in the text is unknown: the report has no document.json (an earlier reportgen made it)\nFiles that differ: document.json\n"}},
		{"other versions", func() {
			made := testenv.Tree(t, "report")[report.SourcesName]
			old := strings.NewReplacer(fmt.Sprintf("%q", version()), `"v0.1.0"`, ", go 1", ", go 0").Replace(made)
			testenv.WriteFiles(t, dir, map[string]string{"report/" + report.SourcesName: old})
		}, nil, []string{"Because:\n  reportgen is " + version() + ", was v0.1.0\n", "the kernel is gonb 0.1.0, go 1", ", was gonb 0.1.0, go 0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.change()
			status, stdout, stderr := reportgen(t, append([]string{"check", "report"}, tt.args...)...)
			if status != exit.Stale || !strings.Contains(stderr, "report is stale") {
				t.Errorf("status %d, want 3\n%s", status, stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(stdout, want) {
					t.Errorf("no %q in\n%s", want, stdout)
				}
			}
		})
	}
	for content, want := range map[string]string{
		strings.Replace(document, "flows 17 1", "flows 99 1", 1): "report/document.json: damaged: wrong checksum; make the report again",
		`{"version": 1, "blocks": [{"kind": "table"`:             "report/document.json: damaged: not JSON: unexpected EOF; make the report again",
		`{"version": 1, "blocks": [{"kind": "x"}]}`:              `report/document.json: damaged: blocks: [0]: unknown kind of block "x"`,
		`{"version": 99}`: "report/document.json: another reportgen made it: unsupported version 99, want 1; make the report again",
	} {
		testenv.WriteFiles(t, dir, map[string]string{"report/document.json": content})
		if status, _, stderr := reportgen(t, "check", "report"); status != exit.BadInput || !strings.Contains(stderr, want) {
			t.Errorf("%s: status %d\n%s", content, status, stderr)
		}
	}
	if err := os.Remove("report/document.json"); err != nil {
		t.Fatal(err)
	}
	testenv.WriteFiles(t, dir, map[string]string{"notebooks/a.ipynb": goNotebook(t, "First", "var limit = 1", "%%\npanic(1)")})
	if status, _, stderr := reportgen(t, "check", "report"); status != exit.Failed || !strings.Contains(stderr, "cell 3") {
		t.Errorf("status %d, want 1\n%s", status, stderr)
	}
}

// A report stays up to date if only random identifiers, addresses and timings differ, and check says which files do.
func TestCheckVolatile(t *testing.T) {
	needPython(t)
	dir := notebookFolder(t, nil)
	cells := []string{
		"class A: pass\nprint(A(), open)\nA()",
		"import uuid, random\nfrom IPython.display import HTML\nx = '%05x' % random.randrange(16**5)\nu = uuid.uuid4()\nHTML(f'<style>#T_{x}_a {{color: red}}</style><table id=\"T_{x}\"><tr><th>h<tr><td id=\"T_{x}_a\">7</table><div id=\"{u}\">n = 7</div>')",
		"import sys, time\nprint('100%%|██| 5/5 [00:00<00:00, %.2fit/s]' % (1 / (time.time() % 1 + 1)), file=sys.stderr)",
	}
	testenv.WriteFiles(t, dir, map[string]string{"notebooks/a.ipynb": pythonNotebook(t, "A", "", cells...)})
	mustRun(t, "run", "--to=html,md,ipynb,site")
	status, stdout, stderr := reportgen(t, "check", "report")
	if want := "report is up to date\nFiles that differ only in random identifiers, addresses or timings: document.json, index.html, notebooks/a.ipynb, report.md, site/"; status != exit.Done || !strings.HasPrefix(stdout, want) {
		t.Errorf("status %d\n%s\n%s", status, stdout, stderr)
	}
	cells[1] = strings.ReplaceAll(cells[1], "n = 7", "n = 8")
	testenv.WriteFiles(t, dir, map[string]string{"notebooks/a.ipynb": pythonNotebook(t, "A", "", cells...)})
	status, stdout, stderr = reportgen(t, "check", "report")
	if status != exit.Stale || !strings.Contains(stdout, "n = 7") || !strings.Contains(stdout, "n = 8") {
		t.Errorf("status %d\n%s\n%s", status, stdout, stderr)
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	testenv.WriteFiles(t, ".", map[string]string{"empty/x.txt": ""})
	for _, tt := range []struct{ dir, want string }{
		{"none", "report to check: none: no such file"},
		{"empty", "empty: not a report"},
	} {
		if status, _, stderr := reportgen(t, "check", tt.dir); status != exit.BadInput || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: status %d\n%s", tt.dir, status, stderr)
		}
	}
}
