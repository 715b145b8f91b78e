package parameter

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// Kind is the type of a parameter as far as its value depends on it.
type Kind int

const (
	Any Kind = iota // whatever the value is
	String
	Int
	Float
	Bool
	List // of anything
	Strings
	Ints
	Floats
	Bools
	Other // an expression of unknown type
)

func (k Kind) String() string {
	return [...]string{"any value", "a string", "a whole number", "a number", "true or false", "a list", "a list of strings",
		"a list of whole numbers", "a list of numbers", "a list of true or false", "an expression"}[k]
}

// element is the kind of a list's elements, and whether k is a list.
func (k Kind) element() (Kind, bool) {
	switch k {
	case List:
		return Any, true
	case Strings:
		return String, true
	case Ints:
		return Int, true
	case Floats:
		return Float, true
	case Bools:
		return Bool, true
	}
	return Any, false
}

// ListOf is the kind of a list of k.
func ListOf(k Kind) Kind {
	switch k {
	case String:
		return Strings
	case Int:
		return Ints
	case Float:
		return Floats
	case Bool:
		return Bools
	}
	return List
}

// Convert makes value one of kind k: a string, int64, float64, bool or []any.
func Convert(value any, k Kind) (any, error) {
	if k == Other {
		return nil, errors.New("its default is an expression of unknown type; declare it with a plain value")
	}
	if elem, ok := k.element(); ok {
		return convertList(value, k, elem)
	}
	text, isText := value.(Text)
	if isText && k == Any {
		value = guess(string(text))
	}
	switch k {
	case Any:
		return plain(value)
	case String:
		if _, isList := value.([]any); !isList && value != nil {
			return fmt.Sprint(value), nil
		}
	case Int:
		if n, err := strconv.ParseInt(fmt.Sprint(value), 0, 64); err == nil && isScalar(value) {
			return n, nil
		}
	case Float:
		if f, err := strconv.ParseFloat(fmt.Sprint(value), 64); err == nil && isScalar(value) && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f, nil
		}
	case Bool:
		if b, err := strconv.ParseBool(fmt.Sprint(value)); err == nil && isScalar(value) {
			return b, nil
		}
	}
	return nil, fmt.Errorf("%v is not %v, as its default is", quoted(value), k)
}

// isScalar reports whether a value may be a number: not a string that was quoted in
// YAML.
func isScalar(value any) bool {
	_, isString := value.(string)
	return !isString
}

func quoted(value any) string {
	switch v := value.(type) {
	case Text:
		return strconv.Quote(string(v))
	case string:
		return strconv.Quote(v)
	}
	return fmt.Sprint(value)
}

func convertList(value any, k, elem Kind) (any, error) {
	if text, ok := value.(Text); ok {
		value = splitList(string(text))
	}
	list, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("%v is not %v, as its default is", quoted(value), k)
	}
	out := make([]any, len(list))
	for i, v := range list {
		e, err := Convert(v, elem)
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i+1, err)
		}
		out[i] = e
	}
	return out, nil
}

// splitList reads a list as a command line gives it: "a,b" or "[a, b]".
func splitList(text string) []any {
	text = strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(text, "["); ok && strings.HasSuffix(inner, "]") {
		text = strings.TrimSuffix(inner, "]")
	}
	var list []any
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.Trim(strings.TrimSpace(item), `"'`); item != "" {
			list = append(list, Text(item))
		}
	}
	if list == nil {
		list = []any{}
	}
	return list
}

// guess reads a text as YAML does, which is what papermill's -p does.
func guess(text string) any {
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil || v == nil {
		return text
	}
	if _, isMap := v.(map[string]any); isMap {
		return text
	}
	return v
}

// plain narrows the numbers that YAML and callers give.
func plain(value any) (any, error) {
	switch v := value.(type) {
	case string, bool, float64, int64:
		return v, nil
	case Text:
		return plain(guess(string(v)))
	case int:
		return int64(v), nil
	case uint64:
		return strconv.ParseInt(fmt.Sprint(v), 10, 64)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			p, err := plain(e)
			if err != nil {
				return nil, fmt.Errorf("element %d: %w", i+1, err)
			}
			out[i] = p
		}
		return out, nil
	}
	return nil, fmt.Errorf("%v is not a string, a number, true or false, or a list of them", value)
}
