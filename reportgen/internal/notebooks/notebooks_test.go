// Package notebooks_test checks the notebooks as text and as programs. What the
// kernel makes of them is tested with reportgen run.
package notebooks_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// cell is a cell of a notebook in the terms of nbformat 4.5.
type cell struct {
	Type     string         `json:"cell_type"`
	ID       string         `json:"id"`
	Count    *int           `json:"execution_count"`
	Metadata map[string]any `json:"metadata"`
	Outputs  []any          `json:"outputs"`
	Source   []string       `json:"source"`
}

func (c cell) text() string { return strings.Join(c.Source, "") }

func (c cell) tagged(tag string) bool {
	tags, _ := c.Metadata["tags"].([]any)
	return slices.Contains(tags, any(tag))
}

type notebook struct {
	name     string
	Cells    []cell `json:"cells"`
	Metadata struct {
		Kernel struct{ Name, Language string } `json:"kernelspec"`
	} `json:"metadata"`
	Major int `json:"nbformat"`
	Minor int `json:"nbformat_minor"`
}

// reported returns the notebooks of the sample report, which report.yaml lists.
func reported(t *testing.T) []notebook {
	t.Helper()
	config, err := os.ReadFile("report.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all := slices.DeleteFunc(notebooks(t), func(nb notebook) bool { return !strings.Contains(string(config), "- "+nb.name+".ipynb\n") })
	if len(all) != 6 {
		t.Fatalf("report.yaml lists %d notebooks and not 6", len(all))
	}
	return all
}

func notebooks(t *testing.T) []notebook {
	t.Helper()
	files, err := filepath.Glob("*.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	var all []notebook
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		nb := notebook{name: strings.TrimSuffix(f, ".ipynb")}
		if err := json.Unmarshal(b, &nb); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		all = append(all, nb)
	}
	return all
}

var (
	readable = regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)*$`)
	aPath    = regexp.MustCompile(`"(/|\./|\.\./|~|[A-Za-z]:\\)`)
)

// TestForm checks what a notebook must be to be committed and run anywhere.
func TestForm(t *testing.T) {
	for _, nb := range notebooks(t) {
		if nb.Major != 4 || nb.Minor != 5 || nb.Metadata.Kernel.Name != "gonb" || nb.Metadata.Kernel.Language != "go" {
			t.Errorf("%s: format %d.%d of kernel %+v", nb.name, nb.Major, nb.Minor, nb.Metadata.Kernel)
		}
		if !strings.HasPrefix(nb.Cells[0].text(), "# ") {
			t.Errorf("%s does not begin with a heading", nb.name)
		}
		if !nb.Cells[1].tagged("parameters") && !strings.Contains(nb.Cells[1].text(), "nb.Open()") {
			t.Errorf("%s: the second cell neither has the parameters nor opens the inputs", nb.name)
		}
		ids := map[string]bool{}
		for _, c := range nb.Cells {
			if !readable.MatchString(c.ID) || ids[c.ID] {
				t.Errorf("%s: id %q is not readable or taken", nb.name, c.ID)
			}
			ids[c.ID] = true
			if len(c.Outputs) > 0 || c.Count != nil {
				t.Errorf("%s, cell %s: has outputs or a count", nb.name, c.ID)
			}
			if aPath.MatchString(c.text()) {
				t.Errorf("%s, cell %s: holds a path", nb.name, c.ID)
			}
			for _, l := range c.Source {
				if l = strings.ReplaceAll(l, "\t", "    "); len(l) > 125 && c.Type == "code" && !strings.Contains(c.text(), "echo: false") {
					t.Errorf("%s, cell %s: a line of code that is shown has %d columns", nb.name, c.ID, len(l))
				}
			}
			if n := lines(c); c.Type == "code" && n > 40 {
				t.Errorf("%s, cell %s: %d lines of code, want 40 at most", nb.name, c.ID, n)
			}
		}
	}
}

// lines counts the lines of a cell that say something: neither imports nor
// GoNB's and Quarto's lines.
func lines(c cell) int {
	n, imports := 0, false
	for _, l := range c.Source {
		l = strings.TrimSpace(l)
		switch {
		case strings.HasPrefix(l, "import ("):
			imports = true
		case imports:
			imports = l != ")"
		case l != "" && l != "%%" && !strings.HasPrefix(l, "//|"):
			n++
		}
	}
	return n
}

// body returns the statements of a cell that GoNB makes a main of.
func body(c cell) (string, bool) {
	_, statements, ok := strings.Cut(c.text(), "%%\n")
	return statements, ok && c.Type == "code"
}

// TestCaptions checks that each table and figure has a label, a caption and, if
// a figure, alt text, and that no label is used twice in the report.
func TestCaptions(t *testing.T) {
	labels := map[string]string{}
	for _, nb := range reported(t) {
		for _, c := range nb.Cells {
			statements, ok := body(c)
			if !ok {
				continue
			}
			where := nb.name + ", cell " + c.ID
			file, err := parser.ParseFile(token.NewFileSet(), "", "package main\nfunc main() {\n"+statements+"\n}", 0)
			if err != nil {
				t.Fatalf("%s: %v", where, err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				kind := called(call, ok)
				if kind != "Figure" && kind != "Table" {
					return true
				}
				said := map[string]ast.Expr{}
				for _, arg := range call.Args[1:] {
					if option, ok := arg.(*ast.CallExpr); ok {
						said[called(option, true)] = option.Args[0]
					}
				}
				for _, need := range []string{"Label", "Caption", "Alt"} {
					if said[need] == nil && (need != "Alt" || kind == "Figure") {
						t.Errorf("%s: nb.%s without nb.%s", where, kind, need)
					}
				}
				if l, ok := said["Label"].(*ast.BasicLit); ok {
					if labels[l.Value] != "" {
						t.Errorf("%s: label %s is taken by %s", where, l.Value, labels[l.Value])
					}
					labels[l.Value] = where
				}
				return true
			})
		}
	}
	for _, need := range []string{"fig-flows", "fig-countries", "fig-sent", "fig-received", "tbl-services", "fig-uploads",
		"fig-new-countries", "tbl-new-countries", "tbl-test-services", "tbl-peers", "fig-dns", "tbl-clients", "fig-clients", "tbl-devices"} {
		if labels[fmt.Sprintf("%q", need)] == "" {
			t.Errorf("the report has no %s", need)
		}
	}
}

// called returns the name of the function of package nb that a call is of.
func called(call *ast.CallExpr, ok bool) string {
	if !ok {
		return ""
	}
	if s, ok := call.Fun.(*ast.SelectorExpr); ok {
		if p, ok := s.X.(*ast.Ident); ok && p.Name == "nb" {
			return s.Sel.Name
		}
	}
	return ""
}
