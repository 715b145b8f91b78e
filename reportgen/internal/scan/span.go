package scan

import (
	"context"
	"io"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/parquet-go/parquet-go/format"
)

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
	for i, g := range f.parquet.RowGroups() {
		rows := g.NumRows()
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
func (s *scan) readSpan(ctx context.Context, f *file, span span, use func(context.Context, *batch) error) error {
	if span.rows > batchRows {
		return f.readRowGroup(ctx, span.from, ahead, s.book, use)
	}
	b, err := s.readGroups(ctx, f, span)
	if err != nil || b.rows == 0 {
		return err
	}
	return use(ctx, b)
}

// readGroups decodes the row groups of a span to one batch, column by column:
// the other cores have other spans to decode.
func (s *scan) readGroups(ctx context.Context, f *file, span span) (*batch, error) {
	vectors, ok := s.vectors.Get().(*[numColumns]vector)
	if !ok {
		vectors = new([numColumns]vector)
	}
	b := &batch{file: f.base(), rowGroup: span.from, rows: int(span.rows), book: s.book}
	b.recycle = func() { s.vectors.Put(vectors) }
	for col := range vectors {
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
		rows := int(f.parquet.RowGroups()[rowGroup].NumRows())
		for col, v := range b.vectors {
			if err := f.readChunk(r, rowGroup, col, s.book, v, start, rows); err != nil {
				return nil, f.fail(rowGroup, flow.Columns[col], err)
			}
		}
		start += rows
	}
	return b, nil
}

// readChunk reads all rows of a column of a row group, to row to of v and on.
func (f *file) readChunk(r io.ReaderAt, rowGroup, col int, book *book, v *vector, to, rows int) error {
	c, err := f.openChunk(r, rowGroup, col, book)
	if err != nil {
		return err
	}
	defer c.close()
	if err := c.fill(v, to, rows); err != nil {
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
		for col := range numColumns {
			m := f.metadata(rowGroup, col)
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
