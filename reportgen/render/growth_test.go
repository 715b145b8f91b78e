package render_test

import (
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// chapters are notebooks with sections, references over all of them, notes, tables
// and figures.
func chapters(count int) []render.Input {
	var inputs []render.Input
	for i := range count {
		cells := []*nbformat.Cell{markdownCell(fmt.Sprintf("# Chapter {#sec-%d}\n\nAfter @sec-%d.", i, i*7%count))}
		for j := range 6 {
			said := func(kind, prefix string) map[string]any {
				return map[string]any{"kind": kind, "label": fmt.Sprintf("%s-%d-%d", prefix, i, j), "caption": "What it shows", "alt": "A box"}
			}
			cells = append(cells,
				markdownCell(fmt.Sprintf("## Section\n\n@fig-%d-%d and [](#tbl-%d-%d) say $x_%d$.[^a]\n\n%s\n\n[^a]: A note.", i, j, i, j, j, strings.Repeat("Words of a paragraph. ", 30))),
				codeCell("show()",
					displayed(map[string]any{"image/svg+xml": `<svg viewBox="0 0 9 9">` + strings.Repeat(`<rect id="r" width="3" height="3"/>`, 50) + "</svg>"}, said("figure", "fig")),
					displayed(map[string]any{"application/vnd.dataresource+json": `{"schema":{"fields":[{"name":"a","type":"string"}]},"data":[` + strings.Repeat(`{"a":"x"},`, 30) + `{"a":"x"}]}`}, said("table", "tbl"))))
		}
		inputs = append(inputs, render.Input{Name: fmt.Sprintf("%d.ipynb", i), Notebook: &nbformat.Notebook{Minor: 5, Cells: cells}})
	}
	return inputs
}

// TestGrowth: twice the report takes twice the work and twice the room, in every
// format.
func TestGrowth(t *testing.T) {
	const small, ratio = 12, 2.25
	grown := func(what string, measure func(chapters int) float64) {
		t.Helper()
		if one, two := measure(small), measure(2*small); two > ratio*one {
			t.Errorf("%s: %.0f for %d chapters and %.0f for %d", what, one, small, two, 2*small)
		}
	}
	size := func(dir string) (bytes float64) {
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no file: %v", err)
		}
		for _, name := range files {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			bytes += float64(info.Size())
		}
		return bytes
	}
	grown("allocations of a page", func(n int) float64 {
		inputs := chapters(n)
		return testing.AllocsPerRun(1, func() {
			if err := render.WriteHTML(io.Discard, build(t, inputs, render.Options{})); err != nil {
				t.Fatal(err)
			}
		})
	})
	grown("bytes of a site", func(n int) float64 {
		dir := t.TempDir()
		if err := render.WriteSite(dir, build(t, chapters(n), render.Options{})); err != nil {
			t.Fatal(err)
		}
		return size(dir)
	})
	grown("bytes of Markdown", func(n int) float64 {
		dir := t.TempDir()
		if err := render.WriteMarkdown(dir, build(t, chapters(n), render.Options{})); err != nil {
			t.Fatal(err)
		}
		return size(dir)
	})
}

// TestCostlyText: text that takes the parser too long is shown as it is written, with a warning, and headings that
// repeat take no more work each.
func TestCostlyText(t *testing.T) {
	r := strings.Repeat
	for name, source := range map[string]string{
		"links that are not closed": r("[a](", 50_000), "emphasis": r("_a*", 50_000), "quotes": r(">", 50_000) + "x", "lists": r("* ", 50_000) + "x",
	} {
		nb := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{markdownCell("# A"), markdownCell(source)}}
		d, _, err := render.Build([]render.Input{{Name: "a.ipynb", Notebook: nb}}, render.Options{})
		if d == nil || err == nil || !strings.Contains(err.Error(), "the text is shown as it is written") {
			t.Errorf("%s: error %v", name, err)
			continue
		}
		var page strings.Builder
		if err := render.WriteHTML(&page, d); err != nil || !strings.Contains(html.UnescapeString(page.String()), source) {
			t.Errorf("%s: the text is missing; error %v", name, err)
		}
	}
	headings := func(n int) float64 {
		nb := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{markdownCell(r("# Same\n\n", n))}}
		return testing.AllocsPerRun(1, func() { build(t, []render.Input{{Name: "a.ipynb", Notebook: nb}}, render.Options{}) })
	}
	if one, two := headings(500), headings(1000); two > 2.25*one {
		t.Errorf("%.0f allocations for 500 headings, %.0f for 1000", one, two)
	}
}

// BenchmarkHTML builds and writes the page of the sample notebooks.
func BenchmarkHTML(b *testing.B) {
	inputs := readInputs(b, "testdata")
	for b.Loop() {
		d, _, err := render.Build(inputs, sampleOptions())
		if err != nil {
			b.Fatal(err)
		}
		if err := render.WriteHTML(io.Discard, d); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSite writes a site of 500 pages.
func BenchmarkSite(b *testing.B) {
	var inputs []render.Input
	for i := range 500 {
		text := markdownCell(fmt.Sprintf("# Chapter {#sec-%d}\n\nAfter @sec-%d.\n\n## Section\n\n%s", i, (i+1)%500, strings.Repeat("Words of a paragraph. ", 100)))
		inputs = append(inputs, render.Input{Name: fmt.Sprintf("%d.ipynb", i), Notebook: &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{text}}})
	}
	d := build(b, inputs, render.Options{})
	for b.Loop() {
		if err := render.WriteSite(b.TempDir(), d); err != nil {
			b.Fatal(err)
		}
	}
}
