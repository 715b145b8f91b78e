package render_test

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// TestInjection puts a script into every field that carried one into pages of
// nbconvert (CVE-2021-32862): titles, tags, widgets, names, sizes and forms of
// outputs.
func TestInjection(t *testing.T) {
	const x = `"><img src=x onerror="document.title='pwned'"><script>document.title='pwned'</script>`
	said := map[string]any{"filenames": map[string]any{"image/png": x}, "image/png": map[string]any{"width": x, "height": x}, "width": x}
	outputs := []*nbformat.Output{
		displayed(map[string]any{"text/html": x}, nil),
		displayed(map[string]any{"text/markdown": x}, nil),
		displayed(map[string]any{"text/latex": x}, nil),
		displayed(map[string]any{"application/javascript": "document.title='pwned'"}, nil),
		displayed(map[string]any{"application/vnd.jupyter.widget-view+json": map[string]any{"model_id": x}}, nil),
		displayed(map[string]any{"image/png": x}, nil),
		displayed(map[string]any{"image/jpeg": "AAAA\" onerror=\"document.title='pwned'"}, nil),
		displayed(map[string]any{"image/svg+xml": `<svg onload="document.title='pwned'"><script>document.title='pwned'</script><foreignObject>` + x + `</foreignObject></svg>`}, nil),
		displayed(map[string]any{"image/svg+xml": x}, nil),
		{Type: nbformat.DisplayData, Data: map[string]any{"image/png": onePixel}, Metadata: said},
		{Type: nbformat.Stream, Name: x, Text: x},
		{Type: nbformat.Error, EName: x, EValue: x, Traceback: []string{"\x1b[31m" + x}},
		{Type: x, Data: map[string]any{x: x}},
	}
	cell := tagged(codeCell(x, outputs...), x)
	cell.Metadata["name"] = x
	nb := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{markdownCell(x), cell, {Type: nbformat.Raw, Source: x}, {Type: x, Source: x}},
		Metadata: map[string]any{"title": x, "authors": []any{map[string]any{"name": x}}, "language_info": map[string]any{"name": x, "pygments_lexer": x},
			"widgets": map[string]any{"application/vnd.jupyter.widget-state+json": map[string]any{"state": x}}}}
	d, _, _ := render.Build([]render.Input{{Name: x, Notebook: nb}}, render.Options{})
	checkPage(t, page(t, d))
	md, _ := markdown(t, d)
	checkMarkdown(t, md)
}

// onePixel is a PNG.
const onePixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg=="

// TestFilesOutside asks for pictures beyond the notebook's folder, which
// nbconvert embedded (CVE-2026-39378): none is read, and no figure is written
// outside of the report's folder.
func TestFilesOutside(t *testing.T) {
	dir := t.TempDir()
	secret, err := base64.StdEncoding.DecodeString(onePixel)
	if err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(dir, "notebooks")
	if err := os.Mkdir(inside, 0o777); err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(dir, "secret.png")
	for _, name := range []string{outside, filepath.Join(inside, "own.png")} {
		if err := os.WriteFile(name, secret, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(inside, "link.png")); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	root, err := os.OpenRoot(inside)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	build := func(source string, files fs.FS) (string, error) {
		nb := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{markdownCell("# Title"), markdownCell(source)}}
		d, _, err := render.Build([]render.Input{{Name: "a.ipynb", Notebook: nb, Files: files}}, render.Options{})
		return body(page(t, d)), err
	}
	if html, err := build("![own](own.png)", root.FS()); err != nil || !strings.Contains(html, onePixel) {
		t.Fatalf("a picture of the folder is not embedded: %v", err)
	}
	for _, destination := range []string{
		"../secret.png", "%2e%2e/secret.png", "..%2fsecret.png", "a/../../secret.png", outside, "file://" + outside,
		"//localhost" + outside, "link.png", "../../../../../../etc/passwd", "/etc/passwd", `..\\secret.png`, "own.png/../../secret.png",
	} {
		html, err := build("![secret]("+destination+")", root.FS())
		if err == nil || strings.Contains(html, "data:image") {
			t.Errorf("%s was read: %v", destination, err)
		} else if got := problems(t, err); len(got) != 1 || !strings.HasPrefix(got[0], "a.ipynb, cell 2") {
			t.Errorf("%s: the problems are %q", destination, got)
		}
	}
	if _, err := build("![x](own.png)", nil); err == nil {
		t.Error("without a folder a file was read")
	}
}

// TestNamesOfFigures checks that labels of figures are not used as paths.
func TestNamesOfFigures(t *testing.T) {
	for _, label := range []string{"fig-../../evil", "../evil", "/tmp/evil", `fig-..\evil`, "fig-a/b", "fig-\x00"} {
		nb := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{markdownCell("# Title"), codeCell("x", displayed(
			map[string]any{"image/png": onePixel}, map[string]any{"kind": "figure", "label": label, "caption": "c", "alt": "a"}))}}
		d, _, err := render.Build([]render.Input{{Name: "a.ipynb", Notebook: nb}}, render.Options{})
		if err == nil {
			t.Errorf("the label %q is taken", label)
		}
		if _, figures := markdown(t, d); len(figures) != 1 || figures[0] != "figure-1-1.png" {
			t.Errorf("the label %q gives the files %q", label, figures)
		}
	}
}

// TestAttachments: an attachment is a picture of its cell, whatever it names.
func TestAttachments(t *testing.T) {
	for name, bundle := range map[string]any{
		"itself":       map[string]any{"image/svg+xml": base64.StdEncoding.EncodeToString([]byte(`<svg xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="attachment:itself"/><use href="#itself"/></svg>`))},
		"no picture":   map[string]any{"image/png": base64.StdEncoding.EncodeToString([]byte("<script>alert(1)</script>"))},
		"not base64":   map[string]any{"image/png": "%%%"},
		"no bundle":    "text",
		"other type":   map[string]any{"text/html": "<b>"},
		"nothing":      nil,
		"number":       map[string]any{"image/png": 3.0},
		"script":       map[string]any{"image/svg+xml": base64.StdEncoding.EncodeToString([]byte(`<svg><script>document.title="pwned"</script></svg>`))},
		"cycle of use": map[string]any{"image/svg+xml": base64.StdEncoding.EncodeToString([]byte(`<svg><g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g></svg>`))},
	} {
		t.Run(name, func(t *testing.T) {
			cell := markdownCell("# Title\n\n![alt](<attachment:" + name + ">)")
			cell.Extra = map[string]any{"attachments": map[string]any{name: bundle}}
			d, _, _ := render.Build([]render.Input{{Name: "a.ipynb", Notebook: &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{cell}}}}, render.Options{})
			checkPage(t, page(t, d))
			md, _ := markdown(t, d)
			checkMarkdown(t, md)
		})
	}
}

// TestFormats reads notebooks of every version of the format: those of versions
// 2 to 4 are rendered, and others are refused with the way to upgrade them.
func TestFormats(t *testing.T) {
	const cells = `"metadata":{},"cells":[{"cell_type":"markdown","metadata":{},"source":"# Title"},{"cell_type":"code","metadata":{"collapsed":false},"execution_count":null,"source":["x"],"outputs":[{"output_type":"stream","name":"stdout","text":["printed"]}]}]`
	for minor := range 6 {
		nb, err := nbformat.Unmarshal(fmt.Appendf(nil, `{"nbformat":4,"nbformat_minor":%d,%s}`, minor, cells))
		if err != nil {
			t.Errorf("version 4.%d: %v", minor, err)
			continue
		}
		if html := page(t, build(t, []render.Input{{Name: "a.ipynb", Notebook: nb}}, render.Options{})); !strings.Contains(html, "printed") {
			t.Errorf("version 4.%d lost its output", minor)
		}
	}
	for _, version := range []int{2, 3} {
		nb, err := nbformat.Unmarshal(fmt.Appendf(nil, `{"nbformat":%d,"metadata":{"name":"old"},"worksheets":[{"cells":[{"cell_type":"heading","level":1,"source":["Old"]},
			{"cell_type":"code","language":"python","collapsed":false,"input":["1+1"],"prompt_number":3,"outputs":[{"output_type":"stream","stream":"stderr","text":["printed"]},
			{"output_type":"pyout","prompt_number":3,"text":["plain"],"html":["<b>rich</b>"]},{"output_type":"pyerr","ename":"E","evalue":"why","traceback":[]},
			{"output_type":"display_data","png":"%s","metadata":{"png":{"width":23}}}]}]}]}`, version, onePixel))
		if err != nil {
			t.Errorf("version %d: %v", version, err)
			continue
		}
		d, _, _ := render.Build([]render.Input{{Name: "a.ipynb", Notebook: nb}}, render.Options{})
		if d == nil {
			t.Fatalf("version %d: no document", version)
		}
		html := body(page(t, d))
		for _, want := range []string{"Old<", "printed", "<b>rich</b>", "why", "data:image/png", "23px", "1+1"} {
			if !strings.Contains(html, want) && !strings.Contains(html, strings.ReplaceAll(want, "1+1", ">1</span>")) {
				t.Errorf("version %d: the page has no %s", version, want)
			}
		}
	}
	for _, source := range []string{
		`{"nbformat":3,"nbformat_minor":0,"metadata":{"name":""},"worksheets":[{"cells":[{"cell_type":"code","input":["x"],"outputs":[3]}]}]}`,
		`{"nbformat":2}`,
		`{"nbformat":5,` + cells + `}`,
		`{"nbformat":"4",` + cells + `}`,
		`{` + cells + `}`,
		`[]`, `null`, ``, `{"nbformat":4`,
	} {
		if nb, err := nbformat.Unmarshal([]byte(source)); err == nil {
			t.Errorf("%.60s was read as %v", source, nb)
		} else if len(err.Error()) < 10 {
			t.Errorf("%.60s: the error %q says little", source, err)
		}
	}
}

// TestHugeOutputs: a report stays readable whatever a cell prints, and says what
// it left out.
func TestHugeOutputs(t *testing.T) {
	const size = 100 << 20
	huge := strings.Repeat("0123456789abcde\n", size/16)
	nb := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{markdownCell("# Title"), codeCell("x",
		&nbformat.Output{Type: nbformat.Stream, Name: "stdout", Text: huge},
		displayed(map[string]any{"text/html": "<p>" + huge}, nil),
		displayed(map[string]any{"text/plain": huge}, nil),
	)}}
	d, warnings, err := render.Build([]render.Input{{Name: "a.ipynb", Notebook: nb}}, render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	html := page(t, d)
	if len(html) > 4<<20 {
		t.Errorf("the page has %d bytes", len(html))
	}
	for _, want := range []string{"[… 104 MB more]", "[an output of 105 MB is omitted]"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page does not say %s", want)
		}
	}
	if len(warnings) != 3 {
		t.Errorf("warnings: %v", warnings)
	}
}

// TestDeepNesting: Markdown, HTML, SVG and formulas that nest without end are
// printed or refused, and exhaust nothing.
func TestDeepNesting(t *testing.T) {
	const n = 10_000
	for name, source := range map[string]string{
		"quotes":   strings.Repeat("> ", n) + "x",
		"lists":    strings.Repeat("- ", n) + "x",
		"emphasis": strings.Repeat("*a ", n),
		"brackets": strings.Repeat("[", n) + "x" + strings.Repeat("]", n),
		"images":   strings.Repeat("![", n) + "x" + strings.Repeat("](y)", n),
		"html":     strings.Repeat("<div>", n),
		"formulas": strings.Repeat("$x$ ", n/10) + "$" + strings.Repeat("{", n/2) + "$",
		"notes":    strings.Repeat("[^a]", n/10) + "\n\n[^a]: x[^a]",
		"works":    strings.Repeat("[@a; ", n),
	} {
		t.Run(name, func(t *testing.T) {
			nb := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{markdownCell("# Title"), markdownCell(source),
				codeCell("x", displayed(map[string]any{"text/html": source}, nil), displayed(map[string]any{"image/svg+xml": "<svg>" + strings.Repeat("<g>", n) + "</svg>"}, nil))}}
			d, _, _ := render.Build([]render.Input{{Name: "a.ipynb", Notebook: nb}}, render.Options{})
			checkPage(t, page(t, d))
			_, _ = markdown(t, d)
		})
	}
}
