package render_test

import (
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/render"
)

// TestFormulasInHTML checks that formulas in HTML are set where MathJax sets them, in Markdown and in outputs, and that
// amounts of money, code and invalid TeX stay text.
func TestFormulasInHTML(t *testing.T) {
	for _, tt := range []struct {
		name, source string
		set          int    // the formulas that are set
		md           string // in the Markdown
		warning      string
	}{
		{"cell", "<table><tr><td>$x^2$</td><td>costs $5 to $6</td></tr></table>", 1, "<td>$x^2$</td><td>costs $5 to $6</td>", ""},
		{"summary", "<details><summary>$y$</summary>text</details>", 1, "<summary>$y$</summary>", ""},
		{"display", "<div>\n$$\na &lt; b\n$$\n</div>", 1, "$$a &lt; b$$", ""},
		{"brackets", `<p>\(x\) and \[y\]</p>`, 2, "<p>$x$ and $$y$$</p>", ""},
		{"environment", `<div>\begin{align}a&amp;=b\\c&=d\end{align}</div>`, 1, `\begin{align}a&amp;=b\\c&amp;=d\end{align}`, ""},
		{"spaces", "<p>$ \\alpha $ and $ n $</p>", 2, `<p>$\alpha$ and $n$</p>`, ""},
		{"two in a text", "<li>from $a_1$ to $a_2$</li>", 2, "from $a_1$ to $a_2$", ""},
		{"dollar in a formula", `<p>$x \text{ if $y$}$</p>`, 1, `$x \text{ if $y$}$`, ""},
		{"escaped", `<p>\$x\$ and \$5</p>`, 0, "<p>$x$ and $5</p>", ""},
		{"code", "<div><code>$x$</code><pre>$x$ <b>$y$</b></pre>$z$</div>", 1, "<code>$x$</code>", ""},
		{"class", `<div class="tex2jax_ignore"><div>$x$</div>$y$</div><div>$z$</div>`, 1, "<div><div>$x$</div>$y$</div><div>$z$</div>", ""},
		{"class of a picture", `<div><svg class="mathjax_ignore" viewBox="0 0 9 9" aria-label="dot"><text>$x$</text></svg>$y$</div>`, 1, "$y$", ""},
		{"comment", "<div><!-- $x$ -->$y$</div>", 1, "$y$", ""},
		{"attribute", `<div data-x="$x$">$y$</div>`, 1, `<div>$y$</div>`, ""},
		{"not TeX", `<p>$\frac{a}$ text</p>`, 0, `<p>$\frac{a}$ text</p>`, `formula in HTML \frac{a}`},
		{"open", "<p>$x and $$ y and \\[ z</p>", 0, "<p>$x and $$ y and \\[ z</p>", ""},
	} {
		for _, kind := range []string{"Markdown", "output", "output of this run"} {
			t.Run(tt.name+" in "+kind, func(t *testing.T) {
				cell := markdownCell(tt.source)
				if kind != "Markdown" {
					cell = codeCell("x", displayed(map[string]any{"text/html": tt.source}, nil))
				}
				in := notebook(markdownCell("# A"), cell)
				in.Executed = kind == "output of this run"
				d, warnings, err := render.Build([]render.Input{in}, render.Options{})
				if err != nil {
					t.Fatal(err)
				}
				html := body(page(t, d))
				if got := strings.Count(html, "<math"); got != tt.set {
					t.Errorf("%d formulas are set, want %d, in\n%s", got, tt.set, html)
				}
				if md, _ := markdown(t, d); !in.Executed && !strings.Contains(md, tt.md) {
					t.Errorf("Markdown has no %s in\n%s", tt.md, md)
				}
				checkWarning(t, warnings, tt.warning)
			})
		}
	}
}

// TestFormulasInMarkdownHTML checks what is particular to the HTML of Markdown.
func TestFormulasInMarkdownHTML(t *testing.T) {
	for source, want := range map[string]int{
		"<table><tr><td>$a<b$</td><td>$a<b<c$</td></tr></table>": 2,
		`<div>\\(x\\) and \\[y\\]</div>`:                         2,
		"text <code>$x$</code> and <kbd>$y$</kbd>":               1,
		"text <code>a <code>$x$</code> $y$</code> $z$":           1,
		"<p>$5<br>or $6</p>":                                     0,
	} {
		d, _, err := render.Build([]render.Input{notebook(markdownCell("# A"), markdownCell(source))}, render.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if html := body(page(t, d)); strings.Count(html, "<math") != want {
			t.Errorf("%s: want %d formulas in\n%s", source, want, html)
		}
	}
}

// TestManyDollarSigns reads texts that only look like formulas. It would not end if the time grew with the square of their
// length.
func TestManyDollarSigns(t *testing.T) {
	if testing.Short() {
		t.Skip("reads megabytes of formulas: skipped with -short")
	}
	for _, part := range []string{"$", "${", `\[`, `\(`, `\begin{a}`, "$5 ", `\$`, "$$ a ", `\begin{align}{`} {
		text := strings.Repeat(part, 100_000/len(part))
		_, _, _ = render.Build([]render.Input{notebook(markdownCell("# A"), codeCell("x",
			displayed(map[string]any{"text/html": "<p>" + text + "</p>"}, nil),
			displayed(map[string]any{"text/latex": text}, nil)))}, render.Options{})
	}
}
