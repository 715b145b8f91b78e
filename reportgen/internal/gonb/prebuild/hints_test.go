package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// TestHints: the errors of a cell that does not compile are those of the lean build, with the
// nearest names, unless a package has files for a plain build only.
func TestHints(t *testing.T) {
	realGo, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	t.Setenv("GONB_EDITOR_IMPORTS", "gonb_1/shapes,gonb_1/other")
	t.Setenv("GOFLAGS", "")
	t.Setenv("GOWORK", "off")
	write := func(name, text string) {
		t.Helper()
		testenv.WriteFiles(t, ".", map[string]string{name: text})
	}
	write("go.mod", "module gonb_1\n\ngo 1.26\n")
	write("shapes/shapes.go", "package shapes\n\n// Bars draws bars.\nfunc Bars() Run { return Run{} }\n\n// Most is the most.\nconst Most = 3\n\n// Run is a run.\ntype Run struct{ Days, Flows int }\n\n// Test returns the test day.\nfunc (r *Run) Test() int { return 1 }\n\nfunc bard() {}\n")
	b := &builder{realGo: realGo, out: filepath.Join(t.TempDir(), "out")}
	for _, tt := range []struct{ code, want string }{
		{"shapes.Bar()", "undefined: shapes.Bar; did you mean Bars?"},
		{"shapes.Bars().Test(shapes.Moost)", "undefined: shapes.Moost; did you mean Most?"},
		{"shapes.Bars()", "undefined: shapes"},
		{"other.Bar()", "undefined: other"},
		{"fmt.Printn(1)", "undefined: fmt.Printn; did you mean Print?"},
		{"nothing.Bar()", "undefined: nothing"},
		{"bars()", "undefined: bars"},
	} {
		src := "package main\n\nfunc main() {\n\t" + tt.code + "\n}\n"
		write("main.go", src)
		b.errors = nil
		if done, err := b.lean(src, b.out); done || err == nil || !strings.HasSuffix(string(b.errors), ": "+tt.want+"\n") || strings.Count(string(b.errors), "\n") != 2 {
			t.Errorf("%s: %v, %s; want %s", tt.code, err, b.errors, tt.want)
		}
	}
	for _, tt := range []struct{ code, want string }{
		{"shapes.Bards()", "12: undefined: shapes.Bards; did you mean Bars?"},
		{"_ = shapes.Mots", "16: undefined: shapes.Mots; did you mean Most?"},
		{"r := shapes.Bars(); r.Tset()", "27: r.Tset undefined (type shapes.Run has no field or method Tset); did you mean Test?"},
		{"r := shapes.Bars(); _ = r.Flow", "31: r.Flow undefined (type shapes.Run has no field or method Flow); did you mean Flows?"},
		{"r := shapes.Bars(); r.Bars()", "27: r.Bars undefined (type shapes.Run has no field or method Bars); it is a function: write shapes.Bars(…)"},
		{"r := shapes.Bars(); r.Unlike()", "27: r.Unlike undefined (type shapes.Run has no field or method Unlike)"},
	} {
		src := "package main\n\nimport \"gonb_1/shapes\"\n\nfunc main() {\n\tvar _ = shapes.Most\n    " + tt.code + "\n}\n"
		write("main.go", src)
		b.errors = nil
		if _, err := b.lean(src, b.out); err == nil || string(b.errors) != "# gonb_1\n./main.go:7:"+tt.want+"\n" {
			t.Errorf("%s: %v, %s; want %s", tt.code, err, b.errors, tt.want)
		}
	}
	write("shapes/plain.go", "//go:build !minimal\n\npackage shapes\n\n// Bart exists in plain builds.\nfunc Bart() {}\n")
	b = &builder{realGo: realGo, out: filepath.Join(t.TempDir(), "out")}
	src := "package main\n\nimport \"gonb_1/shapes\"\n\nfunc main() { shapes.Bart() }\n"
	write("main.go", src)
	if _, err := b.lean(src, b.out); err == nil || b.errors != nil {
		t.Errorf("a name of a plain build: %v, %s", err, b.errors)
	}
}
