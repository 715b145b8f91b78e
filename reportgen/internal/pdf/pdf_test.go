package pdf_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/browser"
	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/pdf"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// document is a report with a table that no page holds whole.
func newDocument(t *testing.T) *document.Document {
	t.Helper()
	var rows, text []string
	for i := range 150 {
		rows = append(rows, fmt.Sprintf(`{"n":%d,"s":"x"}`, i))
		text = append(text, fmt.Sprintf(`["row %d begins","and row %d ends, after text that is long enough for a second line in a column of this width, as some are"]`, i, i))
	}
	table := `{"schema":{"fields":[{"name":"n","type":"string"},{"name":"s","type":"string"}]},"data":[` + strings.Join(rows, ",") + `],"text":[` + strings.Join(text, ",") + `]}`
	cell := func(kind, source string, outputs ...*nbformat.Output) *nbformat.Cell {
		return &nbformat.Cell{Type: kind, Source: source, Outputs: outputs}
	}
	inputs := []render.Input{
		{Name: "1.ipynb", Notebook: &nbformat.Notebook{Cells: []*nbformat.Cell{
			cell(nbformat.Markdown, "# Überblick \"first\" \\<b>\n\nSee @tbl-long and @sec-end.\n\n## Détails – 50 %\n\n$x^2$ [^n]\n\n[^n]: A note."),
			cell(nbformat.Code, "table()", &nbformat.Output{Type: nbformat.DisplayData,
				Data:     map[string]any{"application/vnd.dataresource+json": table},
				Metadata: map[string]any{"reportgen": map[string]any{"kind": "table", "label": "tbl-long", "caption": "A long table."}}}),
		}}},
		{Name: "2.ipynb", Notebook: &nbformat.Notebook{Cells: []*nbformat.Cell{cell(nbformat.Markdown, "# The end {#sec-end}\n\nText.")}}},
	}
	d, _, err := render.Build(inputs, render.Options{Title: "Title (draft)", Authors: []render.Author{{Name: "Ada"}}, Abstract: "Short."})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func write(t *testing.T, d *document.Document, o pdf.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if o.Browser == "" {
		o.Browser = rendertest.Browser(t)
	}
	if err := pdf.Write(t.Context(), &b, d, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestWrite prints a report and looks at the pages' text with poppler.
func TestWrite(t *testing.T) {
	d := newDocument(t)
	o := pdf.Options{Time: time.Date(2024, 4, 20, 12, 0, 0, 0, time.UTC)}
	data := write(t, d, o)
	if again := write(t, d, o); !bytes.Equal(data, again) {
		t.Error("two printings differ")
	}
	for _, want := range []string{"/CreationDate (D:20240420120000+00'00')", "/ModDate (D:20240420120000+00'00')", "/StructTreeRoot", "/Marked true", "/Outlines", "/Lang (en)", "/Creator (Flowbook reportgen, Chrome/"} {
		if !bytes.Contains(data, []byte(want)) {
			t.Errorf("the file has no %s", want)
		}
	}
	if bytes.Contains(data, []byte("HeadlessChrome")) {
		t.Error("the file names the browser and its machine")
	}
	tool := testenv.Program(t, "pdftotext", "poppler-utils")
	name := filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), tool, "-layout", name, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	checkPages(t, strings.Split(strings.TrimSuffix(string(text), "\f"), "\f"))
}

func checkPages(t *testing.T, pages []string) {
	t.Helper()
	if len(pages) < 6 {
		t.Fatalf("the report has %d pages", len(pages))
	}
	end := len(pages)
	for i, page := range pages {
		if strings.Contains(page, "2 The end") && strings.Contains(page, "Text.") {
			end = i + 1
		}
		// Both lines of a row are on the page on which it begins.
		for _, m := range regexp.MustCompile(`row (\d+) begins`).FindAllStringSubmatch(page, -1) {
			if !strings.Contains(page, "row "+m[1]+" ends") || strings.Count(page, "begins") != strings.Count(page, "as some") {
				t.Errorf("page %d cuts row %s", i+1, m[1])
			}
		}
		if n := fmt.Sprint(i + 1); i > 0 && strings.TrimSpace(page[strings.LastIndex(strings.TrimRight(page, "\n"), "\n")+1:]) != n {
			t.Errorf("page %d does not end with its number", i+1)
		}
		if i > 1 && !strings.Contains(strings.SplitN(strings.TrimLeft(page, "\n"), "\n", 2)[0], "Title (draft)") {
			t.Errorf("page %d has no running head: %.100q", i+1, page)
		}
	}
	if !regexp.MustCompile(fmt.Sprintf(`2\s+The end\s+%d\n`, end)).MatchString(pages[1]) {
		t.Errorf("the contents do not say that section 2 is on page %d:\n%s", end, pages[1])
	}
	// So do the numbers of headings whose anchors are not ASCII.
	if !regexp.MustCompile(`1\s+Überblick "first" <b>\s+3\n`).MatchString(pages[1]) || !regexp.MustCompile(`1\.1\s+Détails – 50 %\s+\d+\n`).MatchString(pages[1]) {
		t.Errorf("the contents lack the pages of headings with accents:\n%s", pages[1])
	}
	if !strings.Contains(pages[2], `1 Überblick "first" <b>`) {
		t.Errorf("no running head of the section:\n%.300s", pages[2])
	}
}

func TestNoBrowser(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv(browser.Variable, "")
	d := &document.Document{}
	if err := pdf.Write(t.Context(), io.Discard, d, pdf.Options{}); !errors.Is(err, browser.ErrNotFound) || !strings.Contains(err.Error(), "install one") {
		t.Errorf("got %v", err)
	}
	t.Setenv(browser.Variable, "/nowhere/chromium")
	if err := pdf.Write(t.Context(), io.Discard, d, pdf.Options{}); err == nil || !strings.Contains(err.Error(), "FLOWBOOK_CHROMIUM=/nowhere/chromium: not an executable") {
		t.Errorf("got %v", err)
	}
}

// TestMade: a file says which browser printed it, and which document.
func TestMade(t *testing.T) {
	d := newDocument(t)
	digest, err := pdf.Digest(d)
	if err != nil {
		t.Fatal(err)
	}
	made, ok := pdf.ReadMade(write(t, d, pdf.Options{}))
	if !ok || made.Digest != digest || !strings.HasPrefix(made.Browser, "Chrome/") {
		t.Errorf("read %+v, %t, want the document %s", made, ok, digest)
	}
	other, _, err := render.Build(swept(), render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := pdf.Digest(other); err != nil || got == digest {
		t.Errorf("two documents have the digest %s, %v", got, err)
	}
}

// FuzzReadMade checks that untrusted files do not make ReadMade panic.
func FuzzReadMade(f *testing.F) {
	f.Add([]byte(""))
	objects := "%PDF-1.4\n1 0 obj\n<</Creator (Flowbook reportgen, Chrome/1.2, document 0123456789abcdef0123456789abcdef  )>>\nendobj\n"
	small := fmt.Sprintf("%sxref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<</Info 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", objects, len(objects))
	if _, ok := pdf.ReadMade([]byte(small)); !ok {
		f.Fatal("the seed is not read")
	}
	f.Add([]byte(small))
	f.Fuzz(func(t *testing.T, data []byte) {
		if made, ok := pdf.ReadMade(data); ok && (made.Browser == "" || len(made.Digest) != 32) {
			t.Errorf("read %+v", made)
		}
	})
}

// swept is a report of sections, each on a page of its own, in which a heading
// is at every height near the foot of the page: behind a figure, or
// behind a table so short that it may not be broken.
func swept() []render.Input {
	captioned := func(kind, caption, mime, content string) *nbformat.Output {
		return &nbformat.Output{Type: nbformat.DisplayData, Data: map[string]any{mime: content},
			Metadata: map[string]any{"reportgen": map[string]any{"kind": kind, "caption": caption, "alt": "A box"}}}
	}
	figure := func(height int) *nbformat.Output {
		return captioned("figure", "A box.", "image/svg+xml",
			fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="400" height="%d"><rect width="300" height="%[1]d"/></svg>`, height))
	}
	table := func(caption string) *nbformat.Output {
		return captioned("table", caption, "application/vnd.dataresource+json",
			`{"schema":{"fields":[{"name":"host","type":"string"}]},"data":[{"host":"192.0.2.1"},{"host":"192.0.2.2"}]}`)
	}
	var cells []*nbformat.Cell
	add := func(kind, source string, outputs ...*nbformat.Output) {
		cells = append(cells, &nbformat.Cell{Type: kind, Source: source, Outputs: outputs})
	}
	const text = "The text below a heading that stands near the foot of a page takes two lines or three, so that it is printed whole or on the next page, and its heading with it, wherever it stands, also here.\n"
	for height := 600; height <= 790; height += 8 {
		add(nbformat.Markdown, "# Behind a figure")
		add(nbformat.Code, "show()", figure(height))
		add(nbformat.Markdown, "## Below the figure\n\n"+text)
		add(nbformat.Markdown, "# Behind a table")
		add(nbformat.Code, "show()", figure(height-130), table("Hosts"))
		add(nbformat.Markdown, "## Below the table\n\n"+text+"\n### Deeper\n\n"+text)
		add(nbformat.Markdown, "# Before a table\n\n"+text)
		add(nbformat.Code, "show()", figure(height-80), table("Hosts again"))
	}
	return []render.Input{{Name: "all.ipynb", Notebook: &nbformat.Notebook{Cells: cells}}}
}

// TestHeadings: no heading and no caption above a table ends a page.
func TestHeadings(t *testing.T) {
	d, _, err := render.Build(swept(), render.Options{Title: "Long", Code: render.CodeFolded})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var page bytes.Buffer
	if err := render.WriteHTML(&page, d); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"report.pdf": write(t, d, pdf.Options{}), "index.html": page.Bytes()} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(rendertest.Pages(t, filepath.Join(dir, "report.pdf"))); n < 30 {
		t.Errorf("%d pages are too few for this test", n)
	}
	rendertest.CheckPDF(t, filepath.Join(dir, "report.pdf"), filepath.Join(dir, "index.html"))
}

// wideTable is a table of numbers that no page takes side by side, as a data
// resource and as HTML, and the numbers.
func wideTable(columns int) (resource, page string, numbers []string) {
	fields, values, heads, cells := []string{`{"name":"host","type":"string"}`}, []string{`"host":"192.0.2.1"`}, "<th></th>", "<th>0</th>"
	for i := range columns {
		n := fmt.Sprint(1000001 + 7*i)
		numbers = append(numbers, n)
		fields = append(fields, fmt.Sprintf(`{"name":"measure %d","type":"integer"}`, i))
		values = append(values, fmt.Sprintf(`"measure %d":%s`, i, n))
		heads += fmt.Sprintf("<th>column %d</th>", i)
		cells += "<td>x" + n + "</td>"
	}
	return fmt.Sprintf(`{"schema":{"fields":[%s]},"data":[{%s}]}`, strings.Join(fields, ","), strings.Join(values, ",")),
		"<table border=\"1\" class=\"dataframe\"><tr>" + heads + "</tr><tr>" + cells + "</tr></table>", numbers
}

// word is a word on a page with its position, or the width of the page, as printed by pdftotext.
var word = regexp.MustCompile(`<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]*)</word>|<page width="([\d.]+)"`)

// TestWide: what is wider than a page is printed whole, within the margins, on a page in
// landscape under its heading, and the text about it stays as large as it is.
func TestWide(t *testing.T) {
	resource, page, numbers := wideTable(30)
	sum := strings.Repeat("0123456789abcdef", 4)
	less, _, _ := wideTable(16)
	show := func(data map[string]any, said any) *nbformat.Cell {
		return &nbformat.Cell{Type: nbformat.Code, Source: "//| echo: false\nshow()", Outputs: []*nbformat.Output{{Type: nbformat.DisplayData, Data: data, Metadata: map[string]any{"reportgen": said}}}}
	}
	nb := &nbformat.Notebook{Cells: []*nbformat.Cell{
		{Type: nbformat.Markdown, Source: "# Title\n\nProse.\n\n| a | b | c |\n|---|---|---|\n|" + strings.Repeat(" "+sum+" |", 3) + "\n\n$$" + strings.Repeat("a + ", 80) + "z$$"},
		{Type: nbformat.Markdown, Source: "## Turned"},
		show(map[string]any{"application/vnd.dataresource+json": less}, map[string]any{"kind": "table", "caption": "Less wide."}),
		{Type: nbformat.Markdown, Source: "Upright."},
		show(map[string]any{"application/vnd.dataresource+json": resource}, map[string]any{"kind": "table", "caption": "Wide."}),
		{Type: nbformat.Code, Source: "frame", Outputs: []*nbformat.Output{{Type: nbformat.DisplayData, Data: map[string]any{"text/html": page}}}},
	}}
	d, _, err := render.Build([]render.Input{{Name: "a.ipynb", Notebook: nb, Executed: true}}, render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(name, write(t, d, pdf.Options{}), 0o666); err != nil {
		t.Fatal(err)
	}
	tool := testenv.Program(t, "pdftotext", "poppler-utils")
	boxes, err := exec.CommandContext(t.Context(), tool, "-bbox", name, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	const margin = 59 // 2.1 cm in points
	printed, text, paper := map[string]bool{}, "", 0.0
	widths := map[string]float64{} // of the page on which a word is last
	for _, m := range word.FindAllStringSubmatch(string(boxes), -1) {
		if m[6] != "" {
			if paper, err = strconv.ParseFloat(m[6], 64); err != nil {
				t.Fatal(err)
			}
			continue
		}
		widths[m[5]] = paper
		var at [4]float64
		for i := range at {
			if at[i], err = strconv.ParseFloat(m[i+1], 64); err != nil {
				t.Fatal(err)
			}
		}
		printed[m[5]], text = true, text+m[5]
		if at[0] < margin-1 || at[2] > paper-margin+1 {
			t.Errorf("%q is printed from %.0f to %.0f, in or beyond the margin", m[5], at[0], at[2])
		}
		if m[5] == "Prose." && at[3]-at[1] < 10 {
			t.Errorf("prose is printed in a size of %.1f points", at[3]-at[1])
		}
	}
	for said, turned := range map[string]bool{"Turned": true, "Less": true, "Prose.": false, "Upright.": false} {
		if (widths[said] > 800) != turned {
			t.Errorf("%s is on a page %.0f points wide", said, widths[said])
		}
	}
	for _, n := range numbers {
		if !printed[n] || !printed["x"+n] {
			t.Errorf("%s is not printed", n)
		}
	}
	if !printed["Prose."] || !strings.Contains(text, "𝑧") {
		t.Errorf("prose or the end of the formula is not printed: %.300s", text)
	}
}

// TestWhole checks that a report with a fold of its author, a tall picture and characters
// of many scripts is printed whole: the fold is open, the picture fits a page, the last
// page is not empty, and characters without a font are reported.
func TestWhole(t *testing.T) {
	rendertest.Browser(t)
	tall := image.NewGray(image.Rect(0, 0, 300, 3000))
	var picture bytes.Buffer
	if err := png.Encode(&picture, tall); err != nil {
		t.Fatal(err)
	}
	text := document.NewParser().Parse("before")
	d := &document.Document{Lang: "en", Title: "Whole", Blocks: []document.Block{
		&document.Heading{Depth: 1, Number: "1", ID: "one", Text: document.NewParser().ParseLine("One")},
		document.Prose{Text: text},
		&document.HTML{Fragment: document.Fragment{Pieces: []document.Piece{{Markup: "<details><summary>More</summary><p>within the fold \U0001fae8 \U0010ffff</p></details>"}}}},
		&document.Figure{ID: "tall", Picture: &document.Picture{Alt: "tall", Media: "image/png", Data: picture.Bytes(), Name: "tall"}},
		document.Prose{Text: document.NewParser().Parse("after the picture")},
	}}
	var warnings []string
	name := filepath.Join(t.TempDir(), "report.pdf")
	var b bytes.Buffer
	if err := pdf.Write(t.Context(), &b, d, pdf.Options{Warn: func(s string) { warnings = append(warnings, s) }}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	pages := rendertest.Pages(t, name)
	if all := strings.Join(pages, "\n"); !strings.Contains(all, "within the fold") {
		t.Errorf("the fold is not printed open: %q", all)
	}
	if last := pages[len(pages)-1]; !strings.Contains(last, "after the picture") || len(pages) > 4 {
		t.Errorf("%d pages, the last is %q", len(pages), last)
	}
	t.Logf("warnings: %q", warnings)
}
