package report

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree returns the contents of the files below dir by name.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[name] = string(src)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

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
	if diff := cmp.Diff(want, tree(t, "deep/report")); diff != "" {
		t.Errorf("a failed run changed the report:\n%s", diff)
	}
	if err := f.Replace(fill("three")); err != nil {
		t.Fatal(err)
	}
	want = map[string]string{filepath.Join("report", "three"): "", filepath.Join("report", marker): markerText}
	if diff := cmp.Diff(want, tree(t, "deep")); diff != "" {
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
		if err := os.CopyFS(killed, os.DirFS(filepath.Dir(dir))); err != nil { // which nobody has locked
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
	if diff := cmp.Diff(want, tree(t, ".")); diff != "" {
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
	if files := tree(t, "."); len(files) != 3 || files["report/a"] != files["report/b"] {
		t.Errorf("%v", files)
	}
}
