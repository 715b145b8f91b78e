package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

// TestMergeProfiles merges the profiles of parts of a day in every order, beside flow
// files too. Each result has the bytes of one profile of all files.
func TestMergeProfiles(t *testing.T) {
	dir := t.TempDir()
	files := []string{
		testenv.Path(t, "testdata", "servers.parquet"), testenv.Path(t, "testdata", "fortnight", "date=2024-03-08", "flows.parquet"),
		filepath.Join(dir, "small.parquet"),
	}
	flowFile(t, files[2], 50)
	made := 0
	profileOf := func(paths ...string) (path string, b []byte) {
		t.Helper()
		made++
		path = filepath.Join(dir, string(rune('a'+made))+".profile")
		mustRun(t, append([]string{"profile", "-o", path}, paths...)...)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return path, b
	}
	_, want := profileOf(files...)
	parts := make([]string, len(files))
	for i, file := range files {
		parts[i], _ = profileOf(file)
	}
	for _, order := range [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		names := []string{parts[order[0]], parts[order[1]], parts[order[2]]}
		if _, got := profileOf(names...); !bytes.Equal(got, want) {
			t.Errorf("parts in the order %v make another profile", order)
		}
		two, _ := profileOf(names[0], files[order[1]]) // in two steps, as a tree of machines does
		if _, got := profileOf(names[2], two); !bytes.Equal(got, want) {
			t.Errorf("parts in the order %v, the second as a flow file, make another profile", order)
		}
	}
	var stdout, stderr bytes.Buffer
	twice := slices.Concat([]string{"profile", "-o", filepath.Join(dir, "x")}, parts, files[:1])
	if code := run(t.Context(), twice, &stdout, &stderr); code != exit.BadInput || !strings.Contains(stderr.String(), "has the flows of servers.parquet") {
		t.Errorf("flows that are there twice: status %d, %s", code, stderr.String())
	}
}
