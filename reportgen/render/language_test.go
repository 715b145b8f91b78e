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
