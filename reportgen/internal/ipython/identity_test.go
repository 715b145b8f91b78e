package ipython

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/kernel"
)

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
		id, err := (&kernel.Spec{Driver: Driver{}, Name: "python3", Argv: []string{python}}).Identity()
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
