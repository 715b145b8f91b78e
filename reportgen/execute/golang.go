package execute

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
)

// goLanguage reads parameters as GoNB does: declarations at the top of a cell.
type goLanguage struct{}

func (goLanguage) comment() string { return "//" }

func (goLanguage) declared(source string) ([]variable, error) {
	const head = "package p;"
	file, err := parser.ParseFile(token.NewFileSet(), "", head+withoutMagic(source), parser.SkipObjectResolution)
	if err != nil {
		var list scanner.ErrorList
		if errors.As(err, &list) && len(list) > 0 {
			return nil, fmt.Errorf("line %d: %s", list[0].Pos.Line, list[0].Msg)
		}
		return nil, err
	}
	var vars []variable
	for _, d := range file.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.VAR && decl.Tok != token.CONST {
			continue
		}
		for _, s := range decl.Specs {
			spec := s.(*ast.ValueSpec) // var and const hold nothing else
			for i, name := range spec.Names {
				v := variable{name: name.Name, keyword: decl.Tok.String(), kind: otherKind}
				switch {
				case spec.Type != nil:
					v.typ = types.ExprString(spec.Type)
					v.kind = goKind(v.typ)
				case i < len(spec.Values):
					v.kind, v.typ = goValueKind(spec.Values[i])
				}
				vars = append(vars, v)
			}
		}
	}
	return vars, nil
}

// withoutMagic leaves out GoNB's special commands and what follows %%, which is
// the body of main, keeping the numbers of lines.
func withoutMagic(source string) string {
	lines := strings.Split(source, "\n")
	for i, line := range lines {
		text := strings.TrimSpace(line)
		if text == "%%" || strings.HasPrefix(text, "%%") || text == "%main" {
			return strings.Join(lines[:i], "\n")
		}
		if strings.HasPrefix(text, "%") || strings.HasPrefix(text, "!") {
			lines[i] = ""
		}
	}
	return strings.Join(lines, "\n")
}

func goKind(typ string) kind {
	switch typ {
	case "string":
		return stringKind
	case "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64":
		return intKind
	case "float64", "float32":
		return floatKind
	case "bool":
		return boolKind
	}
	if elem, ok := strings.CutPrefix(typ, "[]"); ok {
		if k := goKind(elem); k != otherKind {
			return listOf(k)
		}
	}
	return otherKind
}

// goValueKind is the kind of a default, and its type where it must be written.
func goValueKind(e ast.Expr) (kind, string) {
	switch e := e.(type) {
	case *ast.BasicLit:
		switch e.Kind {
		case token.STRING:
			return stringKind, ""
		case token.INT:
			return intKind, ""
		case token.FLOAT:
			return floatKind, "float64"
		}
	case *ast.UnaryExpr:
		if e.Op == token.SUB || e.Op == token.ADD {
			return goValueKind(e.X)
		}
	case *ast.ParenExpr:
		return goValueKind(e.X)
	case *ast.Ident:
		if e.Name == "true" || e.Name == "false" {
			return boolKind, ""
		}
	case *ast.CompositeLit:
		if e.Type != nil {
			typ := types.ExprString(e.Type)
			return goKind(typ), typ
		}
	}
	return otherKind, ""
}

func (goLanguage) declare(v variable, value any) (string, error) {
	value, err := convert(value, v.kind)
	if err != nil {
		return "", err
	}
	typ := ""
	if v.typ != "" && !strings.HasPrefix(v.typ, "[]") {
		typ = " " + v.typ
	}
	return fmt.Sprintf("%s %s%s = %s", v.keyword, v.name, typ, goLiteral(value, v.typ)), nil
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
