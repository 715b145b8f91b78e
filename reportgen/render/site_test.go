package render_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// typed types words into the search of the page and returns what is found, once the
// other pages' texts are there.
func typed(p *rendertest.Page, words string) []string {
	return rendertest.Evaluate[[]string](p, `new Promise((done) => {
		const input = document.getElementById("search");
		input.value = "`+words+`";
		input.dispatchEvent(new Event("input"));
		const answer = () => done([document.querySelector(".search [role=status]").textContent, ...[...document.querySelectorAll(".search li > *")].map((e) => e.tagName + " " + e.textContent)]);
		const script = document.querySelector("head script[src]");
		if (!script || window.reportIndex) answer();
		else for (const event of ["load", "error"]) script.addEventListener(event, () => setTimeout(answer));
	})`)
}

// TestSiteSearch checks that every page searches the whole site if it is opened from a
// file, and that it loads the index, and nothing else, at the first search.
func TestSiteSearch(t *testing.T) {
	dir := t.TempDir()
	if err := render.WriteSite(dir, build(t, readInputs(t, scholar), scholarOptions(t))); err != nil {
		t.Fatal(err)
	}
	p := rendertest.Open(t, filepath.Join(dir, "2-result.html"))
	p.Show("light", 1280)
	if noise := p.Noise(); len(noise) > 0 {
		t.Errorf("before anybody searches: %q", noise)
	}
	for _, test := range []struct {
		words string
		want  []string
	}{
		{"days", []string{"2 matches", "BUTTON 2.1 In numbersTable 2.2 Hosts of two days.", "A 1 MethodFigure 1.1 Two days."}},
		{"RITA LATE", []string{"0 matches"}},
		{"", []string{""}},
	} {
		if diff := cmp.Diff(test.want, typed(p, test.words)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.words, diff)
		}
	}
	if diff := cmp.Diff([]string{"request to file://" + filepath.Join(dir, "search.js")}, p.Noise()); diff != "" {
		t.Errorf("requests and errors (-want +got):\n%s", diff)
	}
	typed(p, "days two")
	if got := rendertest.Evaluate[string](p, `document.querySelector(".search a").getAttribute("href")`); got != "1-sec-method.html?find=days%20two#fig-parts" {
		t.Errorf("the place on another page is %s", got)
	}
	// The arrows lead through the places, and Escape back.
	for _, press := range []struct{ key, want string }{{"ArrowDown", "BUTTON"}, {"ArrowDown", "A"}, {"ArrowDown", "A"}, {"ArrowUp", "BUTTON"}, {"ArrowUp", "INPUT"}, {"ArrowDown", "BUTTON"}, {"Escape", "INPUT"}} {
		got := rendertest.Evaluate[string](p, `(() => {
			if (!document.activeElement.closest(".search")) document.getElementById("search").focus();
			document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "`+press.key+`", bubbles: true }));
			return document.activeElement.tagName;
		})()`)
		if got != press.want {
			t.Errorf("%s leads to %s, want %s", press.key, got, press.want)
		}
	}
	typed(p, "days two")
	p.Click(".search a")
	if n := rendertest.Evaluate[int](p, `new Promise((done) => {
		const wait = () => document.readyState === "complete" && location.pathname.endsWith("1-sec-method.html") ? done(CSS.highlights.get("found").size) : setTimeout(wait, 10);
		wait();
	})`); n == 0 {
		t.Error("nothing is marked on the page that the place is on")
	}

	// A page by itself still searches what it holds.
	if err := os.Remove(filepath.Join(dir, "search.js")); err != nil {
		t.Fatal(err)
	}
	p.Show("light", 1280)
	if got := typed(p, "two"); !strings.HasSuffix(got[0], " on this page; the other pages cannot be searched without search.js") {
		t.Errorf("without the index: %q", got)
	}
}

// TestSiteTrust: a page with a script of a trusted output may load no script, so
// that the output's cannot either, and searches only itself.
func TestSiteTrust(t *testing.T) {
	show := codeCell("x", displayed(map[string]any{"text/html": "<script>document.title = 'ran'</script>"}, nil))
	nb := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{markdownCell("# One"), show, markdownCell("# Two\n\n<script>document.title = 'injected'</script>")}}
	dir := t.TempDir()
	if err := render.WriteSite(dir, build(t, []render.Input{{Name: "a.ipynb", Notebook: nb}}, render.Options{Trust: true})); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"1-one.html": false, "2-two.html": true} {
		page, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(page), "strict-dynamic") != want || strings.Contains(string(page), `data-index="search.js"`) != want {
			t.Errorf("%s: may load scripts, or does not, and should: %t", name, want)
		}
	}
}
