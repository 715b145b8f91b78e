package main

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// TestCases runs notebooks of the kinds that users of other tools reported as broken, and prints right or wrong for each.
// `make cases` does the same. It needs the cases, and the Python packages that `make peers` installs.
func TestCases(t *testing.T) {
	if testing.Short() {
		t.Skip("runs notebooks on real kernels: skipped with -short")
	}
	folder := testenv.File(t, testenv.Path(t, "..", "shared", "cases", "notebooks"), "the cases, which are not part of the repository")
	python := testenv.File(t, testenv.Path(t, ".tools", "peers", "bin", "python"), "make peers")
	program := filepath.Join(t.TempDir(), "reportgen")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), python, "-B", "../testdata/peers/peers.py", program, "--cases", folder).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}
