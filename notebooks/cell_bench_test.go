package notebooks_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/scan"
	"github.com/flowbook/flowbook/reportgen/kernel"
)

// warmCell declares what a notebook's first cell does; warmSource is a cell that
// reads two cached days, and makes a table and a figure.
const (
	warmCell = `import (
	"github.com/flowbook/flowbook/pkg/chart"
	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/pkg/nb"
)

var run = nb.Open(nb.Inputs{Baseline: "sample:data.parquet", Test: "sample:test.parquet"})`

	warmSource = `%%%%
hours := frame.Compare(frame.Hours(run.Baseline()), frame.Hours(run.Test()), "hour", "flows")
nb.Table(hours, nb.Label("tbl-hours"), nb.Caption("Hours, %d"))
nb.Figure(chart.Hours(hours, "flows", chart.Options{}), nb.Label("fig-hours"),
	nb.Caption("Flows over time"), nb.Alt("Flows per hour."))`
)

// BenchmarkCell runs an empty cell and a warm one in turn, each in a GoNB kernel
// of its own, and reports the median time of each from request to reply, and the
// ratio of the two. No cell is the same twice, so that none is found built.
func BenchmarkCell(b *testing.B) {
	if testing.Short() {
		b.Skip("starts real GoNB kernels: skipped with -short")
	}
	b.Setenv("FLOWBOOK_CACHE", b.TempDir())
	for _, day := range []string{"data", "test"} {
		if _, _, err := scan.Cached(b.Context(), "../testdata/"+day+".parquet", scan.Options{}); err != nil {
			b.Fatal(err)
		}
	}
	empty, warm := startKernel(b), startKernel(b)
	execute(b, warm, warmCell, 0)
	execute(b, empty, "%%\n_ = 0", 0)
	execute(b, warm, fmt.Sprintf(warmSource, 0), 2) // the packages are compiled once
	var times [2][]time.Duration
	n := 0
	for b.Loop() {
		n++
		times[0] = append(times[0], execute(b, empty, fmt.Sprintf("%%%%\n_ = %d", n), 0))
		times[1] = append(times[1], execute(b, warm, fmt.Sprintf(warmSource, n), 2))
	}
	median := func(ds []time.Duration) float64 {
		slices.Sort(ds)
		return ds[len(ds)/2].Seconds() * 1000
	}
	b.ReportMetric(median(times[0]), "empty-ms")
	b.ReportMetric(median(times[1]), "warm-ms")
	b.ReportMetric(median(times[1])/median(times[0]), "ratio")
}

func startKernel(b *testing.B) *kernel.Kernel {
	spec, err := kernel.Find(b.Context(), "gonb", ".", os.Stderr)
	if err != nil {
		b.Fatal(err)
	}
	k, err := kernel.Start(b.Context(), kernel.Options{Spec: spec, Dir: "."})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := k.Close(); err != nil {
			b.Error(err)
		}
	})
	return k
}

// execute runs a cell that must give as many outputs and returns how long it took.
func execute(b *testing.B, k *kernel.Kernel, source string, outputs int) time.Duration {
	b.Helper()
	start := time.Now()
	r, err := k.Execute(b.Context(), source)
	took := time.Since(start)
	if err != nil || len(r.Outputs) != outputs {
		b.Fatalf("%v; %d outputs, want %d:\n%s", err, len(r.Outputs), outputs, source)
	}
	return took
}
