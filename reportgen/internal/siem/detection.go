package siem

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// matcher says whether a conversation is selected.
type matcher func(*event) bool

func allOf(ms []matcher) matcher {
	return func(e *event) bool {
		for _, m := range ms {
			if !m(e) {
				return false
			}
		}
		return true
	}
}

func anyOf(ms []matcher) matcher {
	return func(e *event) bool {
		for _, m := range ms {
			if m(e) {
				return true
			}
		}
		return false
	}
}

func not(m matcher) matcher { return func(e *event) bool { return !m(e) } }

// compile makes a matcher of the rule's detection.
func (r *Rule) compile() (matcher, error) {
	fault := func(err error, keys ...string) error {
		return r.doc.fieldError(err.Error(), append([]string{"detection"}, keys...)...)
	}
	selections := map[string]matcher{}
	var condition any
	for _, item := range r.Detection {
		name := fmt.Sprint(item.Key)
		if name == "condition" {
			condition = item.Value
			continue
		}
		m, keys, err := compileSelection(item.Value)
		if _, text := item.Value.(string); text && name == "timeframe" {
			err = errors.New("belongs to an aggregation of Sigma 1, such as count() or near; write a correlation with a timespan")
		}
		if err != nil {
			return nil, fault(err, append([]string{name}, keys...)...)
		}
		selections[name] = m
	}
	var conditions []any
	switch c := condition.(type) {
	case string:
		conditions = []any{c}
	case []any:
		conditions = c
	}
	if len(conditions) == 0 {
		return nil, fault(errors.New("must combine the selections, such as: selection and not filter"), "condition")
	}
	var ms []matcher
	for _, c := range conditions {
		m, err := parseCondition(fmt.Sprint(c), selections)
		if err != nil {
			return nil, fault(err, "condition")
		}
		ms = append(ms, m)
	}
	return anyOf(ms), nil
}

// compileSelection makes a matcher of a map, all of whose fields must match, or
// of a list of maps, at least one must. An error names the keys of its
// position.
func compileSelection(v any) (matcher, []string, error) {
	switch v := v.(type) {
	case yaml.MapSlice:
		var ms []matcher
		for _, item := range v {
			key := fmt.Sprint(item.Key)
			m, err := compileField(key, item.Value)
			if err != nil {
				return nil, []string{key}, err
			}
			ms = append(ms, m)
		}
		if len(ms) > 0 {
			return allOf(ms), nil, nil
		}
	case []any:
		var ms []matcher
		for i, one := range v {
			m, keys, err := compileSelection(one)
			if err != nil {
				return nil, append([]string{strconv.Itoa(i)}, keys...), err
			}
			ms = append(ms, m)
		}
		if len(ms) > 0 {
			return anyOf(ms), nil, nil
		}
	case string:
		return nil, nil, errors.New("flows hold no text to search for keywords; name a field, such as dst_port: 4444")
	}
	return nil, nil, errors.New("must be fields with values, such as dst_port: 4444")
}

// compileField makes a matcher of one field, as in `dst_ip|cidr: [10.0.0.0/8]`.
func compileField(key string, value any) (matcher, error) {
	name, rest, _ := strings.Cut(key, "|")
	field, ok := eventFields[name]
	if !ok {
		return nil, errors.New(unknownField(name))
	}
	var modifiers []string
	if rest != "" {
		modifiers = strings.Split(rest, "|")
	}
	join := anyOf
	if n := len(modifiers); n > 0 && modifiers[n-1] == "all" {
		join, modifiers = allOf, modifiers[:n-1]
	}
	if len(modifiers) > 1 {
		return nil, fmt.Errorf("modifiers %s do not go together here; use one, and all after it", strings.Join(modifiers, ", "))
	}
	modifier := strings.Join(modifiers, "")
	values, isList := value.([]any)
	if !isList {
		values = []any{value}
	}
	if len(values) == 0 {
		return nil, errors.New("has no value")
	}
	var ms []matcher
	for _, v := range values {
		test, err := compileValue(modifier, v)
		if err != nil {
			return nil, err
		}
		ms = append(ms, func(e *event) bool { return test(field(e)) })
	}
	return join(ms), nil
}

// compileValue makes a test of one value with one modifier, or none.
func compileValue(modifier string, v any) (func(any) bool, error) {
	if n, ok := number(v); ok {
		if op, ok := limitOps[modifier]; ok && modifier != "eq" {
			return func(x any) bool { f, ok := x.(float64); return ok && op(f, n) }, nil
		}
		if modifier == "" {
			v = strconv.FormatFloat(n, 'f', -1, 64)
		}
	}
	switch {
	case modifier == "" && v == nil:
		return func(x any) bool { return x == "" || x == 0. }, nil
	case modifier == "":
		return wildcards(fmt.Sprint(v)), nil
	case modifier == "exists" && v == true:
		return func(x any) bool { return x != "" && x != 0. }, nil
	case modifier == "exists" && v == false:
		return func(x any) bool { return x == "" || x == 0. }, nil
	}
	if text, ok := v.(string); ok {
		return compileText(modifier, text)
	}
	return nil, fmt.Errorf("modifier %s does not go with %v; put a text in quotes", modifier, v)
}

// compileText makes a test of a text with a modifier.
func compileText(modifier, text string) (func(any) bool, error) {
	switch modifier {
	case "contains":
		return wildcards("*" + text + "*"), nil
	case "startswith":
		return wildcards(text + "*"), nil
	case "endswith":
		return wildcards("*" + text), nil
	case "cidr":
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not in CIDR form, such as 192.168.0.0/16", text)
		}
		return func(x any) bool { a, err := netip.ParseAddr(textOf(x)); return err == nil && p.Contains(a) }, nil
	case "re":
		re, err := regexp.Compile(text)
		if err != nil {
			return nil, fmt.Errorf("%q: not a regular expression: %w", text, err)
		}
		return func(x any) bool { return re.MatchString(textOf(x)) }, nil
	}
	return nil, fmt.Errorf("modifier %s is not evaluated on flows with %q; use contains, startswith, endswith, cidr, re, exists, gt, gte, lt or lte", modifier, text)
}

// wildcards compares as Sigma does: case does not matter, * stands for any
// text, ? for one character, and a backslash takes the meaning from either.
func wildcards(pattern string) func(any) bool {
	var b strings.Builder
	escaped := false
	for _, r := range pattern {
		switch {
		case escaped && (r == '*' || r == '?' || r == '\\'):
			b.WriteString(regexp.QuoteMeta(string(r)))
		case escaped:
			b.WriteString(`\\` + regexp.QuoteMeta(string(r)))
		case r == '\\':
			escaped = true
			continue
		case r == '*':
			b.WriteString(".*")
		case r == '?':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
		escaped = false
	}
	if escaped {
		b.WriteString(`\\`)
	}
	re := regexp.MustCompile(`(?is)\A` + b.String() + `\z`)
	return func(x any) bool { return re.MatchString(textOf(x)) }
}

// textOf writes a field's value as rules write it.
func textOf(x any) string {
	switch x := x.(type) {
	case string:
		return x
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return fmt.Sprint(x)
}
