package engine

import (
	"math"
	"slices"
)

// quantile keeps all values, in chunks that are not copied when there are more.
type quantile struct {
	chunks []chunk
	at     float64
}

// chunk has values and their groups.
type chunk struct {
	groups []uint32
	values []int64
}

const chunkRows = 1 << 16

func (a *quantile) add(in *input, _ int) {
	for i, x := range in.ints {
		if x < 0 {
			continue
		}
		n := len(a.chunks) - 1
		if n < 0 || len(a.chunks[n].values) == chunkRows {
			a.chunks = append(a.chunks, chunk{make([]uint32, 0, chunkRows), make([]int64, 0, chunkRows)})
			n++
		}
		c := &a.chunks[n]
		c.groups, c.values = append(c.groups, in.groups[i]), append(c.values, x)
	}
}

func (a *quantile) merge(other aggregator, groups []uint32, _ int) {
	o := other.(*quantile)
	for _, c := range o.chunks {
		for i, g := range c.groups {
			c.groups[i] = groups[g]
		}
	}
	// The last chunk, which may have room, stays the last.
	a.chunks = append(o.chunks, a.chunks...)
	o.chunks = nil
}

func (a *quantile) result(count int) values {
	ends, total := make([]int, count+1), 0
	for _, c := range a.chunks {
		total += len(c.values)
		for _, g := range c.groups {
			ends[g+1]++
		}
	}
	for i := range count {
		ends[i+1] += ends[i]
	}
	sorted, next := make([]int64, total), slices.Clone(ends)
	for _, c := range a.chunks {
		for i, g := range c.groups {
			sorted[next[g]] = c.values[i]
			next[g]++
		}
	}
	v := values{floats: make([]float64, count)}
	for g := range count {
		v.floats[g] = interpolated(sorted[ends[g]:ends[g+1]], a.at)
	}
	return v
}

// interpolated returns a quantile of values, which it orders: as in NumPy and
// percentile_cont, linear between the two nearest values. It is NaN without values.
func interpolated(of []int64, at float64) float64 {
	if len(of) == 0 {
		return math.NaN()
	}
	place := at * float64(len(of)-1)
	low := int(place)
	selectNth(of, low)
	v := float64(of[low])
	if low+1 < len(of) {
		v += (place - float64(low)) * float64(slices.Min(of[low+1:])-of[low])
	}
	return v
}

func (a *quantile) bytes() int64 { return int64(len(a.chunks)) * 12 * chunkRows }

// selectNth orders s so far that its value n is the one that it has when s is sorted,
// with none greater before it and none less after it (Hoare's quickselect).
func selectNth(s []int64, n int) {
	for len(s) > 16 {
		pivot := median(s[0], s[len(s)/2], s[len(s)-1])
		i, j := 0, len(s)-1
		for i <= j {
			for s[i] < pivot {
				i++
			}
			for s[j] > pivot {
				j--
			}
			if i <= j {
				s[i], s[j] = s[j], s[i]
				i++
				j--
			}
		}
		switch {
		case n <= j:
			s = s[:j+1]
		case n >= i:
			s, n = s[i:], n-i
		default:
			return
		}
	}
	slices.Sort(s)
}

func median(a, b, c int64) int64 { return max(min(a, b), min(max(a, b), c)) }
