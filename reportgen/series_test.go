package main

import (
	"encoding/xml"
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

// A matrix makes a report of each combination and an index, replaced as a whole and the
// same bytes each time.
func TestSeries(t *testing.T) {
	needPython(t)
	dir := notebookFolder(t, nil)
	notebook := pythonNotebook(t, "A site", "", "day = 'none'\nsite = 'none'\nmost = 1", "assert site != 'broken', 'broken site'\nprint(open(day).read(), site, most)")
	nb, err := nbformat.Unmarshal([]byte(notebook))
	if err != nil {
		t.Fatal(err)
	}
	nb.Cells[1].Metadata = map[string]any{"tags": []any{"parameters"}}
	nb.Cells[len(nb.Cells)-1] = &nbformat.Cell{Type: nbformat.Markdown, ID: "summary", Source: "# Verdict\n\nAll is *well*.", Metadata: map[string]any{"tags": []any{"summary"}}}
	src, err := nbformat.Marshal(nb)
	if err != nil {
		t.Fatal(err)
	}
	config := "title: Sites\nparameters: {most: 5}\nmatrix:\n  day: days/*.txt\n  site: [Lisbon, São Paulo]\n"
	testenv.WriteFiles(t, dir, map[string]string{
		"notebooks/a.ipynb": string(src), "notebooks/report.yaml": config,
		"notebooks/days/day-2.txt": "second", "notebooks/days/day-10.txt": "tenth",
	})
	mustRun(t, "run", "--to", "html,md")
	first := testenv.Tree(t, "report")
	for name, want := range map[string]string{
		"day-2-lisbon/report.md":     "second Lisbon 5",
		"day-10-são-paulo/report.md": "tenth São Paulo 5",
		"day-2-são-paulo/index.html": "day day-2.txt, site São Paulo",
		"index.md":                   "| day, site | Result | Summary |\n|---|---|---|\n| [day-2.txt, Lisbon](day-2-lisbon/report.md) | complete | All is well. |\n| [day-2.txt, São Paulo]",
		"index.html":                 `<a href="day-2-lisbon/index.html">day-2.txt, Lisbon</a>`,
	} {
		if !strings.Contains(first[name], want) {
			t.Errorf("%s lacks %q:\n%.600s", name, want, first[name])
		}
	}
	var feed struct {
		Entries []struct {
			Title   string `xml:"title"`
			ID      string `xml:"id"`
			Updated string `xml:"updated"`
			Link    struct {
				Href string `xml:"href,attr"`
			} `xml:"link"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal([]byte(first["feed.xml"]), &feed); err != nil || len(feed.Entries) != 4 ||
		feed.Entries[0].Title != "day-10.txt, São Paulo" || feed.Entries[0].Link.Href != "day-10-são-paulo/index.html" || feed.Entries[0].ID == feed.Entries[1].ID {
		t.Errorf("the feed is %v %+v", err, feed)
	}
	if !strings.Contains(first["index.html"], `<nav id="contents"`) {
		t.Error("the index cannot be searched")
	}
	mustRun(t, "run", "--to", "html,md", "--no-cache")
	if diff := cmp.Diff(first, testenv.Tree(t, "report")); diff != "" {
		t.Errorf("the second run gives other bytes:\n%s", diff)
	}

	// check names the report that is stale, and those that come and go.
	mustRun(t, "check", "--cache", "report")
	testenv.WriteFiles(t, dir, map[string]string{"notebooks/days/day-2.txt": "changed"})
	if err := os.Rename("notebooks/days/day-10.txt", "notebooks/days/day-11.txt"); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := reportgen(t, "check", "--cache", "report")
	for _, want := range []string{"changed Lisbon 5", "report/day-11-lisbon is missing", "report/day-10-lisbon is no longer made"} {
		if status != exit.Stale || !strings.Contains(stdout, want) {
			t.Errorf("check: status %d, lacks %q: %s%s", status, want, stdout, stderr)
		}
	}

	// A report that fails does not keep the others from being written.
	testenv.WriteFiles(t, dir, map[string]string{"notebooks/report.yaml": strings.Replace(config, "Lisbon", "broken", 1)})
	status, _, stderr = reportgen(t, "run", "--to", "md")
	now := testenv.Tree(t, "report")
	if status != exit.Failed || !strings.Contains(stderr, "day-2-broken: ") || !strings.Contains(now["index.md"], "| 1 cell failed |") || !strings.Contains(now["feed.xml"], "<summary>1 cell failed. All is well.</summary>") ||
		!strings.Contains(now["day-2-são-paulo/report.md"], "changed São Paulo") || now["day-2-lisbon/report.md"] != "" {
		t.Errorf("status %d: %s\n%s", status, stderr, now["index.md"])
	}

	// A parameter that is given does not vary; without others, there is one report.
	mustRun(t, "run", "--to", "md", "-o", "one", "-p", "site=Porto", "-p", "day=notebooks/days/day-2.txt")
	if one := testenv.Tree(t, "one"); !strings.Contains(one["report.md"], "changed Porto 5") || one["index.md"] != "" {
		t.Errorf("one report: %v", one["report.md"])
	}
}

// The series of the sample fortnight says on each day what began, went on, ended, and came back after a day without it.
func TestSeriesOfDays(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real GoNB kernel: skipped with -short")
	}
	source, days := testenv.Path(t, "notebooks/fortnight"), testenv.Path(t, "testdata/fortnight")
	files := testenv.Tree(t, source)
	config, pattern := files["report.yaml"], "../../testdata/fortnight/date=*"
	if !strings.Contains(config, pattern) {
		t.Fatalf("report.yaml does not list the days:\n%s", config)
	}
	dir := notebookFolder(t, nil)
	testenv.WriteFiles(t, dir, map[string]string{
		"notebooks/day.ipynb": files["day.ipynb"], "notebooks/report.yaml": strings.Replace(config, pattern, fmt.Sprintf("[%[1]s/date=2024-03-18, %[1]s/date=2024-03-19, %[1]s/date=2024-03-20]", days), 1),
	})
	mustRun(t, "run", "--strict", "--to", "md")
	now := testenv.Tree(t, "report")
	for day, want := range map[string][]string{
		"2024-03-18": {"| new | 2024-03-18 | exfiltration | 192.168.100.235 |", "| new | 2024-03-18 | internal-p2p | 192.168.100.226 |"},
		"2024-03-19": {"| new | 2024-03-19 | dns-c2 | 192.168.100.249 |", "| gone | 2024-03-18 | exfiltration | 192.168.100.235 |", "| gone | 2024-03-18 | internal-p2p | 192.168.100.226 |"},
		"2024-03-20": {"| ongoing | 2024-03-19 | dns-c2 | 192.168.100.249 |", "| back | 2024-03-18 | internal-p2p | 192.168.100.226 |", "again, after a day without it: in a mesh of 3 internal hosts"},
	} {
		for _, w := range want {
			if !strings.Contains(now[day+"/report.md"], w) {
				t.Errorf("%s lacks %q:\n%s", day, w, now[day+"/report.md"])
			}
		}
	}
	if index := now["index.md"]; !strings.Contains(index, "| Report | Result | Summary |") || !strings.Contains(index, "| [2024-03-20](2024-03-20/report.md) | complete | 5 devices have an alert. ") ||
		!strings.Contains(now["feed.xml"], "<updated>2024-03-20T00:00:00Z</updated>") || !strings.Contains(now["index.html"], ">2024-03-18</text>") {
		t.Errorf("the index is %s", index)
	}
	status, stdout, _ := reportgen(t, "diff", "--format", "json", "report/2024-03-18", "report/2024-03-19")
	if status != exit.Stale || !strings.Contains(stdout, `{"kind":"changed"`) || !strings.Contains(stdout, `"cause":"parameter test is `) {
		t.Errorf("diff: status %d: %s", status, stdout)
	}
}

func TestSeriesRefuses(t *testing.T) {
	for _, tt := range []struct{ matrix, want string }{
		{"{day: 7}", `matrix: day: no file matches "7"`},
		{"{day: []}", "matrix: day: the list is empty"},
		{"{day: {a: 1}}", "matrix: day: want a list, or a pattern of files"},
		{"{day: '[x'}", `matrix: day: pattern "[x": syntax error in pattern`},
		{"{day: [a b, a-b]}", "matrix: two reports would be called a-b: day a b, and day a-b; make the values differ in letters or digits"},
		{"{day: [a / b, ../a b]}", "matrix: two reports would be called a-b: day a / b, and day ../a b"},
		{"{day: [a, a], site: [Lisbon]}", "matrix: two reports would be called a-lisbon: day a, site Lisbon, and day a, site Lisbon"},
		{"{a: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], b: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], c: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]}", "matrix: more than 1000 combinations"},
	} {
		dir := notebookFolder(t, map[string]string{"notebooks/report.yaml": "matrix: " + tt.matrix + "\n", "notebooks/a.ipynb": goNotebook(t, "A", "var a = 1")})
		status, _, stderr := reportgen(t, "run")
		if status != exit.BadInput || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: status %d: %s", tt.matrix, status, stderr)
		}
		if _, err := os.Stat(filepath.Join(dir, "report")); err == nil {
			t.Errorf("%s: a report is written", tt.matrix)
		}
	}
}
