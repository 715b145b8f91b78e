package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/flowbook/flowbook/pkg/nb"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// hostileNames are names as anyone may register them for an autonomous system or
// a host.
var hostileNames = []string{
	"[x](https://evil.example/)", "@fig-none", "[@x]", "@x", "$x_{1", "$$", "$x$ and $y$", `\(x\)`, `\begin{align}`, "`code`", "``", "<b>bold</b>",
	"<script>alert(1)</script>", "&lt;b&gt;", "&copy;", "![x](y.png)", "[^1]", "[x]: y", "# heading", "1. item", "- item", "> quote", "---", "===",
	"| a | b |", "*emphasis*", "__strong__", "~~gone~~", "a\n\n# b", "https://evil.example/", "www.evil.example", "a@evil.example", `back\slash\`,
	"<https://evil.example>", "{#sec-x}", "a_b_c", "```", "[!NOTE]", "Ünïcode™ 株式会社",
}

// TestNamesAreText checks that names in computed prose and captions are printed
// as they are, in HTML and in Markdown: they become no link, reference, formula
// or element, and cause no problem.
func TestNamesAreText(t *testing.T) {
	for _, name := range hostileNames {
		for _, format := range []string{"%s", "before %s after", "%s."} {
			checkName(t, strings.Replace(format, "%s", string(nb.Text(name)), 1), strings.Replace(format, "%s", name, 1))
		}
	}
}

func checkName(t *testing.T, source, want string) {
	t.Helper()
	notebook := &nbformat.Notebook{Cells: []*nbformat.Cell{
		{Type: nbformat.Markdown, Source: "# Names"},
		{Type: nbformat.Code, Source: "//| echo: false", Outputs: []*nbformat.Output{
			{Type: nbformat.DisplayData, Data: map[string]any{"text/markdown": source}},
			{
				Type: nbformat.DisplayData, Data: map[string]any{"text/html": "<table><tr><th>a</th></tr><tr><td>1</td></tr></table>"},
				Metadata: map[string]any{"reportgen": map[string]any{"kind": "table", "label": "tbl-x", "caption": source}},
			},
		}},
	}}
	d, warnings, err := render.Build([]render.Input{{Name: "1.ipynb", Notebook: notebook}}, render.Options{})
	if err != nil || len(warnings) > 0 {
		t.Errorf("%q: %v, warnings %v", source, err, warnings)
		return
	}
	want = strings.Join(strings.Fields(want), " ")
	var page bytes.Buffer
	if err := render.WriteHTML(&page, d); err != nil {
		t.Fatal(err)
	}
	checkNameIn(t, "HTML", page.Bytes(), want)

	// The report in Markdown, read as another notebook's cell, says the same.
	dir := t.TempDir()
	if err := render.WriteMarkdown(dir, d); err != nil {
		t.Fatal(err)
	}
	report, err := os.ReadFile(filepath.Join(dir, "report.md"))
	if err != nil {
		t.Fatal(err)
	}
	again := &nbformat.Notebook{Cells: []*nbformat.Cell{{Type: nbformat.Markdown, Source: string(report)}}}
	if d, _, err = render.Build([]render.Input{{Name: "1.ipynb", Notebook: again}}, render.Options{}); d == nil {
		t.Fatal(err)
	}
	page.Reset()
	if err := render.WriteHTML(&page, d); err != nil {
		t.Fatal(err)
	}
	checkNameIn(t, "Markdown", page.Bytes(), want)
}

// checkNameIn checks that the page has a paragraph and a caption with the name as
// text, without any element.
func checkNameIn(t *testing.T, format string, page []byte, want string) {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	paragraph, caption := false, false
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || n.DataAtom != atom.P && n.DataAtom != atom.Figcaption {
			continue
		}
		text := strings.Join(strings.Fields(textBelow(n)), " ")
		switch text {
		case want:
			paragraph = paragraph || onlyText(n)
		case "Table 1.1 " + want:
			caption = true
			for d := range n.Descendants() {
				caption = caption && (d.Type != html.ElementNode || d.DataAtom == atom.Span || d.DataAtom == atom.Strong)
			}
		}
	}
	if !paragraph || !caption {
		t.Errorf("%s: %q is not printed as text (paragraph %t, caption %t)", format, want, paragraph, caption)
	}
}

func textBelow(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func onlyText(n *html.Node) bool {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode {
			return false
		}
	}
	return true
}
