package render_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// hostileNotebook puts a payload wherever a notebook holds text.
func hostileNotebook(payload string) *nbformat.Notebook {
	said := func(kind, label string) map[string]any {
		return map[string]any{"kind": kind, "label": label, "caption": payload, "alt": payload + "."}
	}
	row, _ := json.Marshal(map[string]any{
		"schema": map[string]any{"fields": []any{map[string]any{"name": payload, "type": "string"}}},
		"data":   []any{map[string]any{payload: payload}},
	})
	quoted, _ := json.Marshal(payload)
	return &nbformat.Notebook{
		Minor:    5,
		Metadata: map[string]any{"kernelspec": map[string]any{"language": payload}},
		Cells: []*nbformat.Cell{
			markdownCell("# A " + strings.ReplaceAll(payload, "\n", " ")),
			markdownCell(payload),
			markdownCell("Text " + payload + " text[^1] @fig-x @tbl-x.\n\n> " + payload + "\n\n- " + payload + "\n\n| a |\n|---|\n| " + payload + " |\n\n```" + payload + "\n" + payload + "\n```\n\n[^1]: " + payload),
			{Type: nbformat.Code, ID: payload, Source: "//| code-summary: " + string(quoted) + "\n//| code-fold: true\n" + payload, Outputs: []*nbformat.Output{
				{Type: nbformat.Stream, Name: payload, Text: payload},
				{Type: nbformat.Stream, Name: "stderr", Text: "\x1b[31m" + payload},
				displayed(map[string]any{"text/html": payload}, nil),
				displayed(map[string]any{"text/markdown": payload}, nil),
				displayed(map[string]any{"text/plain": payload}, nil),
				displayed(map[string]any{"image/svg+xml": `<svg viewBox="0 0 9 9"><text>` + html.EscapeString(payload) + `</text><path style="` + html.EscapeString(payload) + `" id="` + html.EscapeString(payload) + `"/></svg>`}, said("figure", "fig-x")),
				displayed(map[string]any{"application/vnd.dataresource+json": string(row)}, said("table", "tbl-x")),
				{Type: nbformat.Error, EName: payload, EValue: payload, Traceback: []string{payload}},
			}},
			tagged(codeCell(payload), "parameters"),
		},
	}
}

// checkHarmless fails for anything in a page that runs or loads. What the page
// has of its own is counted in own; source is how a picture's address begins.
func checkHarmless(t *testing.T, page, source string, own map[string]int) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script", "style", "meta", "link":
			if len(n.Attr) == 2 && strings.HasPrefix(attributes(n), "name=author content=") {
				break // any number
			}
			own[n.Data]--
			if own[n.Data] < 0 {
				t.Errorf("another <%s> %s", n.Data, attributes(n))
			}
		case "iframe", "object", "embed", "base", "form", "frame", "applet", "foreignobject", "animate":
			t.Errorf("<%s>", n.Data)
		}
		if n.Data == "input" && (len(n.Attr) == 0 || !strings.Contains(attributes(n), "disabled") || !strings.Contains(attributes(n), "type=checkbox")) {
			t.Errorf("<input> that is not a checkbox of a task list: %s", attributes(n))
		}
		for _, a := range n.Attr {
			value := strings.ToLower(strings.Join(strings.Fields(a.Val), ""))
			switch key := strings.ToLower(a.Key); {
			case key == "style" && (strings.Contains(value, "url(") || strings.Contains(value, "position:") || strings.Contains(value, "expression")) && !within(n, "svg"):
				t.Errorf("<%s style=%q>", n.Data, a.Val)
			case strings.HasPrefix(key, "on"):
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			case key == "href" && strings.HasPrefix(value, "javascript:"):
				t.Errorf("<%s href=%q>", n.Data, a.Val)
			case key == "src" && source == "data:image/" && (n.Data == "video" || n.Data == "audio") && strings.HasPrefix(value, "data:"+n.Data+"/"):
			case (key == "src" || key == "srcset" || key == "poster" || key == "background" || key == "data") && !strings.HasPrefix(value, source):
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			case n.Data != "a" && key == "href" && !strings.HasPrefix(value, "#") && value != "data:,":
				t.Errorf("<%s href=%q>", n.Data, a.Val)
			}
		}
	}
}

func within(n *html.Node, name string) bool {
	for ; n != nil; n = n.Parent {
		if n.Data == name {
			return true
		}
	}
	return false
}

func attributes(n *html.Node) string {
	var all []string
	for _, a := range n.Attr {
		all = append(all, a.Key+"="+a.Val)
	}
	return strings.Join(all, " ")
}

func TestHostileNotebooks(t *testing.T) {
	var inputs []render.Input
	dir := t.TempDir()
	for _, payload := range rendertest.Payloads() {
		in := render.Input{Name: payload + ".ipynb", Notebook: hostileNotebook(payload)}
		d, _, _ := render.Build([]render.Input{in}, render.Options{
			Title: payload, Subtitle: payload, Authors: []render.Author{{Name: payload, ORCID: payload, Email: payload, Corresponding: true, Affiliations: []int{0}}}, Affiliations: []string{payload, payload}, Date: payload, Abstract: payload, Lang: payload,
		})
		checkPage(t, page(t, d))
		md, _ := markdown(t, d)
		checkMarkdown(t, md)
		inputs = append(inputs, in)
		if t.Failed() {
			t.Fatalf("payload: %s", payload)
		}
	}
	d, _, _ := render.Build(inputs, render.Options{Title: "hostile"})
	path := filepath.Join(dir, "hostile.html")
	if err := os.WriteFile(path, []byte(page(t, d)), 0o666); err != nil {
		t.Fatal(err)
	}
	checkInBrowser(t, path, "hostile")
	if err := render.WriteMarkdown(dir, d); err != nil {
		t.Fatal(err)
	}
	md, err := os.ReadFile(filepath.Join(dir, "report.md"))
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "markdown.html")
	if err := os.WriteFile(path, []byte("<title>hostile</title>"+rendertest.GitHub(t, string(md))), 0o666); err != nil {
		t.Fatal(err)
	}
	checkInBrowser(t, path, "hostile")
}

// checkInBrowser fails if a page runs a script that changes its title, or loads anything but the report's figures.
func checkInBrowser(t *testing.T, path, title string) {
	t.Helper()
	p := rendertest.Open(t, path)
	p.Show("light", 1280)
	if got := rendertest.Evaluate[string](p, `document.title`); got != title {
		t.Errorf("the title became %q", got)
	}
	for _, noise := range p.Noise() {
		if !strings.HasPrefix(noise, "request to file://"+filepath.Dir(path)+"/figures/") {
			t.Error(noise)
		}
	}
}

func checkPage(t *testing.T, page string) {
	t.Helper()
	checkHarmless(t, page, "data:image/", map[string]int{"script": 1, "style": 1, "meta": 5, "link": 1})
}

// checkMarkdown reads Markdown as GitHub does and leaves out GitHub's sanitiser.
func checkMarkdown(t *testing.T, md string) {
	t.Helper()
	checkHarmless(t, rendertest.GitHub(t, md), "figures/", map[string]int{})
}

// FuzzNotebook renders any notebook that can be read: no panic, nothing that
// runs or loads, the same bytes twice.
func FuzzNotebook(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.ipynb")
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, payload := range rendertest.Payloads() {
		data, err := nbformat.Marshal(hostileNotebook(payload))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		nb, err := nbformat.Unmarshal(data)
		if err != nil {
			return
		}
		in := []render.Input{{Name: "a.ipynb", Notebook: nb}}
		checkRendering(t, in)
	})
}

// FuzzText puts a text wherever a notebook holds one. It is valid UTF-8, as every
// text is that was read from JSON.
func FuzzText(f *testing.F) {
	for _, payload := range rendertest.Payloads() {
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "\uFFFD")
		checkRendering(t, []render.Input{{Name: "a.ipynb", Notebook: hostileNotebook(text)}})
	})
}

func checkRendering(t *testing.T, in []render.Input) {
	t.Helper()
	d, _, _ := render.Build(in, render.Options{})
	first := page(t, d)
	checkPage(t, first)
	md, _ := markdown(t, d)
	checkMarkdown(t, md)
	again, _, _ := render.Build(in, render.Options{})
	if second, _ := markdown(t, again); second != md || page(t, again) != first {
		t.Error("two renderings differ")
	}
}

// attributeValues are the values of an attribute in a page, as a browser reads
// them.
func attributeValues(t *testing.T, page, name string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for n := range root.Descendants() {
		for _, a := range n.Attr {
			if a.Key == name {
				values = append(values, a.Val)
			}
		}
	}
	return values
}
