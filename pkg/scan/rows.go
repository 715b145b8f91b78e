package scan

import (
	"context"
	"iter"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Rows yields the flows of a file that q chooses, in the order of the file.
// Row groups that can hold none of them are not read.
//
// A row that is no flow is yielded as a [*RowError], after which the sequence
// goes on; any other error ends it.
func Rows(ctx context.Context, path string, q Filter) iter.Seq2[flow.Record, error] {
	return func(yield func(flow.Record, error) bool) {
		f, err := open(path)
		if err != nil {
			yield(flow.Record{}, err)
			return
		}
		defer f.Close()
		book := newBook()
		for i := range f.parquet.RowGroups() {
			may, err := f.mayMatch(i, q, book)
			if err != nil {
				yield(flow.Record{}, err)
				return
			}
			if may && !f.rowGroupRows(ctx, i, q, book, yield) {
				return
			}
		}
	}
}

// rowGroupRows yields the rows of one row group and says whether to go on.
func (f *file) rowGroupRows(ctx context.Context, rowGroup int, q Filter, book *book, yield func(flow.Record, error) bool) bool {
	b := &batch{file: f.base(), rowGroup: rowGroup, book: book}
	var chunks [numColumns]*chunk
	defer func() {
		for _, c := range chunks {
			if c != nil {
				c.close()
			}
		}
	}()
	for col := range chunks {
		c, err := f.openChunk(rowGroup, col, book)
		if err != nil {
			return yieldError(yield, f.fail(rowGroup, flow.Columns[col], err))
		}
		chunks[col], b.vectors[col] = c, &vector{}
	}
	for rows := f.parquet.RowGroups()[rowGroup].NumRows(); b.first < rows; b.first += int64(b.rows) {
		if err := ctx.Err(); err != nil {
			return yieldError(yield, err)
		}
		b.rows = int(min(batchRows, rows-b.first))
		for col, c := range chunks {
			b.vectors[col].resize(f.columns[col].coded(), b.rows)
			if err := c.fill(b.vectors[col], b.rows); err != nil {
				return yieldError(yield, f.fail(rowGroup, flow.Columns[col], err))
			}
		}
		for i := range b.rows {
			if !b.yield(i, q, yield) {
				return false
			}
		}
	}
	return true
}

func yieldError(yield func(flow.Record, error) bool, err error) bool {
	yield(flow.Record{}, err)
	return false
}

// yield yields row i of the batch if it is chosen or no flow.
func (b *batch) yield(i int, q Filter, yield func(flow.Record, error) bool) bool {
	if !b.isFlow(i) {
		return yield(flow.Record{}, b.reject(i))
	}
	r := flow.Record{
		Time:  flow.Time(b.vectors[colTime].numbers[i]),
		Src:   b.book.at(b.vectors[colSrc].codes[i]),
		Dst:   b.book.at(b.vectors[colDst].codes[i]),
		Proto: flow.Proto(b.vectors[colProto].codes[i]),
		Port:  uint16(b.vectors[colPort].numbers[i]),
		Up:    b.vectors[colUp].numbers[i],
		Down:  b.vectors[colDown].numbers[i],
	}
	return !q.Match(r) || yield(r, nil)
}
