package document_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/yuin/goldmark/ast"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// TestMath finds formulas, and nothing else between dollars.
func TestMath(t *testing.T) {
	p := document.NewParser()
	for source, want := range map[string]string{
		"a $x_1$ b $y_2$":                      "[x_1][y_2]",
		"$5 and $10 or 3 $":                    "",
		"it costs $5, not $ 6 $":               "",
		`\$x\$ and $\$4$`:                      `[\$4]`,
		"$`a*b*c`$":                            "[a*b*c]",
		"a $$x$$ b":                            "[[x]]",
		"two\n$a\n+b$ lines":                   "[a\n+b]",
		"`$x$`":                                "",
		"open $x":                              "",
		"$$\nx\n$$":                            "{x}",
		"$$ x $$":                              "{x}",
		"$$ x $$ {#eq-a}":                      "{x#eq-a}",
		"$$\nx\n$$ {#eq-a}\n\nthen":            "{x#eq-a}",
		"text\n$$\nx\n$$\nmore":                "{x}",
		"$$ x $$ and text":                     "[[x]]",
		"$$\nnever closed":                     "{never closed!}",
		"\\begin{align}\na &= b\n\\end{align}": "{\\begin{align}\na &= b\n\\end{align}}",
		"- item\n\n  $$\n  x\n  $$":            "{x}",
		"```math\nx\n```":                      "",
	} {
		var got strings.Builder
		text := p.Parse(source)
		_ = ast.Walk(text.Root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if !entering {
				return ast.WalkContinue, nil
			}
			switch n := n.(type) {
			case *document.Math:
				open, shut := "[", "]"
				if n.Display {
					open, shut = "[[", "]]"
				}
				got.WriteString(open + n.TeX + shut)
			case *document.Equation:
				label := ""
				if n.Label != "" {
					label = "#" + n.Label
				}
				if n.Open {
					label += "!"
				}
				fmt.Fprintf(&got, "{%s%s}", n.TeX, label)
			}
			return ast.WalkContinue, nil
		})
		if got.String() != want {
			t.Errorf("%q holds %q, want %q", source, got.String(), want)
		}
	}
}
