package nbformat

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// fields takes the known fields out of a JSON object and leaves the rest. The first
// error is kept in err, so that a caller checks once.
type fields struct {
	m   map[string]any
	err error
}

func (f *fields) take(name string) (any, bool) {
	v, ok := f.m[name]
	delete(f.m, name)
	return v, ok && v != nil
}

func (f *fields) fail(name string, err error) {
	if f.err == nil {
		f.err = fmt.Errorf("%s: %w", name, err)
	}
}

// text takes a string or a list of strings; a missing field is empty.
func (f *fields) text(name string) string {
	v, ok := f.take(name)
	if !ok {
		return ""
	}
	s, err := textOf(v)
	if err != nil {
		f.fail(name, err)
	}
	return s
}

func (f *fields) object(name string) map[string]any {
	v, ok := f.take(name)
	if !ok {
		return nil
	}
	m, isObject := v.(map[string]any)
	if !isObject {
		f.fail(name, fmt.Errorf("want an object, got %s", kindOf(v)))
	}
	return m
}

func (f *fields) list(name string) ([]any, bool) {
	v, ok := f.take(name)
	if !ok {
		return nil, false
	}
	l, isList := v.([]any)
	if !isList {
		f.fail(name, fmt.Errorf("want a list, got %s", kindOf(v)))
	}
	return l, true
}

func (f *fields) strings(name string) []string {
	l, _ := f.list(name)
	var out []string
	for _, v := range l {
		s, ok := v.(string)
		if !ok {
			f.fail(name, fmt.Errorf("want a list of strings, got %s in it", kindOf(v)))
			return nil
		}
		out = append(out, s)
	}
	return out
}

func (f *fields) intp(name string) (*int, bool) {
	v, ok := f.take(name)
	if !ok {
		return nil, false
	}
	num, _ := v.(json.Number)
	n, err := strconv.Atoi(num.String())
	if err != nil {
		f.fail(name, fmt.Errorf("want an integer, got %s", kindOf(v)))
		return nil, false
	}
	return &n, true
}

func (f *fields) rest() map[string]any {
	if len(f.m) == 0 {
		return nil
	}
	return f.m
}

func textOf(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case []any:
		var b strings.Builder
		for _, line := range v {
			s, ok := line.(string)
			if !ok {
				return "", fmt.Errorf("want a list of strings, got %s in it", kindOf(line))
			}
			b.WriteString(s)
		}
		return b.String(), nil
	}
	return "", fmt.Errorf("want a string or a list of strings, got %s", kindOf(v))
}

func kindOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case json.Number:
		return "the number " + v.String()
	case string:
		return "a string"
	case []any:
		return "a list"
	}
	return "an object"
}
