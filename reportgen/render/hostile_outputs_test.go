package render_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// mutationPayloads are texts that a parser reads in one way and, once they were written and read again, in another:
// scripts in elements whose content is text for one reader and elements for the next, in attributes, in comments, in
// foreign content, and in what Markdown turns into either.
func mutationPayloads() []string {
	const run = `document.title='pwned'`
	attacks := []string{
		`<img src=x onerror="` + run + `">`, `<script>` + run + `</script>`, `<svg onload="` + run + `"></svg>`, `<a href="javascript:` + run + `">x</a>`,
		`<img src="https://example.org/p.png">`,
	}
	wraps := []string{
		// Raw text in one namespace, elements in the other.
		`<svg><style>%s</style></svg>`, `<svg></p><style><a id="</style>%s">`, `<math><style>%s</style></math>`, `<svg><title>%s</title></svg>`,
		`<svg><desc><style><!--</style>%s--></desc></svg>`, `<math><mtext><table><mglyph><style><!--</style>%s`, `<math><mi><style>%s</style></mi></math>`,
		`<form><math><mtext></form><form><mglyph><style></math>%s`, `<math><annotation-xml encoding="text/html"><style>%s</style></annotation-xml></math>`,
		`<math><annotation-xml encoding="application/xhtml+xml"><p>%s</p></annotation-xml></math>`, `<svg><foreignObject><style>%s</style></foreignObject></svg>`,
		`<svg><![CDATA[><%s]]></svg>`, `<math><![CDATA[><%s]]></math>`, `<svg><script>%s</script></svg>`, `<table><svg><td>%s</td></svg></table>`,
		`<svg><p><style><g title="</style>%s">`, `<math><p></p><style><!--</style>%s--></style></math>`, `<svg><a><b><style>%s</a></svg>`,
		// Elements whose content some readers take for text.
		`<noscript><p title="</noscript>%s">`, `<textarea>%s</textarea>`, `<textarea></textarea>%s`, `<title>%s</title>`, `<xmp>%s</xmp>`, `<noembed>%s</noembed>`,
		`<noframes>%s</noframes>`, `<iframe>%s</iframe>`, `<plaintext>%s`, `<template>%s</template>`, `<template shadowrootmode=open>%s</template>`, `<select><option>%s</select>`,
		`<select><style></select>%s</style>`, `<listing>%s</listing>`, `<frameset><frame>%s</frameset>`, `<noscript><style></noscript>%s`, `<button form=x>%s</button>`,
		// Comments and declarations that end elsewhere.
		`<!--><%s-->`, `<!-->%s-->`, `<!--->%s-->`, `<!-- --!>%s-->`, `<!--<!-- -->%s-->`, `<?xml >%s?>`, `<!DOCTYPE x [<!ENTITY y "%s">]>`, `</ %s>`, `<![CDATA[%s]]>`, `<!x>%s`,
		// Attributes that end early or late.
		`<p title="%s">`, `<p title='%s'>`, `<p title=%s>`, "<p title=`%s`>", `<p title="&quot;>%s">`, `<a href="#" title='"%s'>x</a>`, `<img alt="%s" src="data:image/png;base64,AAAA">`,
		`<td abbr="%s">`, `<p id="%s">`, `<div class="%s">`, `<ol start="%s"><li>x</ol>`, `<details open title="</details>%s">`, `<p/title=%s>`,
		// Nesting that readers move about.
		`<table><tr>%s<td>x</table>`, `<table><caption>%s</table>`, `<table>%s</table>`, `<b><p><b><p><b>%s`, `<a><table><a>%s</table></a>`, `<ul><li>%s</ul></li>`,
		`<p><table><p>%s</table>`, `<nobr><nobr>%s`, `<details><summary>%s</summary>x</details>`, `<ruby><rt>%s</ruby>`, `<h1><h2>%s</h1>`, `<dl><dt><dd>%s</dl>`,
		// Markdown.
		"[x](<%s>)", "[x](/u \"%s\")", "![%s](x.png)", "`` %s ``", "~~~ %s\nx\n~~~", "<!-- \n\n%s\n\n-->", "[^n]\n\n[^n]: %s", "| %s |\n|--|\n| x |", "<div>\n\n%s\n</div>", "\\%s", "&lt;%s", "$%s$", "$$\n\\text{%s}\n$$",
		"![x](https://example.org/p.png '%s')", "![x]<input>(https://example.org/p.png) %s", "<input>[x]: https://example.org/p.png\n\n![x] %s",
	}
	var all []string
	for i, w := range wraps {
		for j, a := range attacks {
			if (i+j)%len(attacks) != len(attacks)-1 || j < 2 { // each wrap with four or five attacks
				all = append(all, strings.Replace(w, "%s", a, 1))
			}
		}
	}
	return all
}

// TestHostileOutputs puts payloads that change when they are read again into notebooks and writes every output of a
// report: page, site, Markdown, its summary, and e-mail. Chromium opens them.
func TestHostileOutputs(t *testing.T) {
	payloads := mutationPayloads()
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
			open(name+".html", append([]byte("<title>hostile</title>"), onGitHub(t, string(md))...))
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
