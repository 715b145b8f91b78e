package render_test

import (
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// TestConstructsOfOtherTools checks what MyST, Quarto and others add to Markdown: it has its effect, or a warning names it.
// Values that a cell glues are in the prose of MyST, also before the cell, and are not shown as outputs.
func TestGluedValues(t *testing.T) {
	glued := func(name, prefix, value string) *nbformat.Output {
		o := displayed(map[string]any{prefix + "text/plain": value}, nil)
		o.Metadata = map[string]any{"scrapbook": map[string]any{"name": name, "mime_prefix": prefix}}
		return o
	}
	const hidden = "application/papermill.record/"
	cells := []*nbformat.Cell{
		markdownCell("# A\n\n{glue:text}`mean:.2f`, {glue}`mean`, {glue}`who`, {glue:}`x`, {glue}`none`"),
		codeCell("glue()", glued("mean", hidden, "3.14159"), glued("who", hidden, "'a <b>'"), glued("fig", hidden, "<Figure size 1x1>"), glued("shown", "", "7")),
		markdownCell("{glue:text}`shown:.1f` {glue:text}`fig`"),
	}
	d, warnings, err := render.Build(notebooks(cells...), render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	html := body(page(t, d))
	for _, want := range []string{"<p>3.14, 3.14159, a &lt;b&gt;, ", "<p>7.0 ", "7</pre>"} {
		if !strings.Contains(html, want) {
			t.Errorf("HTML has no %s in\n%s", want, html)
		}
	}
	var said []string
	for _, w := range warnings {
		said = append(said, w.Text)
	}
	if all := strings.Join(said, "\n"); !strings.Contains(all, "none: no cell glues") || !strings.Contains(all, "fig: no cell glues") || strings.Contains(all, "MIME") {
		t.Errorf("warnings %s", all)
	}
}

func TestConstructsOfOtherTools(t *testing.T) {
	for _, tt := range []struct{ name, source, html, md, warning string }{
		{"colon fence", ":::{note} Title\ntext **b**\n:::", `<div class="alert note" role="note">`, "> [!NOTE]\n> **Title**\n>\n> text **b**", ""},
		{"callout of Quarto", "::: {.callout-warning}\n## Title\ntext\n:::", `<div class="alert warning" role="note">`, "> [!WARNING]\n> **Title**\n>\n> text", ""},
		{"box of MkDocs", "!!! tip\n    text", `<div class="alert tip"`, "> [!TIP]\n> text", ""},
		{"unknown div", "::: {.column-margin}\ntext\n:::", "<p>text</p>", "text", "::: {.column-margin} is not supported"},
		{"grid table", "+---+---+\n| a | b |\n+==:+===+\n| 1 | 2 |\n+---+---+", `<td style="text-align:right" class="short">1</td>`, "| a | b |\n| ---: | --- |\n| 1 | 2 |", ""},
		{"directive of an output", "```{glue:figure} plot\ncaption\n```", "caption", "caption", "the directive {glue:figure} is not supported"},
		{"language in braces", "```{python echo=FALSE}\nx = 1\n```", "<pre", "```python\nx = 1\n```", ""},
		{"language as a class of Pandoc", "``` {.r}\nx <- 1\n```", "<pre", "```r\nx <- 1\n```", ""},
		{"formula as a directive", "```{math}\n:label: my\na^2\n```\n\nsee {eq}`my`", `<a class="ref" href="#eq-my">(1.1)</a>`, "$$\na^2\n\\tag{1.1}\n$$", ""},
		{"formula as a role", "text {math}`a^2` text", "text <math", "text $`a^2`$ text", ""},
		{"index as a role", "H{sub}`2<`O", "H<sub>2&lt;</sub>O", "H<sub>2&lt;</sub>O", ""},
		{"reference as a role", "(here)=\n\ntext {ref}`there <here>`", `<a href="#here">there</a>`, `<a id="here"></a>`, ""},
		{"unknown role", "text {doc}`other`", "<code>other</code>", "{doc}`other`", "the role {doc} is not supported"},
		{"shortcode", "{{< video a.mp4 >}} and `{{< x >}}`", "{{&lt; video a.mp4 &gt;}}", "video a.mp4", "{{< video a.mp4 >}} is not supported; printed as it is"},
		{"tag of Liquid", "{% include x.html %}", "{% include x.html %}", "{% include x.html %}", "{% include x.html %} is not supported"},
		{"directive of reStructuredText", ".. note:: text", ".. note:: text", ".. note:: text", ".. note:: is not supported"},
		{"diagram", "```mermaid\ngraph LR\n```", "graph LR", "```mermaid", "a diagram (mermaid) is shown as its source"},
		{"text", "a {b} `c` {{d}} 5 % {e: 1}\n\n{f}", "{b} <code>c</code>", "a {b} `c`", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, warnings, err := render.Build([]render.Input{notebook(markdownCell("# A"), markdownCell(tt.source))}, render.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if html := body(page(t, d)); !strings.Contains(html, tt.html) {
				t.Errorf("HTML has no %s in\n%s", tt.html, html)
			}
			if md, _ := markdown(t, d); !strings.Contains(md, tt.md) {
				t.Errorf("Markdown has no %s in\n%s", tt.md, md)
			}
			checkWarning(t, warnings, tt.warning)
		})
	}
}
