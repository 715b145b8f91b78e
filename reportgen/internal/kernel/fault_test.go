package kernel_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/drivers"
	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/kerneltest"
)

// A kernel that is killed while no cell runs is noticed by the next.
func TestKernelKilledBetweenCells(t *testing.T) {
	kerneltest.PrivateTemp(t)
	for _, cells := range []int{0, 1} {
		k := kerneltest.Start(t, "gonb", kernel.Options{})
		for range cells {
			if _, err := kerneltest.Execute(t, k, "%%\nfmt.Print(1)"); err != nil {
				t.Fatal(err)
			}
		}
		if err := k.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		var died *kernel.DiedError
		if _, err := kerneltest.Execute(t, k, "%%\nfmt.Print(2)"); !errors.As(err, &died) || died.State != "signal: killed" {
			t.Errorf("after %d cells: %v", cells, err)
		}
	}
}

// A kernel that is stopped, not ended, is given up when its heartbeat is missing.
func TestKernelThatIsStopped(t *testing.T) {
	kerneltest.PrivateTemp(t)
	k := kerneltest.Start(t, "gonb", kernel.Options{HeartbeatTimeout: 400 * time.Millisecond})
	time.AfterFunc(time.Second, func() { _ = k.Signal(syscall.SIGSTOP) })
	var died *kernel.DiedError
	if _, err := kerneltest.Execute(t, k, "%%\ntime.Sleep(time.Hour)"); !errors.As(err, &died) || died.State != kernel.StateSilent {
		t.Errorf("error %v, want %s", err, kernel.StateSilent)
	}
}

// A program that starts the kernel and lives on without it does not keep the cell
// waiting.
func TestKernelBehindAProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real GoNB kernel: skipped with -short")
	}
	kerneltest.PrivateTemp(t)
	spec, err := kernel.Find(t.Context(), drivers.All(), "gonb", ".", io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	pid := filepath.Join(t.TempDir(), "pid")
	spec.Argv = append([]string{"sh", "-c", `"$@" & echo $! >` + pid + `; wait; exec sleep 3600`, "sh"}, spec.Argv...)
	k, err := kernel.Start(t.Context(), kernel.Options{Spec: spec})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	}()
	go func() {
		kerneltest.WaitFor(t, func() bool { return len(kerneltest.ProcessesNamed(t, k.Dir(), "gonb_")) > 0 })
		text, _ := os.ReadFile(pid)
		var n int
		if _, err := fmt.Sscan(string(text), &n); err == nil {
			_ = syscall.Kill(n, syscall.SIGKILL)
		}
	}()
	var died *kernel.DiedError
	if _, err := kerneltest.Execute(t, k, "%%\ntime.Sleep(time.Hour)"); !errors.As(err, &died) {
		t.Errorf("error %v, want DiedError", err)
	}
}

// A cell that never stops printing is stopped in time, and its outputs are bounded.
func TestFlood(t *testing.T) {
	kerneltest.PrivateTemp(t)
	const most = 1 << 16
	for name, code := range map[string]string{
		"text":     "%%\nfor { fmt.Println(strings.Repeat(\"x\", 1000)) }",
		"displays": "import \"github.com/janpfeifer/gonb/gonbui\"\n%%\nfor { gonbui.DisplayHTML(strings.Repeat(\"x\", 1000)) }",
	} {
		k := kerneltest.Start(t, "gonb", kernel.Options{MaxOutput: most})
		late := errors.New("late")
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			kerneltest.WaitFor(t, func() bool { return len(kerneltest.ProcessesNamed(t, k.Dir(), "gonb_")) > 0 })
			time.Sleep(time.Second) // for it to send more than is kept
			cancel(late)
		}()
		r, err := k.Execute(ctx, code)
		if !errors.Is(err, late) {
			t.Fatalf("%s: %v", name, err)
		}
		size := 0
		for _, o := range r.Outputs {
			size += len(o.Text)
			for _, v := range o.Data {
				size += len(fmt.Sprint(v))
			}
		}
		if size < most/2 || size > 2*most || !strings.Contains(kerneltest.Stream(r, "stderr"), "left out") {
			t.Errorf("%s: %d bytes are kept, stderr %q", name, size, kerneltest.Stream(r, "stderr"))
		}
	}
}

// An interrupt does not reach a compiler: its process group is ended.
func TestCompilerThatHangs(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real GoNB kernel: skipped with -short")
	}
	dir := kerneltest.PrivateTemp(t)
	spec, err := kernel.Find(t.Context(), drivers.All(), "gonb", ".", io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	goCommand := filepath.Join(filepath.Dir(spec.Argv[0]), "go")
	began := filepath.Join(bin, "began")
	script := fmt.Sprintf("#!/bin/sh\ncase $1 in build) touch %s; sleep 3600;; *) exec %s \"$@\";; esac\n", began, goCommand)
	if err := os.WriteFile(filepath.Join(bin, "go"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	spec.Env["PATH"] = bin + string(os.PathListSeparator) + spec.Env["PATH"]
	k, err := kernel.Start(t.Context(), kernel.Options{Spec: spec, StopTimeout: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	late := errors.New("late")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		kerneltest.WaitFor(t, func() bool { _, err := os.Stat(began); return err == nil })
		cancel(late)
	}()
	if _, err := k.Execute(ctx, "%%\nfmt.Print(1)"); !errors.Is(err, late) {
		t.Errorf("error %v", err)
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
	kerneltest.WaitFor(t, func() bool { return len(kerneltest.ProcessesIn(t, dir)) == 0 })
}
