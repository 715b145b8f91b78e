package document_test

import (
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

func TestCheckMarkdown(t *testing.T) {
	r := strings.Repeat
	for name, source := range map[string]string{
		"links that are not closed": r("[a](", 1001),
		"emphasis over lines":       r("_a*\n", 1500),
		"quotes in quotes":          r(">", 200) + " x",
		"lists in lists":            r("* ", 200) + "x",
		"dollars":                   r("$ a", 2001),
		"footnotes":                 r("[^a]: b\n\n", 2001),
		"a table of short rows":     r("|a", 1000) + "|\n" + r("|-", 1000) + "|\n" + r("|a|\n", 1000),
		"a large cell":              r("x\n\n", 2<<20),
	} {
		if document.CheckMarkdown(source) == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for name, source := range map[string]string{
		"a long table":    "|a|b|\n|-|-|\n" + r("|`x_y`|**z**|\n", 5000),
		"a wide table":    r("|a", 1000) + "|\n" + r("|-", 1000) + "|\n" + r(r("|a", 1000)+"|\n", 30),
		"a long list":     r("- [a](b) **c**\n", 5000),
		"code":            "```\n" + r("a[b[*_`\n", 5000) + "```\n",
		"code in a quote": "> ```\n" + r("> a[b[*_\n", 5000) + "> ```\n",
		"paragraphs":      r("A [link](b) and *more*.\n\n", 5000),
		"HTML":            "<table>\n" + r("<tr><td>[a]*_</td></tr>\n", 5000),
		"a rule":          r("*", 100) + "\n\n" + r("- ", 20) + "\n",
	} {
		if err := document.CheckMarkdown(source); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
