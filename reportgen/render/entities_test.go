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

// namesNotebook names a host, an owner and a country in a figure, a table and a sentence.
func namesNotebook(t *testing.T) *nbformat.Notebook {
	t.Helper()
	resource := `{"schema":{"fields":[{"name":"host","type":"entity"},{"name":"owner","type":"entity","title":"Owner"},{"name":"severity","type":"severity"},{"name":"why","type":"string"}]},
		"data":[{"host":"192.168.100.11","owner":"Example, Inc.","severity":"high","why":"sent 2 GB to Portugal"},{"host":"x'><img src=x onerror=alert(1)>","owner":null,"severity":"low","why":"is hostile"}],
		"text":[["192.168.100.11","Example, Inc.","high","sent 2 GB to Portugal"],["x'><img src=x onerror=alert(1)>","an unknown owner","low","is hostile"]]}`
	output := func(kind, label string, data map[string]any) *nbformat.Output {
		return &nbformat.Output{Type: nbformat.DisplayData, Data: data,
			Metadata: map[string]any{"reportgen": map[string]any{"kind": kind, "label": label, "caption": "Hosts of Example, Inc.", "alt": "A figure of hosts"}}}
	}
	return &nbformat.Notebook{Minor: 5, Metadata: map[string]any{}, Cells: []*nbformat.Cell{
		{Type: nbformat.Markdown, ID: "title", Source: "# Hosts\n\nThe host 192.168.100.11 belongs to *Example, Inc.* and not to an unknown owner; 192.168.100.111 and 1.192.168.100.11 are others."},
		{Type: nbformat.Code, ID: "outputs", Source: "outputs()", Outputs: []*nbformat.Output{
			output("figure", "fig-bars", map[string]any{"image/svg+xml": readGolden(t, "few.svg"), "text/plain": "hosts"}),
			output("table", "tbl-hosts", map[string]any{"application/vnd.dataresource+json": resource, "text/plain": "hosts"}),
		}},
	}}
}

// TestEntityCard opens the card of a host by keyboard, from a sentence, a figure and the
// search, and without scripts finds it in the list of names.
func TestEntityCard(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.html")
	html := page(t, build(t, []render.Input{{Name: "a.ipynb", Notebook: namesNotebook(t)}}, render.Options{Title: "Hosts"}))
	if err := os.WriteFile(path, []byte(html), 0o666); err != nil {
		t.Fatal(err)
	}
	rendertest.CheckHTML(t, path)
	rendertest.CheckAccessible(t, path)
	p := rendertest.Open(t, path)
	p.Show("light", 900)
	state := func(expression string) string { return rendertest.Evaluate[string](p, expression) }
	card := `(document.querySelector("dialog[open] .card")?.innerText.replace(/\s+/g, " ") ?? "")`
	want := "192.168.100.11 Findings Table 1.1: Owner Example, Inc.; severity high; why sent 2 GB to Portugal Named in Section 1, Figure 1.1, Table 1.1"

	state(`document.querySelector("main p a.entity").focus(), ""`)
	if lit := state(`[...new Set([...document.querySelectorAll(".same")].map((e) => e.closest("figure, p, .card").id + e.tagName))].sort().join(" ")`); !strings.Contains(lit, "fig-barsg") || !strings.Contains(lit, "tbl-hostsA") {
		t.Errorf("a focused name highlights %q", lit)
	}
	p.Type("\r")
	if got := state(card); got != want {
		t.Errorf("Enter on a name opens\n%s, want\n%s", got, want)
	}
	if problems := p.Problems(); len(problems) > 0 {
		t.Errorf("with a card open: %q", problems)
	}
	p.Type("\u001b")
	if got := state(`String(document.querySelector("dialog[open]")) + " " + document.activeElement.textContent`); got != "null 192.168.100.11" {
		t.Errorf("after Escape: %s", got)
	}
	state(`document.querySelector("#fig-bars svg").focus(), ""`)
	for _, key := range []string{"Home", "Enter"} {
		state(`document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: "` + key + `", bubbles: true, cancelable: true})), ""`)
	}
	if got := state(card); !strings.HasPrefix(got, "192.168.100.") || !strings.Contains(got, "Figure 1.1") {
		t.Errorf("Enter on a mark opens %q", got)
	}
	state(`document.querySelector("dialog[open]").close(), ""`)
	state(`(() => { const input = document.getElementById("search"); input.value = "onerror"; input.dispatchEvent(new Event("input")); return ""; })()`)
	state(`document.querySelector(".search li button").focus(), ""`)
	p.Type("\r")
	if got := state(card); !strings.HasPrefix(got, "x'><img src=x onerror=alert(1)> Findings") {
		t.Errorf("the search opens %q", got)
	}
	for _, noise := range p.Noise() {
		t.Error(noise)
	}

	p.DisableScript()
	p.Show("light", 900)
	if got := state(`document.querySelector(document.querySelector("main p a.entity").hash).checkVisibility() + " " + document.querySelectorAll("main p a.entity").length`); got != "true 2" {
		t.Errorf("without scripts, the card is visible and the sentence names: %s", got)
	}
}

// TestEntityCardsOfSite has each page of a site hold the cards of the names on it.
func TestEntityCardsOfSite(t *testing.T) {
	dir := t.TempDir()
	notebook := namesNotebook(t)
	d := build(t, []render.Input{{Name: "a.ipynb", Notebook: notebook}, {Name: "b.ipynb", Notebook: &nbformat.Notebook{Minor: 5, Metadata: map[string]any{}, Cells: []*nbformat.Cell{
		{Type: nbformat.Markdown, ID: "title", Source: "# Others\n\nNothing but 192.168.100.11."},
	}}}}, render.Options{Title: "Hosts"})
	d.Dossiers = []render.Field{{Name: "192.168.100.11", Value: "dossiers/192.168.100.11/index.html"}}
	if err := render.WriteSite(dir, d); err != nil {
		t.Fatal(err)
	}
	last, err := os.ReadFile(filepath.Join(dir, "2-others.html"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(last), `class="card"`); n != 1 {
		t.Errorf("%d cards, want that of the only name", n)
	}
	for _, want := range []string{`href="1-hosts.html#tbl-hosts"`, `href="../dossiers/192.168.100.11/index.html"`} {
		if !strings.Contains(string(last), want) {
			t.Errorf("the card lacks %s", want)
		}
	}
	rendertest.CheckHTML(t, filepath.Join(dir, "1-hosts.html"))
}
