package render_test

import (
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// outline is a document in one word a block.
func outline(d *document.Document) string {
	var all []string
	for _, b := range d.Blocks {
		s := strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(fmt.Sprintf("%T", b), "*"), "document."))
		switch b := b.(type) {
		case *document.Code:
			if b.Folded {
				s += "(folded)"
			}
			if b.Expanded {
				s += "(open)"
			}
		case *document.Stream:
			if b.Stderr {
				s += "(stderr)"
			}
		case *document.Figure:
			s += "(" + b.Number + ")"
		case *document.Table:
			s += "(" + b.Number + ")"
		case *document.Heading:
			s = b.Number
		}
		all = append(all, s)
	}
	return strings.Join(all, " ")
}

// TestCellOptions gives what a cell says with what of it is in the report.
func TestCellOptions(t *testing.T) {
	out := &nbformat.Output{Type: nbformat.Stream, Name: "stdout", Text: "out\n"}
	err := &nbformat.Output{Type: nbformat.Stream, Name: "stderr", Text: "err\n"}
	picture := displayed(map[string]any{"image/svg+xml": bar}, nil)
	frame := displayed(map[string]any{"text/html": "<table><tr><th>a</th></tr><tr><td>1</td></tr></table>"}, nil)
	for _, test := range []struct {
		name   string
		source string
		tags   []any
		mode   render.CodeMode
		out    []*nbformat.Output
		want   string
	}{
		{"nothing said", "x", nil, 0, []*nbformat.Output{out, err}, "code stream stream(stderr)"},
		{"streams join", "x", nil, 0, []*nbformat.Output{out, out, err, out}, "code stream stream(stderr) stream"},
		{"echo", "//| echo: false\nx", nil, 0, []*nbformat.Output{out}, "stream"},
		{"echo in Python", "#| echo: false\nx", nil, 0, []*nbformat.Output{out}, "stream"},
		{"echo as formatters of code write it", "// | echo: false\nx", nil, 0, []*nbformat.Output{out}, "stream"},
		{"not an option", "// | echo | false |\nx", nil, 0, []*nbformat.Output{out}, "code stream"},
		{"only options", "//| echo: true", nil, 0, []*nbformat.Output{out}, "stream"},
		{"fold", "//| code-fold: true\nx", nil, 0, nil, "code(folded)"},
		{"fold, open", "//| code-fold: show\nx", nil, 0, nil, "code(folded)(open)"},
		{"output", "//| output: false\nx", nil, 0, []*nbformat.Output{out, picture}, "code"},
		{"include", "//| include: false\nx", nil, 0, []*nbformat.Output{out}, ""},
		{"eval", "//| eval: false\nx", nil, 0, []*nbformat.Output{out}, "code"},
		{"warning", "//| warning: false\nx", nil, 0, []*nbformat.Output{out, err}, "code stream"},
		{"report folds", "x", nil, render.CodeFolded, nil, "code(folded)"},
		{"report folds, cell does not", "//| code-fold: false\nx", nil, render.CodeFolded, nil, "code"},
		{"report hides", "x", nil, render.CodeHidden, []*nbformat.Output{out}, "stream"},
		{"report hides, cell does not", "//| echo: true\nx", nil, render.CodeHidden, nil, "code"},
		{"remove-input", "x", []any{"remove-input"}, 0, []*nbformat.Output{out}, "stream"},
		{"hide-input", "x", []any{"hide-input"}, 0, []*nbformat.Output{out}, "code(folded) stream"},
		{"remove-output", "x", []any{"remove-output"}, 0, []*nbformat.Output{out}, "code"},
		{"hide-output", "x", []any{"hide-output"}, 0, []*nbformat.Output{out}, "code foldstart stream foldend"},
		{"remove-cell", "x", []any{"remove-cell"}, 0, []*nbformat.Output{out}, ""},
		{"remove_cell", "x", []any{"remove_cell"}, 0, []*nbformat.Output{out}, ""},
		{"hide_output", "x", []any{"hide_output"}, 0, []*nbformat.Output{out}, "code foldstart stream foldend"},
		{"printed table", "//| output: asis\n//| tbl-cap: c\nx", nil, 0, []*nbformat.Output{{Type: nbformat.Stream, Name: "stdout", Text: "|a|\n|-|\n|1|"}}, "code table(1.1)"},
		{"hide-cell", "x", []any{"hide-cell"}, 0, []*nbformat.Output{out}, "foldstart code stream foldend"},
		{"remove-stdout", "x", []any{"remove-stdout"}, 0, []*nbformat.Output{out, err}, "code stream(stderr)"},
		{"remove-stderr", "x", []any{"remove-stderr"}, 0, []*nbformat.Output{out, err}, "code stream"},
		{"parameters", "x", []any{"parameters"}, 0, []*nbformat.Output{out}, "stream"},
		{"a failure is shown", "//| include: false\nx", []any{"hide-output"}, 0, []*nbformat.Output{failing()}, "failure"},
		{"uncaptioned picture", "//| fig-alt: a\nx", nil, 0, []*nbformat.Output{picture}, "code figure()"},
		{"captioned picture", "//| fig-cap: c\n//| fig-alt: a\nx", nil, 0, []*nbformat.Output{picture}, "code figure(1.1)"},
		{"captioned picture of MyST", "#| caption: c\n#| alt: a\n#| name: fig-x\nx", nil, 0, []*nbformat.Output{picture}, "code figure(1.1)"},
		{"captioned table of MyST", "#| caption: c\n#| kind: table\nx", nil, 0, []*nbformat.Output{frame}, "code table(1.1)"},
		{"two pictures", "//| label: fig-x\n//| fig-cap: [c, d]\n//| fig-alt: [a, b]\nx", nil, 0, []*nbformat.Output{picture, picture}, "code figure(1.1) figure(1.2)"},
		{"SVG in HTML, as GoNB sends it", "//| fig-alt: a\nx", nil, 0, []*nbformat.Output{displayed(map[string]any{"text/html": "<div>" + bar + "</div>"}, nil)}, "code figure()"},
		{"HTML table", "//| tbl-cap: c\nx", nil, 0, []*nbformat.Output{frame}, "code table(1.1)"},
		{"HTML without caption", "x", nil, 0, []*nbformat.Output{frame}, "code html"},
		{"picture and table", "//| label: tbl-x\n//| fig-cap: c\n//| fig-alt: a\n//| tbl-cap: t\nx", nil, 0, []*nbformat.Output{picture, frame}, "code figure(1.1) table(1.1)"},
		{"Markdown opens a section", "x", nil, 0, []*nbformat.Output{displayed(map[string]any{"text/markdown": "## B\n\nb"}, nil)}, "code 1.1 prose"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cell := tagged(codeCell(test.source, test.out...), test.tags...)
			d := build(t, []render.Input{notebook(markdownCell("# A"), cell)}, render.Options{Code: test.mode})
			if got := strings.TrimSpace(strings.TrimPrefix(outline(d), "1")); got != test.want {
				t.Errorf("the report holds %q, want %q", got, test.want)
			}
		})
	}
}

func TestNumbering(t *testing.T) {
	second := notebook(markdownCell("## C\n\n#### D\n\n### E"), codeCell("", figureOutput("fig-b", "b")), markdownCell("## F"))
	second.Name = "b.ipynb"
	d := build(t, []render.Input{
		notebook(codeCell("", figureOutput("fig-0", "0")), markdownCell("# A\n\n## B\n\n## Not counted {.unnumbered}\n\n## Counted"), codeCell("", figureOutput("fig-a", "a"))),
		second,
	}, render.Options{})
	want := "figure(1) 1 1.1  1.2 figure(1.1) 2 2.1 2.2 figure(2.1) 3"
	if got := outline(d); got != want {
		t.Errorf("numbers are %q, want %q", got, want)
	}
}

func TestImagesInProse(t *testing.T) {
	png, err := base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
	if err != nil {
		t.Fatal(err)
	}
	encoded := base64.StdEncoding.EncodeToString(png)
	cell := markdownCell("# A\n\n![file](img/a.png) ![drawn](b.svg) ![attached](attachment:c%20d.png) ![data](data:image/png;base64," + encoded + ")")
	cell.Extra = map[string]any{"attachments": map[string]any{"c d.png": map[string]any{"image/png": encoded}}}
	in := notebook(cell)
	in.Files = fstest.MapFS{"img/a.png": {Data: png}, "b.svg": {Data: []byte(bar)}}
	d := build(t, []render.Input{in}, render.Options{})
	md, files := markdown(t, d)
	want := "![file](figures/image.png) ![drawn](figures/image-1.svg) ![attached](figures/image-2.png) ![data](figures/image-3.png)"
	if !strings.Contains(md, want) {
		t.Errorf("the Markdown is %s", md)
	}
	if diff := cmp.Diff([]string{"image-1.svg", "image-2.png", "image-3.png", "image.png"}, files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if n := strings.Count(page(t, d), `src="data:image/`); n != 4 {
		t.Errorf("the page embeds %d of 4 images", n)
	}
}

// tablePage writes the page of a report with a table and returns its path.
func tablePage(t *testing.T, table string) string {
	t.Helper()
	nb := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{markdownCell("# Hosts"),
		codeCell("show()", displayed(map[string]any{"application/vnd.dataresource+json": table}, map[string]any{"kind": "table", "caption": "Hosts"}))}}
	dir := t.TempDir()
	testenv.WriteFiles(t, dir, map[string]string{"index.html": page(t, build(t, []render.Input{{Name: "a.ipynb", Notebook: nb}}, render.Options{}))})
	return filepath.Join(dir, "index.html")
}

// TestTableOnPhone: on a narrow screen a column of prose stays wide enough to be
// read, one of short texts takes no more than it needs, and no text is cut.
func TestTableOnPhone(t *testing.T) {
	const reason = "uploaded 1.19 GB to an address that the baseline day does not have, 310 times its own baseline"
	table := fmt.Sprintf(`{"schema":{"fields":[{"name":"Host","type":"string"},{"name":"Protocol","type":"string"},{"name":"Flows","type":"integer"},{"name":"Reason","type":"string"}]},
		"data":[{"Host":"192.168.100.1","Protocol":"tcp","Flows":120,"Reason":%q},{"Host":"192.168.100.2","Protocol":"udp","Flows":1,"Reason":"short"}]}`, reason)
	p := rendertest.Open(t, tablePage(t, table))
	p.Show("light", 375)
	widths := rendertest.Evaluate[[]float64](p, `[...document.querySelector("table.data tbody tr").cells].map((c) => c.getBoundingClientRect().width / parseFloat(getComputedStyle(document.documentElement).fontSize))`)
	if len(widths) != 4 || widths[1] > 6 || widths[3] < 14 {
		t.Errorf("the columns are %.1f rem wide", widths)
	}
	for _, problem := range p.Problems() {
		t.Error(problem)
	}
}

// TestCSV checks that text of saved or copied tables is not a formula in a spreadsheet,
// and that numbers stay numbers.
func TestCSV(t *testing.T) {
	const table = `{"schema":{"fields":[{"name":"Host","type":"string"},{"name":"Change","type":"number"}]},
		"data":[{"Host":"=HYPERLINK(\"https://example.org\",\"x\")","Change":-1.5},{"Host":"@x","Change":2},{"Host":"a, \"b\"","Change":3},
			{"Host":"\u200b+1; =2\u200b","Change":4}]}`
	p := rendertest.Open(t, tablePage(t, table))
	p.Show("light", 1280)
	got := rendertest.Evaluate[string](p, `new Promise((done) => {
		URL.createObjectURL = (b) => { b.text().then(done); return "data:,"; };
		HTMLAnchorElement.prototype.click = () => {};
		document.querySelector("figure.table .tools button:nth-child(2)").click();
	})`)
	const want = "Host,Change\n\"'=HYPERLINK(\"\"https://example.org\"\",\"\"x\"\")\",-1.5\n'@x,2\n\"a, \"\"b\"\"\",3\n'\u200b+1;' =2\u200b,4\n"
	if got != want {
		t.Errorf("saved %q, want %q", got, want)
	}
}

// TestLargePicture: a file that no page can hold is refused, and not read to its
// end.
func TestLargePicture(t *testing.T) {
	const limit = 20 << 20
	png := "\x89PNG\r\n\x1a\n"
	for size, want := range map[int]string{limit: "", limit + 1: "larger than 20 MB"} {
		files := fstest.MapFS{"big.png": {Data: []byte(png + strings.Repeat("\x00", size-len(png)))}}
		nb := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{markdownCell("# Title\n\n![big](big.png)")}}
		_, _, err := render.Build([]render.Input{{Name: "a.ipynb", Notebook: nb, Files: files}}, render.Options{})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%d bytes: %q, want %q", size, got, want)
		}
	}
}

// TestPolicy: whatever passes the sanitisers, the browser loads nothing and runs
// nothing but the page's own script.
func TestPolicy(t *testing.T) {
	nb := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{markdownCell("# Title")}}
	for _, value := range attributeValues(t, page(t, build(t, []render.Input{{Name: "a.ipynb", Notebook: nb}}, render.Options{})), "content") {
		if !strings.HasPrefix(value, "default-src") {
			continue
		}
		for _, want := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'", "img-src data:", "style-src-elem 'sha256-", "script-src 'sha256-"} {
			if !strings.Contains("; "+value, "; "+want) {
				t.Errorf("the policy has no %q: %s", want, value)
			}
		}
		if strings.Contains(value, "*") || strings.Contains(value, "http") || strings.Contains(value, "dynamic") {
			t.Errorf("the policy is wide: %s", value)
		}
		return
	}
	t.Error("the page has no policy")
}
