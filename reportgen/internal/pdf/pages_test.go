package pdf_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/pdf"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// swept is a report of sections, each on a page of its own, in which a heading
// comes to stand at every height near the foot of the page: behind a figure, or
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
		t.Errorf("%d pages are too few to tell", n)
	}
	rendertest.CheckPDF(t, filepath.Join(dir, "report.pdf"), filepath.Join(dir, "index.html"))
}
