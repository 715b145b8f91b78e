package flowfile

import (
	"math"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// Block is some rows of a flow file, whose columns are read when they are asked for.
type Block struct {
	group *group
	first int64 // row of the row group
	rows  int

	chunks  [NumColumns]*chunk
	vectors [NumColumns]vector
	read    [NumColumns]bool
	behind  [NumColumns]int64 // rows that a column was not read for
	placed  [NumColumns]bool  // whether the offset index of a column was looked for

	flows   []int32
	chosen  []int32 // rows that are still wanted; nil for all
	recycle func()  // takes vectors back that were decoded before
}

// end returns the row after the block.
func (b *Block) end() int64 { return b.first + int64(b.rows) }

// pass goes past n rows after the block.
func (b *Block) pass(n int64) {
	b.settle()
	for col := range b.behind {
		b.behind[col] += n
	}
	b.rows = 0
}

// settle notes the columns that the block was not asked for.
func (b *Block) settle() {
	for col := range b.read {
		if !b.read[col] {
			b.behind[col] += int64(b.rows)
		}
		b.read[col] = false
	}
	b.rows = 0
}

// begin makes the block the n rows from first on.
func (b *Block) begin(first int64, n int) {
	b.settle()
	b.first, b.rows, b.chosen = first, n, nil
}

func (b *Block) close() {
	for _, c := range b.chunks {
		if c != nil {
			c.close()
		}
	}
}

// Len returns the number of rows.
func (b *Block) Len() int { return b.rows }

// Choose says that of columns which were not asked for yet, only the values of these rows, in order, are wanted.
func (b *Block) Choose(rows []int32) { b.chosen = rows }

// File returns the number of the file, in the order of [NewScanner].
func (b *Block) File() int { return b.group.number }

// Row returns a number by which the rows of a file are ordered: that of row i.
func (b *Block) Row(i int) int64 { return int64(b.group.rowGroup)<<32 + b.first + int64(i) }

// has reports whether the file has a column.
func (b *Block) has(column int) bool { return b.group.file.columns[column].name != "" }

// Numbers returns a column of numbers, where a negative one is unknown.
func (b *Block) Numbers(column int) ([]int64, error) {
	v, err := b.vector(column)
	return v.numbers, err
}

// Codes returns a column of texts or addresses as codes of [Scanner.Dictionary].
func (b *Block) Codes(column int) ([]uint32, error) {
	v, err := b.vector(column)
	return v.codes, err
}

// vector returns a column of the block. One that the file lacks is unknown.
func (b *Block) vector(col int) (*vector, error) {
	v := &b.vectors[col]
	if b.read[col] {
		return v, nil
	}
	f, g := b.group.file, b.group
	if !b.has(col) {
		missing := column{name: allColumns[col]}
		v.resize(missing.coded(), b.rows)
		for i := range b.rows {
			if missing.coded() {
				v.codes[i] = 0
			} else {
				v.numbers[i] = -1
			}
		}
		b.read[col] = true
		return v, nil
	}
	c := b.chunks[col]
	if c == nil {
		var err error
		if c, err = f.openChunk(g.reader, g.rowGroup, col, g.scanner.book, &g.dictionaries[col]); err != nil {
			return v, f.fail(g.rowGroup, allColumns[col], err)
		}
		b.chunks[col] = c
	}
	if b.behind[col] > 0 && !b.placed[col] {
		c.pages.places, b.placed[col] = f.pagePlaces(g.rowGroup, col), true
	}
	v.resize(f.columns[col].coded(), b.rows)
	err := c.skip(int(b.behind[col]))
	if err == nil {
		b.behind[col] = 0
		err = c.fill(v, 0, b.rows, b.chosen)
	}
	if err != nil {
		return v, f.fail(g.rowGroup, allColumns[col], err)
	}
	b.read[col] = true
	return v, nil
}

// Flows returns the rows that are flows, or nil for all of them. The other rows are
// counted.
func (b *Block) Flows() ([]int32, error) {
	if len(b.group.checked) == 0 {
		return nil, nil
	}
	for _, col := range b.group.checked {
		if _, err := b.vector(col); err != nil {
			return nil, err
		}
	}
	b.flows = b.flows[:0]
	for i := range b.rows {
		if b.isFlow(i) {
			b.flows = append(b.flows, int32(i))
			continue
		}
		if err := b.reject(i); err != nil {
			return nil, err
		}
	}
	if len(b.flows) == b.rows {
		return nil, nil
	}
	return b.flows, nil
}

// isFlow reports whether the checked columns of a row are those of a flow.
func (b *Block) isFlow(i int) bool {
	for _, col := range b.group.checked {
		v := &b.vectors[col]
		switch col {
		case PlaceSrc, PlaceDst, PlaceProto:
			if v.codes[i] >= badCode {
				return false
			}
		case PlaceTime:
			if uint64(v.numbers[i]) >= uint64(flow.Day) {
				return false
			}
		case PlacePort:
			if uint64(v.numbers[i]) > math.MaxUint16 {
				return false
			}
		default:
			if v.numbers[i] < 0 {
				return false
			}
		}
	}
	return true
}

// reject counts a row that is not a flow.
func (b *Block) reject(i int) error {
	for col := range numRequired { // all, for the first reason
		if _, err := b.vector(col); err != nil {
			return err
		}
	}
	of := &batch{file: b.group.file.base(), rowGroup: b.group.rowGroup, first: b.first, rows: b.rows, book: b.group.scanner.book}
	for col := range numRequired {
		of.vectors[col] = &b.vectors[col]
	}
	if r := of.reject(i); r != nil {
		b.group.rejected.add([]profile.Rejected{{Reason: r.Reason, Count: 1, First: r.At}})
	}
	return nil
}
