package execute

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// resumable reports whether a kernel's state is what its cells declare, and
// nothing that they computed: then cells may be left out but for what they declare.
func (n *notebook) resumable() bool {
	_, isGo := languageOf(n.nb).(goLanguage)
	return isGo && strings.EqualFold(n.spec.Name, "gonb")
}

// errResume says that cells after others that did not run cannot be trusted to do
// what they do after them: all have to run.
var errResume = errors.New("the notebook has to run from its start")

// startOf are cells that bring a fresh kernel to the state after the given ones: one
// that declares what they declare, after empty ones for the kernel's count.
func startOf(codes []string) ([]string, error) {
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

// declaration of a name at the top of a cell.
type goDeclaration struct {
	names []string // a method's has its type before it
	kind  token.Token
	text  string
}

// mergeDeclarations is a cell that declares what the cells declare one after
// another, where a later one of a name replaces an earlier. It is an error
// where that cannot be said in one cell.
func mergeDeclarations(codes []string) (string, error) {
	imports := make(map[string]string) // text by name or path
	var order []string
	var decls []goDeclaration
	for _, code := range codes {
		if hasCommands(code) {
			return "", fmt.Errorf("%w: a cell has special commands", errResume)
		}
		source := "package p;" + withoutMagic(code)
		file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return "", fmt.Errorf("%w: %w", errResume, err)
		}
		for _, spec := range file.Imports {
			text := source[spec.Pos()-1 : spec.End()-1]
			key := spec.Path.Value
			if spec.Name != nil && spec.Name.Name != "_" {
				key = spec.Name.Name
			}
			if was, ok := imports[key]; ok && was != text {
				return "", fmt.Errorf("%w: two imports of one name", errResume)
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

// hasCommands reports whether code holds lines for GoNB and not for Go, besides
// the mark of main.
func hasCommands(code string) bool {
	for line := range strings.Lines(code) {
		text := strings.TrimSpace(line)
		if strings.HasPrefix(text, "!") || strings.HasPrefix(text, "%") && text != "%%" && text != "%main" {
			return true
		}
	}
	return false
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
			return nil, fmt.Errorf("%w: a cell declares init", errResume)
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
	return nil, fmt.Errorf("%w: a declaration that cannot be read", errResume)
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

// replace puts d in the place of the declaration of the same names, or last. Names
// that overlap without being the same, or are of another kind, are an error.
func replace(decls []goDeclaration, d goDeclaration) ([]goDeclaration, error) {
	if slices.Contains(d.names, "_") {
		return nil, fmt.Errorf("%w: a cell declares a name _", errResume)
	}
	for i, was := range decls {
		overlap := slices.ContainsFunc(was.names, func(n string) bool { return slices.Contains(d.names, n) })
		switch {
		case !overlap:
		case was.kind == d.kind && slices.Equal(was.names, d.names):
			decls[i] = d
			return decls, nil
		default:
			return nil, fmt.Errorf("%w: %s is declared in two ways", errResume, strings.Join(d.names, ", "))
		}
	}
	return append(decls, d), nil
}
