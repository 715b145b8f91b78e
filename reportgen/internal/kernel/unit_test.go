package kernel

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCodec(t *testing.T) {
	c := codec{key: []byte("key"), session: "s"}
	msg, id, err := c.encode("execute_request", map[string]string{"code": "1"})
	if err != nil {
		t.Fatal(err)
	}
	frames := append([][]byte{[]byte("identity")}, msg.Frames...)
	m, err := c.decode(frames)
	if err != nil || m.Header.ID != id || m.Header.Type != "execute_request" || string(m.Content) != `{"code":"1"}` {
		t.Fatalf("decoded %+v, %v", m, err)
	}
	forged := slices.Clone(frames)
	forged[len(forged)-1] = []byte(`{"code":"2"}`)
	if _, err := c.decode(forged); !errors.Is(err, errSignature) {
		t.Errorf("forged content gives %v", err)
	}
	if _, err := (codec{key: []byte("other")}).decode(frames); !errors.Is(err, errSignature) {
		t.Errorf("another key gives %v", err)
	}
	for n := range len(frames) {
		if _, err := c.decode(frames[:n]); err == nil {
			t.Errorf("%d frames of %d are taken for a message", n, len(frames))
		}
	}
}

func FuzzDecode(f *testing.F) {
	c := codec{session: "s"}
	f.Add([]byte(`{"msg_id":"1"}`), []byte(`{}`), []byte(`{}`), []byte(`{}`))
	f.Fuzz(func(t *testing.T, header, parent, metadata, content []byte) {
		parts := [][]byte{header, parent, metadata, content}
		m, err := c.decode(append([][]byte{[]byte(delimiter), c.sign(parts)}, parts...))
		if err != nil {
			return
		}
		isIdle(m)
		for _, typ := range []string{"stream", "display_data", "update_display_data", "clear_output", "error"} {
			m.Header.Type = typ
			col := newCollector(&Kernel{clean: newCleaner("/x", nil), displays: map[string][]display{}, opts: Options{MaxOutput: 100}}, "")
			col.add(m)
			col.flush()
		}
	})
}

func writeSpec(t *testing.T, dir, name, content string) {
	t.Helper()
	folder := filepath.Join(dir, "kernels", name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "kernel.json"), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestDataDirs(t *testing.T) {
	root := t.TempDir()
	notebooks := filepath.Join(root, "a", "notebooks")
	venv := filepath.Join(root, ".venv")
	for _, d := range []string{notebooks, venv} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{"JUPYTER_PATH": "/p1:/p2", "JUPYTER_DATA_DIR": "/user", "HOME": "/h", "VIRTUAL_ENV": venv}
	want := []string{"/p1", "/p2", "/user", filepath.Join(venv, "share", "jupyter"), "/usr/local/share/jupyter", "/usr/share/jupyter"}
	if diff := cmp.Diff(want, DataDirs(notebooks, func(k string) string { return env[k] })); diff != "" {
		t.Error(diff)
	}
}

func TestFindSpec(t *testing.T) {
	near, far := t.TempDir(), t.TempDir()
	writeSpec(t, near, "R", `{"argv":["r","{connection_file}","{resource_dir}/x"],"language":"R","env":{"A":"${HOME}/a"}}`)
	writeSpec(t, far, "r", `{"argv":["far"]}`)
	writeSpec(t, far, "bad", `{"argv":`)
	writeSpec(t, far, "empty", `{}`)
	dirs := []string{filepath.Join(near, "missing"), near, far}
	s, err := findSpec("r", dirs)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"r", "c.json", s.Dir + "/x"}, s.argv("c.json")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"A=/h/a"}, s.environ(func(string) string { return "/h" })); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]string{"bad": "kernel.json: unexpected end", "empty": "argv is empty", "julia": "only bad, empty, r"} {
		if _, err := findSpec(name, dirs); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v, want %q", name, err, want)
		}
	}
	writeSpec(t, far, "python3", `{"argv":["python"]}`)
	if s, err := findSpec("python", dirs); err != nil || s.Name != "python3" {
		t.Errorf("python is %v, %v", s, err)
	}
}

// A spec that an environment's installer wrote starts that environment's Python.
func TestSpecOfAnEnvironment(t *testing.T) {
	prefix := t.TempDir()
	writeSpec(t, filepath.Join(prefix, "share", "jupyter"), "python3", `{"argv":["python3","-m","ipykernel_launcher","-f","{connection_file}"]}`)
	python := filepath.Join(prefix, "bin", "python3")
	if err := os.MkdirAll(filepath.Dir(python), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(python, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := findSpec("python3", []string{filepath.Join(prefix, "share", "jupyter")})
	if err != nil || s.argv("f")[0] != python {
		t.Errorf("%v, %v; want %s", s.argv("f"), err, python)
	}
}

// Another interpreter, or another package beside it, is another kernel, also where
// the program that starts it has the same bytes.
func TestIdentityOfAnInstallation(t *testing.T) {
	dir := t.TempDir()
	for _, version := range []string{"3.11.7", "3.11.8"} {
		if err := os.MkdirAll(filepath.Join(dir, version), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, version, "python"), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	python := filepath.Join(dir, "venv", "bin", "python")
	packages := filepath.Join(dir, "venv", "lib", "python3.11", "site-packages")
	for _, folder := range []string{filepath.Dir(python), packages} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	seen := make(map[string]string)
	check := func(what string, isNew bool) {
		t.Helper()
		id, err := (&Spec{Name: "python3", Argv: []string{python}}).Identity()
		if err != nil {
			t.Fatal(err)
		}
		if was, known := seen[id]; known == isNew {
			t.Errorf("%s: the identity is that of %q", what, was)
		}
		seen[id] = what
	}
	link := func(version string) {
		t.Helper()
		_ = os.Remove(python) // the first time there is none
		if err := os.Symlink(filepath.Join(dir, version, "python"), python); err != nil {
			t.Fatal(err)
		}
	}
	link("3.11.7")
	check("one interpreter", true)
	check("the same", false)
	link("3.11.8")
	check("another interpreter", true)
	link("3.11.7")
	check("the first again", false)
	if err := os.Mkdir(filepath.Join(packages, "pandas-3.0.0.dist-info"), 0o755); err != nil {
		t.Fatal(err)
	}
	check("a package", true)
}

func TestGoNBModule(t *testing.T) {
	tests := []struct{ name, mod, err string }{
		{"", "module x\n", ""},
		{"found", "module x\ntool github.com/janpfeifer/gonb\ntool golang.org/x/tools/cmd/goimports\n", ""},
		{"", "module x\ntool github.com/janpfeifer/gonb\n", "GoNB needs goimports"},
		{"", "modul x\n", "unknown directive"},
	}
	for _, tt := range tests {
		root := t.TempDir()
		inner := filepath.Join(root, "notebooks")
		if err := os.Mkdir(inner, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte(tt.mod), 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := gonbModule(inner)
		if (got == root) != (tt.name == "found") {
			t.Errorf("%q gives %q", tt.mod, got)
		}
		if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%q gives error %v, want %q", tt.mod, err, tt.err)
		}
	}
}

func TestAnnotate(t *testing.T) {
	cell := "func f() {\n\tg()\n}\n%%\nf()\nif x {\n\tg()\n}"
	program := "package main\n\nfunc f() {\n\tg()\n}\n\nfunc main() {\n\tflag.Parse()\nf()\nif x {\n\tg()\n}\n}\n"
	count := 3
	tests := []struct{ in, want string }{
		{"\t \x1b[7m[[ Cell [3] Line 9 ]]\x1b[0m main.go:9", "\t[[ Cell [3] Line 5 ]] main.go:9"},
		{"main.go:4", "[[ Cell [3] Line 2 ]] main.go:4"},
		{"main.go:11 and main.go:4", "[[ Cell [3] Line 7 ]] main.go:11 and [[ Cell [3] Line 2 ]] main.go:4"},
		{"main.go:8", "main.go:8"},
		{"main.go:99999999999999999999", "main.go:99999999999999999999"},
		{"domain.gone", "domain.gone"},
	}
	for _, tt := range tests {
		if got := annotate(tt.in, cell, program, &count); got != tt.want {
			t.Errorf("%q gives %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestClean(t *testing.T) {
	c := newCleaner("/tmp/reportgen-1", []string{"/src/", "", "/src/notebooks/", "", "/data/day.parquet", "day.parquet", "/", "x"})
	tests := []struct{ in, want string }{
		{"main.main()\n\t/tmp/reportgen-1/tmp/gonb_0123abcd/main.go:12 +0x1d\n", "main.main()\n\tmain.go:12\n"},
		{"main.f(0xc000012345, {0x1, 0x2})\n", "main.f(...)\n"},
		{"# gonb_0123abcd", "# gonb"},
		{"open /data/day.parquet: no such file", "open day.parquet: no such file"},
		{"/src/pkg/nb/run.go:5", "pkg/nb/run.go:5"},
		{"(/src/a /src/b:/src/c)", "(a b:c)"},
		{"/src/notebooks/day.csv", "day.csv"},
		{"/usr/src/x and github.com/src/x", "/usr/src/x and github.com/src/x"},
		{"é/src/x", "éx"},
		{"E1121 17:58:29.806430   31550 gonbui.go:211] gob", "E gonbui.go:211] gob"},
		{"[signal SIGSEGV: addr=0x0 pc=0x4a2b3c]", "[signal SIGSEGV: addr=0x0 pc]"},
		{"f(x) = 0x10 (hex)", "f(x) = 0x10 (hex)"},
	}
	for _, tt := range tests {
		if got := c.trace(tt.in); got != tt.want {
			t.Errorf("%q gives %q, want %q", tt.in, got, tt.want)
		}
	}
	data := c.object(map[string]any{"image/png": "gonb_0123abcd", "text/html": "gonb_0123abcd", "application/json": map[string]any{"a": []any{"gonb_0123abcd", 1}}})
	want := map[string]any{"image/png": "gonb_0123abcd", "text/html": "gonb", "application/json": map[string]any{"a": []any{"gonb", 1}}}
	if diff := cmp.Diff(want, data); diff != "" {
		t.Error(diff)
	}
}

func TestTailIsBounded(t *testing.T) {
	var tl tail
	for range 100 {
		if _, err := tl.Write([]byte(strings.Repeat("x", 1000) + "\n")); err != nil {
			t.Fatal(err)
		}
	}
	if got := tl.String(); len(got) != tailSize || !strings.HasSuffix(got, "x\n") {
		t.Errorf("kept %d bytes", len(got))
	}
}
