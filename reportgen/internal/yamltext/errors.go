package yamltext

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// messages maps messages of the library to the ones that users see.
var messages = map[string]string{
	"sequence end token ']' not found":                   `"[" is not closed; add "]"`,
	"could not find flow mapping end token '}'":          `"{" is not closed; add "}"`,
	"could not find end character of double-quoted text": `a value in double quotes is not closed; add "`,
	"could not find end character of single-quoted text": `a value in single quotes is not closed; add '`,
	"could not find '[' character corresponding to ']'":  `"]" without "["`,
	"mapping value is not allowed in this context":       `unexpected ":"; check the indentation, or put the value in quotes`,
	"found character '\t' that cannot start any token":   "a tab is used for indentation; use spaces",
	"non-map value is specified":                         `a line without "name: value"`,
	"unexpected directive value. document not started":   `"%" cannot start a value; put the value in quotes`,
}

// Message returns the text of err without its position and the source.
func Message(err error) string {
	var e yaml.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	var wrong *yaml.TypeError
	if errors.As(err, &wrong) {
		return "is " + kind(wrong.SrcType) + "; want " + kind(wrong.DstType)
	}
	var node *yaml.UnexpectedNodeTypeError
	if errors.As(err, &node) {
		return "is " + nodeName(node.Actual) + "; want " + nodeName(node.Expected)
	}
	if text, ok := messages[e.GetMessage()]; ok {
		return text
	}
	first, _, _ := strings.Cut(e.GetMessage(), "\n")
	return first
}

// kind names what a Go type holds in YAML.
func kind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "a mapping"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	if t.ConvertibleTo(reflect.TypeFor[int]()) {
		return "a whole number"
	}
	return "another kind of value"
}

// nodeName names a kind of YAML value.
func nodeName(t ast.NodeType) string {
	switch t {
	case ast.SequenceType:
		return "a list"
	case ast.MappingType, ast.MappingValueType:
		return "a mapping"
	case ast.StringType, ast.LiteralType:
		return "text"
	case ast.NullType:
		return "empty"
	}
	return "a single value"
}

// described is an error of the library in the words of [Describe].
type described struct{ error }

func (e described) Error() string { return Describe(e.error) }
func (e described) Unwrap() error { return e.error }

// Describe returns the text of err with its position and, if the type of a value is
// wrong, its field; without the source.
func Describe(err error) string {
	var e yaml.Error
	if !errors.As(err, &e) || e.GetToken() == nil || e.GetToken().Position == nil {
		return Message(err)
	}
	at := e.GetToken()
	if at.Type == token.MappingValueType && at.Prev != nil {
		at = at.Prev // a mapping begins with its first key, not with the colon
	}
	text := Message(err)
	if errors.As(err, new(*yaml.TypeError)) || errors.As(err, new(*yaml.UnexpectedNodeTypeError)) {
		if field := fieldOf(at); field != "" {
			text = field + ": " + text
		} else {
			text = "the value " + text
		}
	}
	return fmt.Sprintf("line %d, column %d: %s", at.Position.Line, at.Position.Column, text)
}

// fieldOf returns the name of the field whose value a token is in, or "".
func fieldOf(value *token.Token) string {
	for t := value.Prev; t != nil; t = t.Prev {
		if t.Next == nil || t.Next.Type != token.MappingValueType || t == value {
			continue
		}
		sameLine := t.Position.Line == value.Position.Line
		if sameLine || t.Position.Column < value.Position.Column || value.Type == token.SequenceEntryType && t.Position.Column == value.Position.Column {
			return t.Value
		}
	}
	return ""
}
