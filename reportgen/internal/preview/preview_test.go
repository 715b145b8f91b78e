package preview

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/internal/report"
	"github.com/flowbook/flowbook/reportgen/internal/sources"
)

func newServer(t *testing.T) *Server {
	t.Helper()
	folder, err := report.NewFolder(filepath.Join(t.TempDir(), "report"))
	if err != nil {
		t.Fatal(err)
	}
	return &Server{folder: folder, board: newBoard(), Token: "token"}
}

// Pages get the state when they connect, and then each change of it.
func TestEvents(t *testing.T) {
	s := newServer(t)
	server := httptest.NewServer(s.handler())
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/token/events", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	await := func(want state) {
		t.Helper()
		for lines.Scan() {
			data, ok := strings.CutPrefix(lines.Text(), "data: ")
			if !ok {
				continue
			}
			var got state
			if err := json.Unmarshal([]byte(data), &got); err != nil {
				t.Fatal(err)
			}
			if got == want {
				return
			}
		}
		t.Fatalf("no %+v: %v", want, lines.Err())
	}
	await(state{})
	s.board.progress("a.ipynb: cell 1 of 2")
	await(state{Progress: "a.ipynb: cell 1 of 2"})
	s.board.finished(nil, true)
	await(state{Version: 1})
	s.board.finished(errors.New("cell 2 failed"), false)
	await(state{Version: 1, Error: "cell 2 failed"})
	s.board.finished(nil, true)
	await(state{Version: 2})
}

// Only this machine is answered, and only with files of the report.
func TestHandler(t *testing.T) {
	s := newServer(t)
	secret := filepath.Join(filepath.Dir(s.folder.Path()), "secret")
	if err := os.WriteFile(secret, []byte("SECRET"), 0o644); err != nil {
		t.Fatal(err)
	}
	get := func(host, path string) (int, string) {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/token"+path, http.NoBody)
		req.Host = host
		w := httptest.NewRecorder()
		s.handler().ServeHTTP(w, req)
		body, err := io.ReadAll(w.Result().Body)
		if err != nil {
			t.Fatal(err)
		}
		return w.Code, string(body)
	}
	if status, body := get("localhost:80", "/report/index.html"); status != http.StatusNotFound || body != "no report yet\n" {
		t.Errorf("before the first run: %d %q", status, body)
	}
	err := s.folder.Replace(func(dir string) error {
		return errors.Join(os.WriteFile(filepath.Join(dir, "index.html"), []byte("<p>report"), 0o644), os.Symlink(secret, filepath.Join(dir, "link")))
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		host, path string
		status     int
		body       string
	}{
		{"localhost:80", "/", http.StatusOK, "<iframe"},
		{"127.0.0.1:80", "/report/index.html", http.StatusOK, "<p>report"},
		{"[::1]:80", "/report/index.html", http.StatusOK, "<p>report"},
		{"evil.example", "/report/index.html", http.StatusForbidden, ""},
		{"localhost.evil.example:80", "/", http.StatusForbidden, ""},
		{"192.168.1.2:80", "/", http.StatusForbidden, ""},
		{"localhost", "/report/none", http.StatusNotFound, ""},
	} {
		if status, body := get(tt.host, tt.path); status != tt.status || !strings.Contains(body, tt.body) {
			t.Errorf("%s%s: %d %q", tt.host, tt.path, status, body)
		}
	}
	for _, path := range []string{"/../", "/../report/index.html", "/../tokens/", "/../toke/report/index.html"} {
		if status, body := get("localhost", path); status == http.StatusOK || strings.Contains(body, "report<") {
			t.Errorf("%s, which lacks the token: %d %q", path, status, body)
		}
	}
	if _, body := get("localhost", "/report/link"); strings.Contains(body, "SECRET") {
		t.Error("a link out of the report is followed")
	}
}

// Changes count if a report may depend on the file, once the files are left alone.
func TestWatcher(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	write := func(name, content string) {
		t.Helper()
		testenv.WriteFiles(t, dir, map[string]string{name: content})
	}
	write("a.ipynb", "{}")
	write("data/day.csv", "1")
	write("data/parts/1.csv", "1")
	write("data/other.csv", "1")
	w, err := newWatcher()
	if err != nil {
		t.Skipf("files cannot be watched here: %v", err)
	}
	defer w.close()
	w.notebooks([]string{dir})
	write("listed/1.csv", "1")
	write("module/go.mod", "module example.org/m\n")
	write("module/pkg/a.go", "package pkg\n")
	module := filepath.Join(dir, "module")
	run := func(dir string, began time.Time, read ...execute.Source) {
		w.sources(execute.Result{Input: execute.Input{Dir: dir}, Sources: read}, began)
	}
	select {
	case <-w.changed:
		t.Error("a change before the first run counts")
	default:
	}
	run(dir, time.Now(),
		source(t, sources.File, filepath.Join(data, "day.csv")),
		source(t, sources.Files, filepath.Join(data, "parts", "*.csv")),
		source(t, sources.Listing, filepath.Join(dir, "listed")),
		source(t, sources.Status, filepath.Join(dir, "none")),
		source(t, sources.Environment, "HOME"),
	)
	run(module, time.Now().Add(time.Hour), execute.Source{Kind: execute.KindPackage, Name: "example.org/m/pkg"})
	select {
	case <-w.changed:
		t.Error("a change is reported, but nothing has changed")
	case <-time.After(3 * settle):
	}
	for _, tt := range []struct {
		file   string
		counts bool
	}{
		{"a.ipynb", true},
		{"report.yaml", true},
		{"helper.py", true},
		{"notes.txt", false},
		{".hidden.ipynb", false},
		{"data/day.csv", true},
		{"data/other.csv", false},
		{"data/parts/2.csv", true},
		{"listed/2.csv", true},
		{"none", true},
		{"module/pkg/b.go", true},
		{"module/pkg/b.txt", false},
	} {
		write(tt.file, "changed")
		limit := 10 * time.Second
		if !tt.counts {
			limit = 3 * settle
		}
		select {
		case <-w.changed:
			if !tt.counts {
				t.Errorf("%s counts", tt.file)
			}
		case <-time.After(limit):
			if tt.counts {
				t.Errorf("%s does not count", tt.file)
			}
		}
	}
}

// source is a file, folder or pattern as a run records it.
func source(t *testing.T, kind, name string) execute.Source {
	t.Helper()
	s, err := sources.NewHasher().Sum(kind, name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What changes between its reading and the end of the run that read it is reported.
func TestWatcherOfChangesDuringRun(t *testing.T) {
	dir := t.TempDir()
	testenv.WriteFiles(t, dir, map[string]string{"day.csv": "1", "days/1.csv": "1", "go.mod": "module example.org/m\n", "pkg/a.go": "package pkg\n"})
	began := time.Now().Add(-time.Hour)
	read := []execute.Source{
		source(t, sources.File, filepath.Join(dir, "day.csv")),
		source(t, sources.File, filepath.Join(dir, "later.csv")),
		source(t, sources.Files, filepath.Join(dir, "days", "*.csv")),
	}
	testenv.WriteFiles(t, dir, map[string]string{"day.csv": "2", "later.csv": "1", "days/2.csv": "1"})
	for _, s := range append(read, execute.Source{Kind: execute.KindPackage, Name: "example.org/m/pkg"}) {
		w, err := newWatcher()
		if err != nil {
			t.Skipf("files cannot be watched here: %v", err)
		}
		for _, want := range []bool{true, false} { // in a second run, a watched file is not compared
			w.sources(execute.Result{Input: execute.Input{Dir: dir}, Sources: []execute.Source{s}}, began)
			select {
			case <-w.changed:
				if !want {
					t.Errorf("%s %s: a second report", s.Kind, s.Name)
				}
			default:
				if want {
					t.Errorf("%s %s: a change during the run is not reported", s.Kind, s.Name)
				}
			}
		}
		w.close()
	}
}

// A folder that is replaced is watched again, and changes that do not end are reported all the same.
func TestWatcherOfReplacedFolders(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "notebooks")
	write := func(content string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "a.ipynb"), []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	write("{}")
	w, err := newWatcher()
	if err != nil {
		t.Skipf("files cannot be watched here: %v", err)
	}
	defer w.close()
	w.notebooks([]string{dir})
	await := func(what string) {
		t.Helper()
		select {
		case <-w.changed:
		case <-time.After(20 * time.Second):
			t.Fatalf("%s is not reported", what)
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	await("the removal")
	write("{} ")
	await("the new folder")
	stop, stopped := context.WithCancel(t.Context())
	defer stopped()
	go func() {
		for i := 0; stop.Err() == nil; i++ {
			_ = os.WriteFile(filepath.Join(dir, "a.ipynb"), []byte(strings.Repeat(" ", i%9)), 0o644)
			time.Sleep(settle / 10)
		}
	}()
	for range 2 {
		await("a stream of changes")
	}
}

func TestPackageFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.org/m\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	notebooks := filepath.Join(dir, "notebooks")
	for importPath, want := range map[string]string{"example.org/m/pkg/a": filepath.Join(dir, "pkg", "a"), "example.org/other": "", "fmt": ""} {
		if got := packageFolder(notebooks, importPath); got != want {
			t.Errorf("%s: %q, want %q", importPath, got, want)
		}
	}
	if got := packageFolder(t.TempDir(), "example.org/m"); got != "" {
		t.Errorf("outside of a module: %q", got)
	}
}
