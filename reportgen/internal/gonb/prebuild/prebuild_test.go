package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParseMain(t *testing.T) {
	for _, c := range []struct {
		main, names string
		ok          bool
	}{
		{"func main() { x := fmt.Sprint(run.Days()); x.y() }", "fmt run", true},
		{"func main() { type t int }", "", false},
		{"func main() { f(", "", false},
		{"func main() {}\nfunc other() {}", "", false},
	} {
		names := make(map[string]bool)
		if ok := parseMain(c.main, names); ok != c.ok {
			t.Errorf("%s: %v", c.main, ok)
		}
		for name := range strings.FieldsSeq(c.names) {
			if !names[name] {
				t.Errorf("%s: %v, want %s", c.main, names, c.names)
			}
		}
		if c.ok && len(names) != len(strings.Fields(c.names)) {
			t.Errorf("%s: %v, want %s", c.main, names, c.names)
		}
	}
}

const mainGo = `package main

import (
	"flag"
	f "fmt"
)

var n = f.Sprint(1)

func twice() string { return n + n }


func main() {
	flag.Parse()
f.Println(twice())

}
`

func TestParseProgram(t *testing.T) {
	p, err := parseProgram("/x/main.go", mainGo)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.imports, []importSpec{{Path: "flag"}, {"f", "fmt"}}) || p.line != 6 || p.at != 13 ||
		!strings.HasPrefix(p.main, "func main() {") || !strings.HasSuffix(p.main, "\n\n}") ||
		!strings.HasPrefix(p.decls, "\n\nvar n") || !strings.Contains(p.decls, "twice") || !p.names["f"] || len(p.names) != 1 {
		t.Errorf("%+v", p)
	}
	before, _, found := strings.Cut(mainGo, p.decls)
	if got := strings.Count(before, "\n") + 1; !found || got != p.line {
		t.Errorf("declarations begin in line %d, not %d", got, p.line)
	}
	if got := rename(p.main, "g"); !strings.HasPrefix(got, "func g() {") {
		t.Errorf("renamed: %s", got)
	}
	for _, src := range []string{"", "package main", "package main\nfunc main() {", mainGo + "var after = 1"} {
		if p, err := parseProgram("main.go", src); err == nil {
			t.Errorf("%q: %+v", src, p)
		}
	}
}

// A program is a no-op only if it needs neither a compiler nor a process.
func TestNoop(t *testing.T) {
	for _, c := range []struct {
		decls, source string
		noop          bool
	}{
		{"", "import \"fmt\"", true},
		{"var (\n\tday = \"a.parquet\"\n\tn, m = 3.5, true\n\tu uint8\n)\nconst c = len(\"x\") << 2", "var day = \"a.parquet\"", true},
		{"var day = \"a\"", "%args -x\nvar day = \"a\"", false},
		{"var day = \"a\"", "!ls", false},
		{"var n = f()\nfunc f() int { return 1 }", "", false},
		{"var n = m\nvar m = 1", "", false}, // no constant
		{"var n int = \"a\"", "", false},    // an error
		{"var n = 1\nvar n = 2", "", false},
		{"const c uint8 = 256", "", false},
		{"var a [1 << 40]int", "", false},
		{"func init() { panic(1) }", "", false},
		{"type t [1 << 60]int", "", false},
	} {
		p, err := parseProgram("main.go", "package main\nimport (\n\"flag\"\n)\n"+c.decls+"\nfunc main() { flag.Parse() }\n")
		if err != nil {
			t.Fatal(err)
		}
		if got := isNoop(p, c.source); got != c.noop {
			t.Errorf("%s: %v", c.decls, got)
		}
	}
	p, err := parseProgram("main.go", mainGo)
	if err != nil || isNoop(p, "") {
		t.Errorf("a program with a main is a no-op (%v)", err)
	}
}

func TestNeeds(t *testing.T) {
	all := map[string]goPackage{
		"fmt": {quiet: true, imports: []string{"io"}}, "io": {quiet: true},
		"image": {quiet: true}, "image/png": {imports: []string{"image"}},
		"example.org/x": {imports: []string{"fmt", "example.org/y"}}, "example.org/y": {imports: []string{"image/png"}},
	}
	for _, c := range []struct{ of, want string }{
		{"fmt io image", ""}, {"image/png", "image/png"},
		{"example.org/x", "example.org/x example.org/y image/png"}, {"unknown", "unknown"},
	} {
		if got := strings.Join(needs(all, strings.Fields(c.of)), " "); got != c.want {
			t.Errorf("%s needs %q, want %q", c.of, got, c.want)
		}
	}
}

func TestRemembered(t *testing.T) {
	got := remembered([]string{
		"import (\n\"math/rand\"\ngeo \"example.org/x\"\n)\n%%\nf()", "%env A=b\nimport \"crypto/rand\"\n%%", "%%\nimport \"os\"", "not Go",
	})
	if len(got) != 2 || got["rand"].Path != "crypto/rand" || got["geo"].Path != "example.org/x" {
		t.Errorf("%v", got)
	}
}

// cell gives what a fresh builder needs in a folder: GoNB's and the notebook's.
func cell(t *testing.T, cells ...string) (*builder, *notebook) {
	t.Helper()
	realGo, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go command")
	}
	dir, work := t.TempDir(), t.TempDir()
	t.Chdir(work)
	src, err := json.Marshal(cells)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		filepath.Join(dir, "cells.json"): string(src), filepath.Join(dir, "running"): "0",
		"go.mod": "module gonb_1\n\ngo 1.26\n", "main.go": mainGo,
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	n := openNotebook(dir)
	if n == nil {
		t.Fatal("the notebook cannot be opened")
	}
	return &builder{realGo: realGo, out: filepath.Join(work, "gonb_1")}, n
}

// An answer of the go command is given again until what it depends on changes.
func TestAnswer(t *testing.T) {
	b, n := cell(t, "%%")
	answers := func() int {
		files, err := filepath.Glob(n.file("answer*"))
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	told := make(map[string]string)
	for i, c := range []struct {
		change func()
		ask    []string
		ok     bool
		want   int
	}{
		{func() {}, []string{"env", "GOMOD"}, true, 1},
		{func() {}, []string{"env", "GOMOD"}, true, 1},
		{func() {}, []string{"env", "GOWORK"}, true, 2},
		{func() { t.Setenv("GOWORK", "off") }, []string{"env", "GOWORK"}, true, 3},
		{func() {
			if err := os.WriteFile("go.mod", []byte("module gonb_2\n\ngo 1.26\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{"env", "GOWORK"}, true, 4},
		{func() {}, []string{"list", "-m", "-e", "-json", "..."}, true, 5},
		{func() { b.realGo = "/nowhere/go" }, []string{"env", "GOWORK"}, true, 5}, // it is known
		{func() {}, []string{"env", "GOOS"}, false, 5},
	} {
		c.change()
		before := answers()
		var text strings.Builder
		if got := b.answer(&text, n.dir, c.ask); got != c.ok || answers() != c.want {
			t.Errorf("%d: %v: %v with %d answers, want %v with %d", i, c.ask, got, answers(), c.ok, c.want)
		}
		key := strings.Join(c.ask, " ")
		if answers() == before && c.ok && told[key] != text.String() {
			t.Errorf("%d: %v: %q, and before %q", i, c.ask, text.String(), told[key])
		}
		told[key] = text.String()
	}
	for _, args := range [][]string{{"env", "-w", "GOFLAGS=-x"}, {"env", "-u", "GOFLAGS"}, {"list", "./..."}, {"mod", "tidy"}, {"env"}} {
		if isQuery(args) {
			t.Errorf("%v is a query", args)
		}
	}
}

// A program is not used if anything about the cell is not as expected.
func TestServes(t *testing.T) {
	p, err := parseProgram("/x/main.go", mainGo)
	if err != nil {
		t.Fatal(err)
	}
	g := &group{
		Setting: []string{"GOFLAGS=-x"}, Decls: p.decls, At: p.at, Imports: append(p.imports, importSpec{Path: "log"}),
		Needs: []string{"image/png"}, Needed: map[string][]string{"fmt": {"image/png"}}, Mains: map[int]string{3: p.main},
	}
	for _, c := range []struct {
		name   string
		change func(p *program)
		index  int
		flags  string
		want   bool
	}{
		{"same", func(*program) {}, 3, "GOFLAGS=-x", true},
		{"other cell", func(*program) {}, 2, "GOFLAGS=-x", false},
		{"other flags", func(*program) {}, 3, "GOFLAGS=-y", false},
		{"other main", func(p *program) { p.main += " " }, 3, "GOFLAGS=-x", false},
		{"other declarations", func(p *program) { p.decls += " " }, 3, "GOFLAGS=-x", false},
		{"another import", func(p *program) { p.imports = append(p.imports, importSpec{Path: "os"}) }, 3, "GOFLAGS=-x", false},
		{"another name of an import", func(p *program) { p.imports = []importSpec{{"g", "fmt"}} }, 3, "GOFLAGS=-x", false},
		{"a package missing", func(p *program) { p.imports = []importSpec{{Path: "flag"}} }, 3, "GOFLAGS=-x", false},
		{"moved", func(p *program) { p.at++ }, 3, "GOFLAGS=-x", true},
		{"moved, and telling its lines", func(p *program) {
			p.at++
			p.imports = append(p.imports, importSpec{Path: "log"})
		}, 3, "GOFLAGS=-x", false},
	} {
		q := *p
		q.imports = slices.Clone(p.imports)
		c.change(&q)
		if got := g.serves(c.index, &q, []string{c.flags}); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestGoplsLoads checks that gopls loads the kernel's program and no module of its
// workspace, and that a user's commands are left alone.
func TestGoplsLoads(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"list -e -compiled=true -deps=true -- builtin /tmp/gonb_1/... /home/a/module/...", "list -e -compiled=true -deps=true -- builtin /tmp/gonb_1/..."},
		{"list -e -compiled=true -deps=true -- /tmp/gonb_1", "list -e -compiled=true -deps=true -- /tmp/gonb_1"},
		{"list -compiled=true ./...", "list -compiled=true ./..."},
		{"list /home/a/module/...", "list /home/a/module/..."},
		{"vet -compiled=true /home/a/module/...", "vet -compiled=true /home/a/module/..."},
	} {
		if got := strings.Join(forGopls(strings.Fields(c.args), "/tmp/gonb_1"), " "); got != c.want {
			t.Errorf("go %s: got %s, want %s", c.args, got, c.want)
		}
	}
	if !isGoplsTidy(strings.Fields("mod tidy -modfile=/tmp/gopls-tempmod12/go.mod")) || isGoplsTidy(strings.Fields("mod tidy -v")) {
		t.Error("go mod tidy of gopls is not distinguished from a user's")
	}
}
