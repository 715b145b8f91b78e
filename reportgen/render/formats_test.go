package render_test

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// written builds a report of the notebook and returns its HTML from <main> on, its
// Markdown and its warnings.
func written(t *testing.T, in render.Input) (html, md, warnings string) {
	t.Helper()
	d, found, err := render.Build([]render.Input{in}, render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, w := range found {
		said = append(said, w.String())
	}
	var page bytes.Buffer
	if err := render.WriteHTML(&page, d); err != nil {
		t.Fatal(err)
	}
	_, html, _ = strings.Cut(page.String(), "<main")
	dir := t.TempDir()
	if err := render.WriteMarkdown(dir, d); err != nil {
		t.Fatal(err)
	}
	report, err := os.ReadFile(filepath.Join(dir, "report.md"))
	if err != nil {
		t.Fatal(err)
	}
	return html, string(report), strings.Join(said, "\n")
}

// TestOutputFormats checks the MIME types of outputs beyond figures and tables.
func TestOutputFormats(t *testing.T) {
	wav := base64.StdEncoding.EncodeToString([]byte("RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00"))
	state := map[string]any{mimeState: map[string]any{"state": map[string]any{
		"box": map[string]any{"model_name": "HBoxModel", "state": map[string]any{"children": []any{"IPY_MODEL_a", "IPY_MODEL_b", "IPY_MODEL_c"}}},
		"a":   map[string]any{"model_name": "HTMLModel", "state": map[string]any{"value": "load: 100%"}},
		"b":   map[string]any{"model_name": "FloatProgressModel", "state": map[string]any{"value": 20.0, "max": 20.0, "min": 0.0}},
		"c":   map[string]any{"model_name": "HTMLModel", "state": map[string]any{"value": " 20/20 <script>x</script>"}},
		"d":   map[string]any{"model_name": "DropdownModel", "state": map[string]any{"description": "Size:", "_options_labels": []any{"S", "M"}, "index": 1.0}},
		"e":   map[string]any{"model_name": "VBoxModel", "state": map[string]any{"children": []any{"IPY_MODEL_d", "IPY_MODEL_e"}}},
		"h":   map[string]any{"model_name": "HBoxModel", "state": map[string]any{"layout": "IPY_MODEL_l", "children": []any{"IPY_MODEL_a"}}},
		"l":   map[string]any{"model_name": "LayoutModel", "state": map[string]any{"visibility": "hidden"}},
		"k":   map[string]any{"model_name": "VBoxModel", "state": map[string]any{"_view_name": nil, "children": []any{"IPY_MODEL_a"}}},
		"t":   map[string]any{"model_name": "TabModel", "state": map[string]any{"titles": []any{"First", "Second"}, "children": []any{"IPY_MODEL_d", "plain text"}}},
		"u":   map[string]any{"model_name": "AccordionModel", "state": map[string]any{"_titles": map[string]any{"1": "Later"}, "children": []any{"IPY_MODEL_p", "IPY_MODEL_s"}}},
		"p":   map[string]any{"model_name": "PasswordModel", "state": map[string]any{"value": "hunter2"}},
		"s":   map[string]any{"model_name": "SelectMultipleModel", "state": map[string]any{"_options_labels": []any{"x", "y", "z"}, "index": []any{0.0, 2.0}}},
		"n":   map[string]any{"model_name": "DatePickerModel", "state": map[string]any{"value": nil}},
		"m":   map[string]any{"model_name": "HTMLMathModel", "state": map[string]any{"value": "<b>area</b> $x^2$"}},
		"mpl": map[string]any{"model_name": "MPLCanvasModel", "state": map[string]any{"_data_url": "data:image/png;base64," + onePixel}},
		"la":  map[string]any{"model_name": "LabelModel", "state": map[string]any{"value": `$\alpha$`}},
		"o":   map[string]any{"model_name": "OutputModel", "state": map[string]any{"outputs": []any{map[string]any{"output_type": "stream", "name": "stdout", "text": "captured"}}}},
	}}}
	view := func(id string) map[string]any {
		return map[string]any{mimeView: map[string]any{"model_id": id}, "text/plain": "load: 0%"}
	}
	for _, tt := range []struct {
		name     string
		data     map[string]any
		metadata map[string]any
		html, md string
		warning  string
	}{
		{"formula", map[string]any{"text/latex": `$\displaystyle \frac{x}{2}$`, "text/plain": "x/2"}, nil, "<mfrac>", "$$\n\\frac{x}{2}\n$$", ""},
		{"text with formulas", map[string]any{"text/latex": `50 % *of* $x$ and \(y\)`}, nil, `<p>50 % *of* <math`, "50 % \\*of\\* $`x`$ and $`y`$", ""},
		{"environment", map[string]any{"text/latex": "\\begin{align}\na &= b\\\\\nc &= d\n\\end{align}"}, nil, "<mtable", "\\begin{align}", ""},
		{"formula before its picture", map[string]any{"text/latex": "$x$", "image/png": pixel}, nil, "<math", "$`x`$", ""},
		{"HTML before LaTeX", map[string]any{"text/latex": "$x$", "text/html": "<b>x</b>"}, nil, "<b>x</b>", "<b>x</b>", ""},
		{"LaTeX without formula", map[string]any{"text/latex": `\begin{tabular}{l}a\end{tabular}`, "text/plain": "a table"}, nil, "a table", "a table", ""},
		{"LaTeX without formula and without text", map[string]any{"text/latex": `\begin{tabular}{l}a\end{tabular}`, "text/plain": "<IPython.core.display.Latex object>"}, nil, `\begin{tabular}{l}a\end{tabular}`, `\begin{tabular}{l}a\end{tabular}`, "LaTeX that is not a formula is shown as its source"},
		{"JSON", map[string]any{"application/json": map[string]any{"b": []any{1.0, nil}, "a": "<x>"}, "text/plain": "<JSON>"}, nil,
			`<details open=""><summary>{2}</summary><ul><li><b>a</b>: <code>&#34;&lt;x&gt;&#34;</code></li><li><details><summary><b>b</b>: [2]</summary>`, "<summary>{2}</summary>", ""},
		{"sound", map[string]any{"audio/wav": wav, "text/plain": "a tone"}, nil, `<audio class="paper" controls="" preload="metadata" aria-label="a tone" src="data:audio/wave;base64,`, `<a href="figures/media.wav">a tone</a>`, ""},
		{"broken sound", map[string]any{"audio/wav": "aGVsbG8="}, nil, "An output is not shown: audio/wav", "An output is not shown", "an output is omitted: audio/wav"},
		{"script", map[string]any{"application/javascript": "alert(1)", "text/plain": "<Javascript>"}, nil, "An output is not shown: a script", "", "an output is omitted: a script"},
		{"unknown", map[string]any{"application/pdf": "JVBERg==", "text/plain": "<PDF>"}, nil, "&lt;PDF&gt;", "<PDF>", "shown as plain text only: no support for application/pdf"},
		{"size", map[string]any{"image/png": pixel}, map[string]any{"image/png": map[string]any{"width": 298.0, "height": 197.0, "alt": "a dot"}}, `alt="a dot" style="width: 298px;height: 197px;"`, `<img src="figures/figure.png" alt="a dot" width="298" height="197">`, ""},
		{"progress", view("box"), nil, "<p>load: 100% ██████████  20/20 </p>", "load: 100% ██████████  20/20", "removed from HTML: <script>"},
		{"control", view("d"), nil, "<p>Size: M</p>", "Size: M", ""},
		{"captured", view("o"), nil, ">captured</pre>", "captured", ""},
		{"no hidden widget", view("h"), nil, `id="a"`, "", ""},
		{"no closed widget", view("k"), nil, `id="a"`, "", ""},
		{"tabs", view("t"), nil, "<p><b>First</b> Size: M<br/><b>Second</b> plain text</p>", "<b>First</b> Size: M", ""},
		{"accordion", view("u"), nil, "<p>••••••<br/><b>Later</b> x, z</p>", "x, z", ""},
		{"control without a value", view("n"), nil, "<p>—</p>", "—", ""},
		{"widget with a formula", view("m"), nil, "<p><b>area</b> <math", "$`x^2`$", ""},
		{"label with a formula", view("la"), nil, "<math", "$`\\alpha`$", ""},
		{"canvas of ipympl", view("mpl"), nil, `<img class="paper"`, `<img src="figures/image.png"`, ""},
		{"widget within itself", view("e"), nil, "Size: M", "Size: M", "a widget is not shown"},
		{"widget without state", view("x"), nil, "An output is not shown: a widget", "", "a widget, whose state is not in the notebook"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := notebook(markdownCell("# A"), &nbformat.Cell{Type: nbformat.Code, ID: "x", Outputs: []*nbformat.Output{
				{Type: nbformat.DisplayData, Data: tt.data, Metadata: tt.metadata},
			}})
			in.Notebook.Metadata = map[string]any{"widgets": state}
			html, md, warnings := written(t, in)
			if !strings.Contains(html, tt.html) || strings.Contains(html, "hunter2") || strings.HasPrefix(tt.name, "no ") && strings.Contains(html, "load:") {
				t.Errorf("HTML has no %s in\n%s", tt.html, html)
			}
			if !strings.Contains(md, tt.md) {
				t.Errorf("Markdown has no %s in\n%s", tt.md, md)
			}
			if (tt.warning == "") != (warnings == "") || !strings.Contains(warnings, tt.warning) {
				t.Errorf("warnings are %q, want %q", warnings, tt.warning)
			}
		})
	}
}

const (
	mimeView  = "application/vnd.jupyter.widget-view+json"
	mimeState = "application/vnd.jupyter.widget-state+json"
)

// TestCaptionOfMarkdownTable checks tbl-cap with a table in an output of Markdown.
func TestCaptionOfMarkdownTable(t *testing.T) {
	html, md, _ := written(t, notebook(markdownCell("# A\n\nSee @tbl-m."), &nbformat.Cell{
		Type: nbformat.Code, Source: "#| label: tbl-m\n#| tbl-cap: Moons\nx",
		Outputs: []*nbformat.Output{displayed(map[string]any{"text/markdown": "before\n\n| a | $b$ |\n|---|--:|\n| [x](#tbl-m) | 2 |\n\nafter"}, nil)},
	}))
	for _, want := range []string{`<figure class="table" id="tbl-m">`, `Table 1.1</span> Moons`, "<p>before</p>", "<p>after</p>", `<a href="#tbl-m">x</a>`} {
		if !strings.Contains(html, want) {
			t.Errorf("HTML has no %s in\n%s", want, html)
		}
	}
	for _, want := range []string{"See [Table 1.1](#tbl-m).", "before\n\n<a id=\"tbl-m\"></a>\n\n**Table 1.1** Moons\n\n| a |", "| [x](#tbl-m) | 2 |\n\nafter"} {
		if !strings.Contains(md, want) {
			t.Errorf("Markdown has no %s in\n%s", want, md)
		}
	}
}

// TestCaptionedMarkdown checks Quarto's figures and tables of Markdown cells.
func TestCaptionedMarkdown(t *testing.T) {
	in := notebook(markdownCell("# A\n\nSee @fig-dot, @tbl-m and @tbl-n.\n\n![A *dot* of $x$](dot.png){#fig-dot fig-alt=\"black dot\" width=\"40\"}\n\n| a |\n|---|\n| 1 |\n\n: Moons *here* {#tbl-m}\n\n| b |\n|---|\n| 2 |\n\nTable: Suns {#tbl-n}\n\nthen ![in text](dot.png){.wide width=\"30px\" height='20'} more {x}"))
	dot, err := base64.StdEncoding.DecodeString(pixel)
	if err != nil {
		t.Fatal(err)
	}
	in.Files = fstest.MapFS{"dot.png": {Data: dot}}
	html, md, warnings := written(t, in)
	for _, want := range []string{
		`<figure id="fig-dot">`, `alt="black dot" style="width: 40px;"`, `Figure 1.1</span> A <em>dot</em> of <math`, `<figure class="table" id="tbl-m">`, `Table 1.1</span> Moons <em>here</em>`,
		`Table 1.2</span> Suns`, `alt="in text" style="width: 30px;height: 20px;"`, " more {x}</p>", `href="#tbl-n">Table`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("HTML has no %s in\n%s", want, html)
		}
	}
	if want := "See [Figure 1.1](#fig-dot), [Table 1.1](#tbl-m) and [Table 1.2](#tbl-n)."; !strings.Contains(md, want) {
		t.Errorf("Markdown has no %s in\n%s", want, md)
	}
	if warnings != "" {
		t.Errorf("warnings are %q", warnings)
	}
}

// TestRawCells checks that raw cells are shown as nbconvert shows them.
func TestRawCells(t *testing.T) {
	for _, tt := range []struct{ format, source, html, warning string }{
		{"", "some *raw* text", "some *raw* text</code>", ""},
		{"text/restructuredtext", ".. note:: x", ".. note:: x</code>", ""},
		{"text/markdown", "some *raw* text", "<p>some <em>raw</em> text</p>", ""},
		{"text/html", "<b>x</b><script>y</script>", "<b>x</b></div>", "removed from HTML: <script>"},
		{"text/latex", `\newpage`, "", `a cell of type "raw" is omitted`},
		{"", "---\ntitle: x\n---", "", `a cell of type "raw" is omitted`},
	} {
		html, _, warnings := written(t, notebook(markdownCell("# A"), &nbformat.Cell{Type: nbformat.Raw, Source: tt.source, Metadata: map[string]any{"raw_mimetype": tt.format}}))
		if !strings.Contains(html, tt.html) || (tt.warning == "") != (warnings == "") || !strings.Contains(warnings, tt.warning) {
			t.Errorf("%s %q: warnings %q, no %s in\n%s", tt.format, tt.source, warnings, tt.html, html)
		}
	}
}

// TestRichestFormat checks which format of an output is shown: as in JupyterLab, HTML before Markdown.
func TestRichestFormat(t *testing.T) {
	for _, tt := range []struct {
		want string
		data map[string]any
	}{
		{"<li>html</li>", map[string]any{"text/html": "<ol><li>html</li></ol>", "text/markdown": "1. markdown", "text/latex": `\begin{enumerate*}\item latex\end{enumerate*}`, "text/plain": "plain"}},
		{"<li>markdown</li>", map[string]any{"text/markdown": "1. markdown", "text/plain": "plain"}},
	} {
		d, _, err := render.Build([]render.Input{notebook(markdownCell("# A"), codeCell("x", displayed(tt.data, nil)))}, render.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if html := body(page(t, d)); !strings.Contains(html, tt.want) {
			t.Errorf("no %s in\n%s", tt.want, html)
		}
	}
}
