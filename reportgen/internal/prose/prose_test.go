package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// TestExtract: text stays at its line and column, and the rest is blank.
func TestExtract(t *testing.T) {
	for _, test := range []struct{ file, src, want string }{
		{"a.go", "// One thing.\npackage a\n\nvar x = \"first é word\" // two\nvar y = \"word\"\n",
			"1:4 One thing.\n4:10 first é word     two\n"},
		{"a_test.go", "package a\n\nfunc f(t *testing.T) { t.Error(\"not this \" + g(\"or that\")); g(\"an input\") }\n",
			"3:33 not this        or that\n"},
		{"a.ipynb", "{\"cells\": [\n {\"cell_type\": \"markdown\",\n  \"source\": [\n   \"# A <b>\\n\",\n   \"text\"\n  ]},\n" +
			" {\"cell_type\": \"code\", \"source\": [\"x(\\\"two words\\\")\"]}\n]}\n",
			"4:5 # A <b>\\n\n5:5 text\n7:36 x(\\\"two words\\\")\n"},
		{"a.py", "x = 1  # one\ny = \"two words\"\nz = 'word'\n", "1:10 one\n2:6 two words\n"},
		{"a.md", "As it is.\n", "1:1 As it is.\n"},
	} {
		got, err := extractorOf(test.file)([]byte(test.src))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(test.src, "\n")
		var found strings.Builder
		for i, line := range strings.Split(string(got), "\n") {
			if i >= len(lines) || utf8.RuneCountInString(line) != utf8.RuneCountInString(lines[i]) {
				t.Fatalf("%s: line %d has moved: %q", test.file, i+1, line)
			}
			if text := strings.TrimSpace(line); text != "" {
				from := strings.Index(line, text)
				fmt.Fprintf(&found, "%d:%d %s\n", i+1, utf8.RuneCountInString(line[:from])+1, text)
			}
		}
		if diff := cmp.Diff(test.want, found.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.file, diff)
		}
	}
	if extractorOf("a.parquet") != nil {
		t.Error("a flow file has text")
	}
	if _, err := goText([]byte("not Go")); err == nil {
		t.Error("a Go file with a syntax error has text")
	}
}

// TestStyle: each rule of the style finds what it is for, at its place, and
// leaves idiomatic English alone.
func TestStyle(t *testing.T) {
	vale := testenv.File(t, testenv.Path(t, ".tools", "bin", "vale"), "make lint, which installs it")
	root := t.TempDir()
	if err := os.CopyFS(filepath.Join(root, ".vale"), os.DirFS(testenv.Path(t, ".vale"))); err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(testenv.Path(t, ".vale.ini"))
	if err != nil {
		t.Fatal(err)
	}
	bad, err := os.ReadFile(filepath.Join("testdata", "bad.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	var src strings.Builder
	src.WriteString("package a\n")
	for line := range strings.Lines(string(bad)) {
		rule, text, _ := strings.Cut(strings.TrimSpace(line), "\t")
		src.WriteString("\n// " + text + "\nvar _ = 0\n")
		want = append(want, rule)
	}
	good, err := os.ReadFile(filepath.Join("testdata", "good.md"))
	if err != nil {
		t.Fatal(err)
	}
	testenv.WriteFiles(t, root, map[string]string{".vale.ini": string(config), "bad/bad.go": src.String(), "good.md": string(good), "exempt/a.md": "people\n"})
	faults, err := check(t.Context(), vale, root, []string{"exempt"})
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[int]string)
	for _, f := range faults {
		rule := f.message[strings.LastIndex(f.message, "(")+1 : len(f.message)-1]
		if i := (f.line - 3) / 3; f.file != "bad/bad.go" || i >= len(want) || want[i] != rule {
			t.Errorf("unexpected: %s", f)
		} else {
			found[i] = rule
		}
	}
	for i, rule := range want {
		if found[i] == "" {
			t.Errorf("testdata/bad.txt, line %d: not found by %s", i+1, rule)
		}
	}
}
