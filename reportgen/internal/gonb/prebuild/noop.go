package main

import (
	"go/ast"
	"go/token"
	"go/types"

	"github.com/flowbook/flowbook/reportgen/internal/gonb/magic"
)

// isNoop reports whether a program does nothing, so that it need not be built: the
// cell has no main, and declares only constants and variables with constant values.
// That it compiles is checked here, and by the compiler with the next cell.
func isNoop(p *program, source string) bool {
	if p.main != "func main() { flag.Parse() }" || magic.Parse(source).Special() {
		return false
	}
	for _, s := range p.imports {
		if s != (importSpec{Path: "flag"}) {
			return false
		}
	}
	file := *p.file
	file.Decls = nil
	for _, d := range p.file.Decls {
		switch g, ok := d.(*ast.GenDecl); {
		case d == p.body || ok && g.Tok == token.IMPORT:
		case ok && (g.Tok == token.VAR || g.Tok == token.CONST):
			file.Decls = append(file.Decls, d)
		default:
			return false
		}
	}
	file.Imports = nil
	fset := token.NewFileSet()
	fset.AddFile("main.go", int(p.file.FileStart), int(p.file.FileEnd-p.file.FileStart))
	info := &types.Info{Types: make(map[ast.Expr]types.TypeAndValue), Defs: make(map[*ast.Ident]types.Object)}
	if _, err := new(types.Config).Check("main", fset, []*ast.File{&file}, info); err != nil {
		return false // the compiler reports why
	}
	return constantsOnly(file.Decls, info)
}

func constantsOnly(decls []ast.Decl, info *types.Info) bool {
	for _, d := range decls {
		for _, s := range d.(*ast.GenDecl).Specs {
			spec := s.(*ast.ValueSpec) // as there are only variables and constants
			for _, v := range spec.Values {
				if info.Types[v].Value == nil {
					return false
				}
			}
			for _, name := range spec.Names {
				if o := info.Defs[name]; o == nil {
					return false
				} else if _, basic := o.Type().Underlying().(*types.Basic); !basic {
					return false
				}
			}
		}
	}
	return true
}
