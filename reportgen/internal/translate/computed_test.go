package translate

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// portuguese returns the catalog of the sample notebooks.
func portuguese(t *testing.T) *Translator {
	t.Helper()
	source, err := os.ReadFile(testenv.Path(t, "notebooks/pt.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	tr, err := Parse(source, "pt")
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// Every sentence that detections, frames and the functions of cells can compute has a translation, not only those that
// the sample days give. The texts are those in the source, with an example of each value. TestFigureTexts covers charts.
func TestComputedTexts(t *testing.T) {
	tr := portuguese(t)
	n := 0
	for _, dir := range []string{"pkg/detect", "pkg/changes", "pkg/frame", "pkg/nb"} {
		for _, text := range computedTexts(t, testenv.Path(t, dir)) {
			n++
			tr.missing = map[string]bool{}
			as := tr.Value(text.example)
			if missing := tr.Missing(); len(missing) > 0 || as == text.example {
				t.Errorf("%s: pt.yaml: no translation of %q\n\t%s\n\t%q", text.where, text.example, as, missing)
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d texts are found", n)
	}
	// Sentences that are computed of parts of others.
	tr.missing = map[string]bool{}
	for _, text := range []string{
		"The rule raised 2 alerts on the test day (@tbl-alerts-beacon). There is 1 finding of lower severity that raised no alert.",
		"The rule raised no alert on the test day. There are 3 findings of lower severity that raised no alert.",
	} {
		if as := tr.Text(text); english.MatchString(as) {
			t.Errorf("%q: %q", text, as)
		}
	}
	for _, text := range tr.Missing() {
		t.Errorf("pt.yaml: no translation of %q", text)
	}
}

// computed is a text in the source of a program.
type computed struct{ where, example string }

// computedTexts returns the texts of the Go files in a folder that are English prose.
func computedTexts(t *testing.T, dir string) []computed {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(err, dir)
	}
	var all []computed
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		c := collector{}
		ast.Inspect(file, c.visit)
		for _, e := range c.found {
			example := filled(e.text)
			if prose.MatchString(example) && !strings.ContainsAny(example, "<|\n/") {
				all = append(all, computed{set.Position(e.at).String(), example})
			}
		}
	}
	return all
}

var prose = regexp.MustCompile(`[a-z]{2,} [a-z]{2,}`)

// collector collects the texts of a file.
type collector struct {
	found []struct {
		text string
		at   token.Pos
	}
}

// messages are the functions whose texts are not for reports: errors and ends of the program.
var messages = []string{"Errorf", "New", "panic", "MustCompile", "fail", "Check"}

// internal are the functions whose texts no reader sees.
var internal = []string{"campaignTokens", "parseFinding", "firstSteps", "FindEntity", "Error", "Rule"}

func (c *collector) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.ImportSpec:
		return false
	case *ast.FuncDecl:
		return !slices.Contains(internal, n.Name.Name)
	case *ast.Field:
		return n.Tag == nil
	case *ast.CallExpr:
		if slices.Contains(messages, called(n)) {
			return false
		}
	}
	e, ok := n.(ast.Expr)
	if !ok {
		return true
	}
	text, whole := textOf(e)
	if !whole {
		return true
	}
	c.found = append(c.found, struct {
		text string
		at   token.Pos
	}{text, e.Pos()})
	return false
}

// called is the name of a function that is called.
func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// textOf returns a text with %s for the parts that are not in the source. It returns false for other expressions.
func textOf(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			text, err := strconv.Unquote(e.Value)
			return text, err == nil
		}
	case *ast.ParenExpr:
		return textOf(e.X)
	case *ast.BinaryExpr:
		a, first := textOf(e.X)
		b, second := textOf(e.Y)
		if e.Op == token.ADD && (first || second) {
			if !first {
				a = "%s"
			}
			if !second {
				b = "%s"
			}
			return a + b, true
		}
	case *ast.CallExpr:
		if called(e) == "Sprintf" && len(e.Args) > 0 {
			return textOf(e.Args[0])
		}
	}
	return "", false
}

var formatted = regexp.MustCompile(`%(?:\[\d\])?[-+#0-9.]*[sdgqvfx]`)

// optional matches a verb for a part of a sentence that may be missing.
var optional = regexp.MustCompile(`([\w)])%s`)

// filled returns a text with examples for its verbs, without the marks that join it to others.
func filled(text string) string {
	text = optional.ReplaceAllString(text, "$1")
	text = formatted.ReplaceAllStringFunc(text, func(verb string) string {
		switch {
		case strings.HasSuffix(verb, "02d"):
			return "08"
		case strings.HasSuffix(verb, "d"):
			return "3"
		case strings.HasSuffix(verb, "g"), strings.HasSuffix(verb, "f"):
			return "1.5"
		}
		return "10.0.0.1"
	})
	text = strings.Trim(strings.ReplaceAll(text, "%%", "%"), " ,;:")
	if inner, ok := strings.CutPrefix(text, "("); ok {
		text = strings.TrimSuffix(inner, ")")
	}
	return text
}
