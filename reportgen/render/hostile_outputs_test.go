package render_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// TestHostileOutputs puts payloads that change when they are read again into notebooks and writes every output of a
// report: page, site, Markdown, its summary, and e-mail. Chromium opens them.
func TestHostileOutputs(t *testing.T) {
	payloads := rendertest.MutationPayloads()
	if len(payloads) < 300 {
		t.Fatalf("%d payloads", len(payloads))
	}
	parts := 2 // Chromium opens the outputs of many payloads at once
	if testing.Short() {
		payloads = payloads[:len(payloads)/8]
		parts = 1
	}
	for part := range slices.Chunk(payloads, (len(payloads)+parts-1)/parts) {
		var inputs []render.Input
		for i, payload := range part {
			summary := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{
				markdownCell("# S"), tagged(markdownCell(payload), "summary"),
				tagged(codeCell("x", displayed(map[string]any{"text/html": payload}, nil), displayed(map[string]any{"text/plain": payload}, nil)), "summary"),
			}}
			inputs = append(inputs,
				render.Input{Name: fmt.Sprintf("%d.ipynb", i), Notebook: hostileNotebook(payload)},
				render.Input{Name: fmt.Sprintf("s%d.ipynb", i), Notebook: summary})
		}
		d, _, _ := render.Build(inputs, render.Options{Title: "hostile"})
		dir := t.TempDir()
		open := func(name string, content []byte) {
			t.Helper()
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, content, 0o666); err != nil {
				t.Fatal(err)
			}
			checkInBrowser(t, path, "hostile")
		}
		whole := page(t, d)
		checkPage(t, whole)
		open("page.html", []byte(whole))
		if err := render.WriteMarkdown(dir, d); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"report.md", "summary.md"} {
			md, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			checkMarkdown(t, string(md))
			open(name+".html", []byte("<title>hostile</title>"+rendertest.GitHub(t, string(md))))
		}
		message, _ := mail(t, d)
		checkHarmless(t, message.HTML, "data:image/", map[string]int{"meta": 3, "style": 1})
		open("email.html", []byte("<title>hostile</title>"+message.HTML))
		checkSite(t, d)
	}
}

// checkSite checks the pages of a site.
func checkSite(t *testing.T, d *render.Document) {
	t.Helper()
	dir := t.TempDir()
	if err := render.WriteSite(dir, d); err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*.html"))
	if err != nil || len(pages) < 3 {
		t.Fatal(pages, err)
	}
	for _, name := range pages {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		checkHarmless(t, string(text), "data:image/", map[string]int{"script": 9, "style": 2, "meta": 8, "link": 9})
	}
	checkInBrowser(t, filepath.Join(dir, "index.html"), "hostile")
}
