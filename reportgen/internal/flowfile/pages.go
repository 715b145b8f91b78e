package flowfile

import (
	"math"

	"github.com/parquet-go/parquet-go"
)

// rowRange is the rows of a row group from one on to before another.
type rowRange struct{ from, to int64 }

// rowsToRead returns the rows of a row group that q may select, in order, by the
// page indexes of its columns. Without page indexes it returns all rows. An index
// only serves to skip pages, so a corrupt index is ignored.
func (f *file) rowsToRead(rowGroup int, q Filter) []rowRange {
	ranges := []rowRange{{0, f.parquet.RowGroups()[rowGroup].NumRows()}}
	if q.From > 0 || q.To > 0 {
		low, high := int64(q.From), int64(math.MaxInt64)
		if q.To > 0 {
			high = int64(q.To) - 1
		}
		ranges = intersect(ranges, f.pagesWith(rowGroup, colTime, between(low, high)))
	}
	if q.Port > 0 {
		ranges = intersect(ranges, f.pagesWith(rowGroup, colPort, between(int64(q.Port), int64(q.Port))))
	}
	if a := q.Src.Unmap(); a.Is4() { // IPv6 addresses have many texts
		ranges = intersect(ranges, f.pagesWith(rowGroup, colSrc, withText(a.String())))
	}
	if a := q.Dst.Unmap(); a.Is4() {
		ranges = intersect(ranges, f.pagesWith(rowGroup, colDst, withText(a.String())))
	}
	return ranges
}

// between returns a test whether a page of numbers may have one from low to
// high.
func between(low, high int64) func(least, most parquet.Value) bool {
	return func(least, most parquet.Value) bool { return number(least) <= high && low <= number(most) }
}

func number(v parquet.Value) int64 {
	if v.Kind() == parquet.Int32 {
		return int64(v.Int32())
	}
	return v.Int64()
}

// withText returns a test whether a page of texts may have that of an IPv4
// address: its own, or one mapped to IPv6, which begins with a zero or a colon.
func withText(text string) func(least, most parquet.Value) bool {
	return func(least, most parquet.Value) bool {
		low, high := string(least.ByteArray()), string(most.ByteArray())
		within := func(from, to string) bool { return low <= to && from <= high }
		return within(text, text) || within("0", "1") || within(":", ";")
	}
}

// pagesWith returns the rows of those pages of a column that pass a test of their
// least and greatest values. If these are unknown, it returns all rows.
func (f *file) pagesWith(rowGroup, col int, may func(least, most parquet.Value) bool) []rowRange {
	rows := f.parquet.RowGroups()[rowGroup].NumRows()
	ranges, err := f.indexedPages(rowGroup, col, rows, may)
	if err != nil {
		return []rowRange{{0, rows}}
	}
	return ranges
}

func (f *file) indexedPages(rowGroup, col int, rows int64, may func(least, most parquet.Value) bool) ([]rowRange, error) {
	pages, err := f.pageIndex(rowGroup, col, rows)
	if err != nil {
		return nil, err
	}
	ranges := []rowRange{}
	for _, p := range pages {
		if !p.null && may(p.least, p.most) {
			ranges = append(ranges, p.rowRange)
		}
	}
	return ranges, nil
}

// indexedPage is what the indexes of a column say about one of its pages.
type indexedPage struct {
	rowRange
	least, most parquet.Value
	null        bool // has only nulls
}

// pageIndex reads the indexes of a column of a row group.
func (f *file) pageIndex(rowGroup, col int, rows int64) (pages []indexedPage, err error) {
	defer recovered(&err)
	c, k := f.columns[col], f.chunkOf(rowGroup, col)
	readable := c.kind == parquet.ByteArray || !c.unsigned && (c.kind == parquet.Int32 || c.kind == parquet.Int64)
	if !readable || c.coded() != (c.kind == parquet.ByteArray) || !f.hasPageIndex(rowGroup, col) {
		return nil, parquet.ErrMissingColumnIndex
	}
	values, err := k.ColumnIndexFrom(f.reader)
	if err != nil {
		return nil, err
	}
	places, err := k.OffsetIndexFrom(f.reader)
	if err != nil {
		return nil, err
	}
	for i, n := 0, places.NumPages(); i < n; i++ {
		r := rowRange{places.FirstRowIndex(i), rows}
		if i+1 < n {
			r.to = places.FirstRowIndex(i + 1)
		}
		if r.from < 0 || r.from > r.to || r.to > rows || i == 0 && r.from > 0 || values.NumPages() != n {
			return nil, errDamaged
		}
		pages = append(pages, indexedPage{r, values.MinValue(i), values.MaxValue(i), values.NullPage(i)})
	}
	return pages, nil
}

// hasPageIndex says whether a column of a row group has indexes of its pages
// that lie within the file.
func (f *file) hasPageIndex(rowGroup, col int) bool {
	c := &f.parquet.Metadata().RowGroups[rowGroup].Columns[f.columns[col].leaf]
	within := func(offset int64, length int32) bool {
		return offset > 0 && length > 0 && offset <= f.size-int64(length)
	}
	return within(c.ColumnIndexOffset, c.ColumnIndexLength) && within(c.OffsetIndexOffset, c.OffsetIndexLength)
}

// loadOffsets says whether a column of a row group has an offset index, which
// the library then goes by.
func (f *file) loadOffsets(rowGroup, col int) (ok bool) {
	var err error
	defer recovered(&err) // then ok is false
	if !f.hasPageIndex(rowGroup, col) {
		return false
	}
	_, err = f.chunkOf(rowGroup, col).OffsetIndexFrom(f.reader)
	return err == nil
}

// chunkOf returns a column of a row group.
func (f *file) chunkOf(rowGroup, col int) *parquet.FileColumnChunk {
	return f.parquet.RowGroups()[rowGroup].ColumnChunks()[f.columns[col].leaf].(*parquet.FileColumnChunk)
}

// intersect returns the rows that are in both of two sorted lists.
func intersect(a, b []rowRange) []rowRange {
	var both []rowRange
	for len(a) > 0 && len(b) > 0 {
		r := rowRange{max(a[0].from, b[0].from), min(a[0].to, b[0].to)}
		if r.from < r.to {
			both = append(both, r)
		}
		if a[0].to < b[0].to {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return both
}
