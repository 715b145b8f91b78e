package console

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Unit is what a [Bar] counts.
type Unit int

// The units of a bar.
const (
	Count Unit = iota
	Bytes
)

// Bar shows how far a command is on a terminal. Elsewhere it shows nothing.
type Bar struct {
	c   *Console
	bar *progressbar.ProgressBar // nil until something is drawn
	new func() *progressbar.ProgressBar
}

// NewBar returns a bar. It appears when it is first set.
func (c *Console) NewBar(what string, unit Unit) *Bar {
	if c == nil || !c.shared.terminal {
		return &Bar{}
	}
	return &Bar{c: c, new: func() *progressbar.ProgressBar {
		return progressbar.NewOptions64(1, // Set changes it; of an unknown length, a goroutine would draw for ever
			progressbar.OptionSetWriter(c.shared.w),
			progressbar.OptionSetDescription(Escape(what)),
			progressbar.OptionSetWidth(30),
			progressbar.OptionShowBytes(unit == Bytes),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
		)
	}}
}

// Set draws the bar at done of total. A bar that cannot be drawn does not stop a
// command.
func (b *Bar) Set(done, total int64) {
	if b.c == nil {
		return
	}
	b.c.shared.mu.Lock()
	defer b.c.shared.mu.Unlock()
	if b.bar == nil {
		b.bar = b.new()
		b.c.shared.bar = b.bar
	}
	b.bar.ChangeMax64(total)
	_ = b.bar.Set64(done)
}

// Close removes the bar from the terminal. The bar may be set again.
func (b *Bar) Close() {
	if b.bar == nil {
		return
	}
	b.c.shared.mu.Lock()
	defer b.c.shared.mu.Unlock()
	_ = b.bar.Clear()
	b.bar, b.c.shared.bar = nil, nil
}

// Step is a step in a run of notebooks.
type Step struct {
	Notebook int // index in the run
	Name     string
	Done     int   // cells that ran or came from the cache
	Cached   int   // cells that came from the cache
	Cells    int   // cells to run
	Finished bool  // the notebook, or its run, has ended
	Err      error // of a finished notebook
}

// Run shows how far a run of notebooks is: as a bar on a terminal, as one record
// a step in JSON, else as one line a cell.
type Run struct {
	c           *Console
	start       time.Time
	bar         *progressbar.ProgressBar // nil until there is something to run
	done, cells map[int]int              // by notebook
}

// NewRun returns the progress of a run that starts now.
func (c *Console) NewRun() *Run {
	return &Run{c: c, start: time.Now(), done: make(map[int]int), cells: make(map[int]int)}
}

// Step shows a step. It must not be called by two goroutines at once.
func (r *Run) Step(s Step) {
	switch {
	case r.c == nil:
	case r.c.log != nil:
		r.record(s)
	case r.c.shared.terminal:
		r.draw(s)
	default:
		r.line(s)
	}
}

func (r *Run) record(s Step) {
	log := r.c.log.With("notebook", s.Name, "done", s.Done, "cells", s.Cells, "unchanged", s.Cached)
	switch {
	case s.Finished && s.Err != nil:
		log.Error("notebook failed", slog.String("error", s.Err.Error()))
	case s.Finished:
		log.Info("notebook done")
	case s.Done > 0:
		log.Info("cell done")
	default:
		log.Info("notebook started")
	}
}

func (r *Run) line(s Step) {
	elapsed := time.Since(r.start).Round(100 * time.Millisecond)
	switch {
	case s.Finished && s.Err != nil && s.Cells == 0:
		r.c.Infof("%s: failed before the first cell, %v", Escape(s.Name), elapsed)
	case s.Finished && s.Err != nil:
		r.c.Infof("%s: failed after %d of %d cells, %v", Escape(s.Name), s.Done, s.Cells, elapsed)
	case s.Finished && s.Cached == s.Cells && s.Cells > 0:
		r.c.Infof("%s: unchanged, %v", Escape(s.Name), elapsed)
	case s.Finished:
		r.c.Infof("%s: done, %v", Escape(s.Name), elapsed)
	case s.Done > 0 && s.Done == s.Cells && s.Done == s.Cached: // the next step says so
	case s.Done > 0 && s.Done == s.Cached:
		r.c.Infof("%s: %d of %d cells unchanged, %v", Escape(s.Name), s.Done, s.Cells, elapsed)
	case s.Done > 0:
		r.c.Infof("%s: cell %d/%d, %v", Escape(s.Name), s.Done, s.Cells, elapsed)
	}
}

// draw updates the bar. A bar that cannot be drawn does not stop a run.
func (r *Run) draw(s Step) {
	r.c.shared.mu.Lock()
	defer r.c.shared.mu.Unlock()
	r.done[s.Notebook], r.cells[s.Notebook] = s.Done, s.Cells
	done, cells := 0, 0
	for i := range r.cells {
		done, cells = done+r.done[i], cells+r.cells[i]
	}
	if cells == 0 {
		return // progressbar cannot draw an empty run
	}
	if r.bar == nil {
		r.bar = progressbar.NewOptions(cells,
			progressbar.OptionSetWriter(r.c.shared.w),
			progressbar.OptionShowCount(),
			progressbar.OptionSetElapsedTime(true),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetWidth(30),
			progressbar.OptionClearOnFinish(),
		)
		r.c.shared.bar = r.bar
	}
	r.bar.ChangeMax(cells)
	r.bar.Describe(fmt.Sprintf("%s %d/%d", Escape(s.Name), s.Done, s.Cells))
	_ = r.bar.Set(done)
}

// Close removes the bar from the terminal.
func (r *Run) Close() {
	if r.bar == nil {
		return
	}
	r.c.shared.mu.Lock()
	defer r.c.shared.mu.Unlock()
	_ = r.bar.Finish()
	r.bar, r.c.shared.bar = nil, nil
}
