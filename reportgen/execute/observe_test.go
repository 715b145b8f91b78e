package execute

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// situation is a notebook whose cells read something in a way that their source does
// not show.
type situation struct {
	name   string
	cells  []string
	first  string            // what the last cell prints
	files  map[string]string // to change after that; a value that begins with -> is the target of a link
	env    [2]string         // a variable to change
	mode   os.FileMode       // permissions to give mon.txt
	then   string            // what the last cell prints then
	reason string            // why it is not cached, if it is not
	keep   bool              // the metadata says to cache it all the same
}

// check runs the notebooks three times: at first, when nothing has changed, and after
// what each reads has changed.
func check(t *testing.T, kernel, language, root string, all []situation) {
	t.Helper()
	for _, dir := range []string{root, filepath.Join(root, "home")} {
		for _, w := range []string{"one", "two"} {
			write(t, dir, w+"/x.txt", w)
		}
	}
	t.Setenv("HOME", filepath.Join(root, "home"))
	cache := &Cache{Dir: filepath.Join(t.TempDir(), "cells")}
	var inputs []Input
	for _, s := range all {
		nb := notebookOf(kernel, language)
		if s.keep {
			nb.Metadata["reportgen"] = map[string]any{"cache": true}
		}
		for i, source := range s.cells {
			nb.Cells = append(nb.Cells, code(fmt.Sprint("c", i), source))
		}
		dir := filepath.Join(root, strings.ReplaceAll(s.name, " ", "-"))
		for _, text := range []string{"1", "2"} {
			write(t, dir, "data/"+text+".txt", text)
		}
		write(t, dir, "mon.txt", "old")
		for file, text := range s.files {
			if target, ok := strings.CutPrefix(text, "->"); ok && target != "" {
				if err := os.Symlink("data/1.txt", filepath.Join(dir, file)); err != nil {
					t.Fatal(err)
				}
			}
		}
		inputs = append(inputs, Input{Name: s.name, Dir: dir, Notebook: nb})
	}
	for i := range all {
		if name := all[i].env[0]; name != "" {
			t.Setenv(name, "one")
		}
	}
	run := func(what string) []Result {
		t.Helper()
		results, err := Run(t.Context(), inputs, Options{Cache: cache, Jobs: 2})
		if err != nil {
			t.Fatal(what, err)
		}
		for _, r := range results {
			if r.Err != nil {
				t.Errorf("%s, %s: %v", what, r.Name, r.Err)
			}
		}
		return results
	}
	last := func(r Result) string {
		c := r.Notebook.Cells[len(r.Notebook.Cells)-1]
		var b strings.Builder
		for _, o := range c.Outputs {
			b.WriteString(o.Text)
		}
		return strings.TrimSpace(b.String())
	}
	for i, r := range run("at first") {
		s := all[i]
		if got := last(r); r.Cached != 0 || got != s.first && s.first != "*" {
			t.Errorf("%s: at first it prints %q, want %q", s.name, got, s.first)
		}
		notes := strings.Join(r.Notes, "\n")
		if (s.reason != "" && !s.keep) != strings.Contains(notes, "not cached") || !s.keep && !strings.Contains(notes, s.reason) {
			t.Errorf("%s: notes %q, want %q", s.name, notes, s.reason)
		}
	}
	for i, r := range run("again") {
		s := all[i]
		if want := s.reason == "" || s.keep; want != (r.Cached == len(s.cells)) {
			t.Errorf("%s: again, %d cells are from the cache; notes %q", s.name, r.Cached, r.Notes)
		}
		if s.first != "*" && last(r) != s.first {
			t.Errorf("%s: again, it prints %q, want %q", s.name, last(r), s.first)
		}
	}
	for _, s := range all {
		dir := filepath.Join(root, strings.ReplaceAll(s.name, " ", "-"))
		for file, text := range s.files {
			if target, ok := strings.CutPrefix(text, "->"); ok {
				if err := os.Remove(filepath.Join(dir, file)); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(target, filepath.Join(dir, file)); err != nil {
					t.Fatal(err)
				}
				continue
			}
			write(t, dir, file, text)
		}
		if s.env[0] != "" {
			t.Setenv(s.env[0], s.env[1])
		}
		if s.mode != 0 {
			if err := os.Chmod(filepath.Join(dir, "mon.txt"), s.mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, r := range run("after a change") {
		s := all[i]
		if s.keep {
			continue
		}
		if got := last(r); s.then != "*" && got != s.then {
			t.Errorf("%s: after a change, it prints %q, want %q; %d cells are from the cache", s.name, got, s.then, r.Cached)
		}
		if unchanged := s.then == s.first && s.reason == "" && s.then != "*"; unchanged && r.Cached != len(s.cells) {
			t.Errorf("%s: it ran again without need; notes %q", s.name, r.Notes)
		}
	}
}

// What a cell of IPython reads is observed, however it names it.
func TestObservePython(t *testing.T) {
	needKernel(t)
	testenv.Python(t, "ipykernel")
	root, err := os.MkdirTemp(testFolder(t), "observe-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	const day = "day = 'mon'\n"
	next := map[string]string{"mon.txt": "new"}
	outside := filepath.Join(t.TempDir(), "editable")
	write(t, outside, "pkg_of_mine/__init__.py", "from .inner import word\n")
	write(t, outside, "pkg_of_mine/inner.py", "word = 'old'\n")
	check(t, "python3", "python", root, []situation{
		{name: "f-string", cells: []string{day + "print(open(f'{day}.txt').read())"}, first: "old", files: next, then: "new"},
		{name: "format", cells: []string{day + "print(open('{}.txt'.format(day)).read())"}, first: "old", files: next, then: "new"},
		{name: "percent", cells: []string{day + "print(open('%s.txt' % day).read())"}, first: "old", files: next, then: "new"},
		{name: "config", cells: []string{"open('list.cfg', 'w').write('mon.txt')", "print(open(open('list.cfg').read()).read())"}, first: "old", files: next, then: "new"},
		{name: "list", cells: []string{"names = [d + '.txt' for d in ('mon',)]\nfor n in names: print(open(n).read())"}, first: "old", files: next, then: "new"},
		{name: "pathlib", cells: []string{day + "import pathlib\nprint((pathlib.Path('.') / (day + '.txt')).read_text())"}, first: "old", files: next, then: "new"},
		{
			name:  "helper reads",
			cells: []string{"open('helper_r.py', 'w').write('def f(d): return open(d + \".txt\").read()')", "import helper_r\nprint(helper_r.f('mon'))"},
			first: "old", files: next, then: "new",
		},
		{name: "editable package", cells: []string{"import sys; sys.path.insert(0, " + fmt.Sprintf("%q", outside) + ")\nimport pkg_of_mine\nprint(pkg_of_mine.word)"}, first: "old",
			files: map[string]string{filepath.Join(relative(t, root, "editable-package", outside), "pkg_of_mine", "inner.py"): "word = 'new'\n"}, then: "new"},
		{name: "home", cells: []string{"import os\nprint(open(os.path.expanduser('~') + '/' + 'one' + '/x.txt').read())"}, first: "one",
			files: map[string]string{"../home/one/x.txt": "two"}, then: "two"},
		{name: "variable in a path", cells: []string{"import os\nprint(open('../' + os.environ['WHERE_' + 'IT_IS'] + '/x.txt').read())"}, first: "one", env: [2]string{"WHERE_IT_IS", "two"}, then: "two"},
		{name: "variable in lower case", cells: []string{"import os\nprint(os.getenv('lower_' + 'case'))"}, first: "one", env: [2]string{"lower_case", "two"}, then: "two"},
		{name: "rglob", cells: []string{"import pathlib\nprint(sorted(p.name for p in pathlib.Path('data').rglob('*.txt')))"}, first: "['1.txt', '2.txt']",
			files: map[string]string{"data/3.txt": "3"}, then: "['1.txt', '2.txt', '3.txt']"},
		{name: "listdir", cells: []string{"import os\nprint(sorted(os.listdir('da' + 'ta')))"}, first: "['1.txt', '2.txt']",
			files: map[string]string{"data/3.txt": "3"}, then: "['1.txt', '2.txt', '3.txt']"},
		{name: "exists", cells: []string{"import os\nprint(os.path.exists('la' + 'ter.txt'))"}, first: "False", files: map[string]string{"later.txt": ""}, then: "True"},
		{name: "import that fails", cells: []string{"try:\n    import later_module\n    print(later_module.word)\nexcept ImportError:\n    print('none')"}, first: "none",
			files: map[string]string{"later_module.py": "word = 'some'\n"}, then: "some"},
		{name: "link", cells: []string{"print(open('late' + 'st').read())"}, first: "1", files: map[string]string{"latest": "->data/2.txt"}, then: "2"},
		{name: "unrelated", cells: []string{day + "print(open(f'{day}.txt').read())"}, first: "old", files: map[string]string{"other.txt": "x", "other.py": "x = 1", "data/1.txt": "changed"}, then: "old"},
		{name: "search for packages", cells: []string{"import importlib.metadata as m\nprint(len(m.entry_points()) > 0)"}, first: "True", files: map[string]string{"other.txt": "x"}, then: "True"},
		{name: "named and not read", cells: []string{"print('mon.txt')"}, first: "mon.txt", files: next, then: "mon.txt"},
		{name: "written by the notebook", cells: []string{"open('out.csv', 'w').write('a')", "print(open('out.csv').read())"}, first: "a", files: map[string]string{"other.txt": "x"}, then: "a"},
		{name: "shell", cells: []string{"!echo $lower_case"}, first: "one", then: "two", reason: "a child process (cell 1)"},
		{name: "bash", cells: []string{"%%bash\necho $lower_case"}, first: "one", then: "two", reason: "a child process"},
		{name: "subprocess", cells: []string{"1", "import subprocess, sys\nprint(subprocess.check_output(['cat', 'mon.txt'], text=True))"}, first: "old", files: next, then: "new", reason: "a child process (cell 2)"},
		{name: "clock", cells: []string{"from datetime import datetime as d\nprint(d.now())"}, first: "*", then: "*", reason: "the clock"},
		{name: "clock in a module", cells: []string{"open('ticks.py', 'w').write('import time\\ndef f(): return time.time()')", "import ticks\nprint(ticks.f() > 0)"}, first: "True", then: "True", reason: "the clock"},
		{name: "timing", cells: []string{"%%time\n1"}, first: "*", then: "*", reason: "the clock"},
		{name: "permissions", cells: []string{"import os\nprint(oct(os.stat('mon' + '.txt').st_mode))"}, first: "0o100644", mode: 0o600, then: "0o100600"},
		{name: "target of a link", cells: []string{"import os\nprint(os.path.realpath('late' + 'st')[-1:], os.readlink('latest'))"}, first: "t data/1.txt", files: map[string]string{"latest": "->data/2.txt"}, then: "t data/2.txt"},
		{name: "pipe", cells: []string{"import os\nos.path.exists('pipe') or os.mkfifo('pipe')", "f = os.open('pipe', os.O_RDWR)\nos.write(f, b'x')\nprint(os.read(f, 1).decode())"}, first: "x", then: "x", reason: "not a regular file"},
		{name: "network", cells: []string{"import socket\ntry:\n    socket.create_connection(('127.0.0.1', 1), 1)\nexcept OSError:\n    print('none')"}, first: "none", then: "none", reason: "the network"},
		{name: "clock that is declared", cells: []string{"import time\nprint(time.time() > 0)"}, first: "True", then: "True", reason: "the clock", keep: true},
	})
}

// What a cell of GoNB reads is observed, too, also while a package is initialized.
func TestObserveGoNB(t *testing.T) {
	needKernel(t)
	root := twinModule(t)
	write(t, root, "reads/reads.go", "package reads\n\nimport \"os\"\n\nvar Text = func() string { b, _ := os.ReadFile(os.Getenv(\"READS\" + \"_FILE\")); return string(b) }()\n")
	write(t, root, "ticks/ticks.go", "package ticks\n\nimport \"time\"\n\nfunc Past() bool { return time.Now().Unix() > 0 }\n")
	next := map[string]string{"mon.txt": "new"}
	t.Setenv("READS_FILE", filepath.Join(root, "initialized.txt"))
	write(t, root, "initialized.txt", "old")
	check(t, "gonb", "go", root, []situation{
		{name: "computed", cells: []string{"const day = \"mon\"", "%%\nb, _ := os.ReadFile(fmt.Sprintf(\"%s.txt\", day))\nfmt.Println(string(b))"}, first: "old", files: next, then: "new"},
		{name: "variable", cells: []string{"%%\nfmt.Println(os.Getenv(\"lower\" + \"_case\"))"}, first: "one", env: [2]string{"lower_case", "two"}, then: "two"},
		{name: "listing", cells: []string{"%%\nall, _ := os.ReadDir(\"da\" + \"ta\")\nfmt.Println(len(all))"}, first: "2", files: map[string]string{"data/3.txt": "3"}, then: "3"},
		{name: "status", cells: []string{"%%\n_, err := os.Stat(\"la\" + \"ter.txt\")\nfmt.Println(err == nil)"}, first: "false", files: map[string]string{"later.txt": ""}, then: "true"},
		{name: "package", cells: []string{"import \"github.com/flowbook/flowbook/reads\"\n%%\nfmt.Println(reads.Text)"}, first: "old", files: map[string]string{"../initialized.txt": "new"}, then: "new"},
		{name: "unrelated", cells: []string{"%%\nb, _ := os.ReadFile(\"mon\" + \".txt\")\nfmt.Println(string(b))"}, first: "old", files: map[string]string{"other.txt": "x", "data/1.txt": "changed"}, then: "old"},
		{name: "written by the notebook", cells: []string{"%%\n_ = os.WriteFile(\"out.csv\", []byte(\"a\"), 0o600)", "%%\nb, _ := os.ReadFile(\"out.csv\")\nfmt.Println(string(b))"}, first: "a",
			files: map[string]string{"other.txt": "x"}, then: "a"},
		{name: "shell", cells: []string{"!echo $lower_case"}, first: "one", then: "two", reason: "a child process"},
		{name: "child", cells: []string{"%%\nb, _ := exec.Command(\"cat\", \"mon.txt\").Output()\nfmt.Println(string(b))"}, first: "old", files: next, then: "new", reason: "a child process"},
		{name: "clock", cells: []string{"%%\nfmt.Println(time.Now())"}, first: "*", then: "*", reason: "the clock"},
		{name: "clock in a package", cells: []string{"import \"github.com/flowbook/flowbook/ticks\"\n%%\nfmt.Println(ticks.Past())"}, first: "true", then: "true", reason: "the clock, in ticks"},
		{name: "permissions", cells: []string{"%%\ninfo, _ := os.Stat(\"mon\" + \".txt\")\nfmt.Println(info.Mode())"}, first: "-rw-r--r--", mode: 0o600, then: "-rw-------"},
		{name: "network", cells: []string{"%%\nfmt.Println(1)", "%%\n_, err := net.DialTimeout(\"tcp\", \"127.0.0.1:1\", time.Second)\nfmt.Println(err != nil)", "%%\nfmt.Println(3)"}, first: "3", then: "3", reason: "the network (cell 2)"},
		{name: "test", cells: []string{"%test\nfunc TestA(t *testing.T) { if _, err := os.Stat(\"mon.txt\"); err != nil { t.Fatal() } }"}, first: "*", then: "*", reason: "not observed"},
	})
}

// relative is the path of a folder from that of a situation.
func relative(t *testing.T, root, name, to string) string {
	t.Helper()
	rel, err := filepath.Rel(filepath.Join(root, name), to)
	if err != nil {
		t.Fatal(err)
	}
	return rel
}

// testFolder is a folder of the project, beside whose .venv the kernel is found.
func testFolder(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", ".cache"))
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// A kernel that cannot be observed is cached only if its inputs are declared.
func TestNotObserved(t *testing.T) {
	pl := &plan{cells: []cellEntry{{}, {}}, declared: []declaration{{}, {inputs: true}}, literal: make([]error, 2), unseen: make([][]string, 2), reasons: make([][]string, 2), start: time.Now()}
	for i := range pl.cells {
		pl.record(i, observation{})
	}
	want := [][]string{{"files that are not observed in this kernel; declare them as inputs"}, nil}
	if diff := cmp.Diff(want, pl.reasons); diff != "" {
		t.Error(diff)
	}
}
