package render_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// hostileNames is a notebook whose hosts and owners have payloads as names: in a table of findings with its columns, in the
// marks of a figure and their tips, in sentences, and in the names of days.
func hostileNames(t *testing.T, payloads []string) *nbformat.Notebook {
	t.Helper()
	var rows []map[string]any
	var marks, prose strings.Builder
	for i, payload := range payloads {
		rows = append(rows, map[string]any{"host": payload, "owner": fmt.Sprint(i, payload), "severity": "high", "why": payload})
		name := html.EscapeString(strings.Map(func(r rune) rune { // what XML can hold
			if r < ' ' || r == '\u2028' {
				return ' '
			}
			return r
		}, payload))
		fmt.Fprintf(&marks, `<g data-entity="%s" data-peer="%s" aria-label="%s"><title>%s</title><rect x="%d" width="1" height="9"/><text class="%s">%s</text></g>`, name, name, name, name, i, name, name)
		prose.WriteString("Host " + payload + " was seen.\n\n")
	}
	resource, err := json.Marshal(map[string]any{
		"schema": map[string]any{"fields": []any{
			map[string]any{"name": "host", "type": "entity", "title": payloads[0]}, map[string]any{"name": "owner", "type": "entity"},
			map[string]any{"name": "severity", "type": "severity"}, map[string]any{"name": "why", "type": "string"},
		}},
		"data": rows,
	})
	if err != nil {
		t.Fatal(err)
	}
	output := func(kind, label, mime, data string) *nbformat.Output {
		return displayed(map[string]any{mime: data, "text/plain": "names"}, map[string]any{"kind": kind, "label": label, "caption": "Names", "alt": "A figure of names"})
	}
	return &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{
		markdownCell("# Names\n\n" + prose.String()),
		tagged(codeCell("names()",
			output("figure", "fig-names", "image/svg+xml", `<svg viewBox="0 0 999 9">`+marks.String()+`</svg>`),
			output("table", "tbl-names", "application/vnd.dataresource+json", string(resource))), "summary"),
	}}
}

// TestHostileEntities gives hosts and owners payloads as names, and has Chromium open their cards, as a reader does: from the
// table, the figure and the search.
func TestHostileEntities(t *testing.T) {
	payloads := append(rendertest.Payloads(), rendertest.MutationPayloads()...)
	if testing.Short() {
		payloads = payloads[:len(payloads)/20]
	}
	d, _, _ := render.Build([]render.Input{{Name: "a.ipynb", Notebook: hostileNames(t, payloads)}}, render.Options{Title: "hostile"})
	for _, payload := range payloads[:20] {
		d.Dossiers = append(d.Dossiers, render.Field{Name: payload, Value: `dossiers/x" onclick="document.title='pwned'/index.html`})
	}
	whole := page(t, d)
	checkPage(t, whole)
	message, _ := mail(t, d)
	checkHarmless(t, message.HTML, "data:image/", map[string]int{"meta": 3, "style": 1})
	md, _ := markdown(t, d)
	checkMarkdown(t, md)
	path := filepath.Join(t.TempDir(), "index.html")
	if err := os.WriteFile(path, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	p := rendertest.Open(t, path)
	p.Show("light", 1280)
	opened := rendertest.Evaluate[int](p, `(() => {
		const cards = new Set(), some = (all) => [...all].filter((_, i) => i % 12 == 0);
		const note = () => {
			const card = document.querySelector("dialog[open] .card");
			if (card) cards.add(card.textContent);
			document.querySelector("dialog[open]")?.close();
		};
		for (const a of some(document.querySelectorAll("a.entity"))) { a.focus(); a.click(); note(); }
		for (const mark of some(document.querySelectorAll("svg [data-entity]"))) {
			for (const type of ["pointerover", "mouseover", "click"]) mark.dispatchEvent(new MouseEvent(type, {bubbles: true}));
			note();
		}
		const search = document.getElementById("search");
		for (const word of ["onerror", "script", "href"]) {
			search.value = word;
			search.dispatchEvent(new Event("input"));
			for (const found of some(document.querySelectorAll(".search li button"))) { found.click(); note(); }
		}
		return cards.size;
	})()`)
	if title := rendertest.Evaluate[string](p, `document.title`); title != "hostile" || opened < len(payloads)/20 {
		t.Errorf("%d cards of %d names were opened; the title is %q", opened, len(payloads), title)
	}
	for _, noise := range p.Noise() {
		t.Error(noise)
	}
}
