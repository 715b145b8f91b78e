package gonb

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMergeDeclarations(t *testing.T) {
	tests := []struct {
		name  string
		cells []string
		want  string // empty: it cannot be done
	}{
		{"a later one replaces", []string{"var a, b = 1, 2\nvar n = 1 // one", "import \"fmt\"\nvar n = 2\nfunc f() {}\n%%\nn++", "// f\nfunc f() { fmt.Println() }"},
			"import \"fmt\"\nvar a, b = 1, 2\nvar n = 2\nfunc f() { fmt.Println() }\n"},
		{"groups", []string{"import (\n\tx \"a.b/y\"\n\t_ \"a.b/z\"\n)\nconst (\n\tA = iota\n\tB\n)\ntype (\n\tT[K any] struct{}\n\tU = int\n)\nfunc (t *T[K]) M() {}", "import x \"a.b/y\"\nfunc (T[K]) M() int { return 1 }"},
			"import x \"a.b/y\"\nimport _ \"a.b/z\"\nconst (\n\tA = iota\n\tB\n)\ntype T[K any] struct{}\ntype U = int\nfunc (T[K]) M() int { return 1 }\n"},
		{"main is no declaration", []string{"func main() { println() }\nvar n = 1"}, "var n = 1\n"},
		{"part of a group", []string{"const (\n\tA = iota\n\tB\n)", "const A = 5"}, ""},
		{"another kind", []string{"var f = 1", "func f() {}"}, ""},
		{"another package", []string{"import x \"a.b/y\"", "import x \"a.b/z\""}, ""},
		{"no name", []string{"var _ = 1"}, ""},
		{"init", []string{"func init() {}"}, ""},
		{"a command", []string{"%env A=b\nvar n = 1"}, ""},
		{"a command behind a comment", []string{"//gonb:%env A=b\nvar n = 1"}, ""},
		{"arguments of main", []string{"var n = 1\n%% -x\nn++"}, "var n = 1\n"},
		{"a program's input", []string{"%%bash\nls"}, ""},
		{"a shell", []string{"!ls"}, ""},
		{"no Go", []string{"var var"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := mergeDeclarations(tt.cells)
			if diff := cmp.Diff(tt.want, got); diff != "" || (tt.want == "") != (err != nil) {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}
