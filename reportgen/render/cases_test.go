package render_test

import (
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// shown is a notebook with a class of content that other tools lose or show wrongly.
type shown struct {
	class   string
	cells   []*nbformat.Cell
	html    []string // what the page has
	not     string   // what it does not have
	warning string   // part of a warning; "" for none
}

func marked(source string) []*nbformat.Cell { return []*nbformat.Cell{markdownCell(source)} }

func output(source string, data, metadata map[string]any) []*nbformat.Cell {
	return []*nbformat.Cell{codeCell(source, &nbformat.Output{Type: nbformat.DisplayData, Data: data, Metadata: metadata})}
}

// TestShown checks inputs of the classes that users of nbconvert, papermill, Quarto, Jupyter Book and nbdev reported,
// each with two spellings at least.
func TestShown(t *testing.T) {
	const alt, picture = "#| fig-alt: A dot\nplot()", "image/png"
	for _, tt := range []shown{
		{"line over symbols", marked(`$\overline{A \cap B}$`), []string{"<math", "overline"}, "", ""},
		{"line under and through symbols", marked("$$\n\\underline{x} + \\cancel{y} + \\xcancel{z}\n$$"), []string{"underline", "cancel"}, "", ""},
		{"environment between dollar signs", marked("$\\begin{equation}\ny=x+2\n\\end{equation}$"), []string{"<mi>y</mi>"}, "", ""},
		{"text right before a formula", marked("the function\n$$\n    f(u)\n    =\n    u\n$$\nand on"), []string{"<p>the function</p>", "<mi>f</mi>", "<p>and on</p>"}, "", ""},
		{"formula that looks like a heading", marked("$$\nA x\n=\n\\left[ b \\right]\n$$"), []string{"<mi>A</mi>"}, "<h2", ""},
		{"subscripts that look like emphasis", marked("\\begin{align}\n[x*\\delta_{n_0}] (n) & = \\sum_m x(m) \\delta_{n_0}(n-m) \\\\\n & = x(n-n_0)\n\\end{align}"), []string{"<mtable", "<mi>δ</mi>"}, "<em>", ""},
		{"rows of eqnarray", marked("\\begin{eqnarray*}\na &=& b \\\\\nc &=& \\mbox{if } d\n\\end{eqnarray*}"), []string{"<mtable", "if"}, "", ""},
		{"several matrices", marked("$$\n\\begin{bmatrix}1\\\\2\\end{bmatrix}\n\\begin{pmatrix}a\\\\b\\end{pmatrix}\n= x\n$$"), []string{"[", "(", "<mtable"}, "", ""},
		{"tag of the author", marked("$$E=mc^2 \\tag{1.2}\\label{eq:e}$$\n\nsee \\eqref{eq:e}"), []string{`(1.2)</mtext>`, `<a class="ref" href="#eq-e">(1.2)</a>`}, "(1.1)", ""},
		{"tags of rows", marked("\\begin{align}a&=b\\tag{A}\\label{eq:a}\\\\c&=d\\tag{B}\\label{eq:b}\\end{align}\n\n\\ref{eq:a} \\eqref{eq:b}"), []string{">(A)</a>", ">(B)</a>"}, "(1.1)", ""},
		{"matrix without dollar signs", marked("\\begin{pmatrix}\n1 & 2 \\\\\n3 & 4\n\\end{pmatrix}\n\ntext"), []string{"<mtable", "<p>text</p>"}, "pmatrix} ", ""},
		{"cases without dollar signs", marked("so\n\\begin{cases}x & y>0 \\\\ -x & \\text{otherwise}\\end{cases}"), []string{"<mtable", "otherwise"}, "so \\begin", ""},
		{"link to a labelled formula of MyST", marked("```{math}\n:label: my-eq\na^2\n```\n\n[](#my-eq) [here](#my-eq)"), []string{`<a href="#eq-my-eq">`, `<a href="#eq-my-eq">here</a>`}, "", ""},
		{"formula as output", output("x", map[string]any{"text/latex": `\begin{equation}\frac{x}{2}\end{equation}`, "text/plain": "<Latex object>"}, nil), []string{"<mfrac>"}, "Latex object", ""},
		{"formula of SymPy", output("x", map[string]any{"text/latex": `$\displaystyle \sqrt{x}$`, "text/plain": "sqrt(x)"}, nil), []string{"<msqrt>"}, "sqrt(x)", ""},
		{"formula in HTML as output", output("x", map[string]any{"text/html": `<td>$\alpha_1$</td>`}, nil), []string{"<mi>α</mi>"}, "", ""},

		{"picture in a figure", marked(`<figure><img src="data:image/png;base64,` + onePixel + `" alt="A dot"><figcaption>Dot</figcaption></figure>`), []string{"<figure", "<img", "<figcaption>Dot"}, "", ""},
		{"picture in a table", marked("<table><tr><td><img src='data:image/png;base64," + onePixel + "' alt='A dot' width=40></td></tr></table>"), []string{"width: 40px"}, "", ""},
		{"picture with upper case", marked(`<IMG SRC="data:image/png;base64,` + onePixel + `" ALT="A dot" STYLE="width:30%">`), []string{"<img", "30%"}, "", ""},
		{"anchor of its own", marked("[down](#deep)\n\n<a id=deep></a>\n\ntext"), []string{`href="#deep"`, `id="deep"`}, "", ""},
		{"name of a heading in HTML", marked(`[down](#end) <h3 name="end">The end</h3>`), []string{`href="#end"`, `id="end"`}, "", ""},
		{"contents of Jupyter", marked("- [Über uns](#Über-uns)\n\n## Über uns"), []string{`href="#%C3%BCber-uns"`, `id="über-uns"`}, "", ""},
		{"details with Markdown", marked("<details><summary>More</summary>\n\n* **one**\n\n</details>"), []string{"<details>", "<strong>one</strong>"}, "", ""},

		{"picture without alt text", output("plot()", map[string]any{picture: onePixel}, nil), []string{"<img"}, "", "a figure has no alt text; add #| fig-alt: …"},
		{"alt text in the output", output("plot()", map[string]any{picture: onePixel}, map[string]any{picture: map[string]any{"alt": "Said here"}}), []string{`alt="Said here"`}, "", ""},
		{"size of a picture in pixels", output(alt, map[string]any{picture: onePixel}, map[string]any{picture: map[string]any{"width": 298, "height": 197}}), []string{"width: 298px"}, "", ""},
		{"size of a picture as text", output(alt, map[string]any{picture: onePixel}, map[string]any{picture: map[string]any{"width": "20"}}), []string{"width: 20px"}, "", ""},
		{"size with a unit", marked("![A dot](data:image/png;base64," + onePixel + "){width=0.5in}"), []string{"width: 0.5in"}, "{width", ""},
		{"caption of a printed table", []*nbformat.Cell{codeCell("#| label: tbl-a\n#| tbl-cap: Numbers\nshow()", displayed(map[string]any{"text/markdown": "| a |\n|---|\n| 1 |"}, nil)), markdownCell("@tbl-a")}, []string{"Table 1.1", "Numbers", `href="#tbl-a"`}, "", ""},
		{"caption of a table that is HTML", []*nbformat.Cell{codeCell("#| label: tbl-b\n#| tbl-cap: Cells\nshow()", displayed(map[string]any{"text/html": "<table><tr><th>a</th></tr><tr><td>1</td></tr></table>"}, nil)), markdownCell("@tbl-b")}, []string{"Table 1.1", "Cells"}, "", ""},
		{"directives with arguments", []*nbformat.Cell{codeCell("#| default_exp core\n#| export\n#| echo: false\nx = 1", printed("1"))}, []string{"1"}, "x = ", ""},
		{"hidden cell", []*nbformat.Cell{codeCell("#|hide\nsecret = 1", printed("shh"))}, nil, "secret", ""},
		{"colours of 24 bits", []*nbformat.Cell{codeCell("x", printed("\x1b[38;2;200;30;40mred\x1b[0m \x1b[48;5;21mblue\x1b[0m"))}, []string{">red</span>", ">blue</span>"}, "38;2", ""},
		{"overwritten text", []*nbformat.Cell{codeCell("x", printed("a\b\bXb\n10%\r100%\n"))}, []string{"Xb", "100%"}, "10%\r", ""},
		{"script without a picture", output("x", map[string]any{"application/vnd.plotly.v1+json": map[string]any{"data": []any{}}}, nil), []string{"not shown"}, "", "plotly"},
		{"page from the network", output("x", map[string]any{"text/html": `<iframe src="https://example.org/x"></iframe>`}, nil), []string{"https://example.org/x"}, "<iframe", "an embedded page is not shown"},
		{"link to the top", marked("[up](#) [also](#top)"), []string{`href="#top"`}, "", ""},
		{"link to a missing file", marked("[data](none.csv)"), []string{"data"}, "", `link to "none.csv"`},

		{"figure of Quarto", marked("::: {#fig-dot}\n\n![A dot](data:image/png;base64," + onePixel + ")\n\nThe *dot*\n:::\n\nSee @fig-dot."), []string{`id="fig-dot"`, "The <em>dot</em>", `<a class="ref" href="#fig-dot">Figure 1.1</a>`}, ":::", ""},
		{"parts of a figure", marked("::: {#fig-two layout-ncol=2}\n![One](data:image/png;base64," + onePixel + "){#fig-one}\n\n![Two](data:image/png;base64," + onePixel + ")\n\nBoth\n:::\n\n@fig-two, @fig-one"), []string{"(a)", "Two", "Both", "Figure 1.1a"}, "", ""},
		{"table of Quarto", marked("::: {#tbl-x}\n\n| a |\n|---|\n| 1 |\n\nOne `row`\n:::\n\n@tbl-x"), []string{"Table 1.1", "One <code>row</code>"}, ":::", ""},
		{"figure of MyST", marked("```{figure} data:image/png;base64," + onePixel + "\n:name: my-dot\n:alt: A dot\n:width: 40px\nThe **dot**\n```\n\n{numref}`my-dot`, [](#my-dot), {ref}`it <my-dot>`"), []string{`alt="A dot"`, "width: 40px", "The <strong>dot</strong>", ">Figure 1.1</a>", ">it</a>"}, "{figure}", ""},
		{"figure of MyST with YAML", marked(":::{figure} data:image/png;base64," + onePixel + "\n---\nalt: A dot\nname: fig-y\n---\nThe dot\n:::\n\n@fig-y"), []string{`alt="A dot"`, `id="fig-y"`, "The dot"}, "name: fig-y", ""},
		{"picture of MyST", marked("```{image} data:image/png;base64," + onePixel + "\n:alt: A dot\n```"), []string{`alt="A dot"`}, "Figure", ""},
		{"options without an end", marked("```{figure} a.png\n---\nname: x\n\ntext\n```"), nil, "", "has options without an end"},
	} {
		t.Run(tt.class, func(t *testing.T) {
			cells := append(marked("# A"), tt.cells...)
			nb := &nbformat.Notebook{Minor: 5, Cells: cells, Metadata: map[string]any{"language_info": map[string]any{"name": "python"}}}
			d, warnings, err := render.Build([]render.Input{{Name: "a.ipynb", Notebook: nb}}, render.Options{})
			html := body(page(t, d))
			for _, want := range tt.html {
				if !strings.Contains(html, want) {
					t.Errorf("the page has no %s in\n%s", want, html)
				}
			}
			if tt.not != "" && strings.Contains(strings.TrimSuffix(html, html[max(0, strings.Index(html, `id="provenance"`)):]), tt.not) {
				t.Errorf("the page has %s in\n%s", tt.not, html)
			}
			all := strings.Join(problems(t, err), "\n")
			for _, w := range warnings {
				all += w.Text + "\n"
			}
			if (tt.warning == "") != (all == "") || !strings.Contains(all, tt.warning) {
				t.Errorf("warnings %q, want %q", all, tt.warning)
			}
		})
	}
}
