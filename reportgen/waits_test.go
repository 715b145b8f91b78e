package main

import (
	"context"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

// Flow files, databases and notebooks that are named pipes without a writer are errors.
func TestNamedPipes(t *testing.T) {
	t.Chdir(t.TempDir())
	testenv.WriteFiles(t, ".", map[string]string{"notebooks/report.yaml": ""})
	for _, name := range []string{"pipe", "notebooks/a.ipynb"} {
		if err := syscall.Mkfifo(name, 0o600); err != nil {
			t.Skip(err)
		}
	}
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	day := testenv.Path(t, "testdata", "test.parquet")
	for _, args := range [][]string{
		{"detect", "--test", "pipe"},
		{"detect", "--test", day, "--baseline", "pipe"},
		{"detect", "--test", day, "--asn", "pipe"},
		{"query", "pipe", "--count"},
		{"profile", "pipe"},
		{"profile", "pipe", "-o", "out.profile"},
		{"run"},
	} {
		status, _, stderr := reportgen(t, args...)
		if status != exit.BadInput || !strings.Contains(stderr, "not a regular file") {
			t.Errorf("%v: status %d: %s", args, status, stderr)
		}
	}
}

// A command that does not notice its context ends some time after a signal.
func TestAfterSignal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		began := time.Now()
		var ended atomic.Int64
		afterSignal(ctx, time.Minute, func() { ended.Store(int64(time.Since(began))) })
		time.Sleep(time.Hour)
		cancel()
		time.Sleep(59 * time.Second)
		synctest.Wait()
		if after := ended.Load(); after != 0 {
			t.Errorf("ended after %v", time.Duration(after))
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if after := time.Duration(ended.Load()); after != time.Hour+time.Minute {
			t.Errorf("ended after %v", after)
		}
	})
}
