package parameter

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

func TestReadFile(t *testing.T) {
	const src = `# of a run
name: "010"
code: 010
big: 123456789012345678901234567890
nothing: ~
when: 2024-01-02
nested: {b: [1, {c: d}], a: "x: y"}
text: |
  two
  lines
base: &base [1, 2]
again: *base
tagged: !!str 5
`
	file := filepath.Join(t.TempDir(), "parameters.yaml")
	if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var config struct{ Parameters Values }
	indented := "parameters:\n  " + strings.ReplaceAll(strings.TrimSpace(src), "\n", "\n  ")
	if err := yaml.Unmarshal([]byte(indented), &config); err != nil {
		t.Fatal(err)
	}
	lines := func(v Values) []string {
		var all []string
		for _, p := range v {
			value, err := Convert(p.Value, Any)
			if err != nil {
				t.Fatal(err)
			}
			text, err := Convert(p.Value, String)
			all = append(all, strings.TrimSpace(strings.Join([]string{p.Key.(string), Quote(value), Quote(text), map[bool]string{true: "no string"}[err != nil]}, " ")))
		}
		return all
	}
	want := []string{
		`name "010" "010"`, `code 10 "010"`, `big 123456789012345678901234567890 "123456789012345678901234567890"`, "nothing null null",
		`when "2024-01-02" "2024-01-02"`, "nested {b: [1 {c: d}], a: x: y} null no string", `text "two\nlines\n" "two\nlines\n"`,
		"base [1 2] null no string", "again [1 2] null no string", `tagged "5" "5"`,
	}
	if diff := cmp.Diff(want, lines(v)); diff != "" {
		t.Errorf("a file (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, lines(config.Parameters)); diff != "" {
		t.Errorf("a part of a file (-want +got):\n%s", diff)
	}
	for _, bad := range []string{"- a", "a: *none", "a: {<<: b}", "a: 1\n---\nb: 2", "a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e]"} {
		if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if v, err := ReadFile(file); err == nil {
			t.Errorf("%q: %v", bad, v)
		}
	}
}

func FuzzConvert(f *testing.F) {
	for _, s := range []string{"", "[a, {b: 1}]", "0x", "1e999", "&a *a", "? a", "{a: b: c}", "-0b1", "!!x y", "|\n a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for k := Any; k <= Other; k++ {
			v, err := Convert(Text(text), k)
			if err != nil {
				continue
			}
			if _, err := Convert(v, Any); err != nil {
				t.Errorf("%q is %v, which is not a value: %v", text, v, err)
			}
		}
	})
}

// The text of an option is taken whole, as by papermill, also where YAML would cut or join it.
func TestText(t *testing.T) {
	for text, want := range map[string]any{
		"#ff0000": "#ff0000", "issue #5": "issue #5", "a # b": "a # b", "one\ntwo": "one\ntwo", "C:\\new": "C:\\new", "": "",
		" 5 ": int64(5), "010": int64(10), "1_000": int64(1000), "1e3": 1000.0, "yes": "yes", "True": true, "None": nil, "~": nil,
		"2024-01-01": "2024-01-01", `"5"`: "5", "'#x'": "#x", "12:30": "12:30",
	} {
		if got, err := Convert(Text(text), Any); err != nil || got != want {
			t.Errorf("%q is %#v, %v; want %#v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		`[[1, 2], ["x,y"], []]`: "[[1 2] [x,y] []]", `{a: {b: [null, true]}}`: "{a: {b: [<nil> true]}}", "- a\n- b": "[a b]",
	} {
		got, err := Convert(Text(text), Any)
		if err != nil || Quote(got) != want {
			t.Errorf("%q is %s, %v; want %s", text, Quote(got), err, want)
		}
	}
}
