// Package kerneltest holds what tests of kernels share.
package kerneltest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/drivers"
	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/parameter"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// PrivateTemp gives the test a temporary folder of its own. When the test ends, it
// checks that no kernel left a file in it or a process that knows it.
func PrivateTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "kt")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", dir)
	t.Cleanup(func() {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), "reportgen-") {
				t.Errorf("left behind: %s", e.Name())
			}
		}
		for _, pid := range lasting(t, dir) {
			command, _ := os.ReadFile("/proc/" + pid + "/cmdline")
			t.Errorf("left running: process %s: %s", pid, bytes.ReplaceAll(command, []byte{0}, []byte(" ")))
		}
		os.RemoveAll(dir)
	})
	return dir
}

// lasting lists the processes of dir that do not end by themselves: a language server
// takes a moment after its kernel.
func lasting(t *testing.T, dir string) []string {
	var pids []string
	for range 600 {
		if pids = ProcessesIn(t, dir); len(pids) == 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	return pids
}

// ProcessesIn lists the processes other than this one whose environment names dir as
// their temporary folder.
func ProcessesIn(t *testing.T, dir string) []string {
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil || len(files) == 0 {
		t.Log("no /proc: processes are not counted")
	}
	var pids []string
	for _, f := range files {
		pid := filepath.Base(filepath.Dir(f))
		env, err := os.ReadFile(f)
		if err != nil || pid == fmt.Sprint(os.Getpid()) {
			continue // ended meanwhile, or of another user
		}
		if bytes.Contains(env, []byte("TMPDIR="+dir)) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// ProcessesNamed lists those of [ProcessesIn] whose program's name begins with name,
// as that of a compiled cell does.
func ProcessesNamed(t *testing.T, dir, name string) []string {
	var pids []string
	for _, pid := range ProcessesIn(t, dir) {
		exe, err := os.Readlink("/proc/" + pid + "/exe")
		if err == nil && strings.HasPrefix(filepath.Base(exe), name) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Find returns the spec of the named kernel for a notebook in dir.
func Find(t *testing.T, name, dir string) *kernel.Spec {
	t.Helper()
	if testing.Short() {
		t.Skipf("starts a real %s kernel: skipped with -short", name)
	}
	spec, err := kernel.Find(t.Context(), drivers.All(), name, dir, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// Start starts the named kernel in the module around the test, unless the options
// have a spec. It ends with the test.
func Start(t *testing.T, name string, opts kernel.Options) *kernel.Kernel {
	t.Helper()
	if opts.Spec == nil {
		opts.Spec = Find(t, name, ".")
	}
	k, err := kernel.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return k
}

// Execute runs a cell, for a minute at most.
func Execute(t *testing.T, k *kernel.Kernel, code string) (*kernel.Result, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return k.Execute(ctx, code)
}

// Stream is the text of a stream of a result.
func Stream(r *kernel.Result, name string) string {
	for _, o := range r.Outputs {
		if o.Type == nbformat.Stream && o.Name == name {
			return o.Text
		}
	}
	return ""
}

// Shape describes each output in a line.
func Shape(outputs []*nbformat.Output) []string {
	var lines []string
	for _, o := range outputs {
		switch o.Type {
		case nbformat.Stream:
			lines = append(lines, fmt.Sprintf("%s %q", o.Name, o.Text))
		case nbformat.Error:
			lines = append(lines, fmt.Sprintf("error %s: %s", o.EName, o.EValue))
		default:
			lines = append(lines, fmt.Sprintf("%s %v", o.Type, o.Data["text/plain"]))
		}
	}
	return lines
}

// WaitFor waits until cond is true or the test is over.
func WaitFor(t *testing.T, cond func() bool) {
	for t.Context().Err() == nil && !cond() {
		time.Sleep(5 * time.Millisecond)
	}
}

// Declare returns the line that declares a parameter of source again with a value,
// or "error: " and the error; empty if source does not declare it.
func Declare(t *testing.T, lang parameter.Language, source, name string, value any) string {
	t.Helper()
	vars, err := lang.Declared(source)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vars {
		if v.Name != name {
			continue
		}
		line, err := lang.Declare(v, value)
		if err != nil {
			return "error: " + err.Error()
		}
		return line
	}
	return ""
}
