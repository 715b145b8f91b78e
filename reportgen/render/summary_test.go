package render_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/render"
)

// summaryReport is a report whose last notebook has the summary.
func summaryReport() []render.Input {
	body := notebook(markdownCell("# Hosts {#sec-hosts}\n\nProse."), codeCell("plot()", figureOutput("fig-hosts", "a bar")))
	end := notebook(
		markdownCell("# Conclusion\n\nThe end."),
		tagged(markdownCell("# Verdict\n\nTwo hosts are compromised; see @fig-hosts, @sec-hosts and[^1] a note.\n\n[^1]: Since Monday."), "summary"),
		tagged(codeCell("show()", displayed(map[string]any{"text/html": "<table><tr><th>Host</th></tr><tr><td>10.0.0.7</td></tr></table>"}, nil),
			figureOutput("fig-first", "another bar")), "summary"))
	end.Name = "b.ipynb"
	return []render.Input{body, end}
}

// What cells with the tag summary show comes before the first section, and their code
// stays where it is.
func TestSummary(t *testing.T) {
	d := build(t, summaryReport(), render.Options{Title: "A day"})
	if got := outline(d); got != "1 prose code figure(1.1) 2 prose code" {
		t.Errorf("the body is %s", got)
	}
	html := page(t, d)
	first, rest, _ := strings.Cut(html, `<section aria-labelledby="sec-hosts">`)
	_, summary, found := strings.Cut(first, `<section class="summary" id="summary"`)
	if !found {
		t.Fatal("there is no summary before the first section")
	}
	for _, want := range []string{"<h3>Verdict</h3>", `href="#fig-hosts"`, "10.0.0.7", `id="fig-first"`, `href="#fn:1"`} {
		if !strings.Contains(summary, want) {
			t.Errorf("the summary lacks %s: %s", want, summary)
		}
		if strings.Contains(rest, "10.0.0.7") || strings.Contains(rest, "Verdict") {
			t.Error("the sections have it too")
		}
	}
	if !strings.Contains(html, `<a href="#summary">`) {
		t.Error("the contents do not list the summary")
	}
}

func TestSummaryMarkdown(t *testing.T) {
	d := build(t, summaryReport(), render.Options{Title: "A day"})
	dir := t.TempDir()
	if err := render.WriteMarkdown(dir, d); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	report, summary := read("report.md"), read("summary.md")
	if !strings.HasPrefix(report, "# A day\n\n## Summary\n\n### Verdict\n\nTwo hosts are compromised; see [Figure 1.1](#fig-hosts)") ||
		strings.Index(report, "10.0.0.7") > strings.Index(report, "## Contents") {
		t.Errorf("report.md begins with\n%.900s", report)
	}
	if !strings.HasPrefix(summary, "# A day\n\n### Verdict\n\nTwo hosts are compromised; see [Figure 1.1](report.md#fig-hosts), [Section 1](report.md#1-hosts)") ||
		!strings.Contains(summary, "10.0.0.7") || !strings.Contains(summary, "figures/fig-first.svg") || !strings.HasSuffix(summary, "[^1]: Since Monday.\n") ||
		strings.Contains(summary, "Prose.") {
		t.Errorf("summary.md is\n%s", summary)
	}
}

func TestSummaryLooks(t *testing.T) {
	d := build(t, summaryReport(), render.Options{Title: "A day"})
	file := filepath.Join(t.TempDir(), "index.html")
	if err := os.WriteFile(file, []byte(page(t, d)), 0o600); err != nil {
		t.Fatal(err)
	}
	rendertest.CheckHTML(t, file)
	rendertest.CheckAccessible(t, file)
}

// A report without such a cell has no summary, as before.
func TestNoSummary(t *testing.T) {
	d := build(t, []render.Input{notebook(markdownCell("# A"), tagged(codeCell("x"), "summary"))}, render.Options{})
	dir := t.TempDir()
	if err := render.WriteMarkdown(dir, d); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "summary.md")); err == nil || strings.Contains(page(t, d), `id="summary"`) {
		t.Error("there is a summary, though nothing is in it")
	}
}
