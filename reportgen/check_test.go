package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const dayCell = "%%\ntext, err := os.ReadFile(\"day.txt\")\nif err != nil { panic(err) }\nfmt.Println(\"flows\", string(text), limit)"

// A report holds until one of the things that it was made from changes, and then
// check says which and what differs.
func TestCheck(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real GoNB kernels: skipped with -short")
	}
	dir := notebookFolder(t, map[string]string{"notebooks/day.txt": "17"})
	writeFiles(t, dir, map[string]string{
		"notebooks/a.ipynb": goNotebook(t, "First", "var limit = 1", dayCell),
	})
	runReport(t, "report")
	before := tree(t, dir)
	status, stdout, stderr := reportgen(t, "check", "report")
	if want := "report is what its notebooks give\n"; status != exitDone || stdout != want {
		t.Fatalf("status %d, stdout %q\n%s", status, stdout, stderr)
	}
	if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
		t.Errorf("check changed files:\n%s", diff)
	}
	tests := []struct {
		name   string
		change func()
		args   []string
		want   []string
	}{
		{"an input", func() { writeFiles(t, dir, map[string]string{"notebooks/day.txt": "18"}) }, nil,
			[]string{"1 First\n", `code: "flows 17 1" → "flows 18 1"`, "Files that differ: index.html, notebooks/a.ipynb, report.md", "day.txt changed (a.ipynb)"}},
		{"a parameter", func() { writeFiles(t, dir, map[string]string{"notebooks/day.txt": "17"}) }, []string{"-p", "limit=5"},
			[]string{`code: "flows 17 1" → "flows 17 5"`, "parameter limit is 5, and was its default"}},
		{"a cell", func() {
			writeFiles(t, dir, map[string]string{"notebooks/a.ipynb": goNotebook(t, "First", "var limit = 1", strings.Replace(dayCell, "flows", "rows", 1))})
		}, nil, []string{`code: "flows 17 1" → "rows 17 1"`, "a.ipynb: cell 3 (code-2) was edited"}},
		{"the report", func() {
			writeFiles(t, dir, map[string]string{"notebooks/a.ipynb": goNotebook(t, "First", "var limit = 1", dayCell)})
			md := tree(t, "report")["report.md"]
			writeFiles(t, dir, map[string]string{"report/report.md": strings.Replace(md, "flows 17 1", "flows 99 1", 1)})
		}, nil, []string{`code: "flows 99 1" → "flows 17 1"`, "Files that differ: report.md\n", "or the report was edited"}},
		{"other versions", func() {
			made := tree(t, "report")[manifestName]
			old := strings.NewReplacer(fmt.Sprintf("%q", version()), `"v0.1.0"`, ", go 1", ", go 0").Replace(made)
			writeFiles(t, dir, map[string]string{"report/" + manifestName: old})
		}, nil, []string{"Because:\n  reportgen is " + version() + ", and was v0.1.0\n", "the kernel is gonb 0.1.0, go 1", ", and was gonb 0.1.0, go 0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.change()
			status, stdout, stderr := reportgen(t, append([]string{"check", "report"}, tt.args...)...)
			if status != exitStale || !strings.Contains(stderr, "report is stale") {
				t.Errorf("status %d, want 3\n%s", status, stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(stdout, want) {
					t.Errorf("no %q in\n%s", want, stdout)
				}
			}
		})
	}
	writeFiles(t, dir, map[string]string{"notebooks/a.ipynb": goNotebook(t, "First", "var limit = 1", "%%\npanic(1)")})
	if status, _, stderr := reportgen(t, "check", "report"); status != exitFailed || !strings.Contains(stderr, "cell 3") {
		t.Errorf("status %d, want 1\n%s", status, stderr)
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	writeFiles(t, ".", map[string]string{"empty/x.txt": ""})
	for _, tt := range []struct{ dir, want string }{
		{"none", "the report to check: open none"},
		{"empty", "empty holds no report"},
	} {
		if status, _, stderr := reportgen(t, "check", tt.dir); status != exitBadInput || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: status %d\n%s", tt.dir, status, stderr)
		}
	}
}

const pageBefore = `# Report

## Contents

- [1 Days](#1-days)

## 1 Days

Figure 1.1 shows 17 flows of one host.

<a id="tbl-x"></a>

**Table 1.1** Hosts

| Host | Flows |
| --- | ---: |
| a | 17 |
| b | 3 |

![Bars](figures/fig-x.svg)

**Figure 1.1** Flows
`

// What readers see is compared in Markdown and in HTML alike.
func TestComparePages(t *testing.T) {
	after := strings.NewReplacer("17 flows", "18 flows", "| a | 17 |", "| a | 18 |", "| b | 3 |", "| b | 3 |\n| c | 1 |").Replace(pageBefore) + "\nMore.\n"
	page := func(md, label string) []pageItem {
		t.Helper()
		dir := t.TempDir()
		writeFiles(t, dir, map[string]string{"report.md": md, "figures/fig-x.svg": "<svg><style>x</style><text>" + label + "</text></svg>"})
		items, err := readPage(dir)
		if err != nil {
			t.Fatal(err)
		}
		return items
	}
	got := comparePages(page(pageBefore, "17"), page(after, "18"))
	want := []pageChange{
		{"1 Days", `text: "Figure 1.1 shows 17 flows of one" → "Figure 1.1 shows 18 flows of one"`},
		{"1 Days", `Table 1.1 Hosts: row "a", column "Flows": 17 → 18`},
		{"1 Days", "Table 1.1 Hosts: new row c | 1"},
		{"1 Days", `Figure 1.1 Flows: labels ["17"] → ["18"]`},
		{"1 Days", `new: text "More."`},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(pageChange{})); diff != "" {
		t.Error(diff)
	}

	html := `<h2>1 Days<a class="anchor" href="#days">#</a></h2><p>Seen <b>17</b> flows.</p><figure><figcaption>Table 1.1 Hosts</figcaption><table><tr><th>Host<th>Flows<tr><td>a<td>17</table></figure><pre>code</pre>`
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"old/index.html": html, "new/index.html": strings.ReplaceAll(html, "17", "18")})
	changes, _, err := pageChanges(filepath.Join(dir, "old"), filepath.Join(dir, "new"))
	want = []pageChange{
		{"1 Days", `text: "Seen 17 flows." → "Seen 18 flows."`},
		{"1 Days", `Table 1.1 Hosts: row "a", column "Flows": 17 → 18`},
	}
	if diff := cmp.Diff(want, changes, cmp.AllowUnexported(pageChange{})); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

// Putting the stretches that differ into the first list gives the second.
func FuzzDifferences(f *testing.F) {
	f.Add("abcabba", "cbabac")
	f.Add("", "x")
	f.Add("same", "same")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := strings.Split(a, ""), strings.Split(b, "")
		if len(x)*len(y) > 10_000 {
			return
		}
		lost, won := 0, 0
		for _, run := range differences(x, y, func(s string) string { return s }) {
			if len(run[0])+len(run[1]) == 0 {
				t.Error("an empty stretch")
			}
			lost, won = lost+len(run[0]), won+len(run[1])
		}
		if len(x)-lost != len(y)-won {
			t.Errorf("%d of %d and %d of %d items are the same", len(x)-lost, len(x), len(y)-won, len(y))
		}
		if (a == b) != (lost+won == 0) && len(x) == len([]rune(a)) {
			t.Errorf("%q and %q: %d lost, %d won", a, b, lost, won)
		}
	})
}
