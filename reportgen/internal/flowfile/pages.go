package flowfile

import (
	"io"
	"math"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// rowRange is the rows of a row group from one on to before another.
type rowRange struct{ from, to int64 }

// rowsToRead returns the rows of a row group that q may select, in order, by the
// page indexes of its columns. Without page indexes it returns all rows. An index
// only serves to skip pages, so a corrupt index is ignored.
func (f *file) rowsToRead(rowGroup int, q Filter) []rowRange {
	ranges := []rowRange{{0, f.rowsOf(rowGroup)}}
	if q.From > 0 || q.To > 0 {
		low, high := int64(q.From), int64(math.MaxInt64)
		if q.To > 0 {
			high = int64(q.To) - 1
		}
		ranges = intersect(ranges, f.pagesWith(rowGroup, PlaceTime, between(low, high)))
	}
	if q.Port > 0 {
		ranges = intersect(ranges, f.pagesWith(rowGroup, PlacePort, between(int64(q.Port), int64(q.Port))))
	}
	if a := q.Src.Unmap(); a.Is4() { // IPv6 addresses have many texts
		ranges = intersect(ranges, f.pagesWith(rowGroup, PlaceSrc, withText(a.String())))
	}
	if a := q.Dst.Unmap(); a.Is4() {
		ranges = intersect(ranges, f.pagesWith(rowGroup, PlaceDst, withText(a.String())))
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
	rows := f.rowsOf(rowGroup)
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
	c := f.columns[col]
	readable := c.kind == parquet.ByteArray || !c.unsigned && (c.kind == parquet.Int32 || c.kind == parquet.Int64)
	if !readable || c.coded() != (c.kind == parquet.ByteArray) {
		return nil, parquet.ErrMissingColumnIndex
	}
	k := f.chunkOf(rowGroup, c.source.Index())
	var index format.ColumnIndex
	if err := f.readIndex(k.ColumnIndexOffset, k.ColumnIndexLength, &index); err != nil {
		return nil, err
	}
	values, places := parquet.NewColumnIndex(c.kind, &index), f.pagePlaces(rowGroup, col)
	for i, n := 0, len(places); i < n; i++ {
		r := rowRange{places[i].FirstRowIndex, rows}
		if i+1 < n {
			r.to = places[i+1].FirstRowIndex
		}
		if r.from < 0 || r.from > r.to || r.to > rows || i == 0 && r.from > 0 || values.NumPages() != n {
			return nil, errDamaged
		}
		pages = append(pages, indexedPage{r, values.MinValue(i), values.MaxValue(i), values.NullPage(i)})
	}
	return pages, nil
}

// pageStatistics returns what pageIndex does of a column of numbers without indexes: from the headers of its pages.
func (f *file) pageStatistics(r io.ReaderAt, rowGroup, col int, rows int64) (found []indexedPage, err error) {
	defer recovered(&err)
	c := f.columns[col]
	pages, err := f.pagesOf(r, rowGroup, c.source)
	if err != nil {
		return nil, err
	}
	defer pages.Close()
	row := int64(0)
	for at := pages.from; at < pages.to; {
		h, next, err := pages.headerAt(at)
		if err != nil {
			return nil, err
		}
		at = next
		n := rowsOfPage(h)
		if n < 0 || row+n > rows {
			return nil, errDamaged
		}
		if n == 0 {
			continue
		}
		s := h.DataPageHeader.V.Statistics
		if h.Type == format.DataPageV2 {
			s = h.DataPageHeaderV2.V.Statistics
		}
		least, ok1 := statistic(c, s.MinValue)
		most, ok2 := statistic(c, s.MaxValue)
		if !ok1 || !ok2 {
			if row == 0 {
				return nil, parquet.ErrMissingColumnIndex // nor will others have them
			}
			least, most = math.MinInt64, math.MaxInt64
		}
		found = append(found, indexedPage{rowRange: rowRange{row, row + n}, least: parquet.Int64Value(least), most: parquet.Int64Value(most)})
		row += n
	}
	if row < rows {
		return nil, errDamaged
	}
	return found, nil
}

// readIndex reads one of the indexes of pages of a column.
func (f *file) readIndex(offset int64, length int32, index any) (err error) {
	defer recovered(&err)
	if offset <= 0 || length <= 0 || length > indexMost || offset > f.size-int64(length) {
		return parquet.ErrMissingColumnIndex
	}
	data := make([]byte, length)
	if _, err := f.reader.ReadAt(data, offset); err != nil {
		return err
	}
	n, err := checkThrift(data)
	if err != nil {
		return err
	}
	return thrift.Unmarshal(&protocol, data[:n], index)
}

// indexMost is the most bytes of an index of pages that is read.
const indexMost = 16 << 20

// pagePlaces returns where the pages of a column of a row group are, or nil if it has no valid index of them.
func (f *file) pagePlaces(rowGroup, col int) []format.PageLocation {
	k := f.chunkOf(rowGroup, f.columns[col].source.Index())
	var index format.OffsetIndex
	if f.readIndex(k.OffsetIndexOffset, k.OffsetIndexLength, &index) != nil {
		return nil
	}
	return index.PageLocations
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
