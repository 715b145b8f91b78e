package gonb

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/gonb/magic"
	"github.com/flowbook/flowbook/reportgen/internal/parameter"
)

// language reads and writes parameters as declarations of variables and constants.
type language struct{}

func (language) Comment() string { return "//" }

func (language) Declared(source string) ([]parameter.Variable, error) {
	const head = "package p;"
	file, err := parser.ParseFile(token.NewFileSet(), "", head+magic.Parse(source).Declarations(), parser.SkipObjectResolution)
	if err != nil {
		var list scanner.ErrorList
		if errors.As(err, &list) && len(list) > 0 {
			return nil, fmt.Errorf("line %d: %s", list[0].Pos.Line, list[0].Msg)
		}
		return nil, err
	}
	var vars []parameter.Variable
	for _, d := range file.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.VAR && decl.Tok != token.CONST {
			continue
		}
		for _, s := range decl.Specs {
			spec := s.(*ast.ValueSpec) // the only kind of spec in var and const
			for i, name := range spec.Names {
				v := parameter.Variable{Name: name.Name, Keyword: decl.Tok.String(), Kind: parameter.Other}
				switch {
				case spec.Type != nil:
					v.Type = types.ExprString(spec.Type)
					v.Kind = goKind(v.Type)
				case i < len(spec.Values):
					v.Kind, v.Type = goValueKind(spec.Values[i])
				}
				vars = append(vars, v)
			}
		}
	}
	return vars, nil
}

func goKind(typ string) parameter.Kind {
	switch typ {
	case "string":
		return parameter.String
	case "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64":
		return parameter.Int
	case "float64", "float32":
		return parameter.Float
	case "bool":
		return parameter.Bool
	}
	if elem, ok := strings.CutPrefix(typ, "[]"); ok {
		if k := goKind(elem); k != parameter.Other {
			return parameter.ListOf(k)
		}
	}
	return parameter.Other
}

// goValueKind is the kind of a default value, and its type if that must be written.
func goValueKind(e ast.Expr) (parameter.Kind, string) {
	switch e := e.(type) {
	case *ast.BasicLit:
		switch e.Kind {
		case token.STRING:
			return parameter.String, ""
		case token.INT:
			return parameter.Int, ""
		case token.FLOAT:
			return parameter.Float, "float64"
		}
	case *ast.UnaryExpr:
		if e.Op == token.SUB || e.Op == token.ADD {
			return goValueKind(e.X)
		}
	case *ast.ParenExpr:
		return goValueKind(e.X)
	case *ast.Ident:
		if e.Name == "true" || e.Name == "false" {
			return parameter.Bool, ""
		}
	case *ast.CompositeLit:
		if e.Type != nil {
			typ := types.ExprString(e.Type)
			return goKind(typ), typ
		}
	}
	return parameter.Other, ""
}

func (language) Declare(v parameter.Variable, value any) (string, error) {
	value, err := parameter.Convert(value, v.Kind)
	if err != nil {
		return "", err
	}
	typ := ""
	if v.Type != "" && !strings.HasPrefix(v.Type, "[]") {
		typ = " " + v.Type
	}
	return fmt.Sprintf("%s %s%s = %s", v.Keyword, v.Name, typ, goLiteral(value, v.Type)), nil
}

func goLiteral(value any, typ string) string {
	switch value := value.(type) {
	case string:
		return strconv.Quote(value)
	case float64:
		return strconv.FormatFloat(value, 'g', -1, 64)
	case []any:
		items := make([]string, len(value))
		for i, v := range value {
			items[i] = goLiteral(v, "")
		}
		return typ + "{" + strings.Join(items, ", ") + "}"
	}
	return fmt.Sprint(value)
}
