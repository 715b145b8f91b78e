package kernel_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/drivers"
	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/kerneltest"
)

func TestKernelKilledInACell(t *testing.T) {
	kerneltest.PrivateTemp(t)
	k := kerneltest.Start(t, "gonb", kernel.Options{})
	go func() {
		kerneltest.WaitFor(t, func() bool { return len(kerneltest.ProcessesNamed(t, k.Dir(), "gonb_")) > 0 })
		_ = k.Signal(syscall.SIGKILL)
	}()
	_, err := kerneltest.Execute(t, k, "%%\ntime.Sleep(time.Hour)")
	var died *kernel.DiedError
	if !errors.As(err, &died) || died.State != "signal: killed" {
		t.Fatalf("error %v, want kernel.DiedError by SIGKILL", err)
	}
	if !strings.Contains(died.Error(), "its last output") {
		t.Errorf("the kernel's own output is not shown: %v", died)
	}
	if _, err := kerneltest.Execute(t, k, "1"); !errors.As(err, &died) {
		t.Errorf("a dead kernel gives %v, want DiedError", err)
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
	if err := k.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

// A cell that ignores the interrupt is ended with the kernel, and what it printed
// is kept.
func TestCellThatDoesNotObey(t *testing.T) {
	kerneltest.PrivateTemp(t)
	k := kerneltest.Start(t, "gonb", kernel.Options{StopTimeout: 50 * time.Millisecond})
	late := errors.New("too late")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		kerneltest.WaitFor(t, func() bool { return len(kerneltest.ProcessesNamed(t, k.Dir(), "gonb_")) > 0 })
		time.Sleep(50 * time.Millisecond) // for it to print and to refuse the signal
		cancel(late)
	}()
	r, err := k.Execute(ctx, "import \"os/signal\"\n%%\nsignal.Ignore(os.Interrupt)\nfmt.Println(\"kept\")\nfor { time.Sleep(time.Second) }")
	if !errors.Is(err, late) || kerneltest.Stream(r, "stdout") != "kept\n" {
		t.Errorf("error %v, stdout %q", err, kerneltest.Stream(r, "stdout"))
	}
}

func TestStartErrors(t *testing.T) {
	tests := []struct {
		name string
		argv []string
		want string
	}{
		{"missing program", []string{"no-such-kernel"}, "is the kernel still installed?"},
		{"ends at once", []string{"sh", "-c", "echo no licence >&2; exit 7"}, "the kernel died (exit status 7); its last output:\n\tno licence"},
		{"never answers", []string{"sh", "-c", "echo thinking >&2; sleep 3600"}, "the kernel did not answer within 300ms; its last output:\n\tthinking"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kerneltest.PrivateTemp(t)
			_, err := kernel.Start(t.Context(), kernel.Options{Spec: &kernel.Spec{Name: "x", Argv: tt.argv}, StartTimeout: 300 * time.Millisecond})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestStartIsCancelled(t *testing.T) {
	kerneltest.PrivateTemp(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	_, err := kernel.Start(ctx, kernel.Options{Spec: &kernel.Spec{Name: "x", Argv: []string{"sleep", "3600"}}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

// Starting and closing kernels leaves no goroutine behind, whether they work or
// are killed with output on the way.
func TestNoGoroutineIsLeft(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real GoNB kernels: skipped with -short")
	}
	kerneltest.PrivateTemp(t)
	spec, err := kernel.Find(t.Context(), drivers.All(), "gonb", ".", io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	once := func(kill bool) {
		k, err := kernel.Start(t.Context(), kernel.Options{Spec: spec})
		if err != nil {
			t.Fatal(err)
		}
		if kill {
			if err := k.Signal(syscall.SIGKILL); err != nil {
				t.Error(err)
			}
		}
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	}
	once(false) // what the runtime starts once
	before := runtime.NumGoroutine()
	for i := range 4 {
		once(i%2 == 0)
	}
	kerneltest.WaitFor(t, func() bool { return runtime.NumGoroutine() <= before })
}

// TestStarter is not a test but the program that TestKernelEndsWithItsStarter
// kills: it starts a kernel, says so, and waits.
func TestStarter(t *testing.T) {
	if os.Getenv("KERNEL_TEST_STARTER") == "" {
		return
	}
	kerneltest.Start(t, "gonb", kernel.Options{})
	_, _ = os.Stdout.WriteString("started\n")
	select {}
}

// A killed reportgen cannot end its kernels: the operating system does.
func TestKernelEndsWithItsStarter(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real GoNB kernel: skipped with -short")
	}
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends a process with the one that started it")
	}
	dir := kerneltest.PrivateTemp(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestStarter$")
	cmd.Env = append(os.Environ(), "KERNEL_TEST_STARTER=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "started" {
	}
	if len(kerneltest.ProcessesNamed(t, dir, "gonb")) == 0 {
		t.Error("no kernel was started")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the starter was not killed")
	}
	kerneltest.WaitFor(t, func() bool { return len(kerneltest.ProcessesIn(t, dir)) == 0 })
	// Only the folder of its sockets is left.
	left, _ := filepath.Glob(filepath.Join(dir, "reportgen-*"))
	for _, folder := range left {
		os.RemoveAll(folder)
	}
}
