package filename_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/filename"
)

func TestBelow(t *testing.T) {
	root, elsewhere := t.TempDir(), t.TempDir()
	touch := func(path string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, at string) {
		t.Helper()
		if err := os.Symlink(to, at); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	touch(filepath.Join(root, "date=2024-03-20", "a.parquet"))
	touch(filepath.Join(root, "notes.txt"))
	touch(filepath.Join(elsewhere, "date=2024-03-19", "b.parquet"))
	touch(filepath.Join(elsewhere, "c.profile"))
	link(filepath.Join(elsewhere, "date=2024-03-19"), filepath.Join(root, "date=2024-03-19"))
	link(filepath.Join(elsewhere, "c.profile"), filepath.Join(root, "2024-03-18.profile"))
	link(root, filepath.Join(root, "again"))
	link(filepath.Join(root, "date=2024-03-20"), filepath.Join(root, "a-copy"))
	through := filepath.Join(t.TempDir(), "days")
	link(root, through)
	want := "2024-03-18.profile date=2024-03-19/b.parquet date=2024-03-20/a.parquet"
	for _, folder := range []string{root, through} {
		files, err := filename.Below(folder, ".parquet", ".profile")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range files {
			rel, err := filepath.Rel(folder, f)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, filepath.ToSlash(rel))
		}
		if strings.Join(got, " ") != want || !slices.IsSorted(got) {
			t.Errorf("found %v, want %s", got, want)
		}
	}
	link(filepath.Join(root, "gone"), filepath.Join(root, "broken"))
	if _, err := filename.Below(root, ".parquet"); err == nil {
		t.Error("a link to nothing is not reported")
	}
}
