package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/gonb/magic"
)

// program is main.go, which GoNB wrote for a cell, in its parts: imports, the
// declarations of all cells so far, and main, which is the cell's own.
type program struct {
	path    string // of main.go
	imports []importSpec
	decls   string // between the imports and main
	line    int    // where decls begin
	main    string // from "func" to the closing brace
	shown   string // main that displays the value of its last expression, if it is one of a cell that does
	at      int    // the line where main begins

	body  *ast.FuncDecl
	file  *ast.File
	names map[string]bool // that decls use before a dot and do not declare
}

// importSpec is one import. Its name is empty if it is the package's own.
type importSpec struct{ Name, Path string }

func (s importSpec) String() string {
	return strings.TrimSpace(s.Name + " " + strconv.Quote(s.Path))
}

// parseProgram takes a main.go apart. It fails if main is not the last declaration.
func parseProgram(path, src string) (*program, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "main.go", src, 0)
	if err != nil {
		return nil, err
	}
	p := &program{path: path, file: file, imports: importsOf(file), names: make(map[string]bool)}
	offset := func(pos token.Pos) int { return fset.Position(pos).Offset }
	from := offset(file.Name.End())
	for i, d := range file.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			if d.Tok == token.IMPORT {
				from = offset(d.End())
			}
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name == "main" && i == len(file.Decls)-1 {
				p.body = d
			}
		}
	}
	if p.body == nil || offset(p.body.Pos()) < from {
		return nil, fmt.Errorf("main.go does not end with main")
	}
	p.decls = src[from:offset(p.body.Pos())]
	p.line = fset.Position(file.Pos()).Line + strings.Count(src[offset(file.Pos()):from], "\n")
	p.main = src[offset(p.body.Pos()):offset(p.body.End())]
	p.at = fset.Position(p.body.Pos()).Line
	if importsFlowbook(p.imports) {
		if shown, ok := showsValue(p.main, p.at, p.file, p.imports); ok {
			p.shown = shown
			p.imports = append(p.imports, showImport)
		}
	}
	for _, d := range file.Decls {
		if d != p.body {
			usedNames(d, p.names)
		}
	}
	return p, nil
}

func importsOf(file *ast.File) []importSpec {
	var specs []importSpec
	for _, s := range file.Imports {
		spec := importSpec{}
		if spec.Path, _ = strconv.Unquote(s.Path.Value); spec.Path == "" {
			continue
		}
		if s.Name != nil {
			spec.Name = s.Name.Name
		}
		specs = append(specs, spec)
	}
	return specs
}

// key is the name under which GoNB remembers an import.
func (s importSpec) key() string {
	if s.Name == "." || s.Name == "" {
		return s.Name + path.Base(s.Path)
	}
	return s.Name
}

// usedNames adds the names before a dot that the file does not declare: those of
// packages.
func usedNames(n ast.Node, names map[string]bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok && id.Obj == nil {
				names[id.Name] = true
			}
		}
		return true
	})
}

// directive matches comments for the compiler, whose effect may depend on their
// place in the file.
var directive = regexp.MustCompile(`(?m)^\s*//(go:|line |export )|/\*line `)

// rename gives main another name.
func rename(main, name string) string {
	head, rest, _ := strings.Cut(main, "main") // "func" does not contain it
	return head + name + rest
}

// parseMain parses main and adds the names of packages that it uses. It reports
// false if main is not one function or declares a type: the compiler numbers the
// local types of a program, and the number is part of some types' names.
func parseMain(main string, names map[string]bool) bool {
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p;"+main, 0)
	if err != nil || len(file.Decls) != 1 {
		return false
	}
	types := false
	ast.Inspect(file, func(n ast.Node) bool {
		_, is := n.(*ast.TypeSpec)
		types = types || is
		return true
	})
	usedNames(file.Decls[0], names)
	return !types
}

// remembered are the imports that cells declare, as GoNB remembers them: the last
// of a name counts.
func remembered(cells []string) map[string]importSpec {
	specs := make(map[string]importSpec)
	for _, source := range cells {
		// A cell that does not parse declares nothing here: what GoNB makes of it is
		// compared with the program before that is used.
		file, err := parser.ParseFile(token.NewFileSet(), "", "package p;"+magic.Parse(source).Declarations(), parser.ImportsOnly)
		if file == nil || err != nil {
			continue
		}
		for _, s := range importsOf(file) {
			specs[s.key()] = s
		}
	}
	return specs
}
