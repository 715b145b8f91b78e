package render_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/render"
)

// writePage renders the notebooks of a folder to a file.
func writePage(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "index.html")
	html := page(t, build(t, readInputs(t, dir), sampleOptions()))
	if err := os.WriteFile(path, []byte(html), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPageInBrowser(t *testing.T) {
	rendertest.CheckHTML(t, writePage(t, "testdata"))
}

// TestScript uses what the script adds to the page.
func TestScript(t *testing.T) {
	p := rendertest.Open(t, writePage(t, "testdata"))
	p.Show("light", 1280)
	ground := `getComputedStyle(document.body).backgroundColor`
	light := rendertest.Evaluate[string](p, ground)
	p.Click("#theme") // light
	p.Click("#theme") // dark
	if dark := rendertest.Evaluate[string](p, ground); dark == light {
		t.Errorf("the ground is %s in both themes", dark)
	}
	p.Click("#theme")

	first := `document.querySelector("#tbl-services tbody td").textContent`
	p.Click("#tbl-services th:nth-child(4) button")
	if got := rendertest.Evaluate[string](p, first); got != "192.168.100.239" {
		t.Errorf("sorted by data, largest first: the first server is %s", got)
	}
	p.Click("#tbl-services th:nth-child(4) button")
	if got := rendertest.Evaluate[string](p, first); got != "192.168.100.234" {
		t.Errorf("sorted by data, smallest first: the first server is %s", got)
	}

	note := `[...document.querySelectorAll("#tbl-services tbody tr")].at(-1).cells[4].textContent`
	for range 2 {
		p.Click("#tbl-services th:nth-child(5) button")
		if got := rendertest.Evaluate[string](p, note); got != "" {
			t.Errorf("sorted by note, the empty one is not last but %q", got)
		}
	}

	rendertest.Evaluate[bool](p, `document.getElementById("traffic").scrollIntoView({behavior: "instant"}), true`)
	here := rendertest.Evaluate[string](p, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() =>
		done(document.querySelector("nav .here")?.textContent ?? ""))))`)
	if here != "2.2 Traffic" {
		t.Errorf("at section 2.2 the contents mark %q", here)
	}
	for _, noise := range p.Noise() {
		t.Error(noise)
	}
}

// TestTools uses what the script adds to read, to copy and to look closely.
func TestTools(t *testing.T) {
	p := rendertest.Open(t, writePage(t, "testdata"))
	p.Show("light", 1280)

	search := func(words string) []string {
		return rendertest.Evaluate[[]string](p, fmt.Sprintf(`(() => {
			const input = document.getElementById("search");
			input.value = %q;
			input.dispatchEvent(new Event("input"));
			return [document.querySelector(".search [role=status]").textContent, ...[...document.querySelectorAll(".search li button")].map((b) => b.textContent)];
		})()`, words))
	}
	if got := search("192.168.100.239"); len(got) != 3 || got[0] != "2 matches" || !strings.HasPrefix(got[1], "Names in this report") || !strings.HasPrefix(got[2], "2.1 Services") {
		t.Errorf("a search for an address finds %q", got)
	}
	p.Click(".search li:last-child button")
	if n := rendertest.Evaluate[int](p, `CSS.highlights.get("found").size`); n != 1 {
		t.Errorf("%d places are marked", n)
	}
	if got := search("BLUE nothing-of-the-kind"); len(got) != 1 || got[0] != "0 matches" {
		t.Errorf("a search for nothing finds %q", got)
	}
	if got := search(" "); len(got) != 1 || got[0] != "" {
		t.Errorf("an empty search finds %q", got)
	}
	// Text in a fold is found, and the fold is opened.
	search("flowbook/pkg/nb")
	p.Click(".search li button")
	if !rendertest.Evaluate[bool](p, `document.querySelector("details.fold pre").checkVisibility()`) {
		t.Error("the fold with the found code stays closed")
	}

	p.Click("#fig-flows .tools button")
	if got := rendertest.Evaluate[string](p, `document.querySelector("dialog[open] svg").getAttribute("aria-label")`); got == "" {
		t.Error("the enlarged picture lost its alt text")
	}
	for _, problem := range p.Problems() {
		if !strings.HasPrefix(problem, "figure without a picture") { // it is in the dialog
			t.Errorf("with a picture enlarged: %s", problem)
		}
	}
	p.Click("dialog[open] button")
	if !rendertest.Evaluate[bool](p, `new Promise((done) => setTimeout(() => done(!document.querySelector("dialog") && !!document.querySelector("#fig-flows .picture svg") && document.activeElement.textContent === "Enlarge")))`) {
		t.Error("the picture is not back in its place, or the focus is lost")
	}

	// The text that would be copied and saved.
	rendertest.Evaluate[bool](p, `(window.copied = [], Object.defineProperty(navigator, "clipboard", { value: { writeText: async (s) => { copied.push(s); } } }),
		URL.createObjectURL = (b) => { b.text().then((s) => copied.push(s)); return "data:,"; }, HTMLAnchorElement.prototype.click = () => {}, true)`)
	p.Click("#tbl-services .tools button:nth-child(1)")
	p.Click("#tbl-services .tools button:nth-child(2)")
	p.Click("#fig-flows .tools button:nth-child(2)")
	p.Click(".codebox .copy")
	copied := rendertest.Evaluate[[]string](p, `new Promise((done) => setTimeout(() => done(copied), 50))`)
	if len(copied) != 4 {
		t.Fatalf("copied and saved: %q", copied)
	}
	for _, test := range []struct{ what, want string }{
		{"table, copied", "Server\t"}, {"table, saved", "Server,"}, {"picture", "<svg"}, {"code", "import "},
	} {
		if !slices.ContainsFunc(copied, func(s string) bool { return strings.HasPrefix(s, test.want) }) {
			t.Errorf("%s: none of %.60q begins with %q", test.what, copied, test.want)
		}
	}
	for _, noise := range p.Noise() {
		t.Error(noise)
	}
}

// TestPageWithoutScript: everything but the additions of the script is there.
func TestPageWithoutScript(t *testing.T) {
	p := rendertest.Open(t, writePage(t, "testdata"))
	p.DisableScript()
	p.Show("dark", 1280)
	for _, test := range []struct{ expression, want string }{
		{`getComputedStyle(document.getElementById("theme")).display`, "none"},
		{`String(document.querySelectorAll("th button, .tools, .copy, .search").length)`, "0"},
		{`getComputedStyle(document.body).backgroundColor`, "rgb(23, 24, 27)"},
		{`document.querySelector("nav a").getAttribute("href")`, "#introduction"},
		{`String(document.querySelector("#fig-flows svg").checkVisibility())`, "true"},
		{`String(document.querySelector("details.fold pre").checkVisibility())`, "false"},
		{`(document.querySelector("details.fold").open = true, String(document.querySelector("details.fold pre").checkVisibility()))`, "true"},
	} {
		if got := rendertest.Evaluate[string](p, test.expression); got != test.want {
			t.Errorf("%s is %q, want %q", test.expression, got, test.want)
		}
	}
}

// TestScreenshots writes pictures of a report for visual checks, if
// $FLOWBOOK_SCREENSHOTS names a folder; $FLOWBOOK_NOTEBOOKS may name the
// notebooks.
func TestScreenshots(t *testing.T) {
	out := os.Getenv("FLOWBOOK_SCREENSHOTS")
	if out == "" {
		t.Skip("FLOWBOOK_SCREENSHOTS names no folder")
	}
	notebooks := os.Getenv("FLOWBOOK_NOTEBOOKS")
	if notebooks == "" {
		notebooks = "testdata"
	}
	d, warnings, err := render.Build(readInputs(t, notebooks), sampleOptions())
	t.Log(warnings, err)
	path := filepath.Join(out, "index.html")
	if err := os.WriteFile(path, []byte(page(t, d)), 0o666); err != nil {
		t.Fatal(err)
	}
	p := rendertest.Open(t, path)
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 375} {
			p.Show(theme, width)
			p.Screenshot(filepath.Join(out, fmt.Sprintf("%s-%d.png", theme, width)))
		}
	}
}

// TestAccessible: axe-core finds nothing in a report of every construct.
func TestAccessible(t *testing.T) {
	o := scholarOptions(t)
	inputs := append(readInputs(t, scholar), readInputs(t, "testdata")...)
	path := filepath.Join(t.TempDir(), "index.html")
	if err := os.WriteFile(path, []byte(page(t, build(t, inputs, o))), 0o666); err != nil {
		t.Fatal(err)
	}
	rendertest.CheckAccessible(t, path)
}

// TestFormulasInBrowser checks what MathML needs a style sheet or a font for: lines above,
// below and through symbols, and brackets that grow.
func TestFormulasInBrowser(t *testing.T) {
	d, _, err := render.Build([]render.Input{notebook(markdownCell("# A\n\n$$\\overline{x}+\\underline{y}+\\cancel{z}$$\n\n$$\\left(\\begin{matrix}a\\\\b\\\\c\\\\d\\end{matrix}\\right)$$"))}, render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := render.WriteHTML(&b, d); err != nil {
		t.Fatal(err)
	}
	// Without any font for mathematics of the machine's.
	source := regexp.MustCompile(`"STIX Two Math".*?("Flowbook Math"), math`).ReplaceAllString(b.String(), "$1")
	for name, page := range map[string]string{"fonts of the machine": b.String(), "own font": source} {
		// The changed style sheet has another hash.
		page = regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`).ReplaceAllString(page, "")
		path := filepath.Join(t.TempDir(), "index.html")
		if err := os.WriteFile(path, []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
		p := rendertest.Open(t, path)
		p.Show("light", 1280)
		rendertest.Evaluate[bool](p, "document.fonts.ready.then(() => true)")
		for what, ok := range map[string]string{
			"line above":   `parseFloat(getComputedStyle(document.querySelector(".tml-overline")).borderTopWidth) > 0`,
			"line below":   `parseFloat(getComputedStyle(document.querySelector(".tml-underline")).borderBottomWidth) > 0`,
			"line through": `getComputedStyle(document.querySelector(".tml-cancel")).position === "absolute"`,
			"bracket":      `document.querySelector('mo[fence="true"], mo').getBoundingClientRect && Math.max(...[...document.querySelectorAll("mo")].map((e) => e.getBoundingClientRect().height)) > 0.8 * document.querySelector("mtable").getBoundingClientRect().height`,
		} {
			if !rendertest.Evaluate[bool](p, ok) {
				t.Errorf("%s: no %s", name, what)
			}
		}
	}
}
