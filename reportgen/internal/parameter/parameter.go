// Package parameter reads values of parameters as YAML, and converts them to the types
// that notebooks declare.
//
// A value is nil, a bool, an int64, a [*big.Int], a float64, a string, a list ([]any), a
// [Map], a [Scalar] or a [Text]. [Parse] reads one from text, and [Values] reads many
// from a YAML mapping. [Convert] makes a value one of a [Kind].
package parameter

import (
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// Text is a value as a command line gives it: the declared default decides its
// type.
type Text string

// Scalar is a plain scalar of YAML, which the declared default may make a string.
type Scalar struct {
	Text  string // as it is written
	Value any    // as YAML reads it
}

func (s Scalar) String() string { return s.Text }

// Map is a mapping in the order of its source.
type Map []Pair

// Pair is a key and its value.
type Pair struct{ Key, Value any }

func (m Map) String() string {
	var parts []string
	for _, p := range m {
		parts = append(parts, fmt.Sprintf("%v: %v", p.Key, p.Value))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// Language reads and writes parameters in the language of a kernel.
type Language interface {
	// Comment starts a comment that ends with the line.
	Comment() string
	// Declared lists the variables that a cell declares, in order.
	Declared(source string) ([]Variable, error)
	// Declare returns the line that declares v again with another value.
	Declare(v Variable, value any) (string, error)
}

// Variable is a parameter as a notebook declares it.
type Variable struct {
	Name    string
	Kind    Kind
	Type    string // its type in the kernel's language; empty if the value implies it
	Keyword string // the keyword of the declaration, if the language has several
}

// Kind is the type of a parameter as far as its value depends on it.
type Kind int

// Kinds of parameters.
const (
	Any Kind = iota // any value
	String
	Int
	Float
	Bool
	List  // a list of any values
	Other // an expression of unknown type
)

func (k Kind) String() string {
	return [...]string{"any value", "a string", "a whole number", "a number", "true or false", "a list", "an expression"}[k]
}

// Convert makes value one of kind k: nil, a bool, an int64, a *big.Int, a float64, a
// string, a list ([]any) or a [Map] of such values.
func Convert(value any, k Kind) (any, error) {
	if k == Other {
		return nil, fmt.Errorf("its default is an expression of unknown type; declare it with a plain value")
	}
	if text, ok := value.(Text); ok {
		return convertText(string(text), k)
	}
	mismatch := fmt.Errorf("%v is not %v, as its default is", Quote(value), k)
	switch v := value.(type) {
	case nil:
		return nil, nil //nolint:nilnil // the null of YAML
	case Scalar:
		return convertScalar(v, k, mismatch)
	case []any:
		if k != List && k != Any {
			return nil, mismatch
		}
		return convertList(v)
	case Map:
		if k != Any {
			return nil, mismatch
		}
		out := make(Map, len(v))
		for i, p := range v {
			key, err := Convert(p.Key, Any)
			if err != nil {
				return nil, err
			}
			value, err := Convert(p.Value, Any)
			if err != nil {
				return nil, fmt.Errorf("%v: %w", p.Key, err)
			}
			out[i] = Pair{key, value}
		}
		return out, nil
	case map[string]any:
		var m Map
		for _, key := range slices.Sorted(maps.Keys(v)) {
			m = append(m, Pair{key, v[key]})
		}
		return Convert(m, k)
	case string:
		if k != String && k != Any {
			return nil, mismatch
		}
		return v, nil
	case bool, int, int64, uint64, float64, *big.Int:
		return convertScalar(Scalar{fmt.Sprint(v), narrow(v)}, k, mismatch)
	}
	return nil, fmt.Errorf("%v is not a string, a number, true or false, a list or a mapping", value)
}

// narrow makes an integer of any type an int64 or a *big.Int.
func narrow(value any) any {
	switch v := value.(type) {
	case int:
		return int64(v)
	case uint64:
		if v > math.MaxInt64 {
			return new(big.Int).SetUint64(v)
		}
		return int64(v)
	}
	return value
}

func convertText(text string, k Kind) (any, error) {
	mismatch := fmt.Errorf("%q is not %v, as its default is", text, k)
	switch k {
	case String:
		if v, err := Parse(text); err == nil {
			if s, ok := v.(string); ok { // it is quoted
				return s, nil
			}
		}
		return text, nil
	case List:
		if text != "" && plain(text).Value == nil {
			return nil, nil //nolint:nilnil // the null of YAML
		}
		list, err := ParseList(text)
		if err != nil {
			return nil, err
		}
		return convertList(list)
	case Any:
		if text == "" {
			return "", nil
		}
		if s := plain(text); s.Value != any(s.Text) {
			return s.Value, nil // also if YAML reads it otherwise: None
		}
		v, err := Parse(text)
		if err != nil {
			if strings.ContainsAny(text[:1], `[{"'`) {
				return nil, err
			}
			return text, nil // such as @name
		}
		if _, ok := v.(Scalar); ok {
			// YAML would cut a comment, as of #ff0000, and join lines.
			if s := plain(strings.TrimSpace(text)); s.Value != any(s.Text) {
				return s.Value, nil
			}
			return text, nil
		}
		return Convert(v, Any)
	}
	return convertScalar(plain(strings.TrimSpace(text)), k, mismatch)
}

func convertScalar(s Scalar, k Kind, mismatch error) (any, error) {
	if s.Value == nil {
		return nil, nil //nolint:nilnil // the null of YAML
	}
	switch k {
	case Any:
		return s.Value, nil
	case String:
		return s.Text, nil
	case Int:
		switch s.Value.(type) {
		case int64, *big.Int:
			return s.Value, nil
		}
	case Float:
		switch v := s.Value.(type) {
		case float64:
			return v, nil
		case int64:
			return float64(v), nil
		case *big.Int:
			f, _ := new(big.Float).SetInt(v).Float64()
			return f, nil
		}
	case Bool:
		if b, err := strconv.ParseBool(s.Text); err == nil {
			return b, nil
		}
	}
	return nil, mismatch
}

func convertList(list []any) (any, error) {
	out := make([]any, len(list))
	for i, v := range list {
		e, err := Convert(v, Any)
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i+1, err)
		}
		out[i] = e
	}
	return out, nil
}

// ParseList reads a list as a command line gives it: "[a, b]" as YAML, or "a,b".
func ParseList(text string) ([]any, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "[") || strings.HasPrefix(text, "- ") {
		v, err := Parse(text)
		if list, ok := v.([]any); ok && err == nil {
			return list, nil
		}
		return nil, fmt.Errorf("%q is not a list in YAML", text)
	}
	list := []any{}
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		v, err := Parse(item)
		if err != nil {
			v = plain(item)
		}
		list = append(list, v)
	}
	return list, nil
}

// Quote is a value for an error message.
func Quote(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case Text:
		return strconv.Quote(string(v))
	case string:
		return strconv.Quote(v)
	case Scalar:
		if s, ok := v.Value.(string); ok {
			return strconv.Quote(s)
		}
	}
	return fmt.Sprint(value)
}
