package rendertest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// Typst returns Typst: the package of PyPI with the command line of the program, which
// PyPI does not have. It skips the test if the package is not installed.
func Typst(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("compiles with Typst: skipped with -short")
	}
	python := testenv.Python(t, "typst")
	path := filepath.Join(t.TempDir(), "typst")
	script := fmt.Sprintf("#!/bin/sh\nexec %q -B %q \"$@\"\n", python, testenv.Path(t, "reportgen/internal/typst/testdata/compile.py"))
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}
