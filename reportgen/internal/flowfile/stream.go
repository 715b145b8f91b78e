package flowfile

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/flowbook/flowbook/pkg/profile"
)

// undivided reports whether the files have fewer row groups than workers, no indexes by which pages are left out, and pages
// so large that workers which begin at different rows of a row group would decode the same ones.
func (s *Scanner) undivided(workers int) bool {
	spans, large := 0, false
	for _, f := range s.files {
		if len(f.pagePlaces(0, f.present[0])) > 0 {
			return false
		}
		for _, sp := range f.spans() {
			spans++
			large = large || sp.large() && f.firstPage(sp.from, f.present[0]) > sp.rows/int64(workers)
		}
		if spans >= workers {
			return false
		}
	}
	return large
}

// firstPage returns the rows of the first page of a column of a row group; all rows if its header cannot be read.
func (f *file) firstPage(rowGroup, col int) (rows int64) {
	rows = f.rowsOf(rowGroup)
	var err error
	defer recovered(&err) // whatever it is, it is found again when the column is read
	p, err := f.pagesOf(f.reader, rowGroup, f.columns[col].source)
	if err != nil {
		return rows
	}
	defer p.Close()
	for at := p.from; at < p.to; {
		h, next, err := p.headerAt(at)
		if err != nil {
			return rows
		}
		if n := rowsOfPage(h); n > 0 {
			return n
		}
		at = next
	}
	return rows
}

// scanStreams reads the row groups one after the other: each column is decoded by a
// goroutine of its own, and whichever worker is free takes the next rows.
func (s *Scanner) scanStreams(ctx context.Context, workers int, o ScanOptions, newWorker func() ScanWorker) ([]profile.Rejected, error) {
	r := &rejections{}
	g, ctx := errgroup.WithContext(ctx)
	blocks := make(chan *Block)
	for range workers {
		w := newWorker()
		g.Go(func() error {
			for b := range blocks {
				err := w.Take(b)
				b.close()
				b.recycle()
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	first := newWorker() // which only looks at bounds
	g.Go(func() error {
		defer close(blocks)
		done := int64(0)
		for number, f := range s.files {
			for rowGroup := range f.metadata.RowGroups {
				g := &group{scanner: s, file: f, number: number, rowGroup: rowGroup, reader: f.reader, rejected: r, dictionaries: &dictionaries{}}
				if len(o.Filter) == 0 || first.May(&Bounds{group: g, row: -1}) {
					if err := g.stream(ctx, o.Columns, blocks); err != nil {
						return err
					}
				}
				if done += f.rowsOf(rowGroup); o.Progress != nil {
					o.Progress(done, s.Rows())
				}
			}
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return r.list(), nil
}

// stream decodes the columns of the row group that are asked for, and those whose
// values must be checked, and sends their rows.
func (g *group) stream(ctx context.Context, columns []int, blocks chan<- *Block) error {
	g.check()
	f := *g.file
	f.present = nil
	for _, col := range g.file.present {
		if slices.Contains(columns, col) || slices.Contains(g.checked, col) {
			f.present = append(f.present, col)
		}
	}
	if len(f.present) == 0 {
		f.present = []int{PlaceTime} // for the number of rows
	}
	return f.readRowGroup(ctx, g.rowGroup, ahead, g.scanner.book, func(ctx context.Context, b *batch) error {
		block := &Block{group: g, first: b.first, rows: b.rows, recycle: b.recycle}
		for col := range block.behind {
			block.behind[col] = b.first // of a column that was not asked for
		}
		for _, col := range f.present {
			block.vectors[col], block.read[col] = *b.vectors[col], true
		}
		return send(ctx, blocks, block)
	})
}
