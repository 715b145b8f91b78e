package scan

import (
	"context"
	"math"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// batchRows is how many rows are handed on at once: few enough to stay in the
// cache of a core, many enough that handing on costs nothing.
const batchRows = 16 << 10

// position is where a batch stands in a scan.
type position struct {
	file   int // its number among those of the scan
	number int // among the batches of the file, from 0
	last   bool
}

// next returns where the batch after that of p stands.
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
	vectors  [numColumns]*vector

	recycle func() // takes the vectors back
}

// place says where row i of the batch stands.
func (b *batch) place(i int) (rowGroup int, row int64) {
	if b.starts == nil {
		return b.rowGroup, b.first + int64(i)
	}
	// The last of those that begin at or before the row: empty ones have none.
	n, _ := slices.BinarySearch(b.starts, i+1)
	return b.rowGroup + n - 1, int64(i - b.starts[n-1])
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

// resize makes room for n rows of which none is known.
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
