package engine

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// The default is half of the least limit, and not more than it is on a large machine.
func TestDefaultMemory(t *testing.T) {
	for _, c := range []struct {
		limits []int64
		want   int64
	}{{nil, 4 << 30}, {[]int64{0, math.MaxInt64, 64 << 30}, 4 << 30}, {[]int64{math.MaxInt64, 2 << 30, 6 << 30}, 1 << 30}} {
		if got := defaultOf(c.limits...); got != c.want {
			t.Errorf("%d: %d, want %d", c.limits, got, c.want)
		}
	}
	t.Setenv("GOMEMLIMIT", "1GiB") // is read when a program starts: here it must not matter
	if got := DefaultMemory(); got <= 0 || got > mostMemory {
		t.Errorf("this machine: %d", got)
	}
}

// Of ulimit -v, half of what the process has not taken is of use.
func TestAddressSpace(t *testing.T) {
	dir := t.TempDir()
	statm := filepath.Join(dir, "statm")
	testenv.WriteFiles(t, dir, map[string]string{"statm": "100 20 3 4 0 5 0\n"})
	taken := 100 * uint64(os.Getpagesize())
	for _, c := range []struct {
		limit uint64
		file  string
		want  int64
	}{{math.MaxUint64, statm, 0}, {3 << 30, filepath.Join(dir, "none"), 1 << 30}, {taken + 1<<30, statm, 1 << 29}, {taken, statm, int64(taken / 16)}} {
		if got := addressSpace(c.limit, c.file); got != c.want {
			t.Errorf("%d, %s: %d, want %d", c.limit, c.file, got, c.want)
		}
	}
}

func TestContainerMemory(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"none":            {nil, 0},
		"unlimited":       {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, 0},
		"of the root":     {map[string]string{"sys/fs/cgroup/memory.max": "1000\n"}, 1000},
		"of a parent":     {map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/memory.max": "500\n", "sys/fs/cgroup/a/b/memory.max": "max\n"}, 500},
		"of both":         {map[string]string{"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "700\n", "sys/fs/cgroup/memory.max": "600\n"}, 600},
		"of version one":  {map[string]string{"proc/self/cgroup": "3:memory:/d\n", "sys/fs/cgroup/memory/d/memory.limit_in_bytes": "800\n"}, 800},
		"not a number":    {map[string]string{"sys/fs/cgroup/memory.max": "-5\n"}, 0},
		"of another kind": {map[string]string{"proc/self/cgroup": "nonsense\n"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			testenv.WriteFiles(t, root, c.files)
			if got := containerMemory(root); got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
		})
	}
	dir := t.TempDir()
	testenv.WriteFiles(t, dir, map[string]string{"meminfo": "MemTotal:       24 kB\nMemFree:  1 kB\n"})
	if got := machineMemory(filepath.Join(dir, "meminfo")); got != 24<<10 {
		t.Errorf("the machine has %d", got)
	}
	if got := machineMemory(filepath.Join(dir, "none")); got != 0 {
		t.Errorf("an unknown machine has %d", got)
	}
}
