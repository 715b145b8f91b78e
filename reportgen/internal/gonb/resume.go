package gonb

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/gonb/magic"
)

// Resume returns empty cells, for the kernel's count, and one that declares what the
// given cells declare. A GoNB kernel keeps declarations and no values.
func (Driver) Resume(codes []string) ([]string, error) {
	code, err := mergeDeclarations(codes)
	if err != nil {
		return nil, err
	}
	cells := slices.Repeat([]string{" "}, len(codes))
	if code != "" {
		cells[len(cells)-1] = code
	}
	return cells, nil
}

// ShowsStart reports whether a text names lines of the program that GoNB made of all
// declarations.
func (Driver) ShowsStart(text string) bool { return strings.Contains(text, "main.go") }

// goDeclaration is a declaration at the top of a cell.
type goDeclaration struct {
	names []string // a method's has its type before it
	kind  token.Token
	text  string
}

// mergeDeclarations returns a cell that declares what the cells declare one after
// another; a later declaration of a name replaces an earlier one. It fails if one
// cell cannot declare it.
func mergeDeclarations(codes []string) (string, error) {
	imports := make(map[string]string) // text by name or path
	var order []string
	var decls []goDeclaration
	for _, code := range codes {
		cell := magic.Parse(code)
		if len(cell.Commands) > 0 || cell.Script != "" {
			return "", errors.New("a cell has special commands")
		}
		source := "package p;" + cell.Declarations()
		file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return "", err
		}
		for _, spec := range file.Imports {
			text := source[spec.Pos()-1 : spec.End()-1]
			key := spec.Path.Value
			if spec.Name != nil && spec.Name.Name != "_" {
				key = spec.Name.Name
			}
			if was, ok := imports[key]; ok && was != text {
				return "", errors.New("two imports of one name")
			} else if !ok {
				order = append(order, text)
			}
			imports[key] = text
		}
		for _, d := range file.Decls {
			if decls, err = addDeclarations(decls, source, d); err != nil {
				return "", err
			}
		}
	}
	var b strings.Builder
	for _, text := range order {
		fmt.Fprintf(&b, "import %s\n", text)
	}
	for _, d := range decls {
		fmt.Fprintln(&b, d.text)
	}
	return b.String(), nil
}

func addDeclarations(decls []goDeclaration, source string, d ast.Decl) ([]goDeclaration, error) {
	text := func(n ast.Node) string { return source[n.Pos()-1 : n.End()-1] }
	switch d := d.(type) {
	case *ast.FuncDecl:
		name := d.Name.Name
		if d.Recv != nil && len(d.Recv.List) > 0 {
			name = types.ExprString(receiver(d.Recv.List[0].Type)) + "." + name
		}
		switch name {
		case "main":
			return decls, nil
		case "init":
			return nil, errors.New("a cell declares init")
		}
		d.Doc = nil
		return replace(decls, goDeclaration{[]string{name}, token.FUNC, text(d)})
	case *ast.GenDecl:
		if d.Tok == token.IMPORT {
			return decls, nil
		}
		if d.Tok == token.CONST { // iota counts in its group
			var names []string
			for _, s := range d.Specs {
				names = append(names, specNames(s)...)
			}
			d.Doc = nil
			return replace(decls, goDeclaration{names, d.Tok, text(d)})
		}
		var err error
		for _, s := range d.Specs {
			if decls, err = replace(decls, goDeclaration{specNames(s), d.Tok, d.Tok.String() + " " + text(s)}); err != nil {
				return nil, err
			}
		}
		return decls, nil
	}
	return nil, errors.New("a declaration is not valid Go")
}

// receiver is the type of a receiver without star and type parameters.
func receiver(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.ParenExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	}
	return e
}

func specNames(s ast.Spec) []string {
	switch s := s.(type) {
	case *ast.TypeSpec:
		s.Doc, s.Comment = nil, nil
		return []string{s.Name.Name}
	case *ast.ValueSpec:
		s.Doc, s.Comment = nil, nil
		var names []string
		for _, n := range s.Names {
			names = append(names, n.Name)
		}
		return names
	}
	return nil
}

// replace puts d in the place of the declaration of the same names, or last. It fails
// if only some names are the same, or the kind differs.
func replace(decls []goDeclaration, d goDeclaration) ([]goDeclaration, error) {
	if slices.Contains(d.names, "_") {
		return nil, errors.New("a cell declares the name _")
	}
	for i, was := range decls {
		overlap := slices.ContainsFunc(was.names, func(n string) bool { return slices.Contains(d.names, n) })
		switch {
		case !overlap:
		case was.kind == d.kind && slices.Equal(was.names, d.names):
			decls[i] = d
			return decls, nil
		default:
			return nil, fmt.Errorf("%s: declared in two ways", strings.Join(d.names, ", "))
		}
	}
	return append(decls, d), nil
}
