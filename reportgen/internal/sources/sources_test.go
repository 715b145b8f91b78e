package sources

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// TestSum: the hash of a source changes with what its kind is about, and with nothing else.
func TestSum(t *testing.T) {
	dir := t.TempDir()
	names := map[string]string{
		File: filepath.Join(dir, "a.csv"), Folder: dir, Files: filepath.Join(dir, "*.csv"),
		Listing: dir, Status: filepath.Join(dir, "a.csv"), Environment: "FLOWBOOK_TEST_SOURCE",
	}
	t.Setenv("FLOWBOOK_TEST_SOURCE", "1")
	testenv.WriteFiles(t, dir, map[string]string{"a.csv": "one", "sub/b.txt": "two", ".hidden": "x"})
	sums := func() map[string]string {
		h, all := NewHasher(), map[string]string{}
		for kind, name := range names {
			s, err := h.Sum(kind, name)
			if err != nil || !s.Exists() || len(s.SHA256) != 64 {
				t.Fatalf("%s: %+v, %v", kind, s, err)
			}
			if again, err := h.Sum(kind, name); err != nil || again != s {
				t.Errorf("%s: the second time it is %+v, %v", kind, again, err)
			}
			all[kind] = s.SHA256
		}
		return all
	}
	for _, change := range []struct {
		name  string
		make  func()
		kinds []string // whose hashes change
	}{
		{"nothing", func() {}, nil},
		{"content", func() { testenv.WriteFiles(t, dir, map[string]string{"a.csv": "two"}) }, []string{File, Files, Folder}},
		{"size", func() { testenv.WriteFiles(t, dir, map[string]string{"a.csv": "three"}) }, []string{File, Files, Folder, Status}},
		{"a file below", func() { testenv.WriteFiles(t, dir, map[string]string{"sub/b.txt": "2"}) }, []string{Folder}},
		{"a hidden file", func() { testenv.WriteFiles(t, dir, map[string]string{".hidden": "y"}) }, nil},
		{"a new hidden file", func() { testenv.WriteFiles(t, dir, map[string]string{".more": "y"}) }, []string{Listing}},
		{"another file", func() { testenv.WriteFiles(t, dir, map[string]string{"c.csv": ""}) }, []string{Files, Folder, Listing}},
		{"the variable", func() { t.Setenv("FLOWBOOK_TEST_SOURCE", "2") }, []string{Environment}},
	} {
		before := sums()
		change.make()
		for kind, sum := range sums() {
			if changed := sum != before[kind]; changed != slices.Contains(change.kinds, kind) {
				t.Errorf("%s: the hash of %s changed: %v", change.name, kind, changed)
			}
		}
	}
}

// TestAbsent: what does not exist is not an error, for it may be there at the next run.
func TestAbsent(t *testing.T) {
	h := NewHasher()
	for _, kind := range []string{File, Folder, Listing, Status, Environment} {
		s, err := h.Sum(kind, filepath.Join(t.TempDir(), "none"))
		if err != nil || s.Exists() {
			t.Errorf("%s: %+v, %v", kind, s, err)
		}
	}
	if _, err := h.Sum(File, t.TempDir()); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a folder as a file: %v", err)
	}
	if _, err := h.Sum("planet", "x"); err == nil {
		t.Error("no error for an unknown kind")
	}
}

func TestAdd(t *testing.T) {
	var list []Source
	for _, name := range []string{"b", "a", "b", "c", "a"} {
		list = Add(list, Source{Kind: File, Name: name})
	}
	list = Add(list, Source{Kind: Environment, Name: "z"})
	var names []string
	for _, s := range list {
		names = append(names, s.Name)
	}
	if got := strings.Join(names, " "); got != "z a b c" {
		t.Errorf("sorted by kind and name: %s", got)
	}
}

func TestChangedSince(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	testenv.WriteFiles(t, filepath.Dir(path), map[string]string{"a": ""})
	start := time.Date(2024, 4, 20, 12, 0, 0, 0, time.UTC)
	for at, want := range map[time.Time]bool{start.Add(-time.Second): false, start: true, start.Add(time.Second): true} {
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		if got := ChangedSince(path, start); got != want {
			t.Errorf("changed at %v: %v", at, got)
		}
	}
	if ChangedSince(path+"none", start) {
		t.Error("a missing file changed")
	}
}

// TestDetails: times, permissions and links count where a cell asked for them.
func TestDetails(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "a.csv"), filepath.Join(dir, "latest")
	testenv.WriteFiles(t, dir, map[string]string{"a.csv": "one", "b.csv": "one"})
	if err := errors.Join(os.Symlink("a.csv", link), os.Symlink("none", filepath.Join(dir, "dead"))); err != nil {
		t.Fatal(err)
	}
	sums := func() map[string]string {
		h, all := NewHasher(), map[string]string{}
		for name, s := range map[string]Source{"file": {Kind: Details, Name: file}, "folder": {Kind: Details, Name: dir}, "link": {Kind: Status, Name: link}, "status": {Kind: Status, Name: file}} {
			got, err := h.Sum(s.Kind, s.Name)
			if err != nil || !got.Exists() {
				t.Fatalf("%s: %+v, %v", name, got, err)
			}
			all[name] = got.SHA256
		}
		return all
	}
	for _, change := range []struct {
		name string
		make func() error
		want []string // what changes
	}{
		{"nothing", func() error { return nil }, nil},
		{"time", func() error { return os.Chtimes(file, time.Unix(5, 0), time.Unix(5, 0)) }, []string{"file", "folder"}},
		{"permissions", func() error { return os.Chmod(file, 0o640) }, []string{"file", "folder"}},
		{"target", func() error { return errors.Join(os.Remove(link), os.Symlink("b.csv", link)) }, []string{"folder", "link"}},
	} {
		before := sums()
		if err := change.make(); err != nil {
			t.Fatal(err)
		}
		for name, sum := range sums() {
			if changed := sum != before[name]; changed != slices.Contains(change.want, name) {
				t.Errorf("%s: %s changed: %v", change.name, name, changed)
			}
		}
	}
	if s, err := NewHasher().Sum(Details, filepath.Join(dir, "none")); err != nil || s.Exists() {
		t.Errorf("a missing file: %+v, %v", s, err)
	}
}
