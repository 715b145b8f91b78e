package render_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// constructs is a notebook with each construct of notebooks of other tools.
func constructs(t *testing.T) render.Input {
	t.Helper()
	dot, err := base64.StdEncoding.DecodeString(pixel)
	if err != nil {
		t.Fatal(err)
	}
	wav := base64.StdEncoding.EncodeToString([]byte("RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00"))
	state := map[string]any{mimeState: map[string]any{"state": map[string]any{
		"tab": map[string]any{"model_name": "TabModel", "state": map[string]any{"titles": []any{"First", "Second"}, "children": []any{"IPY_MODEL_bar", "IPY_MODEL_pick"}}},
		"bar": map[string]any{"model_name": "FloatProgressModel", "state": map[string]any{"value": 3.0, "max": 4.0, "min": 0.0}},
		"pick": map[string]any{"model_name": "DropdownModel", "state": map[string]any{
			"description": "Size:", "_options_labels": []any{"S", "M"}, "index": 1.0,
		}},
	}}}
	code := func(source string, data ...map[string]any) *nbformat.Cell {
		cell := &nbformat.Cell{Type: nbformat.Code, Source: source}
		for _, d := range data {
			cell.Outputs = append(cell.Outputs, displayed(d, nil))
		}
		return cell
	}
	in := notebook(
		markdownCell("# Constructs\n\n<img src=\"dot.png\" alt=\"a dot\" width=\"40\" align=\"right\"> text <kbd>Ctrl</kbd> <mark>marked</mark>\n\n"+
			"<figure><img src=\"dot.png\" alt=\"another dot\"><figcaption>Caption</figcaption></figure>\n\n"+
			"<center>middle</center> <font size=\"5\">large</font>\n\n<a id=\"place\"></a>[to the place](#place), [data](data.csv), http://localhost:8000/"),
		markdownCell("<details><summary>More</summary>\n\n*folded* $x$\n\n<details><summary>Deeper</summary>inside</details></details>\n\n"+
			"<div class=\"alert alert-warning\"><b>Careful:</b> a box with <a href=\"#place\">a link</a></div>\n\n"+
			"<div style=\"display: flex; gap: 1em\"><div style=\"flex: 1; background: #eef\">left</div><div style=\"flex: 1\">right</div></div>\n\n"+
			"<progress value=\"3\" max=\"10\"></progress> <meter value=\"0.4\" title=\"load\"></meter>"),
		markdownCell("![A caption](dot.png){#fig-dot}\n\n| a | b |\n|---|---|\n| 1 | $P(A|B)$ |\n\n: Moons {#tbl-m}\n\nSee @fig-dot, @tbl-m and \\eqref{eq:one}.\n\n"+
			"\\begin{equation}\\label{eq:one} a = b\\end{equation}\n\n<svg viewBox=\"0 0 9 9\" width=\"30\" aria-label=\"circle\"><circle r=\"4\"/></svg>\n\n"+
			"<iframe src=\"https://example.org/\"></iframe> <table><tr><th rowspan=\"2\">A</th><td>1</td></tr><tr><td>2</td></tr></table>"),
		markdownCell("::: {.callout-caution collapse=\"true\"}\n## A *title*\n\nunder it\n:::\n\n:::{tip}\n:class: dropdown\n:open:\nopen\n:::\n\n!!! important\n    always open\n\n"+
			":::: {.panel-tabset}\n## First\n\none\n\n## Second\n\n| a |\n|---|\n| 2 |\n\n::: {.panel-tabset}\n### Inner\n\nthree\n:::\n::::"),
		code("tree", map[string]any{"application/json": map[string]any{"a": []any{1.0, nil, map[string]any{"b": "c"}}}}),
		code("sound", map[string]any{"audio/wav": wav, "text/plain": "a tone"}),
		code("widgets", map[string]any{mimeView: map[string]any{"model_id": "tab"}}),
		code("formula", map[string]any{"text/latex": `text and $\frac{x}{2}$`}),
		code("missing", map[string]any{"application/javascript": "alert(1)"}),
		code("frame", map[string]any{"text/html": `<table border="1" class="dataframe"><thead><tr><th></th><th>a</th></tr></thead><tbody><tr><th>0</th><td>1</td></tr></tbody></table><progress value="2" max="3"></progress>`}),
		code("colours", map[string]any{"text/plain": "\x1b[38;5;226myellow\x1b[0m \x1b[48;5;21mblue\x1b[0m \x1b[38;2;200;200;200mgrey\x1b[0m"}),
	)
	in.Notebook.Metadata = map[string]any{"widgets": state}
	in.Executed = true
	in.Files = fstest.MapFS{"dot.png": {Data: dot}, "data.csv": {Data: []byte("1,2")}}
	return in
}

// TestConstructs checks the constructs of notebooks of other tools in Chromium and with
// axe-core, in both themes, on a desk's screen and a phone's.
func TestConstructs(t *testing.T) {
	d, _, err := render.Build([]render.Input{constructs(t)}, render.Options{Attach: func(string, []byte) error { return nil }})
	if d == nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "index.html")
	if err := os.WriteFile(path, []byte(page(t, d)), 0o666); err != nil {
		t.Fatal(err)
	}
	rendertest.CheckHTML(t, path)
	rendertest.CheckAccessible(t, path)
}

// TestCallouts writes callouts that readers can open and close, which are open on paper and in messages.
func TestCallouts(t *testing.T) {
	d, warnings, err := render.Build([]render.Input{notebook(markdownCell("# A\n\n" +
		"::: {.callout-caution collapse=\"true\"}\n## A *title*, @sec-b\n\nunder it\n:::\n\n" +
		":::{tip}\n:class: dropdown\n:open: true\nopen\n:::\n\n:::{important} Always\nopen\n:::\n\n## B {#sec-b}"))}, render.Options{})
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	md, _ := markdown(t, d)
	for name, written := range map[string]struct {
		text string
		want []string
	}{
		"HTML": {page(t, d), []string{
			"<details class=\"alert caution\">\n<summary class=\"alert-name\">Caution: A <em>title</em>, <a class=\"ref\" href=\"#sec-b\">Section\u00a01.1</a></summary>\n<p>under it</p>\n</details>",
			"<details class=\"alert tip\" open=\"\">\n<summary class=\"alert-name\">Tip</summary>\n<p>open</p>\n</details>",
			"<div class=\"alert important\" role=\"note\">\n<p class=\"alert-name\">Important</p>\n<p><strong>Always</strong></p>\n<p>open</p>\n</div>",
		}},
		"Markdown": {md, []string{
			"<details><summary>Caution: A title, Section 1.1</summary>\n\nunder it\n\n</details>",
			"<details open><summary>Tip</summary>\n\nopen\n\n</details>", "> [!IMPORTANT]\n> **Always**\n>\n> open",
		}},
		"Typst": {typstSource(t, d), []string{`#note("Caution")[`, "#strong[A #emph[title]", "under it", `#note("Tip")[`, `#note("Important")[`}},
	} {
		for _, want := range written.want {
			if !strings.Contains(written.text, want) {
				t.Errorf("%s lacks %q:\n%s", name, want, written.text)
			}
		}
	}
}

// typstSource is the document as source of Typst.
func typstSource(t *testing.T, d *render.Document) string {
	t.Helper()
	dir := t.TempDir()
	if err := render.WriteTypst(dir, d); err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(dir, "report.typ"))
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}
