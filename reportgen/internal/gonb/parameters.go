package gonb

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"math"
	"math/big"
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

// goKind is the kind of a basic type.
func goKind(typ string) parameter.Kind {
	switch typ {
	case "string":
		return parameter.String
	case "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "byte", "rune", "uintptr":
		return parameter.Int
	case "float64", "float32":
		return parameter.Float
	case "bool":
		return parameter.Bool
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
	case *ast.CallExpr: // a conversion: map[string]int(nil)
		switch e.Fun.(type) {
		case *ast.ArrayType, *ast.MapType, *ast.InterfaceType:
			return parameter.Other, types.ExprString(e.Fun)
		}
		if id, ok := e.Fun.(*ast.Ident); ok && (id.Name == "any" || goKind(id.Name) != parameter.Other) {
			return goKind(id.Name), id.Name
		}
	}
	return parameter.Other, ""
}

func (language) Declare(v parameter.Variable, value any) (string, error) {
	typ, err := parser.ParseExpr(v.Type)
	if v.Type == "" || err != nil {
		typ = nil
	}
	if v.Kind == parameter.Other && !isGeneral(typ) {
		_, err := parameter.Convert(value, parameter.Other) // its error
		return "", err
	}
	if typ == nil { // as the untyped constant of the default
		typ = map[parameter.Kind]ast.Expr{
			parameter.String: ast.NewIdent("string"), parameter.Int: ast.NewIdent("int"), parameter.Bool: ast.NewIdent("bool"),
		}[v.Kind]
	}
	lit, err := goValue(value, typ)
	if err != nil {
		return "", err
	}
	shown := ""
	if v.Type != "" && (!strings.HasPrefix(lit, v.Type) || v.Kind != parameter.Other) {
		shown = " " + v.Type
	}
	return fmt.Sprintf("%s %s%s = %s", v.Keyword, v.Name, shown, lit), nil
}

// isGeneral reports whether values can be written of a type besides the basic ones:
// a list, a map or an interface of such types.
func isGeneral(typ ast.Expr) bool {
	switch t := typ.(type) {
	case *ast.Ident:
		return t.Name == "any" || goKind(t.Name) != parameter.Other
	case *ast.ArrayType:
		return isGeneral(t.Elt)
	case *ast.MapType:
		return isGeneral(t.Key) && isGeneral(t.Value)
	case *ast.InterfaceType:
		return t.Methods.NumFields() == 0
	case *ast.StarExpr:
		return isGeneral(t.X)
	}
	return false
}

// goValue writes a value of a type.
func goValue(value any, typ ast.Expr) (string, error) {
	switch t := typ.(type) {
	case *ast.Ident:
		if t.Name == "any" {
			return goAny(value)
		}
		v, err := parameter.Convert(value, goKind(t.Name))
		if err != nil {
			return "", err
		}
		return goBasic(v, t.Name)
	case *ast.InterfaceType:
		return goAny(value)
	}
	if isNull(value) {
		return "nil", nil
	}
	switch t := typ.(type) {
	case *ast.ArrayType:
		return goList(value, t)
	case *ast.MapType:
		return goMap(value, t)
	}
	return "", fmt.Errorf("%s cannot be written as a value of type %s", parameter.Quote(value), types.ExprString(typ))
}

func isNull(value any) bool {
	if t, ok := value.(parameter.Text); ok {
		v, err := parameter.Parse(string(t))
		return err == nil && t != "" && isNull(v)
	}
	s, ok := value.(parameter.Scalar)
	return value == nil || ok && s.Value == nil
}

func goList(value any, t *ast.ArrayType) (string, error) {
	if text, ok := value.(parameter.Text); ok {
		list, err := parameter.ParseList(string(text))
		if err != nil {
			return "", err
		}
		value = list
	}
	list, ok := value.([]any)
	if !ok {
		return "", fmt.Errorf("%v is not %v, as its default is", parameter.Quote(value), parameter.List)
	}
	items := make([]string, len(list))
	for i, v := range list {
		var err error
		if items[i], err = goValue(v, t.Elt); err != nil {
			return "", fmt.Errorf("element %d: %w", i+1, err)
		}
	}
	return types.ExprString(t) + "{" + strings.Join(items, ", ") + "}", nil
}

func goMap(value any, t *ast.MapType) (string, error) {
	if text, ok := value.(parameter.Text); ok {
		v, err := parameter.Parse(string(text))
		if err != nil {
			return "", err
		}
		value = v
	}
	if _, ok := value.(map[string]any); ok {
		v, err := parameter.Convert(value, parameter.Any)
		if err != nil {
			return "", err
		}
		value = v
	}
	m, ok := value.(parameter.Map)
	if !ok {
		return "", fmt.Errorf("%v is not a mapping, as its default is", parameter.Quote(value))
	}
	items := make([]string, len(m))
	for i, p := range m {
		key, err := goValue(p.Key, t.Key)
		if err != nil {
			return "", fmt.Errorf("key %d: %w", i+1, err)
		}
		v, err := goValue(p.Value, t.Value)
		if err != nil {
			return "", fmt.Errorf("%v: %w", p.Key, err)
		}
		items[i] = key + ": " + v
	}
	return types.ExprString(t) + "{" + strings.Join(items, ", ") + "}", nil
}

// goAny writes a value as encoding/json would decode it, with whole numbers.
func goAny(value any) (string, error) {
	v, err := parameter.Convert(value, parameter.Any)
	if err != nil {
		return "", err
	}
	switch v := v.(type) {
	case nil:
		return "nil", nil
	case []any:
		return goList(v, &ast.ArrayType{Elt: ast.NewIdent("any")})
	case parameter.Map:
		return goMap(v, &ast.MapType{Key: ast.NewIdent("string"), Value: ast.NewIdent("any")})
	case int64:
		return goBasic(v, "int")
	case float64:
		text, err := goBasic(v, "float64")
		return "float64(" + text + ")", err
	case *big.Int:
		return "", fmt.Errorf("%v does not fit into an int", v)
	}
	return goBasic(v, "")
}

// bits are the sizes of integer types.
var bits = map[string]uint{"int": 64, "int8": 8, "int16": 16, "int32": 32, "rune": 32, "int64": 64, "uint": 64, "uint8": 8, "byte": 8, "uint16": 16, "uint32": 32, "uint64": 64, "uintptr": 64}

// goBasic writes a converted value of a basic type.
func goBasic(value any, typ string) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", fmt.Errorf("null is not a value of type %s", typ)
	case string:
		return strconv.Quote(v), nil
	case float64:
		switch {
		case math.IsNaN(v):
			return typ + "(math.NaN())", nil
		case math.IsInf(v, 0):
			return fmt.Sprintf("%s(math.Inf(%d))", typ, int(math.Copysign(1, v))), nil
		}
		return strconv.FormatFloat(v, 'g', -1, 64), nil
	case int64:
		return goInt(big.NewInt(v), typ)
	case *big.Int:
		return goInt(v, typ)
	}
	return fmt.Sprint(value), nil
}

func goInt(n *big.Int, typ string) (string, error) {
	low, high := big.NewInt(0), new(big.Int).Lsh(big.NewInt(1), bits[typ])
	if !strings.HasPrefix(typ, "u") && typ != "byte" {
		high.Rsh(high, 1)
		low.Neg(high)
	}
	if n.Cmp(low) < 0 || n.Cmp(high) >= 0 {
		return "", fmt.Errorf("%v does not fit into the type %s", n, typ)
	}
	return n.String(), nil
}
