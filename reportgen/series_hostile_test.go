package main

import (
	"encoding/xml"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// What parameters, titles and summaries hold is text in the index of a series, in its search and in its feed.
func TestHostileSeries(t *testing.T) {
	needPython(t)
	dir := notebookFolder(t, nil)
	const pwned = `document.title='pwned'`
	hostile := []string{
		`<img src=x onerror="` + pwned + `">`, `</script><script>` + pwned + `</script>`, `a|b [c](javascript:` + pwned + `) ![d](https://evil.example/d.png)`,
		"]]><x/>&#1;e\x01\u202e", `{{x}} $\href{javascript:` + pwned + `}{f}$ @fig-none [@g]`,
	}
	notebook := pythonNotebook(t, "A site", "", "site = 'none'", "print(site)")
	nb, err := nbformat.Unmarshal([]byte(notebook))
	if err != nil {
		t.Fatal(err)
	}
	nb.Cells[1].Metadata = map[string]any{"tags": []any{"parameters"}}
	nb.Cells[len(nb.Cells)-1] = &nbformat.Cell{
		Type: nbformat.Markdown, ID: "summary", Metadata: map[string]any{"tags": []any{"summary"}},
		Source: "# Verdict\n\n" + strings.ReplaceAll(strings.Join(hostile[:3], " "), "@", ""),
	}
	src, err := nbformat.Marshal(nb)
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("title: %q\nauthors: [%q, %q]\nmatrix:\n  site: [%q, %q, %q, %q, %q]\n", hostile[0], hostile[1], hostile[3], hostile[0], hostile[1], hostile[2], hostile[3], hostile[4])
	testenv.WriteFiles(t, dir, map[string]string{"notebooks/a.ipynb": string(src), "notebooks/report.yaml": config})
	mustRun(t, "run", "--to", "html,md")
	files := testenv.Tree(t, "report")
	var feed struct {
		Title string `xml:"title"`
		Links []struct {
			Href string `xml:"href,attr"`
		} `xml:"entry>link"`
	}
	if err := xml.Unmarshal([]byte(files["feed.xml"]), &feed); err != nil || feed.Title != hostile[0] || len(feed.Links) != len(hostile) {
		t.Errorf("the feed: %v, %+v", err, feed)
	}
	for _, l := range feed.Links {
		if _, there := files[l.Href]; !there {
			t.Errorf("the feed leads to %s, which is not there", l.Href)
		}
	}
	pages, err := filepath.Glob("report/*/index.html")
	if err != nil || len(pages) != len(hostile) {
		t.Fatalf("pages %v, %v", pages, err)
	}
	for _, page := range []string{pages[0], "report/index.html"} {
		p := rendertest.Open(t, mustAbs(t, page))
		p.Show("light", 1280)
		title := rendertest.Evaluate[string](p, `document.title`)
		found := rendertest.Evaluate[string](p, `(() => {
			const search = document.querySelector("input[type=search]");
			if (!search) return "no search";
			search.value = "onerror";
			search.dispatchEvent(new Event("input", {bubbles: true}));
			return document.title;
		})()`)
		if title == "pwned" || found != title {
			t.Errorf("%s runs a script: %s, %s", page, title, found)
		}
		for _, noise := range p.Noise() {
			t.Errorf("%s: %s", page, noise)
		}
	}
}
