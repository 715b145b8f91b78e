package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/faults"
)

var (
	builtIn   string       // the folder of the program that built returns
	source, _ = os.Getwd() // before a test changes it
)

// TestMain lets cells that these tests run find reportgen: they are configured to
// call the running program, which here is the test.
func TestMain(m *testing.M) {
	faults.Exec()
	if os.Getenv("FLOWBOOK_REPORTGEN") != "" {
		main()
	}
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "program-test-") // not reportgen-, whose empty folders reportgen removes
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	builtIn = dir
	return m.Run()
}

// built returns the path of reportgen as `make reportgen` builds it. Tests that start it as a process use it in the place
// of the test's own binary: without the race detector it starts and runs many times as fast.
func built(t *testing.T) string {
	t.Helper()
	if out, err := build(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return filepath.Join(builtIn, "reportgen")
}

var build = sync.OnceValues(func() ([]byte, error) {
	cmd := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(builtIn, "reportgen"), ".")
	cmd.Dir, cmd.Env = source, append(os.Environ(), "CGO_ENABLED=0")
	return cmd.CombinedOutput()
})

// shareCache lets tests that are about findings share the profiles of the sample days, which
// are then read once.
func shareCache(t *testing.T) {
	t.Helper()
	t.Setenv("FLOWBOOK_CACHE", filepath.Join(builtIn, "cache"))
}

// reportgen starts the built program and returns its exit status and what it prints. If coverage is measured, the test itself
// runs the command.
func reportgen(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if testing.CoverMode() != "" {
		status = run(t.Context(), args, &out, &errs)
		return status, out.String(), errs.String()
	}
	cmd := exec.CommandContext(t.Context(), built(t), args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// mustRun starts reportgen, which must succeed, and returns what it prints on stdout.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	status, stdout, stderr := reportgen(t, args...)
	if status != exit.Done {
		t.Fatalf("reportgen %s: exit %d: %s", strings.Join(args, " "), status, stderr)
	}
	return stdout
}
