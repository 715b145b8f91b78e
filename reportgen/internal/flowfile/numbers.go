package flowfile

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
)

// numberReader reads pages of any numeric type as int64. A value that is not a
// whole number (a fraction, NaN, or beyond int64) becomes a fault.
type numberReader struct {
	column column

	dictionary []int64        // its values
	indexes    []int32        // of the page, if it refers to the dictionary
	values     []int64        // of the page, if it does not
	odd        map[int]string // the values, of the dictionary or the page, that are not whole numbers

	buffer []int64
}

func (r *numberReader) terms(values encoding.Values, d *dictionary) error {
	numbers, odd, err := r.whole(values, nil)
	d.numbers, d.odd = slices.Clone(numbers), odd // the memory of the page is used again
	return err
}

func (r *numberReader) page(p dataPage, d *dictionary) (err error) {
	if p.coded {
		r.indexes, r.dictionary, r.odd = p.indexes, d.numbers, d.odd
		return checkIndexes(r.indexes, len(r.dictionary))
	}
	r.indexes = nil
	r.values, r.odd, err = r.whole(p.values, r.buffer)
	if r.column.kind != parquet.Int64 || r.column.unsigned {
		r.buffer = r.values
	}
	return err
}

// checkIndexes finds an index that a dictionary of n values does not have.
func checkIndexes(indexes []int32, n int) error {
	var a, b, c, d uint32 // four at a time: each comparison waits for the one before
	rest := indexes
	for ; len(rest) >= 4; rest = rest[4:] {
		a, b, c, d = max(a, uint32(rest[0])), max(b, uint32(rest[1])), max(c, uint32(rest[2])), max(d, uint32(rest[3]))
	}
	for _, x := range rest {
		a = max(a, uint32(x))
	}
	worst := max(a, b, c, d)
	if len(indexes) > 0 && int(worst) >= n {
		return fmt.Errorf("%w (value %d of a dictionary of %d)", errDamaged, worst, n)
	}
	return nil
}

func (r *numberReader) read(v *vector, to, from, n int) {
	out := v.numbers[to : to+n]
	if r.indexes == nil {
		copy(out, r.values[from:from+n])
		for i := 0; len(r.odd) > 0 && i < n; i++ {
			r.fault(v, to+i, from+i)
		}
		return
	}
	indexes, terms := r.indexes[from:from+n], r.dictionary // a local slice is not loaded again for each row
	for i, x := range indexes {
		out[i] = terms[x]
	}
	for i := 0; len(r.odd) > 0 && i < n; i++ {
		r.fault(v, to+i, int(indexes[i]))
	}
}

func (r *numberReader) pick(v *vector, to, from int, rows []int32) {
	for _, row := range rows {
		i := from + int(row) - to
		if r.indexes == nil {
			v.numbers[row] = r.values[i]
		} else {
			i = int(r.indexes[i])
			v.numbers[row] = r.dictionary[i]
		}
		if len(r.odd) > 0 {
			r.fault(v, int(row), i)
		}
	}
}

// fault records a row whose value was found to be no whole number.
func (r *numberReader) fault(v *vector, row, value int) {
	text, ok := r.odd[value]
	switch {
	case ok && r.column.extra:
		v.numbers[row] = -1
	case ok:
		v.faults = append(v.faults, fault{row: row, reason: ReasonNumber, value: text})
	}
}

func (r *numberReader) close() {}

func (r *numberReader) null(v *vector, to int) {
	if r.column.extra {
		v.numbers[to] = -1
		return
	}
	v.numbers[to] = badNumber
	v.faults = append(v.faults, fault{row: to, reason: ReasonNull})
}

// whole returns values as int64, in the memory of the page or of buffer, and
// the text of those that are not whole numbers.
func (r *numberReader) whole(data encoding.Values, buffer []int64) ([]int64, map[int]string, error) {
	switch {
	case data.Kind() == encoding.Int64 && r.column.unsigned:
		return convert(data.Uint64(), buffer, func(x uint64) (int64, bool) { return int64(x), x <= math.MaxInt64 },
			func(x uint64) string { return strconv.FormatUint(x, 10) })
	case data.Kind() == encoding.Int64:
		return data.Int64(), nil, nil
	case data.Kind() == encoding.Int32 && r.column.unsigned:
		return convert(data.Uint32(), buffer, func(x uint32) (int64, bool) { return int64(x), true }, nil)
	case data.Kind() == encoding.Int32:
		return convert(data.Int32(), buffer, func(x int32) (int64, bool) { return int64(x), true }, nil)
	case data.Kind() == encoding.Double:
		return convert(data.Double(), buffer, wholeFloat, formatFloat(64))
	case data.Kind() == encoding.Float:
		return convert(data.Float(), buffer, func(x float32) (int64, bool) { return wholeFloat(float64(x)) },
			func(x float32) string { return formatFloat(32)(float64(x)) })
	}
	return nil, nil, fmt.Errorf("%w (a page of %s)", errDamaged, data.Kind())
}

func convert[T any](in []T, out []int64, whole func(T) (int64, bool), format func(T) string) ([]int64, map[int]string, error) {
	if cap(out) < len(in) {
		out = make([]int64, len(in))
	}
	out = out[:len(in)]
	var odd map[int]string
	for i, x := range in {
		n, ok := whole(x)
		if !ok {
			if odd == nil {
				odd = map[int]string{}
			}
			odd[i], n = format(x), badNumber
		}
		out[i] = n
	}
	return out, odd, nil
}

// wholeFloat returns x as a whole number, if it is one that float64 holds
// exactly.
func wholeFloat(x float64) (int64, bool) {
	const exact = 1 << 53
	return int64(x), x >= -exact && x <= exact && x == math.Trunc(x)
}

func formatFloat(bits int) func(float64) string {
	return func(x float64) string { return strconv.FormatFloat(x, 'g', -1, bits) }
}
