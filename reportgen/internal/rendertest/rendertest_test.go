package rendertest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
)

// faulty has each fault that the checks look for.
const faulty = `<!doctype html><title>Faulty</title>
<body style="color:#888;background:#fff">
<p id="a">Pale text.</p><p id="a" style="color:#000;width:2000px">Twice and wide.</p>
<a href="#nowhere" style="color:#000">nowhere</a>
<svg width="10" height="10"></svg>
<figure style="color:#000">No picture.</figure>
<img src="https://example.invalid/x.png">
<script>console.error("said"); undefinedFunction();</script>
</body>`

// TestProblemsAreFound: a check that finds nothing in a page full of faults
// would prove nothing about a report.
func TestProblemsAreFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "faulty.html")
	if err := os.WriteFile(path, []byte(faulty), 0o666); err != nil {
		t.Fatal(err)
	}
	p := rendertest.Open(t, path)
	p.Show("light", 375)
	found := strings.Join(append(p.Problems(), p.Noise()...), "\n")
	for _, want := range []string{
		"image without alt text in body",
		"image that does not show",
		"picture without role or label in body",
		"figure without a picture",
		"identifier twice: a",
		"link to nothing: #nowhere",
		"px wide and the window 375",
		"contrast 3.54 of p#a “Pale text.”",
		"request to https://example.invalid/x.png",
		"console.error",
		"undefinedFunction is not defined",
	} {
		if !strings.Contains(found, want) {
			t.Errorf("not found: %s", want)
		}
	}
	if t.Failed() {
		t.Log(found)
	}
}
