// Machine measures what a machine's memory costs, in processor time: copying it, updating
// a cache line at random, and the first use of a page.
//
//	go run ./reportgen/internal/bench/machine
//
// It prints {"copy": seconds a byte, "line": seconds a cache line, "page": seconds a page
// of 4 KiB}.
package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"slices"
	"syscall"
	"time"
)

const (
	size = 128 << 20 // larger than the caches of any processor core
	line = 64
	page = 4 << 10
	runs = 5
)

func main() {
	costs := map[string]float64{
		"copy": least(copying, size/2),
		"line": least(updating, size/line),
		"page": least(touching, size/page),
	}
	if err := json.NewEncoder(os.Stdout).Encode(costs); err != nil {
		fmt.Fprintln(os.Stderr, "machine:", err)
		os.Exit(1)
	}
}

// least returns the least processor time that one of n operations took in several runs:
// other programs on the machine only make it more.
func least(measure func() time.Duration, n int) float64 {
	var took []time.Duration
	for range runs {
		took = append(took, measure())
	}
	return slices.Min(took).Seconds() / float64(n)
}

// used returns the processor time of do.
func used(do func()) time.Duration {
	start := processorTime()
	do()
	return processorTime() - start
}

func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail with these arguments
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

var memory = touched(make([]byte, size))

func touched(b []byte) []byte {
	for i := 0; i < len(b); i += page {
		b[i] = 1
	}
	return b
}

func copying() time.Duration {
	return used(func() { copy(memory[:size/2], memory[size/2:]) })
}

// updating updates as many lines as there are, in an order that no processor foresees.
// As in a scan, the updates do not depend on each other.
func updating() time.Duration {
	order := rand.New(rand.NewPCG(1, 2)).Perm(size / line)
	return used(func() {
		for _, n := range order {
			memory[n*line]++
		}
	})
}

func touching() time.Duration {
	debug.FreeOSMemory()
	return used(func() { touched(make([]byte, size)) })
}
