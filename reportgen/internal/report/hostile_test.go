package report

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
)

// The index of a series shows parameters, titles and summaries as text, and its search and feed hold them as text, whatever
// they are: Chromium opens the index of more than 500 reports, each with a payload.
func TestHostileIndex(t *testing.T) {
	payloads := append(rendertest.Payloads(), rendertest.MutationPayloads()...)
	slices.Sort(payloads)
	payloads = slices.Compact(payloads)
	if len(payloads) < 500 {
		t.Fatalf("%d payloads", len(payloads))
	}
	named := make([]string, len(payloads)) // so that folders have different names
	for i, payload := range payloads {
		named[i] = fmt.Sprint(i, payload)
	}
	values, err := json.Marshal(named) // which YAML can read
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	const notebook = `{"cells": [{"cell_type": "code", "id": "a", "metadata": {"tags": ["parameters"]}, "source": "site = 'x'", "outputs": [], "execution_count": null}], "metadata": {"kernelspec": {"name": "python3", "display_name": "n", "language": "python"}}, "nbformat": 4, "nbformat_minor": 5}`
	config := fmt.Sprintf("title: %q\nauthors: [%q]\nmatrix:\n  site: %s\n", rendertest.Payloads()[0], rendertest.Payloads()[1], values)
	testenv.WriteFiles(t, dir, map[string]string{"a.ipynb": notebook, "report.yaml": config})
	source, err := FindSource([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	members, err := source.Series(Options{})
	if err != nil || len(members) != len(payloads) {
		t.Fatalf("%d members, %v", len(members), err)
	}
	var all []written
	p := document.NewParser()
	for i, m := range members {
		if !filepath.IsLocal(m.Name) || strings.ContainsAny(m.Name, "/\\<>\"'\x00") {
			t.Errorf("the folder of a report is %q", m.Name)
		}
		m.Values = append(m.Values, [2]string{payloads[i], payloads[len(payloads)-1-i]})
		d := reportWith(m.Name, payloads[i], "10.0.0.1").document
		d.Summary = []document.Block{document.Prose{Text: p.Parse(payloads[i])}}
		all = append(all, written{Member: m, document: d})
	}
	if err := writeIndex(dir, source, []string{"html", "md"}, all); err != nil {
		t.Fatal(err)
	}
	files := testenv.Tree(t, dir)
	var feed struct {
		Links []struct {
			Href string `xml:"href,attr"`
		} `xml:"entry>link"`
	}
	if err := xml.Unmarshal([]byte(files[feedName]), &feed); err != nil || len(feed.Links) != len(all) {
		t.Errorf("the feed has %d links, %v", len(feed.Links), err)
	}
	checkIndex(t, filepath.Join(dir, HTMLName))
	// A reader's Markdown, too, finds text only.
	html := rendertest.GitHub(t, files[seriesIndexName])
	page := filepath.Join(dir, "markdown.html")
	if err := os.WriteFile(page, []byte("<title>index</title>"+html), 0o600); err != nil {
		t.Fatal(err)
	}
	checkIndex(t, page)
}

// checkIndex opens a page in Chromium: no script of a payload runs, also not after a search, and nothing is requested.
func checkIndex(t *testing.T, page string) {
	t.Helper()
	p := rendertest.Open(t, page)
	p.Show("light", 1280)
	title := rendertest.Evaluate[string](p, `document.title`)
	found := rendertest.Evaluate[string](p, `(() => {
		const search = document.querySelector("input[type=search]");
		for (const word of ["onerror", "script", "svg", "style"]) {
			if (!search) continue;
			search.value = word;
			search.dispatchEvent(new Event("input", {bubbles: true}));
		}
		return document.title;
	})()`)
	handlers := rendertest.Evaluate[int](p, `[...document.querySelectorAll("*")].filter(e => [...e.attributes].some(a => a.name.startsWith("on"))).length + document.querySelectorAll("iframe,object,embed,base,form:not([role=search]),img[src^=http]").length`)
	if title == "pwned" || found != title || handlers != 0 {
		t.Errorf("%s: the title is %q and then %q; %d elements could run or load something", page, title, found, handlers)
	}
	for _, noise := range p.Noise() {
		t.Errorf("%s: %s", page, noise)
	}
}
