// Package yamlerror words the errors of the YAML library for users.
package yamlerror

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
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
		return "this is " + kind(wrong.SrcType) + "; want " + kind(wrong.DstType)
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

// Describe returns the text of err with its position and without the source.
func Describe(err error) string {
	var e yaml.Error
	if errors.As(err, &e) {
		if t := e.GetToken(); t != nil && t.Position != nil {
			return fmt.Sprintf("line %d, column %d: %s", t.Position.Line, t.Position.Column, Message(err))
		}
	}
	return Message(err)
}
