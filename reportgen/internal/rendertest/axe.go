package rendertest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// axeRun has axe-core judge the page by the rules of WCAG 2.2, levels A and AA,
// and by its own best practices.
const axeRun = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then((r) =>
	r.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + v.help + ": " + n.target.join(" ") + ": " + n.html.slice(0, 160))))`

// CheckAccessible opens the page at path in both themes, as wide as a desk's
// screen and as narrow as a phone's, and fails the test for whatever axe-core
// finds (https://github.com/dequelabs/axe-core). It skips the test if
// there is no browser, or no axe-core: rendertest/fetch-axe installs it in .tools, and
// $FLOWBOOK_AXE may name another axe.min.js.
func CheckAccessible(t testing.TB, path string) {
	t.Helper()
	axe := axeSource(t)
	p := Open(t, path)
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 375} {
			p.Show(theme, width)
			// What is folded is judged too.
			Evaluate[bool](p, `document.querySelectorAll("details").forEach((d) => { d.open = true; }), true`)
			Evaluate[bool](p, axe+"; true")
			for _, violation := range Evaluate[[]string](p, axeRun) {
				t.Errorf("%s, %s theme, %d px wide: %s", filepath.Base(path), theme, width, violation)
			}
		}
	}
}

// axeSource is axe-core, in the module's .tools unless $FLOWBOOK_AXE names it.
func axeSource(t testing.TB) string {
	t.Helper()
	name := os.Getenv("FLOWBOOK_AXE")
	if name == "" {
		name = testenv.Path(t, ".tools", "axe-core", "axe.min.js")
	}
	source, err := os.ReadFile(testenv.File(t, name, "reportgen/internal/rendertest/fetch-axe, which fetches axe-core"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(source))
}
