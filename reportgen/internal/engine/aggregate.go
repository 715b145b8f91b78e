package engine

import (
	"math"

	"github.com/flowbook/flowbook/pkg/query"
)

// input is the column of an aggregate for some rows: their groups and values.
type input struct {
	groups []uint32
	ints   []int64  // of numbers; negative ones are unknown
	codes  []uint32 // of texts and addresses
	// The order of the rows: their date's place and time, file and row. Only first and
	// last need it.
	when []moment
}

// moment orders rows: by date and time, and within a time by file and row.
type moment struct{ time, file, row int64 }

func (a moment) before(b moment) bool {
	switch {
	case a.time != b.time:
		return a.time < b.time
	case a.file != b.file:
		return a.file < b.file
	}
	return a.row < b.row
}

// aggregator computes one aggregate of all groups.
type aggregator interface {
	// add adds rows. There are count groups so far.
	add(in *input, count int)
	// merge adds what another worker has, whose groups have the given numbers here.
	merge(other aggregator, groups []uint32, count int)
	// result returns the values of all groups: whole numbers, other numbers, or codes.
	result(count int) values
	bytes() int64
}

// values are the values of a column of the result, by group.
type values struct {
	ints   []int64   // where known, if it is not nil
	floats []float64 // NaN is unknown
	codes  []uint32
	known  []bool
}

// extended returns s with at least n values, the new ones set to fill.
func extended[T any](s []T, n int, fill T) []T {
	for len(s) < n {
		s = append(s, fill)
	}
	return s
}

// counter counts rows.
type counter struct{ counts []int64 }

func (a *counter) add(in *input, count int) {
	a.counts = extended(a.counts, count, 0)
	if count == 1 {
		a.counts[0] += int64(len(in.groups))
		return
	}
	for _, g := range in.groups {
		a.counts[g]++
	}
}

func (a *counter) merge(other aggregator, groups []uint32, count int) {
	a.counts = extended(a.counts, count, 0)
	for i, n := range other.(*counter).counts {
		a.counts[groups[i]] += n
	}
}

func (a *counter) result(count int) values {
	return values{ints: extended(a.counts, count, 0)}
}
func (a *counter) bytes() int64 { return int64(8 * cap(a.counts)) }

// summer adds numbers and counts them, for sums and means. Sums do not exceed
// math.MaxInt64.
type summer struct {
	sums, counts []int64
	mean         bool
}

func (a *summer) add(in *input, count int) {
	a.sums, a.counts = extended(a.sums, count, 0), extended(a.counts, count, 0)
	ints, sums, counts := in.ints[:len(in.groups)], a.sums, a.counts
	if count == 1 { // the sum is not stored and loaded again for each row
		sum, known := sums[0], counts[0]
		for _, x := range ints {
			if x >= 0 {
				sum = saturate(sum, x)
				known++
			}
		}
		sums[0], counts[0] = sum, known
		return
	}
	for i, g := range in.groups {
		if x := ints[i]; x >= 0 {
			sums[g] = saturate(sums[g], x)
			counts[g]++
		}
	}
}

func saturate(a, b int64) int64 {
	if s := a + b; s >= 0 {
		return s
	}
	return math.MaxInt64
}

func (a *summer) merge(other aggregator, groups []uint32, count int) {
	a.sums, a.counts = extended(a.sums, count, 0), extended(a.counts, count, 0)
	o := other.(*summer)
	for i, n := range o.counts {
		a.sums[groups[i]] = saturate(a.sums[groups[i]], o.sums[i])
		a.counts[groups[i]] += n
	}
}

func (a *summer) result(count int) values {
	a.sums, a.counts = extended(a.sums, count, 0), extended(a.counts, count, 0)
	if !a.mean {
		known := make([]bool, count)
		for i, n := range a.counts {
			known[i] = n > 0
		}
		return values{ints: a.sums, known: known}
	}
	means := make([]float64, count)
	for i, n := range a.counts {
		means[i] = float64(a.sums[i]) / float64(n) // NaN if none is known
	}
	return values{floats: means}
}
func (a *summer) bytes() int64 { return int64(8*cap(a.sums) + 8*cap(a.counts)) }

// extreme finds the least or the greatest number.
type extreme struct {
	best     []int64 // -1 if none is known yet
	greatest bool
}

func (a *extreme) add(in *input, count int) {
	a.best = extended(a.best, count, -1)
	for i, g := range in.groups {
		a.take(g, in.ints[i])
	}
}

func (a *extreme) take(g uint32, x int64) {
	if best := a.best[g]; x >= 0 && (best < 0 || (x > best) == a.greatest) {
		a.best[g] = x
	}
}

func (a *extreme) merge(other aggregator, groups []uint32, count int) {
	a.best = extended(a.best, count, -1)
	for i, x := range other.(*extreme).best {
		a.take(groups[i], x)
	}
}

func (a *extreme) result(count int) values { return negativeUnknown(extended(a.best, count, -1)) }
func (a *extreme) bytes() int64            { return int64(8 * cap(a.best)) }

func negativeUnknown(ints []int64) values {
	known := make([]bool, len(ints))
	for i, x := range ints {
		known[i] = x >= 0
	}
	return values{ints: ints, known: known}
}

// picker finds the value of the first or the last row with a known value.
type picker struct {
	picked []picked
	last   bool
	coded  bool
	known  func(code uint32) bool
}

type picked struct {
	at    moment
	value int64
	found bool
}

func (a *picker) add(in *input, count int) {
	a.picked = extended(a.picked, count, picked{})
	for i, g := range in.groups {
		p := picked{at: in.when[i], found: true}
		if a.coded {
			p.value, p.found = int64(in.codes[i]), a.known(in.codes[i])
		} else {
			p.value, p.found = in.ints[i], in.ints[i] >= 0
		}
		a.take(g, p)
	}
}

func (a *picker) take(g uint32, p picked) {
	if q := &a.picked[g]; p.found && (!q.found || p.at.before(q.at) != a.last) {
		*q = p
	}
}

func (a *picker) merge(other aggregator, groups []uint32, count int) {
	a.picked = extended(a.picked, count, picked{})
	for i, p := range other.(*picker).picked {
		a.take(groups[i], p)
	}
}

func (a *picker) result(count int) values {
	a.picked = extended(a.picked, count, picked{})
	v := values{known: make([]bool, count)}
	for i, p := range a.picked {
		v.known[i] = p.found
		if a.coded {
			v.codes = append(v.codes, uint32(p.value))
		} else {
			v.ints = append(v.ints, p.value)
		}
	}
	return v
}
func (a *picker) bytes() int64 { return int64(40 * cap(a.picked)) }

// distinct counts different values, by a set of pairs of group and value.
type distinct struct {
	pairs  numbering
	large  numbering // of numbers
	counts []int64
	coded  bool
	known  func(code uint32) bool
}

func (a *distinct) add(in *input, count int) {
	a.counts = extended(a.counts, count, 0)
	for i, g := range in.groups {
		if a.coded {
			if a.known(in.codes[i]) {
				a.take(g, in.codes[i])
			}
		} else if x := in.ints[i]; x >= 0 {
			a.take(g, a.large.number(uint64(x)))
		}
	}
}

func (a *distinct) take(g, value uint32) {
	before := len(a.pairs.keys)
	if a.pairs.number(uint64(g)<<32 | uint64(value)); len(a.pairs.keys) > before {
		a.counts[g]++
	}
}

func (a *distinct) merge(other aggregator, groups []uint32, count int) {
	a.counts = extended(a.counts, count, 0)
	o := other.(*distinct)
	for _, pair := range o.pairs.keys {
		value := uint32(pair)
		if !a.coded {
			value = a.large.number(o.large.keys[value])
		}
		a.take(groups[pair>>32], value)
	}
}

func (a *distinct) result(count int) values { return values{ints: extended(a.counts, count, 0)} }
func (a *distinct) bytes() int64 {
	return a.pairs.bytes() + a.large.bytes() + int64(8*cap(a.counts))
}

// newAggregator returns an aggregator for an aggregate.
func (r *run) newAggregator(a query.Aggregate) aggregator {
	if a.Func == query.Count {
		return &counter{}
	}
	i := r.schema.Index(a.Column)
	c := r.schema[i]
	coded := c.Kind != query.Number && c.Kind != query.Bool
	known := func(uint32) bool { return true }
	if coded && c.Optional {
		known = func(code uint32) bool { return code != 0 } // of states and names
	}
	switch a.Func {
	case query.Sum:
		return &summer{}
	case query.Mean:
		return &summer{mean: true}
	case query.Min, query.Max:
		return &extreme{greatest: a.Func == query.Max}
	case query.First, query.Last:
		return &picker{last: a.Func == query.Last, coded: coded, known: known}
	case query.Distinct:
		return &distinct{coded: coded, known: known}
	}
	return &quantile{at: a.Quantile}
}
