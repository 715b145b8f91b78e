package markdown

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// example is one of CommonMark's, as its spec.json holds them.
type example struct {
	Markdown string `json:"markdown"`
	Example  int    `json:"example"`
	Section  string `json:"section"`
}

// TestProseRoundTrips writes the examples of the CommonMark specification from
// their syntax trees: what is written must mean what was read. Raw HTML is left
// out, since the report changes it.
func TestProseRoundTrips(t *testing.T) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/yuin/goldmark").Output()
	if err != nil {
		t.Skipf("goldmark's module, which holds the specification's examples, is not found: %v", err)
	}
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "_test", "spec.json"))
	if err != nil {
		t.Skipf("the specification's examples are not in goldmark's module: %v", err)
	}
	var examples []example
	if err := json.Unmarshal(data, &examples); err != nil {
		t.Fatal(err)
	}
	reader := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote), goldmark.WithRendererOptions(html.WithUnsafe()))
	htmlOf := func(md string) string {
		var b bytes.Buffer
		if err := reader.Convert([]byte(md), &b); err != nil {
			t.Fatal(err)
		}
		return document.Balance(strings.TrimSpace(b.String()))
	}
	parser := document.NewParser()
	tested := 0
	for _, e := range examples {
		if strings.Contains(htmlOf(e.Markdown), "<img") {
			continue // a report's images are files of its own
		}
		switch e.Example {
		case 417: // strong emphasis thrice within itself, within a word, cannot be told apart
			continue
		case 493: // a < in text becomes an entity, which may make a link of what was none
			continue
		}
		want := htmlOf(e.Markdown)
		text := parser.Parse(e.Markdown)
		if holdsHTML(text.Root) {
			continue
		}
		w := newWriter(&document.Document{})
		written := w.blocks(text.Root, text.Source)
		tested++
		if got := htmlOf(written); normal(got) != normal(want) {
			t.Errorf("example %d (%s):\n%s\nwas written\n%s\nwhich means\n%s\nand not\n%s", e.Example, e.Section, e.Markdown, written, got, want)
		}
	}
	if tested < 500 {
		t.Errorf("only %d examples were tested", tested)
	}
}

func holdsHTML(root ast.Node) bool {
	found := false
	_ = ast.Walk(root, func(n ast.Node, _ bool) (ast.WalkStatus, error) {
		found = found || n.Kind() == ast.KindHTMLBlock || n.Kind() == ast.KindRawHTML
		return ast.WalkContinue, nil
	})
	return found
}

// normal leaves out what the writer may change: white space, and the fence's
// language of code that had none.
func normal(html string) string { return strings.Join(strings.Fields(html), " ") }
