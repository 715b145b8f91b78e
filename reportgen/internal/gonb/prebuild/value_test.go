package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// The value of the last expression is displayed unless it has none or a semicolon follows it.
func TestShowsValue(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{"f", "reportgenShow(/*line :11:1*/f)"},
		{"x := 1\nframe.Where(f,\n\t\"a > 1\")\n", "x := 1\nreportgenShow(/*line :12:1*/frame.Where(f,\n\t\"a > 1\"))"},
		{"if x {\n}\n\ta + b // the sum", "if x {\n}\n\treportgenShow(/*line :13:2*/a + b) // the sum"},
		{"fmt.Println(1)", "reportgenShow(/*line :11:1*/fmt.Println(1))"},
		{"nb.Flows(day).Count()", "reportgenShow(/*line :11:1*/nb.Flows(day).Count())"},
		{"f;", ""}, {"f ; ", ""}, {"f; // no value", ""},
		{"", ""}, {"x := 1", ""}, {"nb.Show(f)", ""}, {"panic(1)", ""}, {"for {\n\tf\n}", ""}, {"f(", ""},
	} {
		want := ""
		if c.want != "" {
			want = "func main() {\n" + c.want + "\n}"
		}
		shown, ok := showsValue("func main() {\n"+c.body+"\n}", 10, &ast.File{}, nil)
		if ok != (want != "") || strings.ReplaceAll(shown, "\n\n}", "\n}") != want {
			t.Errorf("%q: %v %q, want %q", c.body, ok, shown, want)
		}
	}
	if shown, ok := showsValue("func main() {\n\tflag.Parse()\n\n}", 1, &ast.File{}, nil); ok {
		t.Errorf("a main of GoNB alone: %s", shown)
	}
}

// A call that returns nothing by its declaration is not compiled as a value first.
func TestCallsWithoutValue(t *testing.T) {
	path, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	realGo = path
	t.Cleanup(func() { realGo = "" })
	const head = "package main\nimport (\n\"flag\"\n\"fmt\"\nr \"math/rand/v2\"\n\"strings\"\n\"time\"\n\"github.com/flowbook/flowbook/pkg/frame\"\n)\n" +
		"func plot() {}\nfunc two() int { return 2 }\nvar b strings.Builder\n"
	for call, shown := range map[string]bool{
		"plot()": false, "two()": true, "time.Sleep(1)": false, "time.Now()": true, "fmt.Println(1)": true,
		"r.Shuffle(0, nil)": false, "r.IntN(5)": true, "frame.Hosts(nil)": true, "b.Reset()": true, "none()": true,
	} {
		p, err := parseProgram("main.go", head+"func main() {\n\tflag.Parse()\n\t"+call+"\n}\n")
		if err != nil || (p.shown != "") != shown {
			t.Errorf("%s: shown %v, want %v: %v", call, !shown, shown, err)
		}
	}
}

// The functions of package nb that return nothing are those in withoutValue: a cell that ends
// with another of them would be compiled twice.
func TestWithoutValue(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "..", "pkg", "nb", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var names []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.IsExported() && f.Type.Results == nil {
				names = append(names, "nb."+f.Name.Name)
			}
		}
	}
	slices.Sort(names)
	listed := slices.DeleteFunc(slices.Clone(withoutValue), func(s string) bool { return !strings.HasPrefix(s, "nb.") })
	if !slices.Equal(names, listed) {
		t.Errorf("package nb has %q, the list %q", names, listed)
	}
}

// The compiler reports errors of a main.go that displays a value at their places in main.go.
func TestShowingErrors(t *testing.T) {
	b, _ := cell(t, "%%")
	write := func(name, text string) {
		t.Helper()
		testenv.WriteFiles(t, ".", map[string]string{name: text})
	}
	write("flowbook/go.mod", "module github.com/flowbook/flowbook\n\ngo 1.26\n")
	write("flowbook/pkg/nb/nb.go", "package nb\n\nimport \"fmt\"\n\nfunc Show(x any) { fmt.Print(x) }\nfunc Wait() {}\nfunc Two() int { return 2 }\n")
	write("go.mod", "module gonb_1\n\ngo 1.26\n\nrequire github.com/flowbook/flowbook v0.0.0\n\nreplace github.com/flowbook/flowbook => ./flowbook\n")
	const head = "package main\n\nimport (\n\t\"flag\"\n\t\"github.com/flowbook/flowbook/pkg/nb\"\n)\n\nfunc main() {\n\tflag.Parse()\n"
	for _, c := range []struct{ body, errors string }{
		{"nb.Two() + 1\n", ""},
		{"nb.Wait ( )\n", ""}, // compiled as it is
		{"x := 1\n\tnb.Two()\n", `^# gonb_1\n\./main\.go:10:1: declared and not used: x\n$`},
		{"\tnb.Two() + y\n", `^# gonb_1\n\./main\.go:10:13: undefined: y\n$`},
		{"nb.Too()\n", `\./main\.go:10:4: undefined: nb\.Too; did you mean Two\?\n$`},
	} {
		b.errors, b.overlays = nil, nil
		write("main.go", head+c.body+"\n}\n")
		if ok := b.build(); ok != (c.errors == "") || !regexp.MustCompile(c.errors).Match(b.errors) {
			t.Errorf("%s: built %v, errors %s", c.body, ok, b.errors)
		}
	}
}
