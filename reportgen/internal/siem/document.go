package siem

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/flowbook/flowbook/reportgen/internal/yamltext"
)

// ruleError is a fault of a rule file.
type ruleError struct {
	File    string
	Line    int    // from 1; 0 where the file as a whole is at fault
	Field   string // such as flowbook.thresholds.score; empty for no field
	Problem string // what is wrong and what to write instead
}

func (e *ruleError) Error() string {
	s := e.File
	if e.Line > 0 {
		s += ":" + strconv.Itoa(e.Line)
	}
	if e.Field != "" {
		s += ": " + e.Field
	}
	return s + ": " + e.Problem
}

// document is one YAML document of one or, where it overrides another, several
// files.
type document struct {
	fields yaml.MapSlice // as merged
	parts  []part        // the overriding ones first
}

// part is what one file says of a document.
type part struct {
	file string
	body *ast.MappingNode
}

// fieldError is a fault of the field that keys lead to.
func (d document) fieldError(problem string, keys ...string) error {
	e := &ruleError{File: d.parts[0].file, Line: lineOf(d.parts[0].body, nil), Field: strings.Join(keys, "."), Problem: problem}
	for _, p := range d.parts {
		if line := lineOf(p.body, keys); line > 0 {
			e.File, e.Line = p.file, line
			break
		}
	}
	return e
}

// lineOf returns the line on which the value that keys lead to is named, or 0.
// A key that is a number is the place in a list.
func lineOf(n ast.Node, keys []string) int {
	if len(keys) == 0 {
		return n.GetToken().Position.Line
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			if v.Key.GetToken().Value != keys[0] {
				continue
			}
			if len(keys) == 1 {
				return v.Key.GetToken().Position.Line
			}
			return lineOf(v.Value, keys[1:])
		}
	case *ast.SequenceNode:
		if i, err := strconv.Atoi(keys[0]); err == nil && 0 <= i && i < len(n.Values) {
			return lineOf(n.Values[i], keys[1:])
		}
	}
	return 0
}

// readDocuments reads the documents of a rule file.
func readDocuments(file string, text []byte) ([]document, error) {
	if i := bytes.IndexByte(text, 0); i >= 0 {
		return nil, &ruleError{File: file, Line: 1 + bytes.Count(text[:i], []byte("\n")), Problem: "holds a zero byte; a rule file is YAML in UTF-8"}
	}
	parsed, err := yamltext.Parse(text)
	if err != nil {
		return nil, yamlError(file, nil, "", err)
	}
	var docs []document
	for _, d := range parsed.Docs {
		if d.Body == nil || d.Body.Type() == ast.CommentType || d.Body.Type() == ast.NullType {
			continue
		}
		body, ok := d.Body.(*ast.MappingNode)
		if !ok {
			return nil, &ruleError{File: file, Line: d.Body.GetToken().Position.Line,
				Problem: "not a rule; write its fields as name: value, and --- between rules"}
		}
		if line, what := unwanted(body); what != "" {
			return nil, &ruleError{File: file, Line: line, Problem: what}
		}
		doc := document{parts: []part{{file, body}}}
		if err := yaml.NodeToValue(body, &doc.fields, yaml.UseOrderedMap()); err != nil {
			return nil, yamlError(file, body, "", err)
		}
		docs = append(docs, doc)
	}
	return docs, nil
}

// unwanted finds the YAML that rules do without: anchors and aliases, for
// aliases of aliases make a small file huge; tags; and keys that are not text.
func unwanted(n ast.Node) (line int, what string) {
	ast.Walk(visitor(func(n ast.Node) {
		if what != "" {
			return
		}
		switch n := n.(type) {
		case *ast.AnchorNode, *ast.AliasNode:
			what = "has an anchor or an alias; write the value out"
		case *ast.TagNode:
			what = "has a YAML tag; leave it out"
		case *ast.MappingValueNode:
			if n.Key.Type() != ast.StringType {
				what = fmt.Sprintf("has %s for a name; put it in quotes", n.Key)
			}
		}
		if what != "" {
			line = n.GetToken().Position.Line
		}
	}), n)
	return line, what
}

type visitor func(ast.Node)

func (v visitor) Visit(n ast.Node) ast.Visitor { v(n); return v }

// decode reads the part's own document strictly where the fields are ours.
func (p part) decode(r *Rule) error {
	if err := yaml.NodeToValue(p.body, r, yaml.UseOrderedMap()); err != nil {
		return yamlError(p.file, p.body, "", err)
	}
	for _, v := range p.body.Values {
		key := v.Key.GetToken().Value
		var into any
		switch key {
		case "flowbook":
			into = &Block{}
		case "correlation":
			into = &Correlation{}
		default:
			continue
		}
		if err := yaml.NodeToValue(v.Value, into, yaml.UseOrderedMap(), yaml.DisallowUnknownField()); err != nil {
			return yamlError(p.file, p.body, key, err)
		}
	}
	return nil
}

// yamlError says where the YAML library met a fault.
func yamlError(file string, body *ast.MappingNode, field string, err error) error {
	e := &ruleError{File: file, Field: field, Problem: err.Error()}
	var at yaml.Error
	if errors.As(err, &at) {
		e.Problem = yamltext.Message(err)
		if t := at.GetToken(); t != nil && t.Position != nil {
			e.Line = t.Position.Line
			if keys := keysAt(body, e.Line); len(keys) > 0 {
				e.Field = strings.Join(keys, ".")
			}
		}
	}
	return e
}

// keysAt returns the keys that lead to the value on a line.
func keysAt(n ast.Node, line int) []string {
	m, ok := n.(*ast.MappingNode)
	if !ok || m == nil {
		return nil
	}
	var found *ast.MappingValueNode
	for _, v := range m.Values {
		if v.Key.GetToken().Position.Line <= line {
			found = v
		}
	}
	if found == nil {
		return nil
	}
	return append([]string{found.Key.GetToken().Value}, keysAt(found.Value, line)...)
}

// merge lays another document over d: its fields replace those of the same name, except that
// the flowbook block is merged field by field.
func (d document) merge(over document) document {
	return document{fields: mergeFields(d.fields, over.fields, "flowbook", "thresholds", "baseline"), parts: slices.Concat(over.parts, d.parts)}
}

func mergeFields(old, over yaml.MapSlice, deep ...string) yaml.MapSlice {
	fields := slices.Clone(old)
	for _, item := range over {
		i := slices.IndexFunc(fields, func(f yaml.MapItem) bool { return f.Key == item.Key })
		if i < 0 {
			fields = append(fields, item)
			continue
		}
		was, ok := fields[i].Value.(yaml.MapSlice)
		now, also := item.Value.(yaml.MapSlice)
		if key, _ := item.Key.(string); ok && also && slices.Contains(deep, key) {
			item.Value = mergeFields(was, now, deep...)
		}
		fields[i] = item
	}
	return fields
}

// get returns a top-level field, or nil.
func (d document) get(key string) any { return field(d.fields, key) }

func field(m yaml.MapSlice, key string) any {
	for _, f := range m {
		if f.Key == key {
			return f.Value
		}
	}
	return nil
}
