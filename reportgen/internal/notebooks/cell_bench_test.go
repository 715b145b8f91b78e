package notebooks_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/drivers"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/flowbook/flowbook/reportgen/internal/kernel"
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
nb.Figure(chart.Hours(hours, "flows"), nb.Label("fig-hours"),
	nb.Caption("Flows over time"), nb.Alt("Flows per hour."))`
)

// notebookCells is the number of cells of the notebooks that are measured as reportgen
// runs them, about that of the report's longest notebook.
const notebookCells = 20

// BenchmarkCell runs an empty cell and a warm one in turn, each in a GoNB kernel of its
// own, and reports the median time of each from request to reply, and the ratio of the
// two: as the module's kernel builds cells in JupyterLab, one by one; as GoNB alone does
// (gonb-); and as reportgen runs a report (report-), which builds the cells of a
// notebook at once, so that the median cell was built before. The time of the cell with
// which all are built is report-first-ms. All cells differ, so that none is in Go's
// cache.
func BenchmarkCell(b *testing.B) {
	if testing.Short() {
		b.Skip("starts real GoNB kernels: skipped with -short")
	}
	b.Setenv("FLOWBOOK_CACHE", b.TempDir())
	for _, day := range []string{"data", "test"} {
		if _, _, err := flowfile.CachedProfile(b.Context(), "../testdata/"+day+".parquet", flowfile.Options{}); err != nil {
			b.Fatal(err)
		}
	}
	ways := []*way{
		newWay(b, "gonb-", func(s *kernel.Spec) { s.Env["PATH"] = plainGo(b) + string(os.PathListSeparator) + s.Env["PATH"] }, 1),
		newWay(b, "", func(*kernel.Spec) {}, 1),
		newWay(b, "report-", func(*kernel.Spec) {}, notebookCells),
	}
	for b.Loop() {
		for _, w := range ways {
			w.measure(b)
		}
	}
	for _, w := range ways {
		b.ReportMetric(median(w.empty.times), w.name+"empty-ms")
		b.ReportMetric(median(w.warm.times), w.name+"warm-ms")
		b.ReportMetric(median(w.warm.times)/median(w.empty.times), w.name+"ratio")
	}
	b.ReportMetric(median(ways[2].warm.first), "report-first-ms")
}

func median(ds []time.Duration) float64 {
	if len(ds) == 0 {
		return 0
	}
	slices.Sort(ds)
	return ds[len(ds)/2].Seconds() * 1000
}

// way is one way of running cells.
type way struct {
	name        string
	empty, warm *series
}

func newWay(b *testing.B, name string, change func(*kernel.Spec), cells int) *way {
	spec, err := kernel.Find(b.Context(), drivers.All(), "gonb", ".", os.Stderr)
	if err != nil {
		b.Fatal(err)
	}
	change(spec)
	return &way{
		name:  name,
		empty: &series{spec: spec, declare: "var n = 1", source: "%%%%\n_ = %d", cells: cells},
		warm:  &series{spec: spec, declare: warmCell, source: warmSource, cells: cells, outputs: 2},
	}
}

func (w *way) measure(b *testing.B) {
	w.empty.next(b)
	w.warm.next(b)
}

// series are cells of one kind, in one notebook after another.
type series struct {
	spec            *kernel.Spec
	declare, source string
	cells, outputs  int // of a notebook; of a cell

	k            *kernel.Kernel
	todo         []string
	n            int
	times, first []time.Duration
}

// next runs one cell. A notebook of one cell goes on with the same kernel, which does
// not know the cells that follow.
func (s *series) next(b *testing.B) {
	begins := len(s.todo) == 0 && (s.k == nil || s.cells > 1)
	if begins {
		s.start(b)
	}
	if len(s.todo) == 0 {
		s.n++
		s.todo = []string{fmt.Sprintf(s.source, s.n)}
	}
	took := execute(b, s.k, s.todo[0], s.outputs)
	s.todo = s.todo[1:]
	s.times = append(s.times, took)
}

// start starts a kernel and runs the declarations, and one cell that compiles packages
// that are not in Go's cache.
func (s *series) start(b *testing.B) {
	if s.k != nil {
		if err := s.k.Close(); err != nil {
			b.Fatal(err)
		}
	}
	for range s.cells {
		s.n++
		s.todo = append(s.todo, fmt.Sprintf(s.source, s.n))
	}
	opts := kernel.Options{Spec: s.spec, Dir: "."}
	if s.cells > 1 {
		opts.Cells = append([]string{s.declare}, s.todo...)
	}
	k, err := kernel.Start(b.Context(), opts)
	if err != nil {
		b.Fatal(err)
	}
	s.k = k
	b.Cleanup(func() {
		if err := k.Close(); err != nil {
			b.Error(err)
		}
	})
	s.first = append(s.first, execute(b, k, s.declare, 0))
	execute(b, k, s.todo[0], s.outputs)
	s.todo = s.todo[1:]
}

// plainGo is a folder with a go command that builds cells as GoNB says, and only skips
// its search for the newest versions.
func plainGo(b *testing.B) string {
	realGo, err := exec.LookPath("go")
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	script := "#!/bin/sh\n[ \"$1\" = get ] && exit 0\nexec '" + realGo + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o755); err != nil {
		b.Fatal(err)
	}
	return dir
}

// execute runs a cell that must have the given number of outputs, and returns its
// duration.
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
