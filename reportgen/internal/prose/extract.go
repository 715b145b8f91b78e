package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// An extractor returns a copy of a file in which only the text is left. The copy
// has as many lines, and its text is at the columns of the original.
type extractor func(src []byte) ([]byte, error)

// extractorOf returns the extractor for a file, or nil if it holds no text.
func extractorOf(rel string) extractor {
	switch base := path.Base(rel); {
	case strings.HasSuffix(base, "_test.go"):
		return goTestText
	case strings.HasSuffix(base, ".go"):
		return goText
	case strings.HasSuffix(base, ".ipynb"):
		return notebookText
	case strings.HasSuffix(base, ".md"), strings.HasSuffix(base, ".yaml"), strings.HasSuffix(base, ".yml"):
		return func(src []byte) ([]byte, error) { return src, nil }
	case strings.HasSuffix(base, ".py"), base == "Makefile", base == "debian-packages":
		return scriptText
	}
	return nil
}

// blank replaces everything but line breaks by spaces: one for each character,
// so that columns stay.
func blank(src []byte) []byte {
	out := make([]byte, 0, len(src))
	for _, r := range string(src) {
		if r != '\n' && r != '\t' {
			r = ' '
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

// A span is a part of a file, in bytes.
type span struct{ from, to int }

// keep returns src with all but the spans blank. Spans are in order and apart.
func keep(src []byte, spans []span) []byte {
	var out []byte
	at := 0
	for _, s := range spans {
		out = append(out, blank(src[at:s.from])...)
		out = append(out, src[s.from:s.to]...)
		at = s.to
	}
	return append(out, blank(src[at:])...)
}

// goText keeps the comments of a Go file and the strings that read as English.
func goText(src []byte) ([]byte, error) {
	return keepGo(src, func(n ast.Node) ast.Node { return n })
}

// messages are the methods of testing.TB that take a message.
var messages = map[string]bool{"Error": true, "Errorf": true, "Fatal": true, "Fatalf": true, "Log": true, "Logf": true, "Skip": true, "Skipf": true}

// goTestText keeps the comments of a Go test and the messages of failures. Its
// other strings are inputs and expected outputs.
func goTestText(src []byte) ([]byte, error) {
	return keepGo(src, func(n ast.Node) ast.Node {
		switch n := n.(type) {
		case *ast.BasicLit:
			return nil
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.SelectorExpr); ok && messages[f.Sel.Name] {
				return n
			}
		}
		return nil
	})
}

// keepGo keeps comments, and the strings below the nodes that choose returns.
func keepGo(src []byte, choose func(ast.Node) ast.Node) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", src, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	texts := map[int]int{} // start to end
	for _, group := range file.Comments {
		for _, c := range group.List {
			if !strings.HasPrefix(c.Text, "//go:") && !strings.HasPrefix(c.Text, "//nolint") {
				texts[fset.Position(c.Pos()).Offset+2] = fset.Position(c.End()).Offset
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil {
			return true
		}
		chosen := choose(n)
		if chosen == nil {
			return true
		}
		ast.Inspect(chosen, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && english(lit.Value) {
				texts[fset.Position(lit.Pos()).Offset+1] = fset.Position(lit.End()).Offset - 1
			}
			return true
		})
		return false
	})
	return keep(src, sorted(texts)), nil
}

// english reports whether a string literal reads as English: two words or more.
func english(literal string) bool {
	words := 0
	for word := range strings.FieldsSeq(strings.Trim(literal, "`\"")) {
		if strings.IndexFunc(word, func(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }) >= 0 {
			words++
		}
	}
	return words > 1
}

// notebookText keeps the Markdown cells of a notebook, the comments of its code
// cells and the strings of their code.
func notebookText(src []byte) ([]byte, error) {
	var notebook struct {
		Cells []struct {
			Type   string   `json:"cell_type"`
			Source []string `json:"source"`
		}
	}
	if err := json.Unmarshal(src, &notebook); err != nil {
		return nil, err
	}
	var spans []span
	at := 0
	for i, c := range notebook.Cells {
		for _, line := range c.Source {
			literal, err := marshal(line)
			if err != nil {
				return nil, err
			}
			found := strings.Index(string(src[at:]), literal)
			if found < 0 {
				return nil, fmt.Errorf("cell %d: line %s is not written as Jupyter writes it", i+1, literal)
			}
			from := at + found + 1
			at += found + len(literal)
			if c.Type == "markdown" || english(line) {
				spans = append(spans, span{from, at - 1})
			}
		}
	}
	return keep(src, spans), nil
}

// marshal returns a string as JSON, in the way in which Jupyter writes it.
func marshal(s string) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(s)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// scriptPart is a comment or a string of a script.
var scriptPart = regexp.MustCompile(`(?s)""".*?"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|#[^\n]*`)

// scriptText keeps the comments of a Python or shell script or a Makefile, and
// the strings that read as English.
func scriptText(src []byte) ([]byte, error) {
	var spans []span
	for _, at := range scriptPart.FindAllIndex(src, -1) {
		if part := string(src[at[0]:at[1]]); strings.HasPrefix(part, "#") || english(part) {
			end := at[1]
			if part[0] != '#' {
				end--
			}
			spans = append(spans, span{at[0] + 1, end})
		}
	}
	return keep(src, spans), nil
}

func sorted(texts map[int]int) []span {
	var spans []span
	for _, from := range slices.Sorted(maps.Keys(texts)) {
		spans = append(spans, span{from, texts[from]})
	}
	return spans
}
