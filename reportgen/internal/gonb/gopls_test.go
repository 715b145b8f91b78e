package gonb

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The correction of GoNB applies to the version that go.mod pins, and to no other source.
func TestPatch(t *testing.T) {
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	root, err := moduleOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	flags, err := patchGoNB(t.Context(), root, tmp)
	if err != nil || len(flags) != 1 {
		t.Fatal(flags, err)
	}
	if err := applyPatch(goplsPatch, filepath.Join(tmp, "gonb-source")); err == nil || !strings.Contains(err.Error(), "internal/") {
		t.Errorf("applied twice: %v", err)
	}
}

// What is copied from the module cache, which is read-only, can be changed and removed.
func TestCopyWritable(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	if err := os.MkdirAll(filepath.Join(from, "a", "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(from, "a", "b", "x.go"), []byte("package b"), 0o400); err != nil {
		t.Fatal(err)
	}
	if err := copyWritable(to, from); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(to, "a", "b", "x.go"), []byte("package c"), 0o600); err != nil {
		t.Error(err)
	}
}
