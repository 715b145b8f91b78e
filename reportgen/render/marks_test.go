package render_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// TestMarks points at figures of package chart, by pointer and by keyboard: the exact
// values are shown, and the same host is highlighted in figures and tables.
func TestMarks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.html")
	figure := func(label, file string) *nbformat.Output {
		return &nbformat.Output{Type: nbformat.DisplayData, Data: map[string]any{"image/svg+xml": readGolden(t, file), "text/plain": "A figure of hosts"},
			Metadata: map[string]any{"reportgen": map[string]any{"kind": "figure", "label": label, "caption": "Hosts", "alt": "A figure of hosts"}}}
	}
	notebook := &nbformat.Notebook{Minor: 5, Metadata: map[string]any{}, Cells: []*nbformat.Cell{
		{Type: nbformat.Markdown, ID: "title", Source: "# Hosts"},
		{Type: nbformat.Code, ID: "figures", Source: "figures()", Outputs: []*nbformat.Output{figure("fig-bars", "few.svg"), figure("fig-graph", "graph.svg")}},
	}}
	html := page(t, build(t, []render.Input{{Name: "a.ipynb", Notebook: notebook}}, render.Options{Title: "Hosts"}))
	if err := os.WriteFile(path, []byte(html), 0o666); err != nil {
		t.Fatal(err)
	}
	rendertest.CheckAccessible(t, path)
	p := rendertest.Open(t, path)
	p.Show("light", 900)
	tip := func() string {
		return rendertest.Evaluate[string](p, `(document.querySelector(".tooltip:not([hidden])")?.textContent ?? "")`)
	}
	lit := func() []string {
		return rendertest.Evaluate[[]string](p, `[...new Set([...document.querySelectorAll(".same")].map((e) => e.closest("figure, table, section").id + " " + e.tagName))].sort()`)
	}
	rendertest.Evaluate[bool](p, `document.querySelector('#fig-bars [data-entity="192.168.100.11"]').dispatchEvent(new PointerEvent("pointerover", {bubbles: true, clientX: 200, clientY: 200}))`)
	if got := tip(); got != "192.168.100.11, baseline: 20 MB (20,000,000 bytes)" {
		t.Errorf("the pointer shows %q", got)
	}
	if got := strings.Join(lit(), ", "); got != "fig-bars g, fig-graph g" {
		t.Errorf("highlighted: %s", got)
	}
	rendertest.Evaluate[bool](p, `document.body.dispatchEvent(new PointerEvent("pointerover", {bubbles: true}))`)
	if tip() != "" || len(lit()) > 0 {
		t.Errorf("beside the figure: %q, %v", tip(), lit())
	}
	rendertest.Evaluate[bool](p, `document.querySelector("#fig-bars svg").focus(), true`)
	press := func(key string) {
		rendertest.Evaluate[bool](p, `document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: "`+key+`", bubbles: true}))`)
	}
	press("End")
	last := tip()
	// The page scrolls below a pointer that rests, and then the pointer moves.
	rendertest.Evaluate[bool](p, `document.body.dispatchEvent(new PointerEvent("pointerover", {bubbles: true}))`)
	if last == "" || tip() != last {
		t.Errorf("a pointer that rests hides what a key shows: %q and %q", last, tip())
	}
	rendertest.Evaluate[bool](p, `document.body.dispatchEvent(new PointerEvent("pointermove", {bubbles: true}))`)
	if got := tip(); got != "" {
		t.Errorf("a pointer that moves leaves %q", got)
	}
	press("Home")
	if first := tip(); first == "" || first == last {
		t.Errorf("the keys show %q and %q", first, last)
	}
	press("ArrowRight")
	if got := tip(); got == "" {
		t.Error("an arrow key shows nothing")
	}
	press("Escape")
	if got := tip(); got != "" {
		t.Errorf("Escape leaves %q", got)
	}
	if noise := p.Noise(); len(noise) > 0 {
		t.Errorf("the page asks or complains: %q", noise)
	}
	// Without scripts, the values are titles.
	p.DisableScript()
	p.Show("light", 900)
	if n := rendertest.Evaluate[int](p, `document.querySelectorAll("svg g > title").length`); n < 10 {
		t.Errorf("%d titles without scripts", n)
	}
}

// readGolden reads a figure of package chart.
func readGolden(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "pkg", "chart", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
