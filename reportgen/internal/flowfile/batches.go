package flowfile

import (
	"context"
	"io"
	"math"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/parquet-go/parquet-go/format"
	"golang.org/x/sync/errgroup"
)

// batchRows is how many rows are handed on at once: few enough to stay in the
// cache of a core, many enough that handing on costs nothing.
const batchRows = 16 << 10

// position is the place of a batch among those of all files.
type position struct {
	file   int // index among the files being read
	number int // among the batches of the file, from 0
	last   bool
}

// next returns the position of the batch after that of p.
func (p position) next() position {
	if p.last {
		return position{file: p.file + 1}
	}
	return position{file: p.file, number: p.number + 1}
}

// batch is a run of rows, column by column: some of one row group, or all of
// one or more small ones that follow each other.
type batch struct {
	file     string // without folder
	rowGroup int    // of the first row
	first    int64  // row of the row group that the batch begins with
	starts   []int  // where the small row groups begin; nil for one
	rows     int
	at       position
	book     *book
	vectors  [NumColumns]*vector

	recycle func() // takes the vectors back
}

// place returns the position of row i of the batch in the file.
func (b *batch) place(i int) (rowGroup int, row int64) {
	if b.starts == nil {
		return b.rowGroup, b.first + int64(i)
	}
	// The last of those that begin at or before the row: empty ones have none.
	n, _ := slices.BinarySearch(b.starts, i+1)
	return b.rowGroup + n - 1, int64(i - b.starts[n-1])
}

// isFlow is the one check that every row passes through; reject returns the
// reason if a row fails it.
func (b *batch) isFlow(i int) bool {
	v := &b.vectors
	return uint64(v[PlaceTime].numbers[i]) < uint64(flow.Day) &&
		v[PlaceSrc].codes[i]|v[PlaceDst].codes[i]|v[PlaceProto].codes[i] < badCode &&
		uint64(v[PlacePort].numbers[i]) <= math.MaxUint16 &&
		v[PlaceUp].numbers[i]|v[PlaceDown].numbers[i] >= 0
}

// resize makes room for n rows, none of them known.
func (v *vector) resize(coded bool, n int) {
	v.faults = v.faults[:0]
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

// send puts v into c, or gives up when ctx ends.
func send[T any](ctx context.Context, c chan<- T, v T) error {
	select {
	case c <- v:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
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

// span is a run of row groups that are decoded together: one, or as many small
// ones as a batch holds. What a row group costs beside its rows is then shared
// by those of the span.
type span struct {
	from, to int // row groups
	rows     int64
}

// batches returns how many batches the span has.
func (s span) batches() int { return int((s.rows + batchRows - 1) / batchRows) }

// spans divides the file's row groups.
func (f *file) spans() []span {
	var spans []span
	for i := range f.metadata.RowGroups {
		rows := f.rowsOf(i)
		if n := len(spans); n > 0 && spans[n-1].rows+rows <= batchRows {
			spans[n-1].to, spans[n-1].rows = i+1, spans[n-1].rows+rows
			continue
		}
		spans = append(spans, span{i, i + 1, rows})
	}
	return spans
}

// readSpan decodes a span and hands on its batches in order; use must see to
// it that each is recycled.
func (s *profiling) readSpan(ctx context.Context, f *file, span span, use func(context.Context, *batch) error) error {
	if span.rows > batchRows {
		return f.readRowGroup(ctx, span.from, ahead, s.current(), use)
	}
	b, err := s.readGroups(ctx, f, span, s.current())
	if err != nil || b.rows == 0 {
		return err
	}
	return use(ctx, b)
}

// readGroups decodes the row groups of a span to one batch, column by column:
// the other cores have other spans to decode.
func (s *profiling) readGroups(ctx context.Context, f *file, span span, book *book) (*batch, error) {
	vectors, ok := s.vectors.Get().(*[NumColumns]vector)
	if !ok {
		vectors = new([NumColumns]vector)
	}
	b := &batch{file: f.base(), rowGroup: span.from, rows: int(span.rows), book: book}
	b.recycle = func() { s.vectors.Put(vectors) }
	for _, col := range f.present {
		b.vectors[col] = &vectors[col]
		b.vectors[col].resize(f.columns[col].coded(), b.rows)
	}
	r, err := f.window(span)
	if err != nil {
		return nil, f.fail(span.from, "", err)
	}
	start := 0
	for rowGroup := span.from; rowGroup < span.to; rowGroup++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b.starts = append(b.starts, start)
		rows := int(f.rowsOf(rowGroup))
		for _, col := range f.present {
			if err := f.readChunk(r, rowGroup, col, book, b.vectors[col], start, rows); err != nil {
				return nil, f.fail(rowGroup, allColumns[col], err)
			}
		}
		start += rows
	}
	return b, nil
}

// readChunk reads all rows of a column of a row group, to row to of v and on.
func (f *file) readChunk(r io.ReaderAt, rowGroup, col int, book *book, v *vector, to, rows int) error {
	c, err := f.openChunk(r, rowGroup, col, book, nil)
	if err != nil {
		return err
	}
	defer c.close()
	if err := c.fill(v, to, rows, nil); err != nil {
		return err
	}
	return c.finished()
}

// window reads the bytes of the columns of a span at once, where they lie close
// together and the file is not in memory yet.
func (f *file) window(s span) (io.ReaderAt, error) {
	if s.to-s.from == 1 || f.reader != io.ReaderAt(f.os) {
		return f.reader, nil
	}
	from, to := f.size, int64(0)
	for rowGroup := s.from; rowGroup < s.to; rowGroup++ {
		for _, col := range f.present {
			m := f.chunk(rowGroup, col)
			start := firstByte(m)
			from, to = min(from, start), max(to, start+m.TotalCompressedSize)
		}
	}
	if from < 0 || to < from || to > f.size || to-from > windowMost {
		return f.reader, nil // what is wrong, if anything, is found in its place
	}
	w := &window{file: f.reader, from: from, bytes: make([]byte, to-from)}
	_, err := f.reader.ReadAt(w.bytes, from)
	return w, err
}

// windowMost is the most bytes of a window: two hundred and fifty for a row.
const windowMost = 4 << 20

// firstByte returns where a column chunk begins.
func firstByte(m *format.ColumnMetaData) int64 {
	if m.DictionaryPageOffset > 0 {
		return min(m.DictionaryPageOffset, m.DataPageOffset)
	}
	return m.DataPageOffset
}

// window is a part of a file in memory, and all of the file.
type window struct {
	file  io.ReaderAt
	from  int64
	bytes []byte
}

// ReadAt reads from memory what is there.
func (w *window) ReadAt(p []byte, at int64) (int, error) {
	if i := at - w.from; i >= 0 && i+int64(len(p)) <= int64(len(w.bytes)) {
		return copy(p, w.bytes[i:]), nil
	}
	return w.file.ReadAt(p, at)
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
	fail := func(err error) error { return f.fail(rowGroup, allColumns[col], err) }
	c, err := f.openChunk(f.reader, rowGroup, col, book, nil)
	if err != nil {
		return fail(err)
	}
	defer c.close()
	for left := f.rowsOf(rowGroup); left > 0; {
		v, err := receive(ctx, s.free)
		if err != nil {
			return err
		}
		n := int(min(left, batchRows))
		v.resize(f.columns[col].coded(), n)
		if err := c.fill(v, 0, n, nil); err != nil {
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
	var streams [NumColumns]*stream
	for _, col := range f.present {
		streams[col] = newStream(ahead)
		g.Go(func() error { return streams[col].decode(ctx, f, rowGroup, col, book) })
	}
	g.Go(func() error {
		rows := f.rowsOf(rowGroup)
		for first := int64(0); first < rows; first += batchRows {
			b := &batch{file: f.base(), rowGroup: rowGroup, first: first, rows: int(min(batchRows, rows-first)), book: book}
			for _, col := range f.present {
				v, err := receive(ctx, streams[col].full)
				if err != nil {
					return err
				}
				b.vectors[col] = v
			}
			b.recycle = func() {
				for _, col := range f.present {
					streams[col].free <- b.vectors[col]
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
