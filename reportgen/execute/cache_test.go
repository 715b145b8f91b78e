package execute

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/drivers"
	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/sources"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// twinModule makes a module that pins what this one pins, with packages of its
// own to change: lib, which imports deep, and other, which nothing imports.
func twinModule(t *testing.T) string {
	t.Helper()
	if _, err := kernel.Find(t.Context(), drivers.All(), "gonb", ".", io.Discard); err != nil { // builds the kernel
		t.Fatal(err)
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		src, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir, name, string(src))
	}
	if err := os.Symlink(filepath.Join(root, ".tools"), filepath.Join(dir, ".tools")); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "deep/deep.go", "package deep\n\nconst Word = \"deep one\"\n")
	write(t, dir, "lib/lib.go", "package lib\n\nimport _ \"embed\"\nimport \"github.com/flowbook/flowbook/deep\"\n\n//go:embed rule.yaml\nvar rule string\n\nfunc Say() string { return deep.Word + \" \" + rule }\n")
	write(t, dir, "lib/rule.yaml", "rule one")
	write(t, dir, "lib/lib_test.go", "package lib\n")
	write(t, dir, "other/other.go", "package other\n")
	return dir
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	testenv.WriteFiles(t, dir, map[string]string{name: text})
	file := filepath.Join(dir, name)
	// What is changed while a run reads it is not kept; this was changed before.
	past := time.Now().Add(-time.Minute)
	if err := os.Chtimes(file, past, past); err != nil {
		t.Fatal(err)
	}
}

// lines are what the cells printed.
func lines(nb *nbformat.Notebook) []string {
	var all []string
	for _, c := range nb.Cells {
		for _, o := range c.Outputs {
			all = append(all, strings.TrimSpace(o.Text+o.EValue))
		}
	}
	return all
}

const declareSource = `
f, err := os.OpenFile(os.Getenv("REPORTGEN_INPUTS"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
if err != nil { panic(err) }
fmt.Fprintln(f, name)
f.Close()
text, err := os.ReadFile(name)
fmt.Println(string(text), err)`

// Each source of a cell is changed, and the cells that run again are those that depend
// on it and the cells after them.
func TestCacheOnGoNB(t *testing.T) {
	needKernel(t)
	root := twinModule(t)
	dir := filepath.Join(root, "notebooks")
	write(t, dir, "day.txt", "day one")
	write(t, dir, "far.txt", "far one")
	write(t, dir, "meta.txt", "meta one")
	t.Setenv("CACHE_TEST_REGION", "here")
	cells := []string{
		"var limit = 1",
		"import \"github.com/flowbook/flowbook/lib\"\nfunc twice(n int) int { return 2 * n }\n%%\nfmt.Println(lib.Say(), limit)",
		"%%\ntext, _ := os.ReadFile(\"day.txt\")\nfmt.Println(string(text), twice(limit))",
		"%%\nname := \"far\" + \".txt\"" + declareSource,
		"%%\nfmt.Println(os.Getenv(\"CACHE_TEST_REGION\"))",
	}
	want := []string{"deep one rule one 1", "day one 2", "far one <nil>", "here"}
	cache := &Cache{Dir: filepath.Join(t.TempDir(), "cells"), Places: []string{"WHERE"}}
	params := []Parameter(nil)
	env := "WHERE=a"
	metadata := map[string]any{}
	damaged := false
	run := func(cache *Cache) Result {
		t.Helper()
		nb := notebookOf("gonb", "go")
		nb.Metadata["reportgen"] = metadata
		for i, source := range cells {
			var tags []any
			if i == 0 {
				tags = []any{"parameters"}
			}
			nb.Cells = append(nb.Cells, code(fmt.Sprint("c", i+1), source, tags...))
		}
		results, err := Run(t.Context(), []Input{{Name: "n.ipynb", Dir: dir, Notebook: nb}},
			Options{Cache: cache, Parameters: params, Env: []string{env}})
		if err != nil || results[0].Err != nil {
			t.Fatal(err, results[0].Err)
		}
		if warned := len(results[0].Warnings) > 0; warned != damaged {
			t.Errorf("warnings: %q", results[0].Warnings)
		}
		return results[0]
	}
	steps := []struct {
		name   string
		change func()
		cached int
	}{
		{"nothing is kept yet", func() {}, 0},
		{"nothing changed", func() {}, 5},
		{"a package that nothing imports", func() { write(t, root, "other/other.go", "package other\n\nconst A = 1\n") }, 5},
		{"a test of a package", func() { write(t, root, "lib/lib_test.go", "package lib\n\nconst A = 1\n") }, 5},
		{"a file that nothing names", func() { write(t, dir, "near.txt", "near") }, 5},
		{"where something is", func() { env = "WHERE=b" }, 5},
		{"a variable that a cell names", func() { t.Setenv("CACHE_TEST_REGION", "there"); want[3] = "there" }, 4},
		{"a file that a cell said it reads", func() { write(t, dir, "far.txt", "far two"); want[2] = "far two <nil>" }, 3},
		{"a file that a cell names", func() { write(t, dir, "day.txt", "day two"); want[1] = "day two 2" }, 2},
		{"the code of a cell", func() {
			cells[2] = strings.Replace(cells[2], "twice(limit)", "twice(limit)+1", 1)
			want[1] = "day two 3"
		}, 2},
		{"a file that a package embeds", func() { write(t, root, "lib/rule.yaml", "rule two"); want[0] = "deep one rule two 1" }, 1},
		{"a package that a package imports", func() {
			write(t, root, "deep/deep.go", "package deep\n\nconst Word = \"deep two\"\n")
			want[0] = "deep two rule two 1"
		}, 1},
		{"an input that the metadata declares", func() { metadata["inputs"] = []any{"meta.txt"} }, 0},
		{"its content", func() { write(t, dir, "meta.txt", "meta two") }, 0},
		{"the value of a parameter", func() {
			params = []Parameter{{Name: "limit", Value: Text("4")}}
			want[0], want[1] = "deep two rule two 4", "day two 9"
		}, 0},
		{"nothing, with the parameter", func() {}, 6},
		{"the parameter back", func() { params = nil; want[0], want[1] = "deep two rule two 1", "day two 3" }, 5},
	}
	var last Result
	for _, s := range steps {
		s.change()
		last = run(cache)
		if last.Cached != s.cached {
			t.Errorf("%s: %d cells were kept, want %d", s.name, last.Cached, s.cached)
		}
		if diff := cmp.Diff(want, lines(last.Notebook)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s.name, diff)
		}
	}
	sameBytes(t, run(nil), last)

	list, err := cache.List()
	if err != nil || len(list) != 2 || list[0].Notebook != filepath.Join(dir, "n.ipynb") || list[0].Cells != 5 && list[1].Cells != 5 {
		t.Errorf("list: %+v, %v", list, err)
	}
	for _, e := range list {
		write(t, cache.Dir, filepath.Base(e.File), "{")
	}
	if list, err = cache.List(); err != nil || !list[0].Damaged || !list[1].Damaged {
		t.Errorf("damaged: %+v, %v", list, err)
	}
	damaged = true
	if r := run(cache); r.Cached != 0 {
		t.Errorf("%d cells of a damaged entry", r.Cached)
	}
	damaged = false
	if r := run(cache); r.Cached != 5 {
		t.Errorf("%d cells after the entry was written again, want 5", r.Cached)
	}
	metadata["cache"] = false
	if r := run(cache); r.Cached != 0 {
		t.Errorf("%d cells of a notebook that is not to be kept", r.Cached)
	}
	removed, err := cache.Clean(time.Now().Add(time.Hour))
	if err != nil || len(removed) != 2 {
		t.Errorf("cleaned %+v, %v", removed, err)
	}
}

func sameBytes(t *testing.T, a, b Result) {
	t.Helper()
	x, err := nbformat.Marshal(a.Notebook)
	if err != nil {
		t.Fatal(err)
	}
	y, err := nbformat.Marshal(b.Notebook)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(x, y) {
		t.Errorf("a run from the start and one from the cache differ:\n%s", cmp.Diff(string(x), string(y)))
	}
	if diff := cmp.Diff(a.Sources, b.Sources); diff != "" {
		t.Errorf("the sources differ:\n%s", diff)
	}
}

// A failure after cells that were kept is that of a run from the start, and what
// came before it is kept for the next run.
func TestCacheOfAFailingNotebook(t *testing.T) {
	needKernel(t)
	cache := &Cache{Dir: t.TempDir()}
	run := func(last string) Result {
		t.Helper()
		nb := notebookOf("gonb", "go", code("a", "type T struct{ n int }\nfunc (t *T) Get() int { return t.n }\nconst (\n\tA = iota\n\tB\n)"),
			code("b", "var t = &T{B}\n%%\nfmt.Println(t.Get())"), code("c", last))
		results, err := Run(t.Context(), []Input{{Name: "n.ipynb", Dir: ".", Notebook: nb}}, Options{Cache: cache})
		if err != nil {
			t.Fatal(err)
		}
		return results[0]
	}
	broken := "%%\nvar none *T\nfmt.Println(none.Get())"
	first := run(broken)
	second := run(broken)
	for _, r := range []Result{first, second} {
		if r.Cached != 0 || r.Err == nil || !strings.HasPrefix(r.Err.Error(), "n.ipynb: cell 3 (c), line 3: panic: ") {
			t.Errorf("%d cells kept: %v", r.Cached, r.Err)
		}
	}
	sameBytes(t, first, second)
	if r := run("%%\nfmt.Println(t.Get() + A)"); r.Cached != 2 || r.Err != nil || lines(r.Notebook)[1] != "1" || *r.Notebook.Cells[2].ExecutionCount != 3 {
		t.Errorf("%d cells kept, outputs %q: %v", r.Cached, lines(r.Notebook), r.Err)
	}
}

// A Python kernel's state is what its cells computed: all of them run or none.
func TestCacheOnPython(t *testing.T) {
	needKernel(t)
	testenv.Python(t, "ipykernel")
	root := testenv.Path(t, ".cache")
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(root, "cache-test-") // below the .venv that holds the kernel
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	write(t, dir, "helper.py", "word = 'one'\n")
	cache := &Cache{Dir: t.TempDir()}
	source := "from helper import word\nd = display(word, display_id=True)\nprint(word)"
	last := "print(word, 1)\nd.update('late')"
	run := func() Result {
		t.Helper()
		nb := notebookOf("python3", "python", code("a", source), code("b", last))
		results, err := Run(t.Context(), []Input{{Name: "p.ipynb", Dir: dir, Notebook: nb}}, Options{Cache: cache})
		if err != nil || results[0].Err != nil {
			t.Fatal(err, results[0].Err)
		}
		return results[0]
	}
	first := run()
	again := run()
	if first.Cached != 0 || again.Cached != 2 {
		t.Errorf("%d and %d cells kept, want 0 and 2", first.Cached, again.Cached)
	}
	sameBytes(t, first, again)
	last = "print(word, 2)"
	if r := run(); r.Cached != 0 || r.Notebook.Cells[1].Outputs[0].Text != "one 2\n" || r.Notebook.Cells[0].Outputs[0].Data["text/plain"] != "'one'" {
		t.Errorf("%d cells kept: %q", r.Cached, lines(r.Notebook))
	}
	write(t, dir, "helper.py", "word = 'two'\n")
	if r := run(); r.Cached != 0 || r.Notebook.Cells[1].Outputs[0].Text != "two 2\n" {
		t.Errorf("%d cells kept: %q", r.Cached, lines(r.Notebook))
	}
}

// Whatever bit of an entry flips, it is not used.
func TestCacheEntryOfAFlippedBit(t *testing.T) {
	cache := &Cache{Dir: t.TempDir()}
	cell := code("a", "1")
	cell.Outputs = []*nbformat.Output{{Type: nbformat.Stream, Name: "stdout", Text: "1234\n"}}
	if err := cache.save("slot", &entry{Notebook: "n", Kernel: "k", Cells: []cellEntry{{Chain: "c"}}}, &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{cell}}); err != nil {
		t.Fatal(err)
	}
	if e, nb, err := cache.load("slot"); err != nil || e == nil || len(nb.Cells) != 1 {
		t.Fatal(e, nb, err)
	}
	src, err := os.ReadFile(cache.file("slot"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodeEntry("other", src); err == nil {
		t.Error("the entry of another notebook is used")
	}
	for at := range src {
		for bit := range 8 {
			src[at] ^= 1 << bit
			if e, err := decodeEntry("slot", src); err == nil || e != nil {
				t.Errorf("byte %d, bit %d: the entry is used", at, bit)
			}
			src[at] ^= 1 << bit
		}
	}
}

// An entry that decodes has the cells that it says, and none is a panic.
func FuzzCacheEntry(f *testing.F) {
	cache := &Cache{Dir: f.TempDir()}
	f.Add([]byte(`{"cells":[{"chain":"a","updated":9},{"chain":"b","updated":-1}],"outputs":{"cells":[{"cell_type":"code","outputs":[{}]},{"cell_type":"code"}],"nbformat":4}}`))
	f.Add([]byte(`{"cells":null,"outputs":null}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		var compact bytes.Buffer
		if json.Compact(&compact, content) != nil {
			return
		}
		content = compact.Bytes()
		src, err := json.Marshal(sealed{cacheFormat, entrySum("slot", cacheFormat, content), content})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(cache.file("slot"), src, 0o600); err != nil {
			t.Fatal(err)
		}
		pl := &plan{slot: "slot", cells: []cellEntry{{Chain: "a"}, {Chain: "b"}}, before: sources.NewHasher()}
		pl.look(cache)
		if pl.hits > len(pl.cached) || pl.hits > len(pl.cells) {
			t.Errorf("%d of %d cells", pl.hits, len(pl.cells))
		}
	})
}
