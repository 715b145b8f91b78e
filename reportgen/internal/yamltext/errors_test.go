package yamltext

import (
	"errors"
	"testing"

	"github.com/goccy/go-yaml"
)

func TestDescribe(t *testing.T) {
	for text, want := range map[string]string{
		"a: [1,2":      `line 1, column 4: "[" is not closed; add "]"`,
		"a: {b: 1":     `line 1, column 4: "{" is not closed; add "}"`,
		"a: \"x":       `line 1, column 4: a value in double quotes is not closed; add "`,
		"a: 'x":        `line 1, column 4: a value in single quotes is not closed; add '`,
		"a: ]":         `line 1, column 4: "]" without "["`,
		"a: b: c":      `line 1, column 4: unexpected ":"; check the indentation, or put the value in quotes`,
		"a: 1\n\tb: 2": "line 2, column 1: a tab is used for indentation; use spaces",
		"a:\n- x\nb":   `line 3, column 1: a line without "name: value"`,
		"a: %x":        `line 1, column 4: "%" cannot start a value; put the value in quotes`,
	} {
		var v any
		if err := yaml.Unmarshal([]byte(text), &v); err == nil || Describe(err) != want {
			t.Errorf("%q: %v; want %s", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"title: [1]":                    "line 1, column 8: title: is a list; want text",
		"title:\n  a: 1":                "line 2, column 3: title: is a mapping; want text",
		"- a":                           "line 1, column 1: the value is a list; want a mapping",
		"text":                          "line 1, column 1: the value is text; want a mapping",
		"days: {first: x, last: [1]}":   "line 1, column 15: first: is text; want a whole number",
		"list:\n  - name: a\n  - [1]":   "line 3, column 5: list: is a list; want a mapping",
		"list:\n- name: a\n- name: [b]": "line 3, column 9: name: is a list; want text",
		"title: a\ndays: 5":             "line 2, column 7: days: is a single value; want a mapping",
		"title: a\ndays:\n- first: 5":   "line 3, column 1: days: is a list; want a mapping",
		"title: a\nlist:\n  first: 5":   "line 3, column 3: list: is a mapping; want a list",
	} {
		var typed struct {
			Title string
			Days  struct{ First, Last int }
			List  []struct{ Name string }
		}
		err := yaml.Unmarshal([]byte(text), &typed)
		if err == nil || Describe(err) != want {
			t.Errorf("%q: %v; want %s", text, Describe(err), want)
		}
	}
	if got := Describe(errors.New("other")); got != "other" {
		t.Error(got)
	}
}
