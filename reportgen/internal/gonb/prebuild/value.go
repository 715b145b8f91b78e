package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// flowbook begins the paths of the packages whose cells display the value of their last
// expression, as Jupyter's users expect. Other cells are what GoNB makes of them.
const flowbook = "github.com/flowbook/flowbook/pkg/"

// showImport is the import that such a cell needs.
var showImport = importSpec{"reportgenNB", flowbook + "nb"}

// showFunction displays the value of an expression, unless it is several values, as those of
// fmt.Println are, nil or an error.
const showFunction = `
func reportgenShow(values ...any) {
	if len(values) != 1 || values[0] == nil {
		return
	}
	if _, ok := values[0].(error); !ok {
		reportgenNB.Show(values[0])
	}
}
`

// withoutValue are the functions that return nothing and often end a main: the call that
// GoNB begins it with, those that Go declares, and those of package nb.
var withoutValue = strings.Fields("flag.Parse clear close delete panic print println " +
	"nb.Check nb.Diff nb.Figure nb.Prose nb.Rule nb.Show nb.Summary nb.Table")

// noValue matches the compiler's error of an expression that has no value to display.
var noValue = regexp.MustCompile(`\(no value\) used as value|reportgenShow`)

// showsValue returns the main of a cell so that it displays the value of its last statement, if this is an
// expression that may have one and no semicolon follows. The cell has the declarations of a file and imports;
// its main begins at a line of main.go. Line directives keep the places of the compiler's errors.
func showsValue(main string, at int, file *ast.File, imports []importSpec) (shown string, ok bool) {
	const before = "package p;"
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, "", before+main, 0)
	if err != nil || len(parsed.Decls) != 1 {
		return "", false
	}
	f, ok := parsed.Decls[0].(*ast.FuncDecl)
	if !ok || len(f.Body.List) == 0 {
		return "", false
	}
	last, ok := f.Body.List[len(f.Body.List)-1].(*ast.ExprStmt)
	if !ok {
		return "", false
	}
	from, to := fset.Position(last.Pos()), fset.Position(last.End()).Offset-len(before)
	start := from.Offset - len(before)
	if call, ok := last.X.(*ast.CallExpr); ok {
		callee := main[fset.Position(call.Fun.Pos()).Offset-len(before) : fset.Position(call.Fun.End()).Offset-len(before)]
		if slices.Contains(withoutValue, callee) || callsWithoutValue(call, file, imports) {
			return "", false
		}
	}
	if strings.HasPrefix(strings.TrimSpace(main[to:]), ";") {
		return "", false
	}
	column := from.Column
	if from.Line == 1 {
		column -= len(before)
	}
	return fmt.Sprintf("%sreportgenShow(/*line :%d:%d*/%s)%s", main[:start], at+from.Line-1, column, main[start:to], main[to:]), true
}

// callsWithoutValue reports whether a call is one of a function that returns nothing: one
// that a file declares, or one of the standard library. Of other calls, the compiler
// says so.
func callsWithoutValue(call *ast.CallExpr, file *ast.File, imports []importSpec) bool {
	switch callee := call.Fun.(type) {
	case *ast.Ident:
		return returnsNothing(file, callee.Name)
	case *ast.SelectorExpr:
		of, ok := callee.X.(*ast.Ident)
		if !ok || of.Obj != nil { // a variable
			return false
		}
		for _, s := range imports {
			if s.Name == of.Name || s.Name == "" && path.Base(s.Path) == of.Name {
				return returnsNothingIn(standardFolder(realGo, s.Path), callee.Sel.Name)
			}
		}
	}
	return false
}

// returnsNothingIn reports whether a function of the package in a folder has no results.
func returnsNothingIn(dir, name string) bool {
	if dir == "" {
		return false
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil || strings.HasSuffix(file, "_test.go") || !bytes.Contains(src, []byte("\nfunc "+name)) {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), "", src, parser.SkipObjectResolution)
		if err == nil && returnsNothing(parsed, name) {
			return true
		}
	}
	return false
}

// returnsNothing reports whether a file declares a function without results by a name.
func returnsNothing(file *ast.File, name string) bool {
	return slices.ContainsFunc(file.Decls, func(d ast.Decl) bool {
		f, ok := d.(*ast.FuncDecl)
		return ok && f.Recv == nil && f.Name.Name == name && f.Type.Results == nil
	})
}

// importsFlowbook reports whether a cell imports a package of [flowbook].
func importsFlowbook(specs []importSpec) bool {
	return slices.ContainsFunc(specs, func(s importSpec) bool { return strings.HasPrefix(s.Path, flowbook) })
}

// showing returns the source of a main.go that displays the value of its last expression,
// and the flag of go build that overlays it on main.go.
func (b *builder) showing(src string) (shown string, flags []string, ok bool) {
	dir := filepath.Dir(b.out)
	p, err := parseProgram(filepath.Join(dir, "main.go"), src)
	if err != nil || p.shown == "" || hasFlag(b.setting(), "-overlay") || hasFlag(b.setting(), "-cover") {
		return "", nil, false
	}
	shown = strings.Replace(src, "package main", "package main; import "+showImport.String(), 1)
	shown = "//line " + p.path + ":1:1\n" + strings.Replace(shown, p.main, p.shown, 1) + showFunction
	file := filepath.Join(dir, "reportgen_value") // not a .go file: it is not part of the package
	replace := b.observe(dir)
	if replace == nil {
		replace = make(map[string]string)
	}
	replace[p.path] = file
	if os.WriteFile(file, []byte(shown), 0o600) != nil {
		return "", nil, false
	}
	flags, err = overlayFlag(file+".json", replace)
	return shown, flags, err == nil
}
