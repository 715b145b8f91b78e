package report

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/testenv"
)

func TestFolderIsReplacedWholeOrNotAtAll(t *testing.T) {
	t.Chdir(t.TempDir())
	fill := func(name string) func(string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), nil, 0o644) }
	}
	f, err := NewFolder("deep/report")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Replace(fill("one")); err != nil {
		t.Fatal(err)
	}
	if f, err = NewFolder("deep/report"); err != nil {
		t.Fatal("our own folder is refused:", err)
	}
	full := errors.New("the disk is full")
	if err := f.Replace(func(dir string) error { return errors.Join(fill("two")(dir), full) }); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
	want := map[string]string{"one": "", marker: markerText}
	if diff := cmp.Diff(want, testenv.Tree(t, "deep/report")); diff != "" {
		t.Errorf("a failed run changed the report:\n%s", diff)
	}
	if err := f.Replace(fill("three")); err != nil {
		t.Fatal(err)
	}
	want = map[string]string{filepath.Join("report", "three"): "", filepath.Join("report", marker): markerText}
	if diff := cmp.Diff(want, testenv.Tree(t, "deep")); diff != "" {
		t.Error(diff)
	}
}

// The next run removes what a killed run left beside the report, but not the folder of a run that is writing.
func TestLeftOfWriting(t *testing.T) {
	t.Chdir(t.TempDir())
	f, err := NewFolder("report")
	if err != nil {
		t.Fatal(err)
	}
	var killed, running string
	fill := func(dir string) error { return os.WriteFile(filepath.Join(dir, "a"), []byte("x"), 0o644) }
	err = f.Replace(func(dir string) error {
		running = dir
		killed = filepath.Join(filepath.Dir(filepath.Dir(dir)), ".report-123")
		if err := os.CopyFS(killed, os.DirFS(filepath.Dir(dir))); err != nil { // which is not locked
			return err
		}
		if err := f.Replace(fill); err != nil {
			return err
		}
		if _, err := os.Stat(running); err != nil {
			t.Error("the folder of a run that writes was removed")
		}
		return fill(dir)
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"report/a": "x", "report/" + marker: markerText}
	if diff := cmp.Diff(want, testenv.Tree(t, ".")); diff != "" {
		t.Errorf("left beside the report (-want +got):\n%s", diff)
	}
}

// Concurrent replacements all succeed.
func TestFolderReplacedByMany(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(text string) {
		f, err := NewFolder("report")
		if err != nil {
			t.Error(err)
			return
		}
		err = f.Replace(func(dir string) error {
			return errors.Join(os.WriteFile(filepath.Join(dir, "a"), []byte(text), 0o644), os.WriteFile(filepath.Join(dir, "b"), []byte(text), 0o644))
		})
		if err != nil {
			t.Error(err)
		}
	}
	write("first")
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 25 {
				write(fmt.Sprint(i))
			}
		})
	}
	group.Wait()
	if files := testenv.Tree(t, "."); len(files) != 3 || files["report/a"] != files["report/b"] {
		t.Errorf("%v", files)
	}
}

// mount mounts an empty file system at dir for the test.
func mount(t *testing.T, dir string) {
	t.Helper()
	if out, err := exec.Command("mount", "-t", "tmpfs", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("no right to mount: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
}

// A folder that cannot be replaced has its contents replaced: a mount point, also in a folder that is read-only.
func TestFolderInPlace(t *testing.T) {
	parent := t.TempDir()
	mount(t, parent)
	out := filepath.Join(parent, "out")
	if err := os.MkdirAll(filepath.Join(out, lostAndFound), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "--bind", out, out).CombinedOutput(); err != nil {
		t.Skipf("no right to mount: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", out).Run() })
	if out, err := exec.Command("mount", "-o", "remount,ro,bind", parent).CombinedOutput(); err != nil {
		t.Skipf("no right to remount: %v: %s", err, out)
	}
	if _, err := NewFolder(filepath.Join(parent, "other", "report")); err == nil || !errors.Is(err, syscall.EROFS) {
		t.Errorf("a folder in a read-only one: %v", err)
	}
	replace := func(files map[string]string, fail error) error {
		f, err := NewFolder(out)
		if err != nil {
			t.Fatal(err)
		}
		return f.Replace(func(dir string) error {
			for name, content := range files {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
					return err
				}
			}
			return fail
		})
	}
	steps := []map[string]string{
		{"index.html": "one", "figures/a.svg": "a", "figures/b.svg": "b", "site": "a file"},
		{"index.html": "two", "figures/b.svg": "b2", "site/index.html": "a folder"},
		{"report.md": "three", "site": "a file"},
	}
	for _, files := range steps {
		if err := replace(files, nil); err != nil {
			t.Fatal(err)
		}
		want := maps.Clone(files)
		want[marker] = markerText
		if diff := cmp.Diff(want, testenv.Tree(t, out)); diff != "" {
			t.Error(diff)
		}
	}
	full := errors.New("the disk is full")
	if err := replace(steps[0], full); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
	if _, changed := testenv.Tree(t, out)["index.html"]; changed {
		t.Error("a failed run changed the report")
	}
	entries, err := os.ReadDir(out)
	if err != nil || len(entries) != 4 { // the marker, report.md, site, lost+found
		t.Errorf("left in the folder: %v, %v", entries, err)
	}
}

// What other folders hold is not touched.
func TestForeignFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	testenv.WriteFiles(t, ".", map[string]string{"mine/thesis.tex": "x", "file": "x"})
	for path, want := range map[string]string{"mine": "it has no file .reportgen", "file": "exists and is not a report folder", "file/below": "not a directory"} {
		if _, err := NewFolder(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
	if left, err := filepath.Glob(".reportgen-*"); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
