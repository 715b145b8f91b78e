package render_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// TestLargePicture: a file that no page can hold is refused, and not read to its
// end.
func TestLargePicture(t *testing.T) {
	const limit = 20 << 20
	png := "\x89PNG\r\n\x1a\n"
	for size, want := range map[int]string{limit: "", limit + 1: "it is larger than 20 MB"} {
		files := fstest.MapFS{"big.png": {Data: []byte(png + strings.Repeat("\x00", size-len(png)))}}
		nb := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{markdownCell("# Title\n\n![big](big.png)")}}
		_, _, err := render.Build([]render.Input{{Name: "a.ipynb", Notebook: nb, Files: files}}, render.Options{})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%d bytes: %q, want %q", size, got, want)
		}
	}
}

// TestPolicy: whatever passes the sanitisers, the browser loads nothing and runs
// nothing but the page's own script.
func TestPolicy(t *testing.T) {
	nb := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{markdownCell("# Title")}}
	for _, value := range attributeValues(t, page(t, build(t, []render.Input{{Name: "a.ipynb", Notebook: nb}}, render.Options{})), "content") {
		if !strings.HasPrefix(value, "default-src") {
			continue
		}
		for _, want := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'", "img-src data:", "style-src-elem 'sha256-", "script-src 'sha256-"} {
			if !strings.Contains("; "+value, "; "+want) {
				t.Errorf("the policy has no %q: %s", want, value)
			}
		}
		if strings.Contains(value, "*") || strings.Contains(value, "http") || strings.Contains(value, "dynamic") {
			t.Errorf("the policy is wide: %s", value)
		}
		return
	}
	t.Error("the page has no policy")
}
