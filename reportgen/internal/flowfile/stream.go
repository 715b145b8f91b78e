package flowfile

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/flowbook/flowbook/pkg/profile"
)

// few reports whether the files have fewer row groups than workers, and no indexes by
// which the workers could begin at different rows of one.
func (s *Scanner) few(workers int) bool {
	spans := 0
	for _, f := range s.files {
		if len(f.pagePlaces(0, f.present[0])) > 0 {
			return false
		}
		spans += len(f.spans())
	}
	return spans < workers
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
				g := &group{scanner: s, file: f, number: number, rowGroup: rowGroup, reader: f.reader, rejected: r}
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
