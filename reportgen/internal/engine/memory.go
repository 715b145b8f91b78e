package engine

import (
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"

	"github.com/dustin/go-humanize"
)

// mostMemory is how many bytes a query may use by default, if the process may use at least twice as many.
const mostMemory = 4 << 30

// DefaultMemory returns how many bytes a query may use if its options do not say so: 4 GB, or half of what the process
// may use. The other half is for pages that are decoded, for tables that grow, and for garbage.
func DefaultMemory() int64 {
	var address syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_AS, &address); err != nil {
		address.Cur = math.MaxInt64
	}
	return defaultOf(debug.SetMemoryLimit(-1), addressSpace(address.Cur, "/proc/self/statm"), containerMemory("/"), machineMemory("/proc/meminfo"))
}

func defaultOf(limits ...int64) int64 {
	least := int64(2 * mostMemory)
	for _, limit := range limits {
		if limit > 0 {
			least = min(least, limit)
		}
	}
	return least / 2
}

// reserved is about how much address space a Go program reserves and does not use.
const reserved = 1 << 30

// addressSpace returns what ulimit -v leaves for a process whose memory /proc/self/statm describes, or 0 if there is no
// limit. Memory is taken from it in large pieces: only half of it is certain to be of use.
func addressSpace(limit uint64, statm string) int64 {
	if limit >= math.MaxInt64 {
		return 0
	}
	taken := uint64(reserved)
	text, _ := os.ReadFile(statm) // only Linux has one
	if pages, _, ok := strings.Cut(string(text), " "); ok {
		if n, err := strconv.ParseUint(pages, 10, 32); err == nil {
			taken = n * uint64(os.Getpagesize())
		}
	}
	return int64(max(limit-min(taken, limit), limit/8)) / 2
}

// containerMemory returns the limit of the control group that the process is in, or 0 for none. The file system
// begins at root.
func containerMemory(root string) (least int64) {
	folders := []string{"/"}
	groups, _ := os.ReadFile(filepath.Join(root, "proc/self/cgroup")) // only Linux has one
	for line := range strings.Lines(string(groups)) {
		if f := strings.SplitN(strings.TrimSpace(line), ":", 3); len(f) == 3 {
			folders = append(folders, f[2])
		}
	}
	for _, folder := range folders {
		for ; ; folder = filepath.Dir(folder) {
			for _, file := range []string{filepath.Join(folder, "memory.max"), filepath.Join("memory", folder, "memory.limit_in_bytes")} {
				text, _ := os.ReadFile(filepath.Join(root, "sys/fs/cgroup", file)) // there is one of each kind at most
				if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 && (least == 0 || n < least) {
					least = n
				}
			}
			if folder == filepath.Dir(folder) {
				break
			}
		}
	}
	return least
}

// machineMemory returns the memory of the machine, or 0 if it is not known.
func machineMemory(meminfo string) int64 {
	text, _ := os.ReadFile(meminfo) // only Linux has one
	for line := range strings.Lines(string(text)) {
		size, ok := strings.CutPrefix(line, "MemTotal:")
		if bytes, err := humanize.ParseBytes(strings.Replace(strings.TrimSpace(size), "kB", "KiB", 1)); ok && err == nil {
			return int64(bytes)
		}
	}
	return 0
}
