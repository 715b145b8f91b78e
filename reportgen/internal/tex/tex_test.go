package tex_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/flowbook/flowbook/reportgen/internal/tex"
)

func renderer(t testing.TB) *tex.Renderer {
	t.Helper()
	r, err := tex.New()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestMathML(t *testing.T) {
	r := renderer(t)
	for source, want := range map[string][]string{
		`\frac{a}{b}`:                 {"<mfrac><mi>a</mi><mi>b</mi></mfrac>"},
		`\sum_{i=1}^n x_i^2`:          {"<munderover>", "<mo movablelimits=\"false\">∑</mo>", "<msubsup>"},
		`\operatorname{MAD}`:          {"<mi>MAD</mi>"},
		`a < b \& \text{<b>}`:         {"<mo>&lt;</mo>", "&lt;b&gt;"},
		`\begin{cases}1&2\end{cases}`: {"<mtable", "{"},
		`\def\a{x}\a`:                 {"<mi>x</mi>"},
	} {
		got, err := r.MathML(source, true)
		if err != nil {
			t.Errorf("%s: %v", source, err)
		}
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s gave %s, without %s", source, got, w)
			}
		}
	}
	// Definitions apply to later formulas, until they are forgotten.
	if got, err := r.MathML(`\a`, false); err != nil || !strings.Contains(got, "<mi>x</mi>") {
		t.Errorf(`\a gave %s, %v`, got, err)
	}
	r.Forget()
	if got, err := r.MathML(`\a`, false); err == nil {
		t.Errorf(`\a gave %s`, got)
	}
}

// TestFormulas checks that the formulas of a list, which MathJax sets, are set too.
func TestFormulas(t *testing.T) {
	r := renderer(t)
	source, err := os.ReadFile("testdata/formulas.txt")
	if err != nil {
		t.Fatal(err)
	}
	for formula := range strings.Lines(string(source)) {
		r.Forget()
		mathML, err := r.MathML(strings.TrimSuffix(formula, "\n"), true)
		if err != nil || !strings.HasPrefix(mathML, "<math") || strings.Contains(mathML, "merror") {
			t.Errorf("%s: %v %s", formula, err, mathML)
		}
	}
}

// TestTranslated checks commands of MathJax that the converter lacks.
func TestTranslated(t *testing.T) {
	r := renderer(t)
	for source, same := range map[string]string{
		`x_{\mbox{max}}`: `x_{\text{max}}`,
		`\begin{eqnarray*}a&=&b\\c&=&d\end{eqnarray*}`:             `\begin{darray}{rcl}a&=&b\\c&=&d\end{darray}`,
		`\newcommand{\half}[1]{\frac{#1}{2}}\half x+\half{y}`:      `\frac{x}{2}+\frac{y}{2}`,
		`\newcommand*\norm[2][2]{\|#2\|_{#1}}\norm{v}`:             `\|v\|_{2}`,
		`\renewcommand{\vec}[1]{\mathbf{#1}}\vec{x}`:               `\mathbf{x}`,
		`\renewcommand{\vec}[1]{\overline{\vec{#1}}}\vec{x}`:       `\vec{x}`,
		`\DeclareMathOperator*{\Tr}{Tr}\Tr_x A`:                    `\operatorname*{Tr}_x A`,
		`\def\pair#1#2{(#1,#2)}\pair{a}{b}`:                        `(a,b)`,
		`\let\eps=\varepsilon \eps`:                                `\varepsilon`,
		`\pmatrix{a&b\cr c&d}`:                                     `\begin{pmatrix}a&b\\ c&d\end{pmatrix}`,
		`\root 3 \of{x+1}`:                                         `\sqrt[3]{x+1}`,
		`\href{https://example.org}{x} \class{a}{y}`:               `{x} {y}`,
		`\underset{\theta}{\operatorname{arg\,min}}`:               `\underset{\theta}{\mathrm{arg\,min}}`,
		`\begin{array}{l@{\,}r|*{2}{c}p{3cm}}1&2&3&4&5\end{array}`: `\begin{array}{lr|ccl}1&2&3&4&5\end{array}`,
		`\begin{subequations}x\end{subequations}`:                  `x`,
		`\eqalign{a&=b\cr c&=d\cr}`:                                `\begin{aligned}a&=b\\ c&=d\\\end{aligned}`,
		`\bbox[yellow, 2pt]{b} \bbox[5px, border: 1px solid]{c}`:   `\colorbox{yellow}{${b}$} \boxed{c}`,
		`\Rule{1em}{2ex}{0pt}`:                                     `\rule[-0pt]{1em}{2ex}`,
		`\unicode{x3b1} \require{cancel} \label{eq:x} a \nonumber`: `\text{α} a`,
	} {
		r.Forget()
		got, err := r.MathML(source, true)
		want, errWant := r.MathML(same, true)
		if err != nil || errWant != nil || got != want {
			t.Errorf("%s gave %s (%v), want that of %s, %s (%v)", source, got, err, same, want, errWant)
		}
	}
	slices.Sort(r.Ignored)
	if !slices.Equal(r.Ignored, []string{`\class`, `\href`}) {
		t.Errorf("ignored: %q", r.Ignored)
	}
	// In running text, MathJax sets a tag behind the formula.
	got, err := r.MathML(`x\tag{7}`, false)
	if want, errWant := r.MathML(`x\qquad\text{(7)}`, false); err != nil || errWant != nil || got != want {
		t.Errorf("a tag gave %s, %v", got, err)
	}
}

func TestBadFormulas(t *testing.T) {
	r := renderer(t)
	for source, want := range map[string]string{
		`\frac{`:                   "Unexpected end of input",
		`}`:                        "Expected 'EOF', got '}' at position 1",
		`\foo`:                     `Unsupported function name: \foo`,
		`\includegraphics{x.png}`:  `\includegraphics`,
		`\def\a{\a\a}\a`:           `Unsupported function name: \a`,
		`\def\a{\b}\def\b{\a\a}\a`: "Too many expansions",
		`\def\a{` + strings.Repeat("x", 8<<10) + "}" + strings.Repeat(`\a `, 900): "too many symbols",
		strings.Repeat("{", 3000):   "too deeply",
		strings.Repeat("x", 20<<10): "longer than 16 kB",
	} {
		r.Forget() // the definitions of the formulas before, in whatever order
		got, err := r.MathML(source, false)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s gave %.80s and %v, want %q", source, got, err, want)
		}
	}
	// The converter survives what it refused.
	if got, err := r.MathML("x", false); err != nil || !strings.Contains(got, "<mi>x</mi>") {
		t.Errorf("after errors x gave %s, %v", got, err)
	}
}

// FuzzMathML: whatever the source, what comes out draws mathematics, and the
// same each time.
func FuzzMathML(f *testing.F) {
	for _, seed := range []string{`x`, `\frac{a}{b}`, `\color{red}{x}`, `\text{<script>alert(1)</script>}`, `\htmlData{a=b}{x}`, `\begin{matrix}a&b\\c&d\end{matrix}`, `\style{x:y}{z}`, `\unicode{x3c}`, `\verb|<img src=x>|`, `\tag{<}`, `\rule{1em}{2em}`, `\ce{H2O}`} {
		f.Add(seed)
	}
	r := renderer(f)
	f.Fuzz(func(t *testing.T, source string) {
		got, err := r.MathML(source, true)
		if err != nil {
			return
		}
		if again, _ := r.MathML(source, true); again != got {
			t.Errorf("%q gave two results", source)
		}
		z := html.NewTokenizer(strings.NewReader(got))
		for z.Next() != html.ErrorToken {
			token := z.Token()
			if token.Type != html.StartTagToken && token.Type != html.SelfClosingTagToken {
				continue
			}
			if !strings.HasPrefix(token.Data, "m") && token.Data != "none" && token.Data != "annotation" && token.Data != "semantics" || token.Data == "meta" {
				t.Errorf("%q gave <%s>", source, token.Data)
			}
			for _, a := range token.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "href" || a.Key == "src" || strings.Contains(a.Val, "url(") {
					t.Errorf("%q gave %s=%q", source, a.Key, a.Val)
				}
			}
		}
	})
}

func ExampleRenderer_MathML() {
	r, err := tex.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.MathML(`x^2`, false))
	// Output:
	// <math><msup><mi>x</mi><mn class="tml-sml-pad">2</mn></msup></math> <nil>
}
