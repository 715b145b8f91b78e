package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/flowbook/flowbook/reportgen/execute"
)

// progress tells how far a run is: a bar on a terminal, a record of JSON where a log
// takes them, else a line a cell.
type progress struct {
	w        io.Writer
	terminal bool
	bar      *progressbar.ProgressBar // nil until there is something to run
	done     map[int]int              // cells that ran, by notebook
	cells    map[int]int              // cells to run, by notebook
	start    time.Time
}

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	return &progress{
		w: w, terminal: ok && term.IsTerminal(int(f.Fd())),
		done: make(map[int]int), cells: make(map[int]int), start: time.Now(),
	}
}

func (p *progress) event(e execute.Event) {
	if log, ok := p.w.(*jsonLog); ok {
		log.event(e)
		return
	}
	p.done[e.Notebook], p.cells[e.Notebook] = e.Done, e.Cells
	if p.terminal {
		p.draw(e)
		return
	}
	elapsed := time.Since(p.start).Round(100 * time.Millisecond)
	switch {
	case e.Finished && e.Err != nil:
		fmt.Fprintf(p.w, "%s: failed after %d of %d cells, %v\n", e.Name, e.Done, e.Cells, elapsed)
	case e.Finished && e.Cached == e.Cells && e.Cells > 0:
		fmt.Fprintf(p.w, "%s: unchanged, %v\n", e.Name, elapsed)
	case e.Finished:
		fmt.Fprintf(p.w, "%s: done, %v\n", e.Name, elapsed)
	case e.Done > 0 && e.Done == e.Cells && e.Done == e.Cached: // the next event says so
	case e.Done > 0 && e.Done == e.Cached:
		fmt.Fprintf(p.w, "%s: %d of %d cells unchanged, %v\n", e.Name, e.Done, e.Cells, elapsed)
	case e.Done > 0:
		fmt.Fprintf(p.w, "%s: cell %d/%d, %v\n", e.Name, e.Done, e.Cells, elapsed)
	}
}

// draw brings the bar up to date. That a terminal cannot be written to is no
// reason to stop a run.
func (p *progress) draw(e execute.Event) {
	done, cells := 0, 0
	for i := range p.cells {
		done, cells = done+p.done[i], cells+p.cells[i]
	}
	if cells == 0 {
		return // the bar takes no empty run
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions(cells,
			progressbar.OptionSetWriter(p.w),
			progressbar.OptionShowCount(),
			progressbar.OptionSetElapsedTime(true),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetWidth(30),
			progressbar.OptionClearOnFinish(),
		)
	}
	p.bar.ChangeMax(cells)
	p.bar.Describe(fmt.Sprintf("%s %d/%d", e.Name, e.Done, e.Cells))
	_ = p.bar.Set(done)
}

func (p *progress) close() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
