package markdown

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark/ast"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// formulas are the formulas of a text, in order, without differences of space.
func formulas(t *document.Text) []string {
	var all []string
	_ = ast.Walk(t.Root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *document.Math:
			all = append(all, strings.Join(strings.Fields(n.TeX), " "))
		case *document.Equation:
			n.MathML = "<math></math>" // as if it were set
			all = append(all, strings.Join(strings.Fields(n.TeX), " "))
		}
		return ast.WalkContinue, nil
	})
	return all
}

// TestFormulasRoundTrip: what is written as Markdown holds the formulas that
// were read, and no others.
func TestFormulasRoundTrip(t *testing.T) {
	p := document.NewParser()
	for _, source := range []string{
		"a $x_1$ and $`y_*`$, $$z$$ in text",
		"$a\n+ b$ over lines",
		"$$\nx\n\ny\n$$",
		"- item\n\n  $$\n  x_1\n  $$",
		"> $$x$$",
		"| a |\n|---|\n| $x_1$ |",
		"\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}",
		"it costs $5 and $10, or \\$x\\$",
		"*$x$* and **$y$**, `$z$`",
		"$\\text{a`b}$",
	} {
		text := p.Parse(source)
		want := formulas(text)
		w := newWriter(&document.Document{})
		written := w.blocks(text.Root, text.Source)
		if diff := cmp.Diff(want, formulas(p.Parse(written))); diff != "" {
			t.Errorf("%q was written\n%s\n(-want +got):\n%s", source, written, diff)
		}
	}
}
