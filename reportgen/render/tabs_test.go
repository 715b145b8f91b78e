package render_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// tabOutline is a document in one word a block, with the titles and depths of tabs.
func tabOutline(d *document.Document) string {
	var all []string
	for _, b := range d.Blocks {
		switch b := b.(type) {
		case *document.Tab:
			all = append(all, map[bool]string{true: "<", false: "|"}[b.First]+b.Title.Plain()+strings.Repeat("+", b.Depth))
		case document.TabsEnd:
			all = append(all, ">")
		case *document.Box:
			all = append(all, strings.TrimRight(b.Name+":"+b.Title.Plain(), ":")+map[bool]string{true: "{...", false: "{"}[b.Folded])
		case document.BoxEnd:
			all = append(all, "}")
		case *document.Heading:
			all = append(all, b.Number)
		case document.Prose:
			all = append(all, strings.TrimSpace(b.Plain()))
		default:
			all = append(all, document.KindOf(b))
		}
	}
	return strings.Join(all, " ")
}

// notebooks is one notebook of these cells.
func notebooks(cells ...*nbformat.Cell) []render.Input { return []render.Input{notebook(cells...)} }

// TestTabs builds sets of tabs within a cell and over several, in the spellings of Quarto and MyST, and says what is amiss.
func TestTabs(t *testing.T) {
	printed := codeCell("#| echo: false\nx", &nbformat.Output{Type: nbformat.Stream, Name: "stdout", Text: "out\n"})
	folded := codeCell("#| echo: false\nx", displayed(map[string]any{"text/markdown": "::: {.panel-tabset}\n## F\n\nf"}, nil))
	folded.Metadata = map[string]any{"tags": []any{"hide-output"}}
	ends := codeCell("#| echo: false\nx", displayed(map[string]any{"text/markdown": ":::"}, nil))
	ends.Metadata = map[string]any{"tags": []any{"hide-output"}}
	injected := codeCell("#| echo: false\nx = 1")
	injected.Metadata = map[string]any{"tags": []any{"injected-parameters"}}
	summary := markdownCell("::: {.panel-tabset}\n## S\n\ns")
	summary.Metadata = map[string]any{"tags": []any{"summary"}}
	for name, tt := range map[string]struct {
		cells   []*nbformat.Cell
		want    string
		warning string
	}{
		"Quarto":                       {[]*nbformat.Cell{markdownCell("# H\n\n::: {.panel-tabset}\n## A\n\na\n\n### Deep\n\n## B\n\nb\n:::\n\nafter\n\n## Next")}, "1 <A++ aDeep |B++ b > after 1.1", ""},
		"MyST":                         {[]*nbformat.Cell{markdownCell("# H\n\n::::{tab-set}\n:::{tab-item} A\n## Head\n\na\n:::\n:::{tab-item} B\nb\n:::\n::::\n\nafter")}, "1 <A++ Heada |B++ b > after", ""},
		"several cells":                {[]*nbformat.Cell{markdownCell("# H\n\n::: {.panel-tabset}\n\n## A"), printed, markdownCell("## B"), printed, markdownCell(":::\n\nafter")}, "1 <A++ stream |B++ stream > after", ""},
		"nested":                       {[]*nbformat.Cell{markdownCell("# H\n\n:::: {.panel-tabset}\n## A\n\n::: {.panel-tabset}\n### I"), printed, markdownCell("### J\n\nj\n:::\n\n## B\n::::")}, "1 <A++ <I+++ stream |J+++ j > |B++ >", ""},
		"another div":                  {[]*nbformat.Cell{markdownCell("# H\n\n:::: {.panel-tabset}\n## A\n\n::: {.column}"), printed, markdownCell(":::\n\n## B\n::::")}, "1 <A++ stream |B++ >", "::: {.column} is not closed in its cell"},
		"no heading":                   {[]*nbformat.Cell{markdownCell("::: {.panel-tabset}\n## A\n\na\n:::")}, "<A+ a >", "no heading"},
		"not closed":                   {[]*nbformat.Cell{markdownCell("# H\n\n::: {.panel-tabset}\n## A\n\na"), printed}, "1 <A++ a stream >", "::: {.panel-tabset} is not closed"},
		"a higher heading":             {[]*nbformat.Cell{markdownCell("# H\n\n::: {.panel-tabset}\n## A\n\na"), markdownCell("# Next\n\n:::")}, "1 <A++ a > 2", "::: {.panel-tabset} is not closed"},
		"no tabs":                      {[]*nbformat.Cell{markdownCell("# H\n\n::: {.panel-tabset}\na\n:::")}, "1 a", "::: {.panel-tabset} has no tabs"},
		"only an end":                  {[]*nbformat.Cell{markdownCell("# H\n\n:::")}, "1", "::: ends a block that does not begin in the notebook"},
		"only a tab":                   {[]*nbformat.Cell{markdownCell("# H\n\n:::{tab-item} A\na\n:::")}, "1 a", ":::{tab-item} A is not in a tab-set"},
		"in a fold":                    {[]*nbformat.Cell{markdownCell("# H"), folded, markdownCell("## B")}, "1 foldStart <F++ f > foldEnd 1.1", "::: {.panel-tabset} is not closed"},
		"ended in a fold":              {[]*nbformat.Cell{markdownCell("# H\n\n::: {.panel-tabset}\n## A"), ends, markdownCell(":::")}, "1 <A++ foldStart foldEnd >", "::: ends a block that does not begin"},
		"in the summary":               {[]*nbformat.Cell{markdownCell("# H"), summary, markdownCell("## B")}, "1 1.1", "::: {.panel-tabset} is not closed"},
		"a box":                        {[]*nbformat.Cell{markdownCell("# H\n\n::: {.callout-note}\na"), printed, markdownCell("## In it\n\nb\n:::\n\nafter\n\n## Next")}, "1 Note{ a stream In itb } after 1.1", ""},
		"a box after an injected cell": {[]*nbformat.Cell{markdownCell("# H"), injected, markdownCell("::: {.callout-note}\na"), printed, markdownCell(":::")}, "1 Note{ a stream }", ""},
		"a box with a title":           {[]*nbformat.Cell{markdownCell("# H\n\n::: {.callout-tip collapse=\"true\"}\n## Solution"), printed, markdownCell(":::")}, "1 Tip:Solution{... stream }", ""},
		"a box of MyST":                {[]*nbformat.Cell{markdownCell("# H\n\n:::{warning} Mind"), printed, markdownCell(":::")}, "1 Warning:Mind{ stream }", ""},
		"boxes in tabs":                {[]*nbformat.Cell{markdownCell("# H\n\n::::: {.panel-tabset}\n## A\n\n:::: {.callout-note}"), printed, markdownCell("::: {.callout-tip}"), printed, markdownCell(":::\n::::\n\n## B\n:::::")}, "1 <A++ Note{ stream Tip{ stream } } |B++ >", ""},
		"a box, not closed":            {[]*nbformat.Cell{markdownCell("# H\n\n::: {.callout-note title=\"T\"}\na"), printed, markdownCell("## Next\n\n```\n:::\n```\n\n::: {.callout-tip}\nb\n:::")}, "1 T a stream 1.1 b", "::: {.callout-note title=\"T\"} is not closed"},
		"a box in a list":              {[]*nbformat.Cell{markdownCell("# H\n\n- ::: {.callout-note}\n  a"), markdownCell(":::")}, "1 a", "is not closed in its cell"},
	} {
		d, warnings, err := render.Build(notebooks(tt.cells...), render.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := tabOutline(d); got != tt.want {
			t.Errorf("%s is %q, want %q", name, got, tt.want)
		}
		said := ""
		for _, w := range warnings {
			said += w.String() + "\n"
		}
		if (said == "") != (tt.warning == "") || !strings.Contains(said, tt.warning) {
			t.Errorf("%s: warnings %q, want %q", name, said, tt.warning)
		}
	}
	if _, _, err := render.Build(notebooks(markdownCell("# H\n\n::: {.panel-tabset}\n##\n\na\n:::")), render.Options{}); err == nil || !strings.Contains(err.Error(), "a tab has no title") {
		t.Errorf("a tab without a title: %v", err)
	}
}

// tabbed is a document with sets of tabs that hold what reports have.
func tabbed(t *testing.T) *document.Document {
	t.Helper()
	d, warnings, err := render.Build(notebooks(
		markdownCell("# H\n\nSee [the rows](#rows) and @sec-second.\n\n:::: {.panel-tabset}\n## Picture {#sec-second}"),
		codeCell("#| echo: false\n#| fig-cap: Flows\n#| fig-alt: a bar\nx", displayed(map[string]any{"image/svg+xml": bar}, nil)),
		markdownCell("## Rows of *flows*\n\n<a id=\"rows\"></a>\n\n| Host | Flows |\n|---|---|\n| hiddenhost | 2 |\n\n"+
			"::: {.panel-tabset}\n### Inner\n\none\n\n### Other\n\ntwo\n:::\n::::\n\nafter the tabs")), render.Options{})
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	return d
}

// TestTabsOnPaper: where tabs cannot be chosen, all parts are shown under their titles.
func TestTabsOnPaper(t *testing.T) {
	d := tabbed(t)
	md, _ := markdown(t, d)
	for name, text := range map[string]string{"Markdown": md, "Typst": typstSource(t, d), "HTML": page(t, d)} {
		at := 0
		for _, want := range []string{"Picture", "Flows", "Rows of", "hiddenhost", "Inner", "one", "Other", "two", "after the tabs"} {
			i := strings.Index(text[at:], want)
			if i < 0 {
				t.Errorf("%s lacks %q after what comes before it", name, want)
				break
			}
			at += i
		}
	}
	if !strings.Contains(md, "**Rows of *flows***") {
		t.Errorf("Markdown has no title of a tab:\n%s", md)
	}
}

// TestBoxOverCells writes an alert that holds cells.
func TestBoxOverCells(t *testing.T) {
	printed := codeCell("#| echo: false\nx", &nbformat.Output{Type: nbformat.Stream, Name: "stdout", Text: "out\nmore\n"})
	d := build(t, notebooks(markdownCell("# H\n\n:::: {.callout-note}\n## A *title*\n\none"), printed,
		markdownCell("::: {.callout-tip collapse=\"true\"}"), printed, markdownCell(":::\n\ntwo\n::::\n\nafter")), render.Options{})
	md, _ := markdown(t, d)
	want := "> [!NOTE]\n> **A *title***\n>\n> one\n>\n> ```text\n> out\n> more\n> ```\n>\n> <details><summary>Tip</summary>\n>\n> ```text\n> out\n> more\n> ```\n>\n> </details>\n>\n> two\n\nafter\n"
	if !strings.Contains(md, want) {
		t.Errorf("no %q in\n%s", want, md)
	}
	text := page(t, d)
	checkPage(t, text)
	for _, want := range []string{
		"<div class=\"alert note\" role=\"note\">\n<p class=\"alert-name\">Note</p>\n<p><strong>A <em>title</em></strong></p>",
		"<details class=\"alert tip\"><summary class=\"alert-name\">Tip</summary><div>",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if source := typstSource(t, d); strings.Count(source, "#note(") < 2 {
		t.Errorf("Typst has no notes:\n%s", source)
	}
}

// TestTabsInBrowser chooses tabs by pointer and keys, follows a link into one and finds what is in another.
func TestTabsInBrowser(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.html")
	if err := os.WriteFile(path, []byte(page(t, tabbed(t))), 0o666); err != nil {
		t.Fatal(err)
	}
	p := rendertest.Open(t, path)
	p.Show("light", 1280)
	expect := func(when, want string) {
		t.Helper()
		got := rendertest.Evaluate[string](p, `[...document.querySelectorAll('[role="tab"][aria-selected="true"]')].filter((e) => e.checkVisibility()).map((e) => e.textContent).join(", ")`)
		if got != want {
			t.Errorf("%s: chosen %q, want %q", when, got, want)
		}
		shown := rendertest.Evaluate[bool](p, `[...document.querySelectorAll('[role="tab"]')].filter((e) => e.checkVisibility()).every((e) =>
			document.getElementById(e.getAttribute("aria-controls")).firstElementChild.nextElementSibling.checkVisibility() === (e.getAttribute("aria-selected") === "true"))`)
		if !shown {
			t.Errorf("%s: what is shown is not what is chosen", when)
		}
	}
	expect("at first", "Picture")
	p.Click(`[role="tab"]:nth-child(2)`)
	expect("clicked", "Rows of flows, Inner")
	p.Type(kb.ArrowLeft)
	expect("with an arrow key", "Picture")
	p.Click(`a[href="#rows"]`)
	rendertest.Evaluate[bool](p, `new Promise((done) => setTimeout(() => done(true)))`)
	expect("after a link", "Rows of flows, Inner")
	p.Show("light", 1280)
	rendertest.Evaluate[bool](p, `(() => { const input = document.getElementById("search"); input.value = "hiddenhost"; input.dispatchEvent(new Event("input")); return true; })()`)
	p.Click(".search li button")
	expect("after a search", "Rows of flows, Inner")
}

// Sets of tabs of one group are chosen together: in Quarto by their titles, in MyST by what they are synchronised with.
func TestTabsTogether(t *testing.T) {
	quarto := func(group string) string {
		return "::: {.panel-tabset" + group + "}\n## Go\n\ngo\n\n## Python\n\npython\n:::\n\n"
	}
	myst := func(first, second string) string {
		return "::::{tab-set}\n:::{tab-item} A\n" + first + "a\n:::\n:::{tab-item} B\n" + second + "b\n:::\n::::\n\n"
	}
	path := filepath.Join(t.TempDir(), "index.html")
	d, _, err := render.Build(notebooks(markdownCell("# H\n\n"+quarto(` group="language"`)+quarto(" group=language")+quarto("")+quarto(` group="other"`)+
		myst(":sync: one\n", ":sync: two\n")+myst(":sync: two\n", ":sync: one\n")+myst("", ""))), render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(page(t, d)), 0o666); err != nil {
		t.Fatal(err)
	}
	p := rendertest.Open(t, path)
	p.Show("light", 1280)
	for _, step := range []struct{ click, want string }{
		{"", "Go Go Go Go A A A"},
		{`.tabs:nth-of-type(2) [role="tab"]:nth-child(2)`, "Python Python Go Go A A A"},
		{`.tabs:nth-of-type(1) [role="tab"]:nth-child(1)`, "Go Go Go Go A A A"},
		{`.tabs:nth-of-type(4) [role="tab"]:nth-child(2)`, "Go Go Go Python A A A"},
		{`.tabs:nth-of-type(6) [role="tab"]:nth-child(1)`, "Go Go Go Python B A A"},
		{`.tabs:nth-of-type(7) [role="tab"]:nth-child(2)`, "Go Go Go Python B A B"},
	} {
		if step.click != "" {
			p.Click(step.click)
		}
		if got := rendertest.Evaluate[string](p, `[...document.querySelectorAll('[role="tab"][aria-selected="true"]')].map((e) => e.textContent).join(" ")`); got != step.want {
			t.Errorf("after a click on %q: %s, want %s", step.click, got, step.want)
		}
	}
}
