package parameter

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/flowbook/flowbook/pkg/budget"
	"github.com/flowbook/flowbook/reportgen/internal/yamltext"
)

// Parse reads one YAML value. Plain scalars become [Scalar], mappings [Map].
func Parse(text string) (any, error) {
	file, err := yamltext.Parse([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("invalid YAML: %w", err)
	}
	if len(file.Docs) != 1 {
		return nil, fmt.Errorf("not one YAML value, but %d", len(file.Docs))
	}
	return (&reader{anchors: make(map[string]any)}).value(file.Docs[0].Body)
}

// Values are parameters by name, in the order of a YAML mapping.
type Values Map

// UnmarshalYAML reads a mapping of names to values.
func (v *Values) UnmarshalYAML(node ast.Node) error {
	value, err := (&reader{anchors: make(map[string]any)}).value(node)
	if err != nil {
		return err
	}
	return v.set(value)
}

func (v *Values) set(value any) error {
	if s, ok := value.(Scalar); ok && s.Value == nil {
		return nil // an empty file
	}
	m, ok := value.(Map)
	if !ok {
		return errors.New("parameters are not a mapping of names to values")
	}
	for _, p := range m {
		*v = append(*v, Pair{fmt.Sprint(p.Key), p.Value})
	}
	return nil
}

// ReadFile reads parameters from a YAML file.
func ReadFile(name string) (Values, error) {
	src, err := budget.ReadFile(name, yamltext.Most)
	if err != nil {
		return nil, err
	}
	var v Values
	value, err := Parse(string(src))
	if err == nil {
		err = v.set(value)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return v, nil
}

// maxNodes bounds the values of a document, which aliases could multiply.
const maxNodes = 1 << 16

type reader struct {
	anchors map[string]any
	nodes   int
}

func (r *reader) value(node ast.Node) (any, error) {
	if r.nodes++; r.nodes > maxNodes {
		return nil, fmt.Errorf("more than %d values", maxNodes)
	}
	switch n := node.(type) {
	case nil, *ast.NullNode:
		return Scalar{Text: "null"}, nil
	case *ast.StringNode:
		if t := n.GetToken().Type; t == token.SingleQuoteType || t == token.DoubleQuoteType {
			return n.Value, nil
		}
		return plain(n.Value), nil
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.InfinityNode, *ast.NanNode, *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode:
		return plain(n.GetToken().Value), nil
	case *ast.SequenceNode:
		list := make([]any, 0, len(n.Values))
		for _, e := range n.Values {
			v, err := r.value(e)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case *ast.MappingNode:
		return r.mapping(n.Values)
	case *ast.MappingValueNode:
		return r.mapping([]*ast.MappingValueNode{n})
	case *ast.AnchorNode:
		v, err := r.value(n.Value)
		r.anchors[n.Name.GetToken().Value] = v
		return v, err
	case *ast.AliasNode:
		name := n.Value.GetToken().Value
		v, ok := r.anchors[name]
		if !ok {
			return nil, fmt.Errorf("no anchor %q", name)
		}
		if r.nodes += size(v); r.nodes > maxNodes {
			return nil, fmt.Errorf("more than %d values", maxNodes)
		}
		return v, nil
	case *ast.TagNode:
		v, err := r.value(n.Value)
		if s, ok := v.(Scalar); ok && n.Start.Value == "!!str" {
			return s.Text, err
		}
		return v, err
	}
	return nil, fmt.Errorf("%v is not a value", node.Type())
}

// size is the number of values in a value.
func size(value any) int {
	n := 1
	switch v := value.(type) {
	case []any:
		for _, e := range v {
			n += size(e)
		}
	case Map:
		for _, p := range v {
			n += 1 + size(p.Value)
		}
	}
	return n
}

func (r *reader) mapping(nodes []*ast.MappingValueNode) (any, error) {
	m := make(Map, 0, len(nodes))
	for _, n := range nodes {
		if _, merge := n.Key.(*ast.MergeKeyNode); merge {
			return nil, errors.New("the merge key << is not supported; write the keys out")
		}
		key, err := r.value(n.Key)
		if err != nil {
			return nil, err
		}
		value, err := r.value(n.Value)
		if err != nil {
			return nil, err
		}
		m = append(m, Pair{key, value})
	}
	return m, nil
}

var (
	integer = regexp.MustCompile(`^[-+]?(?:[0-9][0-9_]*|0x[0-9a-fA-F_]+|0o[0-7_]+|0b[01_]+)$`)
	float   = regexp.MustCompile(`^[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)(?:[eE][-+]?[0-9]+)?$`)
)

// plain reads a scalar without quotes: as YAML 1.2 does, and None, nan and inf as
// papermill does. Dates are strings, as they are for papermill's notebooks.
func plain(text string) Scalar {
	s := Scalar{Text: text, Value: text}
	switch strings.ToLower(text) {
	case "null", "none", "~", "":
		if text != "none" { // which is an ordinary word
			s.Value = nil
		}
		return s
	case "true", "false":
		s.Value = strings.EqualFold(text, "true")
		return s
	case ".nan", "nan":
		s.Value = math.NaN()
		return s
	case ".inf", "+.inf", "inf", "+inf":
		s.Value = math.Inf(1)
		return s
	case "-.inf", "-inf":
		s.Value = math.Inf(-1)
		return s
	}
	digits := strings.ReplaceAll(text, "_", "")
	switch {
	case integer.MatchString(text):
		base := 10
		if unsigned := strings.TrimLeft(digits, "+-"); len(unsigned) > 2 && unsigned[0] == '0' && strings.ContainsRune("xob", rune(unsigned[1])) {
			base = 0
		}
		if n, ok := new(big.Int).SetString(strings.TrimPrefix(digits, "+"), base); ok {
			s.Value = n
			if n.IsInt64() {
				s.Value = n.Int64()
			}
		}
	case float.MatchString(text):
		if f, err := strconv.ParseFloat(digits, 64); err == nil {
			s.Value = f
		}
	}
	return s
}
