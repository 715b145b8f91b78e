package flowfile

import (
	"context"
	"iter"
	"math"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Rows yields the flows of a file that q selects, in the order of the file. It
// skips row groups that cannot hold any of them and, in files with page indexes,
// such pages. It reads only the columns and rows that it needs of the others.
//
// A row that is not a flow is yielded as a [*RowError], after which the sequence
// goes on; any other error ends it. Rows with other addresses than those of q, and
// row groups and pages that are not read, are not checked.
func Rows(ctx context.Context, path string, q Filter) iter.Seq2[flow.Record, error] {
	return func(yield func(flow.Record, error) bool) {
		f, err := open(path)
		if err != nil {
			yield(flow.Record{}, err)
			return
		}
		defer f.Close()
		book := newBook()
		for i := range f.metadata.RowGroups {
			may, err := f.mayMatch(i, q, book)
			if err != nil {
				yield(flow.Record{}, err)
				return
			}
			if may && !f.rowGroupRows(ctx, i, q, book, yield) {
				return
			}
		}
		if err := f.unchanged(); err != nil {
			yield(flow.Record{}, err)
		}
	}
}

// rowsReader reads the rows of one row group that a filter chooses.
type rowsReader struct {
	file   *file
	filter Filter
	batch  *batch
	chunks [NumColumns]*chunk
	behind [NumColumns]int // rows that a column was not read for
	done   int64           // rows of the row group that are behind
	chosen []int           // rows of the batch with the filter's addresses
}

// rowGroupRows yields the rows of one row group and says whether to go on.
func (f *file) rowGroupRows(ctx context.Context, rowGroup int, q Filter, book *book, yield func(flow.Record, error) bool) bool {
	ranges := f.rowsToRead(rowGroup, q)
	if len(ranges) == 0 {
		return true
	}
	r := &rowsReader{file: f, filter: q, batch: &batch{file: f.base(), rowGroup: rowGroup, book: book}}
	defer r.close()
	for _, col := range f.present {
		c, err := f.openChunk(f.reader, rowGroup, col, book, nil)
		if err != nil {
			return yieldError(yield, f.fail(rowGroup, allColumns[col], err))
		}
		if q != (Filter{}) {
			c.pages.places = f.pagePlaces(rowGroup, col)
		}
		r.chunks[col], r.batch.vectors[col] = c, &vector{}
	}
	for _, rows := range ranges {
		if !r.rangeRows(ctx, rows, yield) {
			return false
		}
	}
	return true
}

// rangeRows yields rows of the row group after those read before, and says
// whether to go on.
func (r *rowsReader) rangeRows(ctx context.Context, rows rowRange, yield func(flow.Record, error) bool) bool {
	b := r.batch
	for col := range r.behind {
		r.behind[col] += int(rows.from - r.done)
	}
	for r.done = rows.from; r.done < rows.to; r.done += int64(b.rows) {
		if err := ctx.Err(); err != nil {
			return yieldError(yield, err)
		}
		b.first, b.rows = r.done, int(min(batchRows, rows.to-r.done))
		if err := r.read(); err != nil {
			return yieldError(yield, err)
		}
		for _, i := range r.chosen {
			if !b.yield(i, r.filter, yield) {
				return false
			}
		}
	}
	return true
}

func (r *rowsReader) close() {
	for _, c := range r.chunks {
		if c != nil {
			c.close()
		}
	}
}

// read reads the addresses of the batch, and the other columns only where rows
// are chosen by them.
func (r *rowsReader) read() error {
	if err := r.fill(PlaceSrc, PlaceDst); err != nil {
		return err
	}
	r.choose()
	others := slices.DeleteFunc(slices.Clone(r.file.present), func(col int) bool { return col == PlaceSrc || col == PlaceDst })
	if len(r.chosen) > 0 {
		return r.fill(others...)
	}
	for _, col := range others {
		r.behind[col] += r.batch.rows
	}
	return nil
}

// fill reads columns of the batch.
func (r *rowsReader) fill(columns ...int) error {
	for _, col := range columns {
		v, c := r.batch.vectors[col], r.chunks[col]
		v.resize(r.file.columns[col].coded(), r.batch.rows)
		err := c.skip(r.behind[col])
		if err == nil {
			err = c.fill(v, 0, r.batch.rows, nil)
		}
		if err != nil {
			return r.file.fail(r.batch.rowGroup, allColumns[col], err)
		}
		r.behind[col] = 0
	}
	return nil
}

// choose finds the rows of the batch whose addresses are those of the filter, and
// those with invalid addresses, which are reported.
func (r *rowsReader) choose() {
	r.chosen = r.chosen[:0]
	book := r.batch.book
	src, anySrc := book.addr(r.filter.Src.Unmap()), !r.filter.Src.IsValid()
	dst, anyDst := book.addr(r.filter.Dst.Unmap()), !r.filter.Dst.IsValid()
	dsts := r.batch.vectors[PlaceDst].codes
	for i, s := range r.batch.vectors[PlaceSrc].codes {
		if (anySrc || s == src || s >= badCode) && (anyDst || dsts[i] == dst || dsts[i] >= badCode) {
			r.chosen = append(r.chosen, i)
		}
	}
}

func yieldError(yield func(flow.Record, error) bool, err error) bool {
	yield(flow.Record{}, err)
	return false
}

// yield yields row i of the batch if q selects it or it is not a flow.
func (b *batch) yield(i int, q Filter, yield func(flow.Record, error) bool) bool {
	if !b.isFlow(i) {
		return yield(flow.Record{}, b.reject(i))
	}
	r := flow.Record{
		Time:  flow.Time(b.vectors[PlaceTime].numbers[i]),
		Src:   b.book.at(b.vectors[PlaceSrc].codes[i]),
		Dst:   b.book.at(b.vectors[PlaceDst].codes[i]),
		Proto: flow.Proto(b.vectors[PlaceProto].codes[i]),
		Port:  uint16(b.vectors[PlacePort].numbers[i]),
		Up:    b.vectors[PlaceUp].numbers[i],
		Down:  b.vectors[PlaceDown].numbers[i],
	}
	b.details(i, &r.Details)
	return !q.matches(r) || yield(r, nil)
}

// details puts the optional columns of row i of the batch into d.
func (b *batch) details(i int, d *flow.Details) {
	number := func(col int) int64 {
		if v := b.vectors[col]; v != nil {
			return max(v.numbers[i], -1)
		}
		return -1
	}
	if n := number(placeDuration); n >= 0 {
		d.Duration = flow.SpanOf(n)
	}
	if n := number(placeSrcPort); n <= math.MaxUint16 {
		d.SrcPort = uint16(max(n, 0))
	}
	d.UpPackets, d.DownPackets = max(number(PlaceUpPackets), 0), max(number(PlaceDownPackets), 0)
	if v := b.vectors[placeState]; v != nil {
		d.State = flow.State(v.codes[i])
	}
	if v := b.vectors[placeName]; v != nil {
		d.Name = b.book.names.At(v.codes[i])
	}
}
