package flowfile_test

import (
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// Files of many days are written one after the other: each takes a few megabytes, not the encoders of its own, which
// take tens.
func TestWritersShareEncoders(t *testing.T) {
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("the race detector makes pools forget encoders at random: skipped with -race")
	}
	flows := someFlows(5, 19)
	write := func() {
		w := flowfile.NewDetailedWriter(io.Discard)
		for _, f := range flows {
			if err := w.Write(f); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write()
	const files = 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range files {
		write()
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / files; each > 32<<20 {
		t.Errorf("each file allocates %d bytes", each)
	}
}
