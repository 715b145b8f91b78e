package scan

import (
	"context"

	"github.com/flowbook/flowbook/pkg/flow"
	"golang.org/x/sync/errgroup"
)

// stream is a column of a row group that is decoded by a goroutine of its own.
type stream struct {
	full, free chan *vector
}

// newStream returns a stream of at most n vectors, which bounds the memory of
// the row group.
func newStream(n int) *stream {
	s := &stream{full: make(chan *vector, n), free: make(chan *vector, n)}
	for range n {
		s.free <- &vector{}
	}
	return s
}

// decode fills vectors until the row group ends.
func (s *stream) decode(ctx context.Context, f *file, rowGroup, col int, book *book) error {
	fail := func(err error) error { return f.fail(rowGroup, flow.Columns[col], err) }
	c, err := f.openChunk(f.reader, rowGroup, col, book)
	if err != nil {
		return fail(err)
	}
	defer c.close()
	for left := f.parquet.RowGroups()[rowGroup].NumRows(); left > 0; {
		v, err := receive(ctx, s.free)
		if err != nil {
			return err
		}
		n := int(min(left, batchRows))
		v.resize(f.columns[col].coded(), n)
		if err := c.fill(v, 0, n); err != nil {
			return fail(err)
		}
		s.full <- v // never blocks: there are no more vectors than places
		left -= int64(n)
	}
	if err := c.finished(); err != nil {
		return fail(err)
	}
	return nil
}

// readRowGroup decodes the columns of a row group side by side, which keeps
// several cores busy where a file is a single row group, and hands on its
// batches in order. Up to ahead batches are under way at once; use must see to it
// that each is recycled.
func (f *file) readRowGroup(ctx context.Context, rowGroup, ahead int, book *book, use func(context.Context, *batch) error) error {
	g, ctx := errgroup.WithContext(ctx)
	var streams [numColumns]*stream
	for col := range streams {
		streams[col] = newStream(ahead)
		g.Go(func() error { return streams[col].decode(ctx, f, rowGroup, col, book) })
	}
	g.Go(func() error {
		rows := f.parquet.RowGroups()[rowGroup].NumRows()
		for first := int64(0); first < rows; first += batchRows {
			b := &batch{file: f.base(), rowGroup: rowGroup, first: first, rows: int(min(batchRows, rows-first)), book: book}
			for col, s := range streams {
				v, err := receive(ctx, s.full)
				if err != nil {
					return err
				}
				b.vectors[col] = v
			}
			b.recycle = func() {
				for col, s := range streams {
					s.free <- b.vectors[col]
				}
			}
			if err := use(ctx, b); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}
