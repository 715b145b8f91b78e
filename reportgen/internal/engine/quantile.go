package engine

import (
	"math"
	"math/bits"
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
	v, next := nth(of, low)
	return float64(v) + (place-float64(low))*float64(next-v)
}

// nth returns the value at a place of s when s is sorted, and the one after it, or the same at the last place. Many
// values are first counted in buckets of about the same size, without branches, and only those in the bucket of the
// place are ordered. The order of s changes.
func nth(s []int64, n int) (v, next int64) {
	if len(s) > bucketedLeast {
		var counts [buckets]uint32
		for _, x := range s {
			counts[bucket(x)]++
		}
		after := min(n+1, len(s)-1)
		low, before := find(&counts, n)
		high, _ := find(&counts, after)
		chosen := s[:0]
		for _, x := range s {
			if b := bucket(x); b >= low && b <= high {
				chosen = append(chosen, x)
			}
		}
		s, n = chosen, n-before
	}
	selectNth(s, n)
	if n+1 == len(s) {
		return s[n], s[n]
	}
	return s[n], slices.Min(s[n+1:])
}

// Values below 128 have a bucket of their own; above, there are 64 buckets between two powers of two.
const (
	buckets       = 57*64 + 64
	bucketedLeast = 1 << 15 // so many values that counting them costs less than ordering them
)

func bucket(x int64) int {
	shift := max(bits.Len64(uint64(x))-7, 0)
	return shift<<6 + int(uint64(x)>>(shift&63))
}

// find returns the bucket of the value at a place, and how many values are in the buckets before it.
func find(counts *[buckets]uint32, n int) (b, before int) {
	for b, count := range counts {
		if n < before+int(count) {
			return b, before
		}
		before += int(count)
	}
	return buckets - 1, before
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
