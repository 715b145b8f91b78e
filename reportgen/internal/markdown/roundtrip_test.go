package markdown

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
		case 417: // triple nested strong emphasis within a word is ambiguous
			continue
		case 493: // a < in text becomes an entity, which may turn text into a link
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
		if w.err != nil {
			t.Errorf("example %d: %v", e.Example, w.err)
		}
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

// formulas are the formulas of a text, in order, without differences of space.
func formulas(t *document.Text) []string {
	var all []string
	_ = ast.Walk(t.Root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *document.Math:
			all = append(all, strings.Join(strings.Fields(n.TeX), " "))
		case *document.Equation:
			n.MathML = "<math></math>" // as if it were set
			all = append(all, strings.Join(strings.Fields(n.TeX), " "))
		}
		return ast.WalkContinue, nil
	})
	return all
}

// TestFormulasRoundTrip: what is written as Markdown holds the formulas that
// were read, and no others.
func TestFormulasRoundTrip(t *testing.T) {
	p := document.NewParser()
	for _, source := range []string{
		"a $x_1$ and $`y_*`$, $$z$$ in text",
		"$a\n+ b$ over lines",
		"$$\nx\n\ny\n$$",
		"- item\n\n  $$\n  x_1\n  $$",
		"> $$x$$",
		"| a |\n|---|\n| $x_1$ |",
		"\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}",
		"it costs $5 and $10, or \\$x\\$",
		"*$x$* and **$y$**, `$z$`",
		"$\\text{a`b}$",
	} {
		text := p.Parse(source)
		want := formulas(text)
		w := newWriter(&document.Document{})
		written := w.blocks(text.Root, text.Source)
		if diff := cmp.Diff(want, formulas(p.Parse(written))); diff != "" {
			t.Errorf("%q was written\n%s\n(-want +got):\n%s", source, written, diff)
		}
	}
}

// TestKinds checks that every kind of block is written as Markdown, and that an
// unknown kind is an error.
func TestKinds(t *testing.T) {
	for _, b := range document.Kinds() {
		d := &document.Document{Title: "Kinds", Blocks: []document.Block{b}}
		if err := Write(t.TempDir(), d); err != nil {
			t.Errorf("%T: %v", b, err)
		}
	}
	dir := t.TempDir()
	err := Write(dir, &document.Document{Blocks: []document.Block{struct{ document.Block }{}}})
	if err == nil || !strings.Contains(err.Error(), "no form for struct") {
		t.Errorf("an unknown block: %v", err)
	}
	if made, _ := os.ReadDir(dir); len(made) > 0 {
		t.Errorf("%v is written", made)
	}
}
