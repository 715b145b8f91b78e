package notebooks_test

import (
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
)

// TestGrid uses the grid of nb.Show as a reader does: it sorts, filters and shows all
// rows, by pointer and by keyboard, and is accessible.
func TestGrid(t *testing.T) {
	path := testenv.Path(t, "pkg", "nb", "testdata", "grid.html")
	rendertest.CheckAccessible(t, path)
	p := rendertest.Open(t, path)
	p.Show("light", 900)
	column := func(n string) string {
		return rendertest.Evaluate[string](p, `[...document.querySelectorAll("tbody td:nth-child(`+n+`)")].filter(c => c.offsetParent).map(c => c.dataset.v ?? c.textContent).join(" ")`)
	}
	status := func() string {
		return rendertest.Evaluate[string](p, `document.querySelector("[role=status]").textContent`)
	}
	check := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	check("at first", status(), "20 of 45 rows")
	first := strings.Fields(column("2"))
	p.Click("th:nth-child(2) button")
	largest := strings.Fields(column("2"))
	if len(largest) != 20 || largest[0] != "9930000" || largest[0] == first[0] {
		t.Errorf("sorted by a number: %v", largest)
	}
	p.Click("th:nth-child(2) button")
	check("sorted the other way", strings.Fields(column("2"))[0], "0")
	check("the direction is announced", rendertest.Evaluate[string](p, `document.querySelector("th:nth-child(2)").ariaSort`), "ascending")
	p.Click(".flowbook-bar button")
	check("all rows", status(), "45 of 45 rows")
	p.Click("th:nth-child(3) button")
	if all := column("3"); !strings.HasPrefix(all, "1 1") {
		t.Errorf("a column with missing values: %q", all)
	}
	// The keyboard alone: the filter is the first stop, and Enter presses a button.
	rendertest.Evaluate[bool](p, `document.querySelector("input").focus(), true`)
	p.Type("10.0.0.4")
	check("filtered", status(), "6 of 6 rows that match, from 45")
	p.Type("\x1b")
	check("Escape ends the filter", status(), "45 of 45 rows")
	rendertest.Evaluate[bool](p, `document.querySelector("th:nth-child(1) button").focus(), true`)
	p.Type("\r")
	check("sorted by the keyboard", strings.Fields(column("1"))[0], "<img")
	if noise := p.Noise(); len(noise) > 0 {
		t.Errorf("the page asks or complains: %q", noise)
	}
	p.DisableScript()
	p.Show("dark", 375)
	check("without scripts", rendertest.Evaluate[string](p, `document.querySelector("noscript").textContent`), "The first 20 of 45 rows.")
}
