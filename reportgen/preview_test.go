package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
)

// startPreview starts reportgen preview in this folder and returns its address and
// a function that ends it and gives its status.
func startPreview(t *testing.T, args ...string) (url string, end func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, stdout := io.Pipe()
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, append([]string{"preview"}, args...), stdout, io.Discard)
		_ = stdout.Close() // a pipe in memory
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		cancel()
		t.Fatalf("no address: status %d", <-status)
	}
	ended := false
	end = func() int {
		cancel()
		if ended {
			return 0
		}
		ended = true
		return <-status
	}
	t.Cleanup(func() { end() })
	return strings.TrimSpace(line), end
}

// state is what a preview sends to its pages.
type state struct {
	Version         int
	Progress, Error string
}

// notices reads the events of a preview.
func notices(t *testing.T, url string) (next func(want func(state) bool) state) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"events", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() }) // an endless stream, cut off
	lines := bufio.NewScanner(res.Body)
	return func(want func(state) bool) state {
		t.Helper()
		for lines.Scan() {
			data, ok := strings.CutPrefix(lines.Text(), "data: ")
			if !ok {
				continue
			}
			var n state
			if err := json.Unmarshal([]byte(data), &n); err != nil {
				t.Fatal(err)
			}
			if want(n) {
				return n
			}
		}
		t.Fatalf("the events ended: %v", lines.Err())
		return state{}
	}
}

func get(t *testing.T, url, host string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	src, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(src)
}

// A preview follows what its cells read and its notebooks, shows what fails, and
// comes back where the reader was.
func TestPreview(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real GoNB kernels: skipped with -short")
	}
	dir := notebookFolder(t, map[string]string{"notebooks/day.txt": "17"})
	notebook := func(last string) {
		testenv.WriteFiles(t, dir, map[string]string{"notebooks/a.ipynb": goNotebook(t, "First\n\n"+strings.Repeat("A paragraph.\n\n", 200), "var limit = 1", "%%\nfmt.Println(limit)", last)})
	}
	notebook(dayCell)
	usual, temp := os.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", temp)
	url, end := startPreview(t)
	next := notices(t, url)
	done := func(n state) bool { return n.Progress == "" && n.Version > 0 }
	first := next(done)
	if _, body := get(t, url+"report/index.html", ""); !strings.Contains(body, "flows 17 1") {
		t.Error("the report is not served")
	}
	if status, _ := get(t, url, "evil.example"); status != http.StatusForbidden {
		t.Errorf("a foreign name is answered with %d", status)
	}
	if status, _ := get(t, url+"report/../../"+filepath.Base(dir), ""); status != http.StatusForbidden { // it lacks the token
		t.Errorf("a place outside is answered with %d", status)
	}

	testenv.WriteFiles(t, dir, map[string]string{"notebooks/day.txt": "18"})
	second := next(func(n state) bool { return done(n) && n.Version > first.Version })
	if _, body := get(t, url+"report/index.html", ""); second.Error != "" || !strings.Contains(body, "flows 18 1") {
		t.Errorf("after an input changed: %+v", second)
	}
	notebook("%%\npanic(\"broken\")")
	broken := next(func(n state) bool { return done(n) && n.Version > second.Version })
	if !strings.Contains(broken.Error, "a.ipynb: cell 4 (code-3), line 2: panic: broken") {
		t.Errorf("a failing cell: %+v", broken)
	}
	notebook(dayCell)
	next(func(n state) bool { return done(n) && n.Error == "" && n.Version > broken.Version })

	t.Run("in a browser", func(t *testing.T) {
		t.Setenv("TMPDIR", usual) // a browser leaves more than we count
		previewInBrowser(t, dir, url)
	})
	if status := end(); status != exit.Done {
		t.Errorf("it ends with status %d", status)
	}
	if left := leftIn(t, temp); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func previewInBrowser(t *testing.T, dir, url string) {
	blank := filepath.Join(t.TempDir(), "blank.html")
	if err := os.WriteFile(blank, []byte("<!DOCTYPE html>"), 0o644); err != nil {
		t.Fatal(err)
	}
	page := rendertest.Open(t, blank)
	page.Show("light", 1280)
	rendertest.Evaluate[string](page, fmt.Sprintf("location.href = %q", url))
	await := func(expression string) {
		t.Helper()
		for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			if rendertest.Evaluate[bool](page, expression) {
				return
			}
		}
		t.Fatalf("it never holds: %s", expression)
	}
	const report = `document.getElementById("report")?.contentDocument?.body`
	await("!!" + report + `?.textContent.includes("flows 18 1")`)
	rendertest.Evaluate[bool](page, `(() => { document.getElementById("report").contentWindow.scrollTo({top: 700, behavior: "instant"}); return true })()`)
	testenv.WriteFiles(t, dir, map[string]string{"notebooks/day.txt": "19"})
	await("!!" + report + `?.textContent.includes("flows 19 1")`)
	await(`Math.abs(document.getElementById("report").contentWindow.scrollY - 700) < 2`)
	await(`document.getElementById("state").hidden`)
}
