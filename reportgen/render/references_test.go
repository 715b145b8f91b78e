package render_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

func withID(id string, c *nbformat.Cell) *nbformat.Cell {
	c.ID = id
	return c
}

// TestCellReferences: prose names cells by label or id, of its own notebook first.
func TestCellReferences(t *testing.T) {
	a := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{
		withID("title", markdownCell("# First")),
		withID("load", codeCell("load()")),
		withID("show", codeCell("//| label: cell-shown\nshow()")),
		withID("hidden", codeCell("//| include: false\nx")),
		withID("twice", codeCell("a()")),
		withID("text", markdownCell("@cell-load, @cell-shown, [](#show), [the end](b.ipynb#title), [](b.ipynb#twice).")),
	}}
	b := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{
		withID("title", markdownCell("# Second")),
		withID("twice", codeCell("b()")),
		withID("text", markdownCell("@cell-load and @cell-twice.")),
	}}
	inputs := func(more ...*nbformat.Cell) []render.Input {
		c := &nbformat.Notebook{Minor: 5, Cells: append([]*nbformat.Cell{markdownCell("# Third")}, more...)}
		return []render.Input{{Name: "a.ipynb", Notebook: a}, {Name: "b.ipynb", Notebook: b}, {Name: "c.ipynb", Notebook: c}}
	}
	d := build(t, inputs(), render.Options{})
	text := page(t, d)
	checkPage(t, text)
	for _, want := range []string{
		"<div class=\"cell\" id=\"cell-load\"></div>\n<pre",
		`<a class="ref" href="#cell-load">cell` + "\u00a0" + `2 of a.ipynb</a>, <a class="ref" href="#cell-shown">cell` + "\u00a0" + `3 of a.ipynb</a>, <a href="#cell-shown">cell 3 of a.ipynb</a>, <a href="#second">the end</a>, <a href="#cell-twice">cell 2 of b.ipynb</a>.`,
		`<a class="ref" href="#cell-load">cell` + "\u00a0" + `2 of a.ipynb</a> and <a class="ref" href="#cell-twice">cell` + "\u00a0" + `2 of b.ipynb</a>.`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	md, _ := markdown(t, d)
	for _, want := range []string{"<a id=\"cell-load\"></a>\n\n```\nload()", "[cell 2 of a.ipynb](#cell-load), [cell 3 of a.ipynb](#cell-shown), [cell 3 of a.ipynb](#cell-shown), [the end](#2-second)"} {
		if !strings.Contains(md, want) {
			t.Errorf("the Markdown has no %s:\n%s", want, md)
		}
	}

	_, _, err := render.Build(inputs(
		withID("wrong", markdownCell("@cell-twice [](#hidden) @cell-none [](#none)")),
		withID("one", codeCell("//| label: cell-one\nx")), withID("two", codeCell("//| label: cell-one\nx")),
	), render.Options{})
	want := []string{
		`c.ipynb, cell 4 (two): the label "cell-one" is already used by another cell of the notebook; choose another`,
		"c.ipynb, cell 2 (wrong), line 1: @cell-twice: ambiguous: it names a.ipynb, cell 5 (twice) and b.ipynb, cell 2 (twice); link to one as [](a.ipynb#cell-twice)",
		`c.ipynb, cell 2 (wrong): dead link to "#hidden": a.ipynb, cell 4 (hidden) has nothing in the report`,
		"c.ipynb, cell 2 (wrong), line 1: @cell-none: no cell has this label, or the id none",
		`c.ipynb, cell 2 (wrong): dead link to "#none": no section, figure, table or cell has this anchor`,
	}
	if diff := cmp.Diff(want, problems(t, err)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// TestAlerts: GitHub's alerts are some on the page and stay some in Markdown; what
// GitHub takes for a quotation stays one.
func TestAlerts(t *testing.T) {
	const name = `<p class="alert-name">`
	for _, test := range []struct{ source, html, md string }{
		{"> [!NOTE]\n> **Text** of it.\n>\n> More.", "<div class=\"alert note\" role=\"note\">\n" + name + "Note</p>\n<p><strong>Text</strong> of it.</p>\n<p>More.</p>\n</div>", "> [!NOTE]\n> **Text** of it.\n>\n> More."},
		{"> [!caution]\n> - an item", "<div class=\"alert caution\" role=\"note\">\n" + name + "Caution</p>\n<ul>", "> [!CAUTION]\n> - an item"},
		{"> [!TIP]\n>\n> Text.", name + "Tip</p>\n<p>Text.</p>", "> [!TIP]\n> Text."},
		{"> [!NOTE] Text.", "<blockquote>\n<p>[!NOTE] Text.</p>", "> "},
		{"> [!NOTE]", "<blockquote>\n<p>[!NOTE]</p>", "> "},
		{"> [!OTHER]\n> Text.", "<blockquote>\n<p>[!OTHER]\nText.</p>", "> "},
		{"> [!NOTE](https://example.org)\n> Text.", "<blockquote>\n<p><a", "> "},
	} {
		nb := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{markdownCell("# Title\n\n" + test.source)}}
		d := build(t, []render.Input{{Name: "a.ipynb", Notebook: nb}}, render.Options{})
		if text := page(t, d); !strings.Contains(text, test.html) {
			t.Errorf("%q: the page has no %s:\n%s", test.source, test.html, body(text))
		}
		if md, _ := markdown(t, d); !strings.Contains(md, test.md) {
			t.Errorf("%q: the Markdown has no %q:\n%s", test.source, test.md, md)
		}
	}
}

// A link to a heading with letters beyond ASCII leads to the anchor that GitHub makes of the numbered heading.
func TestLinksBeyondASCII(t *testing.T) {
	d := build(t, notebooks(markdownCell("# Start\n\n## Größe Ä\n\n[a](#größe-ä) [b](#Gr%C3%B6%C3%9Fe-%C3%84) [c](#Größe-Ä)")), render.Options{})
	if md, _ := markdown(t, d); strings.Count(md, "](#11-größe-ä)") != 4 {
		t.Errorf("links of\n%s", md)
	}
}
