// Package testenv holds what the tests of this module share: the module's
// folder, the data, programs and Python packages that a machine may lack, and
// golden files. It is below pkg so that tests of all packages can import it;
// other modules have no use for it, and only tests import it.
//
// A test that needs something from outside the module asks for it here. If it
// is missing, the test is skipped with a message that says what to install, and
// make test lists the skipped tests at the end of its run.
package testenv

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// started is the working directory before a test changes it.
var started, errStarted = os.Getwd()

// moduleRoot returns the folder of go.mod, at or above the folder in which the
// tests started.
var moduleRoot = sync.OnceValues(func() (string, error) {
	for dir := started; errStarted == nil; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod at or above " + started)
		}
	}
	return "", errStarted
})

// Path returns the absolute path of a file of the module.
func Path(tb testing.TB, elem ...string) string {
	tb.Helper()
	root, err := moduleRoot()
	if err != nil {
		tb.Fatal(err)
	}
	return filepath.Join(append([]string{root}, elem...)...)
}

// Data returns the absolute path of a file or folder of the real logs, which are
// not part of the repository: those in $FLOWBOOK_DATA, or else in ../shared/data
// beside the module. If it does not exist, the test is skipped.
func Data(tb testing.TB, elem ...string) string {
	tb.Helper()
	dir := os.Getenv("FLOWBOOK_DATA")
	if dir == "" {
		dir = Path(tb, "..", "shared", "data")
	}
	return File(tb, filepath.Join(append([]string{dir}, elem...)...), "the real logs, which are not part of the repository: set FLOWBOOK_DATA to their folder")
}

// File returns path if it exists. If not, the test is skipped with a message
// that names the source of the file.
func File(tb testing.TB, path, source string) string {
	tb.Helper()
	if _, err := os.Stat(path); err != nil {
		tb.Skipf("needs %s from %s", filepath.Base(path), source)
	}
	return path
}

// Program returns the path of a program on PATH. If there is none, the test is
// skipped with a message that names the source of the program.
func Program(tb testing.TB, name, source string) string {
	tb.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		tb.Skipf("needs the program %s from %s", name, source)
	}
	return path
}

// importable remembers which lists of Python packages can be imported.
var importable sync.Map

// Python returns the absolute path of the Python of the tests: the one that
// $FLOWBOOK_PYTHON names, or else that of the module's .venv, which make test
// makes. If it cannot import the packages, the test is skipped. Short tests do without
// Python, whose packages take seconds to start.
func Python(tb testing.TB, packages ...string) string {
	tb.Helper()
	if testing.Short() {
		tb.Skipf("needs Python, which short tests do not run")
	}
	python := os.Getenv("FLOWBOOK_PYTHON")
	if python == "" {
		python = Path(tb, ".venv", "bin", "python")
	}
	imports := "import " + strings.Join(append([]string{"sys"}, packages...), ", ")
	failed, ok := importable.Load(imports)
	if !ok {
		failed = exec.CommandContext(tb.Context(), python, "-c", imports).Run() != nil
		importable.Store(imports, failed)
	}
	if failed.(bool) {
		tb.Skipf("needs Python with %s: run make .venv/.test, or set FLOWBOOK_PYTHON", strings.Join(packages, ", "))
	}
	return python
}

// RunPython runs a Python program with the packages that it needs and returns
// its standard output. The test fails if the program does.
func RunPython(tb testing.TB, packages []string, stdin string, args ...string) string {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), Python(tb, packages...), append([]string{"-B"}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("python %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

// Encoded returns what a function writes of a value, such as profile.Encode of a profile.
func Encoded[T any](tb testing.TB, encode func(io.Writer, T) error, value T) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := encode(&b, value); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}
