package document_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// outlineOf writes the blocks of a text in one line: (note Title|text) for an alert, and [a,b/1,2] for a table.
func outlineOf(root ast.Node, source []byte) string {
	var parts []string
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *document.Alert:
			fold := map[bool]string{true: "+", false: ""}[n.Folded] + map[bool]string{true: "open", false: ""}[n.Expanded]
			parts = append(parts, "("+strings.ToLower(n.Name)+fold+" "+outlineOf(n, source)+")")
		case *document.Mark:
			parts = append(parts, "<"+string(n.What)+strings.TrimSuffix(" "+document.PlainNode(n, source), " ")+">")
		case *document.AlertTitle:
			parts = append(parts, "**"+document.PlainNode(n, source))
		case *east.Table:
			var rows []string
			for row := n.FirstChild(); row != nil; row = row.NextSibling() {
				var cells []string
				for c := row.FirstChild(); c != nil; c = c.NextSibling() {
					cells = append(cells, document.PlainNode(c, source))
				}
				rows = append(rows, strings.Join(cells, ","))
			}
			parts = append(parts, "["+strings.Join(rows, "/")+"]")
		case *ast.FencedCodeBlock:
			parts = append(parts, "`"+strings.TrimSpace(string(n.Lines().Value(source)))+"`")
		case *ast.List:
			parts = append(parts, outlineOf(n, source))
		case *ast.ListItem, *ast.Blockquote:
			parts = append(parts, "-"+outlineOf(n, source))
		case *ast.Heading:
			parts = append(parts, "#"+document.PlainNode(n, source))
		default:
			mark := ""
			if e, ok := n.FirstChild().(*ast.Emphasis); ok && e.Level == 2 && n.ChildCount() == 1 {
				mark = "**"
			}
			parts = append(parts, mark+strings.TrimSpace(document.PlainNode(n, source)))
		}
	}
	return strings.Join(parts, "|")
}

// TestDirectives parses boxes in the spellings of MyST, Quarto, Docusaurus and MkDocs, and names what is not supported.
func TestDirectives(t *testing.T) {
	p := document.NewParser()
	for _, tt := range []struct{ source, want, unsupported string }{
		{":::{note}\ntext\n:::\n\nafter", "(note text)|after", ""},
		{"::: {note} My *title*\ntext\n\n- item\n:::", "(note **My title|text|-item)", ""},
		{"before\n:::{warning}\ntext\n:::\nafter", "before|(warning text)|after", ""},
		{"```{tip}\ntext *em*\n```", "(tip text em)", ""},
		{"````{danger} Title\n:class: dropdown\n\ntext\n```python\nx\n```\n````\nafter", "(caution+ **Title|text|`x`)|after", ""},
		{"~~~{seealso}\ntext\n~~~", "(note text)", ""},
		{"::::{important}\n:::{note}\ninner\n:::\nouter\n::::", "(important (note inner)|outer)", ""},
		{"::: {.callout-note}\n## Title\n\ntext\n:::", "(note **Title|text)", ""},
		{"::: {.callout-tip title=\"A title\" collapse=\"true\"}\ntext\n:::", "(tip+ **A title|text)", ""},
		{"::: {.callout-note collapse=false}\n## Title\n\ntext\n:::", "(note+open **Title|text)", ""},
		{"::: {.column-margin .callout-important}\ntext\n:::", "(important text)", ""},
		{":::{warning} Title\n:class: dropdown\ntext\n:::", "(warning+ **Title|text)", ""},
		{":::{tip} Title\n:class: dropdown\n:open: true\ntext\n:::", "(tip+open **Title|text)", ""},
		{":::{note .dropdown} Title\ntext\n:::", "(note+ **Title|text)", ""},
		{":::{note .dropdown open=true} Title\ntext\n:::", "(note+open **Title|text)", ""},
		{":::{admonition} Title\n:class: caution, dropdown\ntext\n:::", "(caution+ **Title|text)", ""},
		{":::{dropdown} Title\ntext\n:::", "(note+ **Title|text)", ""},
		{"```{dropdown} Title\n:open:\ntext\n```", "(note+open **Title|text)", ""},
		{"???+ tip \"Title\"\n    text\n\nafter", "(tip+open **Title|text)|after", ""},
		{"::: {#x .callout-caution icon=false}\ntext\n:::", "(caution text)", ""},
		{":::danger Title\ntext\n:::", "(caution **Title|text)", ""},
		{":::note\n```\n:::\n```\ntext\n:::", "(note `:::`|text)", ""},
		{"!!! note \"Title\"\n    text\n\n    more\n\nafter", "(note **Title|text|more)|after", ""},
		{"??? tip\n    text\n\nafter", "(tip+ text)|after", ""},
		{"- item\n\n  :::{note}\n  text\n  :::\n", "-item|(note text)", ""},
		{"> ::: {.callout-note}\n> text\n> :::", "-(note text)", ""},
		{"::: {.column-margin}\n# Heading\n\ntext\n:::\nafter", "#Heading|text|after", "::: {.column-margin} is not supported"},
		{"::: {layout-ncol=2}\na\n\nb\n:::", "a|b", "::: {layout-ncol=2} is not supported"},
		{"::: {.callout-note}\ntext", "<box>|text", ""},
		{"```{note}\ntext", "<div>|text", "```{note} is not closed in its cell"},
		{"text\n\n:::\n\nmore", "text|<end>|more", ""},
		{"::: {.a}\n::: {.callout-note}\ntext\n:::\n:::", "(note text)", "::: {.a} is not supported"},
		{"- text\n\n  :::", "-text", "::: ends a block that does not begin in its cell"},
		{"::: {.panel-tabset}\n## A\n\na\n\n## B\n\nb\n:::\nafter", "<tabs>|#A|a|#B|b|<end>|after", ""},
		{"::: {.panel-tabset}\n## A", "<tabs>|#A", ""},
		{"::::{tab-set}\n:::{tab-item} A *b*\n:sync: a\na\n:::\n:::{tab-item} B\nb\n:::\n::::\nafter", "<tabs>|<tab A b>|a|<tab B>|b|<end>|after", ""},
		{"````{tab-set}\n```{tab-item} A\na\n```\n````", "<tabs>|<tab A>|a|<end>", ""},
		{"::::: {.panel-tabset}\n## A\n\n:::: {.panel-tabset}\n### B\n::::\n:::::", "<tabs>|#A|<tabs>|#B|<end>|<end>", ""},
		{":::: {.callout-note}\n::: {.panel-tabset}\n## A\n\na\n:::\n::::", "(note #A|a)", "::: {.panel-tabset} is within another block"},
		{"- :::::{tab-set}\n  ::::{tab-item} A\n  a\n  ::::\n  :::::", "-**A|a", ":::::{tab-set} is within another block"},
		{"a ::: b\n\n!!! never mind\n\n??? what\n\n:: x", "a ::: b|!!! never mind|??? what|:: x", ""},
		{"```{python}\nx = 1\n```", "`x = 1`", ""},
	} {
		text := p.Parse(tt.source)
		if got := outlineOf(text.Root, text.Source); got != tt.want {
			t.Errorf("%q is %s, want %s", tt.source, got, tt.want)
		}
		got := ""
		for _, u := range text.Unsupported {
			got += fmt.Sprint(u.Name, " ", u.What)
		}
		if (got == "") != (tt.unsupported == "") || !strings.HasPrefix(got, tt.unsupported) {
			t.Errorf("%q: unsupported %q, want %q", tt.source, got, tt.unsupported)
		}
	}
}

// TestManyDirectives parses directives in directives. It would not end if each line were read once for each of them.
func TestManyDirectives(t *testing.T) {
	for _, line := range []string{"::: a\n", "::::{note}\n", "!!! note\n    ", "+---+\n", ":::\n"} {
		document.NewParser().Parse(strings.Repeat(line, 50_000))
	}
}

// TestGridTables parses grid tables as Pandoc does, and leaves what is not one as it is.
func TestGridTables(t *testing.T) {
	p := document.NewParser()
	for source, want := range map[string]string{
		"+---+---+\n| a | b |\n+===+===+\n| 1 | 2 |\n+---+---+":                                    "[a,b/1,2]",
		"+---+---+\n| 1 | 2 |\n+---+---+\n| 3 |   |\n+---+---+\n\nafter":                           "[,/1,2/3,]|after",
		"+-----+:---:+\n| *a* | `b` |\n| c   | d   |\n+=====+=====+\n| ü   | $x$ |\n+-----+-----+": "[a c,b d/ü,x]",
		"- item\n\n  +---+\n  | a |\n  +===+\n  | 1 |\n  +---+":                                    "-item|[a/1]",
		"+---+---+\n| a     |\n+---+---+":                                                          "+---+---+ | a     | +---+---+",
		"+---+\n| a |":                                                                             "+---+ | a |",
		"+---+\ntext":                                                                              "+---+ text",
		"+ a\n+ b":                                                                                 "-a|-b",
		"+---+":                                                                                    "+---+",
	} {
		text := p.Parse(source)
		if got := outlineOf(text.Root, text.Source); got != want {
			t.Errorf("%q is %s, want %s", source, got, want)
		}
	}
}
