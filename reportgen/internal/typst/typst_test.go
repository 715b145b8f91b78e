package typst_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/internal/tex"
	"github.com/flowbook/flowbook/reportgen/internal/typst"
)

var (
	linked  = regexp.MustCompile(`#link\(label\(("(?:[^"\\]|\\.)*")\)\)`)
	labels  = regexp.MustCompile(`#label\(("(?:[^"\\]|\\.)*")\)`)
	picture = regexp.MustCompile(`image\("((?:[^"\\]|\\.)*)"`)
)

// checkSource checks the source of a document: it is the same each time, each link leads to
// one label, and each picture is a file.
func checkSource(t *testing.T, d *document.Document) {
	t.Helper()
	dir, again := t.TempDir(), t.TempDir()
	for _, to := range []string{dir, again} {
		if err := typst.Write(to, d); err != nil {
			t.Fatal(err)
		}
	}
	files := testenv.Tree(t, dir)
	if diff := cmp.Diff(files, testenv.Tree(t, again)); diff != "" {
		t.Errorf("the second source differs: %s", diff)
	}
	source := files[typst.FileName]
	if source == "" {
		t.Fatal("no source")
	}
	defined := map[string]int{}
	for _, m := range labels.FindAllStringSubmatch(source, -1) {
		defined[m[1]]++
	}
	for label, n := range defined {
		if n > 1 {
			t.Errorf("%s is the label of %d places", label, n)
		}
	}
	for _, m := range linked.FindAllStringSubmatch(source, -1) {
		if defined[m[1]] == 0 {
			t.Errorf("%s is linked, but labels no place", m[1])
		}
	}
	for _, m := range picture.FindAllStringSubmatch(source, -1) {
		if files[filepath.FromSlash(m[1])] == "" {
			t.Errorf("no picture %s", m[1])
		}
	}
}

// compiled returns the PDF of a document. The test fails if it does not conform to the
// standards. Short tests check the source only.
func compiled(t *testing.T, d *document.Document) []byte {
	t.Helper()
	checkSource(t, d)
	var b bytes.Buffer
	o := typst.Options{Program: rendertest.Typst(t), Keywords: "made by a test", Warn: func(message string) { t.Error(message) }}
	if err := typst.Compile(t.Context(), &b, d, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// textOf returns the text of a PDF.
func textOf(t *testing.T, data []byte) string {
	t.Helper()
	path, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not installed")
	}
	cmd := exec.CommandContext(t.Context(), path, "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// The sample report conforms to PDF/A-2b and PDF/UA-1, and has the same bytes wherever it
// is compiled.
func TestSampleReport(t *testing.T) {
	d := rendertest.Sample(t)
	first := compiled(t, d)
	if text := textOf(t, first); !strings.Contains(text, "2.2 Addresses with the most data") || !strings.Contains(text, "Figure 2.1") {
		t.Errorf("the text is %.500s", text)
	}
	for _, want := range []string{"<pdfaid:part>2<", "<pdfuaid:part>1<", "made by a test", "/Outlines"} {
		if !bytes.Contains(first, []byte(want)) {
			t.Errorf("the file lacks %s", want)
		}
	}
	t.Setenv("TMPDIR", t.TempDir())
	if !bytes.Equal(first, compiled(t, d)) {
		t.Error("another folder gives other bytes")
	}
}

// A report with every kind of block and of author conforms to PDF/UA-1 and PDF/A-2b, as veraPDF judges it, in English and
// Portuguese.
func TestVeraPDF(t *testing.T) {
	for _, lang := range []string{"en", "pt"} {
		d := &document.Document{
			Title: "Kinds", Lang: lang, Blocks: document.Kinds(), Affiliations: []string{"One", "Two"}, Date: "2024-04-20", Summary: document.Kinds()[1:2],
			Authors: []document.Author{{Name: "Ada", ORCID: "0000-0002-1825-0097", Email: "ada@example.org", Corresponding: true, Affiliations: []int{0, 1}}, {Name: "Grace"}},
			Logo:    &document.Picture{Alt: "Logo", Media: "image/png", Name: "logo", Data: pixel},
		}
		for _, f := range d.Figures() {
			f.Picture.Data = pixel
		}
		said := rendertest.VeraPDF(t, compiled(t, d), "ua1", "2b")
		if strings.Count(said, ": compliant") != 2 {
			t.Errorf("%s: %s", lang, said)
		}
	}
}

// Every kind of block has a form.
func TestEveryKind(t *testing.T) {
	d := &document.Document{Title: "Kinds", Lang: "de", Blocks: document.Kinds()}
	for _, b := range d.Blocks {
		if f, ok := b.(*document.Figure); ok {
			f.Picture.Data = pixel
		}
	}
	text := textOf(t, compiled(t, d))
	for _, want := range []string{"a heading", "some prose", "some code", "some output", "SomeError", "a fold", "some HTML"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q: %s", want, text)
		}
	}
}

// pixel is a picture in PNG.
var pixel, _ = base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC")

// Nothing that a notebook says is code of Typst.
func TestTextIsText(t *testing.T) {
	const hostile = "#panic(1) *a* _b_ `c` $d$ <e> @f [g] ~h = i - j + k / l // m \\n \"o\" 'p' ... -- #import \"@preview/x:1.0.0\" /* q */ ]#show: none"
	p := document.NewParser()
	d := &document.Document{
		Title: hostile, Subtitle: hostile, Authors: []document.Author{{Name: hostile}}, Date: hostile,
		Provenance: []document.Field{{Name: hostile, Value: "x"}},
		Warnings:   []string{hostile},
		Blocks: []document.Block{
			&document.Heading{Depth: 1, ID: "a", Text: p.ParseLine("`" + strings.ReplaceAll(hostile, "`", "'") + "`")},
			&document.Code{Source: hostile, Language: hostile},
			document.Prose{Text: p.Parse("    " + hostile + "\n\n- = heading\n- / term: x\n\n1. 2\\. x\n\n= not a heading\n\n/ no term: y\n")},
			&document.Table{ID: "tbl-x", Number: "1.1", Caption: p.ParseLine("A \\#caption"), Columns: []document.Column{{Title: hostile}}, Rows: [][]document.Value{{{Text: hostile}}}},
			&document.HTML{Fragment: document.Fragment{Pieces: []document.Piece{{Markup: "<p>#panic(2) <b>*x*</b></p><table><tr><td rowspan=2>#a</td><td>]b[</td></tr><tr><td>$c</td></tr></table>"}}}},
			&document.Failure{Anchor: "f", Name: hostile, Value: hostile},
		},
	}
	text := textOf(t, compiled(t, d))
	if n := strings.Count(text, "#panic(1)"); n < 9 {
		t.Errorf("the text is printed %d times:\n%s", n, text)
	}
	for _, want := range []string{"#panic(2) *x*", "]b[", "= not a heading", "/ no term: y", "= heading", "@preview/x:1.0.0"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
}

// A picture that cannot be decoded is named in its place, and a link to an equation that has no anchor on paper is its text:
// neither keeps the rest of a report from being printed.
func TestDamagedPictureAndLink(t *testing.T) {
	p := document.NewParser()
	equation := &document.Equation{ID: "eq-b", MathML: "<math><mi>x</mi></math>", TeX: "x"} // without a number
	shown := document.Prose{Text: p.Parse("See.")}
	shown.Root.AppendChild(shown.Root, equation)
	linking := document.Prose{Text: p.Parse("[to it](#eq-b)")}
	d := &document.Document{Title: "T", Blocks: []document.Block{
		&document.Heading{Depth: 1, ID: "a", Text: p.ParseLine("A")}, shown, linking,
		&document.Figure{ID: "fig-a", Number: "1.1", Picture: &document.Picture{Alt: "a broken one", Media: "image/gif", Data: []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), Name: "a"}},
		&document.Figure{ID: "fig-b", Number: "1.2", Picture: &document.Picture{Alt: "a good one", Media: "image/png", Data: pixel, Name: "b"}},
	}}
	dir := t.TempDir()
	if err := typst.Write(dir, d); err != nil {
		t.Fatal(err)
	}
	files := testenv.Tree(t, dir)
	source := files[typst.FileName]
	if _, there := files["figures/b.png"]; !there || len(files) != 2 || !strings.Contains(source, `"a broken one (image/gif)"`) || strings.Contains(source, "eq-b") || !strings.Contains(source, "to it") {
		t.Errorf("%d files, and this source:\n%s", len(files), source)
	}
	checkSource(t, d)
}

// A cell that spans rows or columns takes their room, and its few bytes do not ask for more work than cells do.
func TestSpans(t *testing.T) {
	written := func(rows string) string {
		dir := t.TempDir()
		d := &document.Document{Blocks: []document.Block{&document.HTML{Fragment: document.Fragment{Pieces: []document.Piece{{Markup: "<table>" + rows + "</table>"}}}}}}
		if err := typst.Write(dir, d); err != nil {
			t.Fatal(err)
		}
		return testenv.Tree(t, dir)["report.typ"]
	}
	const spans = `<tr><td rowspan="2">a</td><td colspan="2">b</td></tr><tr><td>c</td><td rowspan="2">d</td></tr><tr><td>e</td><td>f</td></tr>`
	const want = "[a], [b], [],\n  [], [c], [d],\n  [e], [f], [],\n"
	if got := written(spans); !strings.Contains(got, want) {
		t.Errorf("%s\nlacks\n%s", got, want)
	}
	bytes := func(rows int) int {
		return len(written(strings.Repeat(`<tr><td colspan="1000" rowspan="1000">a</td></tr>`, rows)))
	}
	if one, two := bytes(100), bytes(200); one > 200_000 || two > 400_000 {
		t.Errorf("%d bytes for 100 rows, %d for 200", one, two)
	}
}

// What Typst's own fonts lack is said.
func TestMissingCharacters(t *testing.T) {
	d := &document.Document{Title: "A", Blocks: []document.Block{document.Prose{Text: document.NewParser().Parse("\u0d06")}}}
	var warned []string
	o := typst.Options{Program: rendertest.Typst(t), Warn: func(message string) { warned = append(warned, message) }}
	var b bytes.Buffer
	if err := typst.Compile(t.Context(), &b, d, o); err != nil || b.Len() == 0 {
		t.Fatal(err)
	}
	if len(warned) == 0 || !strings.Contains(warned[0], "fonts of this machine are used") || !strings.Contains(warned[0], "could not be displayed") {
		t.Errorf("warnings: %q", warned)
	}
}

// A picture without alternative text costs PDF/UA and not the file.
func TestNoAlternativeText(t *testing.T) {
	d := &document.Document{Title: "A", Blocks: []document.Block{&document.Figure{ID: "x", Picture: &document.Picture{Media: "image/png", Data: pixel, Name: "x"}}}}
	var warned []string
	o := typst.Options{Program: rendertest.Typst(t), Warn: func(message string) { warned = append(warned, message) }}
	var b bytes.Buffer
	if err := typst.Compile(t.Context(), &b, d, o); err != nil || !bytes.Contains(b.Bytes(), []byte("<pdfaid:part>2<")) {
		t.Fatal(err)
	}
	if len(warned) != 1 || !strings.Contains(warned[0], "does not conform to A-2B,UA-1: ") {
		t.Errorf("warnings: %q", warned)
	}
}

// All examples of the CommonMark specification compile.
func TestCommonMark(t *testing.T) {
	root, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/yuin/goldmark").Output()
	if err != nil {
		t.Skipf("goldmark's module, which holds the specification's examples, is not found: %v", err)
	}
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "_test", "spec.json"))
	if err != nil {
		t.Skipf("the specification's examples are not in goldmark's module: %v", err)
	}
	var examples []struct{ Markdown string }
	if err := json.Unmarshal(data, &examples); err != nil {
		t.Fatal(err)
	}
	p := document.NewParser()
	d := &document.Document{Title: "Examples", Blocks: []document.Block{&document.Heading{Depth: 1, ID: "examples", Text: p.ParseLine("Examples")}}}
	for _, e := range examples {
		// Raw HTML is converted before a document is written.
		if !strings.ContainsAny(e.Markdown, "<ആ") && !strings.Contains(e.Markdown, "&#") {
			d.Blocks = append(d.Blocks, document.Prose{Text: p.Parse(e.Markdown)})
		}
	}
	if len(d.Blocks) < 400 {
		t.Fatalf("only %d examples", len(d.Blocks))
	}
	// Their headings are of any level, as PDF/UA does not want.
	if err := typst.Compile(t.Context(), io.Discard, d, typst.Options{Program: rendertest.Typst(t)}); err != nil {
		t.Error(err)
	}
}

// The formulas of package tex compile.
func TestFormulas(t *testing.T) {
	list, err := os.ReadFile(testenv.Path(t, "reportgen/internal/tex/testdata/formulas.txt"))
	if err != nil {
		t.Fatal(err)
	}
	renderer, err := tex.New()
	if err != nil {
		t.Fatal(err)
	}
	p := document.NewParser()
	d := &document.Document{Title: "Formulas", Blocks: []document.Block{&document.Heading{Depth: 1, ID: "formulas", Text: p.ParseLine("Formulas")}}}
	for line := range strings.Lines(string(list)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		mathML, err := renderer.MathML(line, true)
		if err != nil {
			continue
		}
		text := p.Parse("$x$")
		m := text.Root.FirstChild().FirstChild().(*document.Math)
		m.TeX, m.MathML, m.Display = line, mathML, true
		d.Blocks = append(d.Blocks, document.Prose{Text: text})
	}
	if len(d.Blocks) < 200 {
		t.Fatalf("only %d formulas", len(d.Blocks))
	}
	data := compiled(t, d)
	// For a look at them.
	if dir := os.Getenv("FLOWBOOK_SCREENSHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "formulas.pdf"), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Text from right to left keeps its direction to itself: the date after an author and the page number after a heading in the
// contents stay where they are.
func TestRightToLeft(t *testing.T) {
	p := document.NewParser()
	d := &document.Document{Lang: "en", Title: "T", Date: "21 March 2024", Authors: []document.Author{{Name: "Ada"}, {Name: "عمر"}},
		Blocks: []document.Block{&document.Heading{Depth: 1, ID: "a", Number: "1", Text: p.ParseLine("כותרת 10.0.0.7")}, &document.Heading{Depth: 1, ID: "b", Number: "2", Text: p.ParseLine("Left")}}}
	dir := t.TempDir()
	if err := typst.Write(dir, d); err != nil {
		t.Fatal(err)
	}
	source := testenv.Tree(t, dir)[typst.FileName]
	for _, want := range []string{"Ada · \u2068عمر\u2069 · 21 March 2024", "[\u20681 כותרת 10.0.0.7\u2069]", "[2 Left]"} {
		if !strings.Contains(source, want) {
			t.Errorf("the source lacks %q:\n%s", want, source)
		}
	}
}
