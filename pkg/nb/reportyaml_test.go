package nb

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// What readInputs reads, a YAML parser reads in the same way.
func TestReadInputs(t *testing.T) {
	for _, src := range []string{
		"inputs:\n  test: a.parquet\n",
		"title: x\ninputs:\n  # the day\n  test: days/a b.parquet # comment\n\n  asn: \"\"\n  internal: '10.0.0.0/8,192.168.0.0/16'\nparameters:\n  test: other\n",
		"inputs:\n    baseline: sample:data.parquet\n    sensitivity: 3.5\n    servers:\n    country: ~\n",
		"inputs:\r\n  test: it's.parquet\r\n  asn: 'it''s'\r\n  country: \"a\\tb\"\r\n",
		"inputs: {}\n", "inputs: # none\nlang: en\n", "lang: en\n", "",
		"\ufeffinputs:\n  test: C:\\days\\a.parquet\n",
		"abstract: >-\n  inputs:\n    test: no\ninputs:\n  test: yes.parquet\n",
		"inputs:\n  test: a#b\n  asn: http://x/y#z\n",
	} {
		got, err := readInputs(src)
		if err != nil {
			t.Errorf("%q: %v", src, err)
			continue
		}
		var doc struct{ Inputs map[string]any }
		if err := yaml.Unmarshal([]byte(strings.TrimPrefix(src, "\ufeff")), &doc); err != nil {
			t.Fatalf("%q: %v", src, err)
		}
		want := make(map[string]string)
		for k, v := range doc.Inputs {
			if want[k] = fmt.Sprint(v); v == nil {
				want[k] = ""
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", src, got, want)
		}
	}
	if got, err := readInputs("inputs:\n  internal: [10.0.0.0/8, '192.168.0.0/16'] # two\n"); err != nil || got["internal"] != "10.0.0.0/8,192.168.0.0/16" {
		t.Errorf("a list: %q, %v", got, err)
	}
}

// What readInputs cannot read is an error with its line, never a wrong value.
func TestReadInputsRefuses(t *testing.T) {
	for _, src := range []string{
		"inputs: {test: a}\n", "inputs:\n  test: |\n    a\n", "inputs:\n  test: &x a\n", "inputs:\n  test: *x\n",
		"inputs:\n  test: \"a\n", "inputs:\n  test: 'a\n", "inputs:\n  test: 'a'b'\n", "inputs:\n  - test\n", "inputs:\n  test: {a: b}\n",
		"inputs:\n  test: a\n    b\n", "inputs:\n  test: a\n  test: b\n", "inputs:\n  test: [a, [b]]\n", "inputs:\n  test:a\n", "inputs:\n  test: [a\n",
		"inputs:\n  internal:\n    - 10.0.0.0/8\n", "inputs:\n  test: !!str a\n",
	} {
		if got, err := readInputs(src); err == nil || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%q: got %q, %v", src, got, err)
		}
	}
}

func TestInputsOf(t *testing.T) {
	in, err := inputsOf(map[string]string{"test": "a.parquet", "sensitivity": "2.5", "internal": "10.0.0.0/8"})
	if want := (Inputs{Test: "a.parquet", Sensitivity: 2.5, Internal: "10.0.0.0/8"}); err != nil || in != want {
		t.Errorf("got %+v, %v", in, err)
	}
	for name, value := range map[string]string{"tset": "a", "sensitivity": "high"} {
		if _, err := inputsOf(map[string]string{name: value}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %s: %v", name, value, err)
		}
	}
}
