package bench_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/bench"
)

func TestProfiled(t *testing.T) {
	failed := errors.New("failed")
	file := filepath.Join(t.TempDir(), "cpu.out")
	for _, path := range []string{"", file} {
		called := 0
		if err := bench.Profiled(path, func() error { called++; return failed }); !errors.Is(err, failed) || called != 1 {
			t.Errorf("%q: %v after %d calls", path, err, called)
		}
	}
	if b, err := os.ReadFile(file); err != nil || !bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
		t.Errorf("not a packed profile: %.10q, %v", b, err)
	}
	if err := bench.Profiled(filepath.Join(file, "no-folder"), func() error { t.Error("called"); return nil }); err == nil {
		t.Error("no error for a file that cannot be made")
	}
}
