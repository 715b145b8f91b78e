package flowfile

import (
	"encoding/binary"
	"io"
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// Filter chooses flows. Its zero value chooses all of them; each field that is
// set narrows the choice.
type Filter struct {
	Src, Dst netip.Addr // exact addresses
	Proto    flow.Proto
	Port     uint16    // destination port; 0 for any
	From     flow.Time // the first moment that is in
	To       flow.Time // the first moment that is out; 0 for the end of the day
}

// matches says whether the filter chooses r.
func (q Filter) matches(r flow.Record) bool {
	return (!q.Src.IsValid() || q.Src.Unmap() == r.Src) &&
		(!q.Dst.IsValid() || q.Dst.Unmap() == r.Dst) &&
		(q.Proto == 0 || q.Proto == r.Proto) &&
		(q.Port == 0 || q.Port == r.Port) &&
		r.Time >= q.From && (q.To == 0 || r.Time < q.To)
}

// mayMatch reports whether a row group may hold a flow that q selects, by the
// statistics of its numbers and the dictionaries of its addresses. It returns true
// if the file has neither.
func (f *file) mayMatch(rowGroup int, q Filter, book *book) (bool, error) {
	if q.From > 0 && !f.overlaps(rowGroup, PlaceTime, int64(q.From), math.MaxInt64) ||
		q.To > 0 && !f.overlaps(rowGroup, PlaceTime, math.MinInt64, int64(q.To)-1) {
		return false, nil
	}
	if q.Port > 0 && !f.overlaps(rowGroup, PlacePort, int64(q.Port), int64(q.Port)) {
		return false, nil
	}
	for _, want := range []struct {
		col  int
		code uint32
		set  bool
	}{
		{PlaceSrc, book.addr(q.Src.Unmap()), q.Src.IsValid()},
		{PlaceDst, book.addr(q.Dst.Unmap()), q.Dst.IsValid()},
		{PlaceProto, uint32(q.Proto), q.Proto != 0},
	} {
		if !want.set {
			continue
		}
		terms, ok, err := f.dictionaryCodes(f.reader, rowGroup, want.col, book, nil)
		if err != nil {
			return false, f.fail(rowGroup, flow.Columns[want.col], err)
		}
		if ok && !slices.Contains(terms, want.code) {
			return false, nil
		}
	}
	return true, nil
}

// overlaps says whether a numeric column may hold a value from low to high.
// Only statistics of signed integers are trusted: writers disagree on how to
// order the others.
func (f *file) overlaps(rowGroup, col int, low, high int64) bool {
	c := f.columns[col]
	s := f.chunk(rowGroup, col).Statistics
	least, ok1 := statistic(c, s.MinValue)
	most, ok2 := statistic(c, s.MaxValue)
	return !ok1 || !ok2 || least <= high && low <= most
}

func statistic(c column, b []byte) (int64, bool) {
	switch {
	case c.unsigned:
		return 0, false
	case c.kind == parquet.Int32 && len(b) == 4:
		return int64(int32(binary.LittleEndian.Uint32(b))), true
	case c.kind == parquet.Int64 && len(b) == 8:
		return int64(binary.LittleEndian.Uint64(b)), true
	}
	return 0, false
}

// chunk returns the metadata of a column of a row group.
func (f *file) chunk(rowGroup, col int) *format.ColumnMetaData {
	return &f.chunkOf(rowGroup, f.columns[col].source.Index()).MetaData
}

// dictionaryCodes returns the codes of all values of a column in a row group, or false if some of its pages have no
// dictionary.
func (f *file) dictionaryCodes(r io.ReaderAt, rowGroup, col int, book *book, d *dictionary) (codes []uint32, ok bool, err error) {
	defer recovered(&err)
	m := f.chunk(rowGroup, col)
	if !allDictionary(m) || m.DictionaryPageOffset <= 0 {
		return nil, false, nil
	}
	c, err := f.openChunk(r, rowGroup, col, book, d)
	if err != nil {
		return nil, false, err
	}
	defer c.close()
	if err := c.dictionary.load(c.pages, c.reader); err != nil {
		return nil, false, damaged(err)
	}
	return c.dictionary.codes, true, nil
}

// allDictionary says whether every data page of a column chunk is known to
// refer to its dictionary.
func allDictionary(m *format.ColumnMetaData) bool {
	for _, s := range m.EncodingStats {
		if s.PageType != format.DictionaryPage && !isDictionary(s.Encoding) {
			return false
		}
	}
	return len(m.EncodingStats) > 0
}

func isDictionary(e format.Encoding) bool {
	return e == format.RLEDictionary ||
		e == format.PlainDictionary //nolint:staticcheck // Deprecated, and what older writers write.
}
