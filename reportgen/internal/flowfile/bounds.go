package flowfile

import (
	"slices"
	"sort"
)

// Bounds is what a file says about the values of some of its rows.
type Bounds struct {
	group *group
	row   int64 // the first of a zone of pages, or -1 for the row group
}

// File returns the number of the file, in the order of [NewScanner].
func (b *Bounds) File() int { return b.group.number }

// has reports whether the file has a column.
func (b *Bounds) has(column int) bool { return slices.Contains(b.group.file.present, column) }

// Range returns numbers that no value of a column is below or above, or false if
// they are not known. Unknown values of an optional column are -1.
func (b *Bounds) Range(column int) (low, high int64, ok bool) {
	f := b.group.file
	c := f.columns[column]
	switch {
	case !b.has(column):
		return -1, -1, true
	case c.coded():
		return 0, 0, false
	}
	s := f.chunk(b.group.rowGroup, column).Statistics
	low, ok1 := statistic(c, s.MinValue)
	high, ok2 := statistic(c, s.MaxValue)
	ok = ok1 && ok2
	if pages := b.group.indexes[column]; len(pages) > 0 && b.row >= 0 {
		i := sort.Search(len(pages), func(i int) bool { return pages[i].to > b.row })
		if i < len(pages) && !pages[i].null {
			low, high, ok = number(pages[i].least), number(pages[i].most), true
		}
	}
	if c.extra {
		low = min(low, -1)
	}
	return low, high, ok
}

// Codes returns all codes of a column, or false if they are not known.
func (b *Bounds) Codes(column int) ([]uint32, bool) {
	if !b.has(column) || !b.group.file.columns[column].coded() {
		return nil, false
	}
	return b.group.dictionary(column)
}
