package render_test

import (
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

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
