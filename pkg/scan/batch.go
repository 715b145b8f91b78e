package scan

import (
	"context"
	"math"

	"github.com/flowbook/flowbook/pkg/flow"
	"golang.org/x/sync/errgroup"
)

// batchRows is how many rows are handed on at once: few enough to stay in the
// cache of a core, many enough that handing on costs nothing.
const batchRows = 16 << 10

// batch is a run of rows of one row group, column by column.
type batch struct {
	file     string // without folder
	rowGroup int
	first    int64 // row of the row group that the batch begins with
	rows     int
	number   int // among those of the scan, from 0
	of       int // number of its file in the scan
	book     *book
	vectors  [numColumns]*vector

	recycle func() // takes the vectors back
}

// isFlow is the one check that every row passes through; reject tells why a
// row fails it.
func (b *batch) isFlow(i int) bool {
	v := &b.vectors
	return uint64(v[colTime].numbers[i]) < uint64(flow.Day) &&
		v[colSrc].codes[i]|v[colDst].codes[i]|v[colProto].codes[i] < badCode &&
		uint64(v[colPort].numbers[i]) <= math.MaxUint16 &&
		v[colUp].numbers[i]|v[colDown].numbers[i] >= 0
}

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
	c, err := f.openChunk(rowGroup, col, book)
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
		if err := c.fill(v, n); err != nil {
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

func (v *vector) resize(coded bool, n int) {
	if coded {
		v.codes = grown(v.codes, n)
	} else {
		v.numbers = grown(v.numbers, n)
	}
}

func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// receive takes from c, or gives up when ctx ends.
func receive[T any](ctx context.Context, c <-chan T) (T, error) {
	select {
	case v := <-c:
		return v, nil
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
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
