package render_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	goldmarkhtml "github.com/yuin/goldmark/renderer/html"
	"golang.org/x/net/html"

	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// payloads are attempts to run a script or fetch something.
func payloads() []string {
	return []string{
		`<script>document.title="pwned"</script>`,
		`"><script>document.title="pwned"</script>`,
		`<img src=x onerror="document.title='pwned'">`,
		`<svg onload="document.title='pwned'"></svg>`,
		`<svg><animate onbegin="document.title='pwned'" attributeName=x dur=1s></svg>`,
		`<a href="javascript:document.title='pwned'">x</a>`,
		`[x](javascript:document.title='pwned')`,
		`[x](<java
script:document.title='pwned'>)`,
		`<javascript:document.title='pwned'>`,
		`![x](https://example.org/pixel.png)`,
		`<img src="https://example.org/pixel.png">`,
		`<iframe src="https://example.org/"></iframe>`,
		`<link rel=stylesheet href="https://example.org/x.css">`,
		`<style>@import "https://example.org/x.css"; body { display: none }</style>`,
		`<meta http-equiv="refresh" content="0;url=https://example.org/">`,
		`<base href="https://example.org/">`,
		`<form action="https://example.org/"><button>go</button></form>`,
		`</div></main></body></html><script>document.title="pwned"</script>`,
		`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=document.title='pwned'&gt;">`,
		`<noscript><p title="</noscript><img src=x onerror=document.title='pwned'>">`,
		`{{.}} ${alert(1)} <!-- --> ]]> <![CDATA[<script>document.title="pwned"</script>]]>`,
		`$\text{<script>document.title="pwned"</script>}$ $\href{javascript:document.title='pwned'}{x}$`,
		"$$\n\\class{x\" onmouseover=\"document.title='pwned'}{y} </math><script>document.title='pwned'</script>\n$$",
		"$`</code><img src=x onerror=document.title='pwned'>`$",
		"[@<script>document.title='pwned'</script>; @x]",
		"`\"' onmouseover=document.title='pwned' x='`",
		`<img src="file:///etc/passwd" alt="x"><img src="../../../../etc/passwd"><img src="/etc/passwd">`,
		`<img alt="\" onerror=document.title='pwned' x=\"" src="data:image/svg+xml,<svg onload=document.title='pwned'><script>document.title='pwned'</script></svg>">`,
		`<img src="data:text/html,<script>document.title='pwned'</script>"><video src="https://example.org/x.mp4"></video><audio><source src="javascript:alert(1)"></audio>`,
		`<a id="top" name="contents" href="&#106;avascript:document.title='pwned'">x</a><div id="theme"></div><p id='" onmouseover="document.title=1'>`,
		`<font color="red;position:fixed" face="x&quot; onmouseover=&quot;document.title='pwned'">x</font><center onclick="document.title='pwned'">`,
		`<div style="background:url(https://example.org/x.png);width:expression(alert(1))" align='x" onclick="1'>x</div>`,
		`<svg><a href="javascript:document.title='pwned'"><text>x</text></a><image href="https://example.org/x.png"/><foreignObject><script>document.title='pwned'</script></foreignObject></svg>`,
		`<figure><img src="data:image/png;base64,AAAA" style="position:fixed;width:99999%" width="9999999"></figure><details ontoggle="document.title='pwned'" open>`,
		`<iframe srcdoc="<script>parent.document.title='pwned'</script>"></iframe><object data="https://example.org/"></object><embed src="javascript:document.title='pwned'">`,
		`![x](data:image/svg+xml,<svg/onload=document.title='pwned'>){width=1px;onclick=alert(1) height="1&quot; onerror=&quot;x"}`,
	}
}

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
	for _, payload := range append(payloads(), newPayloads()...) {
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
	if err := os.WriteFile(path, append([]byte("<title>hostile</title>"), onGitHub(t, string(md))...), 0o666); err != nil {
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
	checkHarmless(t, string(onGitHub(t, md)), "figures/", map[string]int{})
}

// onGitHub returns the HTML that GitHub makes of Markdown before it sanitizes it.
func onGitHub(t *testing.T, md string) []byte {
	t.Helper()
	reader := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote), goldmark.WithRendererOptions(goldmarkhtml.WithUnsafe()))
	var b bytes.Buffer
	if err := reader.Convert([]byte(md), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
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
	for _, payload := range payloads() {
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
	for _, payload := range payloads() {
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
