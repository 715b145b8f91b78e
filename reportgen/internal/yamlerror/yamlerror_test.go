package yamlerror

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
	var typed struct{ Title string }
	if err := yaml.Unmarshal([]byte("title: [1]"), &typed); err == nil || Describe(err) != "line 1, column 8: this is a list; want text" {
		t.Errorf("%v", err)
	}
	if got := Describe(errors.New("other")); got != "other" {
		t.Error(got)
	}
}
