package kernel

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
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
			col := newCollector(&Kernel{paths: newHidden("/x", nil), session: GenericSession{}, displays: map[string][]display{}, opts: Options{MaxOutput: 100}}, "")
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
	if diff := cmp.Diff(want, dataDirs(notebooks, func(k string) string { return env[k] })); diff != "" {
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
	t.Setenv("JUPYTER_PATH", strings.Join(dirs, string(filepath.ListSeparator)))
	for _, name := range []string{"bad", "r"} {
		if found := Names(t.TempDir()); !slices.Contains(found, name) || !slices.IsSorted(found) {
			t.Errorf("Names lacks %s: %q", name, found)
		}
	}
	s, err := findSpec([]string{"r"}, dirs)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"r", "c.json", s.Dir + "/x"}, s.argv("c.json")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"A=/h/a"}, s.environ(func(string) string { return "/h" })); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]string{"bad": "kernel.json: unexpected end", "empty": "argv is empty", "julia": "installed are bad, empty, r"} {
		if _, err := findSpec([]string{name}, dirs); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v, want %q", name, err, want)
		}
	}
	writeSpec(t, far, "python3", `{"argv":["python"]}`)
	if s, err := findSpec([]string{"python", "python3"}, dirs); err != nil || s.Name != "python3" {
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
	s, err := findSpec([]string{"python3"}, []string{filepath.Join(prefix, "share", "jupyter")})
	if err != nil || s.argv("f")[0] != python {
		t.Errorf("%v, %v; want %s", s.argv("f"), err, python)
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

func TestHidden(t *testing.T) {
	k := &Kernel{
		paths:   newHidden("/tmp/reportgen-1", []string{"/src/", "", "/src/notebooks/", "", "/data/day.parquet", "day.parquet", "/", "x"}),
		session: GenericSession{},
	}
	tests := []struct{ in, want string }{
		{"\t/tmp/reportgen-1/tmp/a/b.txt:12\n", "\ta/b.txt:12\n"},
		{"open /data/day.parquet: no such file", "open day.parquet: no such file"},
		{"/src/pkg/nb/run.go:5", "pkg/nb/run.go:5"},
		{"(/src/a /src/b:/src/c)", "(a b:c)"},
		{"/src/notebooks/day.csv", "day.csv"},
		{"/usr/src/x and github.com/src/x", "/usr/src/x and github.com/src/x"},
		{"é/src/x", "éx"},
	}
	for _, tt := range tests {
		if got := k.paths.hide(tt.in); got != tt.want {
			t.Errorf("%q gives %q, want %q", tt.in, got, tt.want)
		}
	}
	data := k.object(map[string]any{"image/png": "/src/a", "text/html": "/src/a", "application/json": map[string]any{"a": []any{"/src/a", 1}}})
	want := map[string]any{"image/png": "/src/a", "text/html": "a", "application/json": map[string]any{"a": []any{"a", 1}}}
	if diff := cmp.Diff(want, data); diff != "" {
		t.Error(diff)
	}
}

// This package and package execute serve every kernel: what only one kernel does is
// in its driver.
func TestNoKernelIsNamed(t *testing.T) {
	named := regexp.MustCompile(`(?i)gonb|goimports|python|\bgopls\b|"%%|\bmain\.go\b|internal/(gonb|ipython)`)
	for _, dir := range []string{".", filepath.Join("..", "..", "execute")} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) < 5 {
			t.Fatal(files, err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			src, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for i, line := range strings.Split(string(src), "\n") {
				if m := named.FindString(line); m != "" {
					t.Errorf("%s:%d names %s: %s", f, i+1, m, strings.TrimSpace(line))
				}
			}
		}
	}
}
