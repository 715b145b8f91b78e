package render_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/render"
)

// The words that writers add to a report are in its language, also those of its script.
func TestLanguage(t *testing.T) {
	d := build(t, summaryReport(), render.Options{Title: "Um dia", Lang: "pt-PT"})
	html := page(t, d)
	for _, want := range []string{`<html lang="pt-PT"`, "Figura 1.1", "Secção 1", "Resumo executivo", `<p class="contents">Índice</p>`} {
		if !strings.Contains(strings.ReplaceAll(html, "\u00a0", " "), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	text, _ := markdown(t, d)
	for _, want := range []string{"## Resumo executivo", "## Índice", "**Figura 1.1** A bar.", "[Secção 1](#1-hosts)"} {
		if !strings.Contains(text, want) {
			t.Errorf("report.md lacks %q", want)
		}
	}
	file := filepath.Join(t.TempDir(), "index.html")
	if err := os.WriteFile(file, []byte(html), 0o600); err != nil {
		t.Fatal(err)
	}
	p := rendertest.Open(t, file)
	p.Show("light", 1280)
	got := rendertest.Evaluate[string](p, `(() => {
		const input = document.getElementById("search");
		input.value = "bar";
		input.dispatchEvent(new Event("input"));
		return [document.querySelector("#fig-hosts .tools button").textContent, document.getElementById("theme").getAttribute("aria-label"),
			input.placeholder, document.querySelector(".search [role=status]").textContent].join("; ");
	})()`)
	if want := "Ampliar; Tema: automático. Mudar; Procurar; 2 ocorrências"; got != want {
		t.Errorf("the script says %s, want %s", got, want)
	}
}

// Text from right to left does not break the page, in headings, prose and tables, and runs
// in its own direction in a report of another language.
func TestRightToLeft(t *testing.T) {
	nb := notebook(markdownCell("# تقرير حركة الشبكة 10.0.0.1\n\nهذا نص عربي مع عنوان 10.0.0.1 وبعض English words (brackets). See @tbl-a.\n\n" +
		"## Heading with עברית at the end!\n\n| المضيف | bytes |\n|---|---|\n| خادم الويب (1) | 12 MB |\n| 10.0.0.1 | 3 kB |\n\n: جدول المضيفين {#tbl-a}\n"))
	for _, lang := range []string{"en", "ar"} {
		path := filepath.Join(t.TempDir(), "index.html")
		html := page(t, build(t, []render.Input{nb}, render.Options{Title: "تقرير", Lang: lang}))
		if err := os.WriteFile(path, []byte(html), 0o666); err != nil {
			t.Fatal(err)
		}
		rendertest.CheckHTML(t, path)
		p := rendertest.Open(t, path)
		p.Show("light", 900)
		at := rendertest.Evaluate[string](p, `(() => { const r = document.createRange(); const n = document.querySelector("main p").firstChild; r.setStart(n, 0); r.setEnd(n, 4); const b = r.getBoundingClientRect(), m = document.querySelector("main").getBoundingClientRect(); return b.left > m.left + m.width / 2 ? "right" : "left"; })()`)
		if at != "right" {
			t.Errorf("lang %s: an Arabic paragraph begins at the %s", lang, at)
		}
	}
}
