package render_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/reportgen/internal/cite"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

const scholar = "testdata/scholar"

func scholarOptions(t testing.TB) render.Options {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(scholar, "refs.bib"))
	if err != nil {
		t.Fatal(err)
	}
	works, err := cite.Parse("refs.bib", data)
	if err != nil {
		t.Fatal(err)
	}
	o := sampleOptions()
	o.Abstract = "What regularity says [@rita], as $x^2$ does.[^a]\n\n[^a]: A note of the abstract."
	o.Works = works
	return o
}

// TestScholarly is a report with formulas, citations, a listing, a figure of
// parts, notes across cells and prose that a cell printed.
func TestScholarly(t *testing.T) {
	d := build(t, readInputs(t, scholar), scholarOptions(t))
	html := page(t, d)
	md, figures := markdown(t, d)
	golden(t, "scholar/report.html", body(html))
	golden(t, "scholar/report.md", md)
	if diff := cmp.Diff([]string{"fig-bars.svg", "fig-parts-1.svg", "fig-parts-2.svg"}, figures); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
}

func TestScholarlyInBrowser(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.html")
	if err := os.WriteFile(path, []byte(page(t, build(t, readInputs(t, scholar), scholarOptions(t)))), 0o666); err != nil {
		t.Fatal(err)
	}
	rendertest.CheckHTML(t, path)
}

func TestScholarlyFaults(t *testing.T) {
	for _, test := range []struct {
		name string
		cell *nbformat.Cell
		want string
	}{
		{"formula", markdownCell("a\n\nb $\\frac{$ c"), `line 3: formula \frac{: Unexpected end of input`},
		{"open formula", markdownCell("$$\nx"), "line 1: the formula is not closed"},
		{"unknown work", markdownCell("Text [@who]."), `[@who]: unknown reference "who": no bibliography has this key`},
		{"label of an equation", markdownCell("$$x$$ {#fig-x}"), `the label "fig-x" is for a figure, but this is an equation`},
		{"equation twice", markdownCell("$$x$$ {#eq-x}\n\n$$y$$ {#eq-x}"), `the label "eq-x" is already used by Equation 1.1`},
		{"listing without caption", codeCell("//| label: lst-x\nx"), `the label "lst-x" is on a cell without lst-cap`},
		{"hidden listing", codeCell("//| lst-cap: x\n//| echo: false\nx"), "its code is hidden"},
		{"parts", codeCell("//| fig-cap: x\n//| fig-subcap: [a, b]\nx"), "fig-subcap has 2 captions, but the cell has 0 figures"},
		{"parts of a table", codeCell("//| tbl-cap: x\n//| tbl-subcap: [a, b]\nx"), "tbl-subcap has 2 captions, but the cell has 0 tables"},
		{"no such cell", markdownCell("See @cell-none."), "@cell-none: no cell has this label, or the id none"},
		{"columns", codeCell("//| layout-ncol: many\nx"), "many is not a number of columns from 1 to 6"},
	} {
		t.Run(test.name, func(t *testing.T) {
			nb := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{markdownCell("# Title"), test.cell}}
			o := scholarOptions(t)
			o.Abstract = ""
			_, _, err := render.Build([]render.Input{{Name: "a.ipynb", Notebook: nb}}, o)
			if got := strings.Join(problems(t, err), "\n"); !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestMetadata: notebooks may say themselves what they are called and who wrote
// them.
func TestMetadata(t *testing.T) {
	about := func(title any, authors ...any) render.Input {
		return render.Input{Name: "a.ipynb", Notebook: &nbformat.Notebook{Minor: 5,
			Metadata: map[string]any{"title": title, "authors": authors}, Cells: []*nbformat.Cell{markdownCell("# Section")}}}
	}
	ada, grace := map[string]any{"name": "Ada  Lovelace"}, map[string]any{"name": "Grace Hopper"}
	inputs := []render.Input{about([]any{7}), about("A <b>", ada), about("Other", grace, ada)}
	d := build(t, inputs, render.Options{})
	if d.Title != "A <b>" || !slices.Equal(d.AuthorNames(), []string{"Ada Lovelace", "Grace Hopper"}) {
		t.Errorf("title %q, authors %q", d.Title, d.AuthorNames())
	}
	d = build(t, inputs, render.Options{Title: "Mine", Authors: []render.Author{{Name: "Me"}}})
	if d.Title != "Mine" || !slices.Equal(d.AuthorNames(), []string{"Me"}) {
		t.Errorf("title %q, authors %q", d.Title, d.AuthorNames())
	}
}

// TestSite: every link of every page leads to an anchor of the page that it
// names, and nothing of the report is lost.
func TestSite(t *testing.T) {
	d := build(t, readInputs(t, scholar), scholarOptions(t))
	dir := t.TempDir()
	if err := render.WriteSite(dir, d); err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	pages := map[string]string{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		pages[filepath.Base(name)] = string(data)
	}
	var files []string
	for _, name := range names {
		files = append(files, filepath.Base(name))
	}
	if diff := cmp.Diff([]string{"1-sec-method.html", "2-result.html", "index.html", "search.js", "sources.html"}, files); diff != "" {
		t.Fatalf("files (-want +got):\n%s", diff)
	}
	delete(pages, "search.js")
	for name, page := range pages {
		for _, link := range attributeValues(t, page, "href") {
			file, anchor, _ := strings.Cut(link, "#")
			if file == "" {
				file = name
			}
			if strings.Contains(file, ":") {
				continue
			}
			if pages[file] == "" || anchor != "" && !strings.Contains(pages[file], ` id="`+anchor+`"`) {
				t.Errorf("%s: the link to %q leads nowhere", name, link)
			}
		}
		checkPage(t, page)
	}
	if !strings.Contains(pages["2-result.html"], `href="1-sec-method.html#sec-method"`) {
		t.Error("a reference to a section of another page does not lead there")
	}
	path := filepath.Join(dir, "1-sec-method.html")
	rendertest.CheckHTML(t, path)
	rendertest.CheckAccessible(t, path)
}

// TestTrust: a script of an HTML output runs only where the caller trusts it.
func TestTrust(t *testing.T) {
	for _, test := range []struct {
		name    string
		options render.Options
		ran     bool
		tags    []any
		want    string
	}{
		{"untrusted", render.Options{}, false, nil, "Report"},
		{"trusted", render.Options{Trust: true}, false, nil, "ran"},
		{"executed", render.Options{}, true, nil, "ran"},
		{"executed but for this cell", render.Options{}, true, []any{"skip-execution"}, "Report"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cell := codeCell("x", displayed(map[string]any{"text/html": `<p id="top">open <script>document.title = "ran"</script><img src="https://example.org/x.png" onerror="document.title='handler'">`}, nil))
			nb := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{markdownCell("# Title\n\n<script>document.title='prose'</script>"), tagged(cell, test.tags...)}}
			d := build(t, []render.Input{{Name: "a.ipynb", Notebook: nb, Executed: test.ran}}, test.options)
			path := filepath.Join(t.TempDir(), "index.html")
			if err := os.WriteFile(path, []byte(page(t, d)), 0o666); err != nil {
				t.Fatal(err)
			}
			p := rendertest.Open(t, path)
			p.Show("light", 1280)
			if got := rendertest.Evaluate[string](p, "document.title"); got != test.want {
				t.Errorf("the title is %q, want %q", got, test.want)
			}
			if loaded := rendertest.Evaluate[int](p, `[...document.images].filter((i) => i.naturalWidth > 0).length`); loaded != 0 {
				t.Errorf("%d images were loaded", loaded)
			}
		})
	}
}
