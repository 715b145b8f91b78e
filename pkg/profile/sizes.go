package profile

import (
	"cmp"
	"iter"
	"math"
	"math/bits"
	"slices"
)

// sizesExact is how many distinct sizes a [Sizes] tells apart exactly. A
// program that reports has a handful; people have as many as flows.
const sizesExact = 16

// Sizes is how the up bytes of a conversation's flows are distributed: a
// multiset that is exact while it holds sixteen distinct sizes or fewer, and
// beyond rounds every size down to an eighth of its power of two, by at most
// 12.5 %. Whether it is rounded depends on the flows alone and not on how they
// were split, since a union never has fewer distinct sizes than its parts, so
// Sizes merge exactly. The zero value is empty.
//
// Sizes of 2 GiB and more are always rounded.
type Sizes struct {
	list   []sizeCount // by code
	coarse bool
}

// sizeCount says how many flows have one size.
type sizeCount struct {
	code  uint32
	flows uint32 // stops at the largest uint32
}

// SizesOf returns the distribution of the given sizes, none of which is
// negative.
func SizesOf(sizes ...int64) Sizes {
	var s Sizes
	for _, x := range sizes {
		s.add(sizeCode(x), 1)
	}
	return s
}

// Exact says whether the sizes are told exactly, but for those of 2 GiB and
// more.
func (s Sizes) Exact() bool { return !s.coarse }

// Flows returns the number of flows.
func (s Sizes) Flows() (n int64) {
	for _, x := range s.list {
		n += int64(x.flows)
	}
	return n
}

// All yields the sizes in ascending order, each with its number of flows.
func (s Sizes) All() iter.Seq2[int64, int64] {
	return func(yield func(size, flows int64) bool) {
		for _, x := range s.list {
			if !yield(sizeOf(x.code), int64(x.flows)) {
				return
			}
		}
	}
}

// AddSizes returns the distribution of the flows of a and those of b.
func AddSizes(a, b Sizes) Sizes {
	if a.coarse != b.coarse {
		a, b = a.rounded(), b.rounded()
	}
	sum := Sizes{coarse: a.coarse, list: mergeSorted(a.list, b.list,
		func(x, y *sizeCount) int { return cmp.Compare(x.code, y.code) },
		func(x, y sizeCount) sizeCount { return sizeCount{x.code, addFlows(x.flows, y.flows)} })}
	if !sum.coarse && len(sum.list) > sizesExact {
		return sum.rounded()
	}
	return sum
}

// add puts flows of one size in.
func (s *Sizes) add(code, flows uint32) {
	if s.coarse {
		code = coarseCode(code)
	}
	// Written out, since this is once a flow and a comparing function doubles
	// its cost.
	i, j := 0, len(s.list)
	for i < j {
		if h := (i + j) / 2; s.list[h].code < code {
			i = h + 1
		} else {
			j = h
		}
	}
	if i < len(s.list) && s.list[i].code == code {
		s.list[i].flows = addFlows(s.list[i].flows, flows)
		return
	}
	s.list = slices.Insert(s.list, i, sizeCount{code, flows})
	if !s.coarse && len(s.list) > sizesExact {
		*s = s.rounded()
	}
}

// rounded returns the distribution with all sizes rounded.
func (s Sizes) rounded() Sizes {
	if s.coarse {
		return s
	}
	r := Sizes{coarse: true, list: make([]sizeCount, 0, len(s.list))}
	for _, x := range s.list {
		code := coarseCode(x.code)
		if n := len(r.list); n > 0 && r.list[n-1].code == code {
			r.list[n-1].flows = addFlows(r.list[n-1].flows, x.flows)
			continue
		}
		r.list = append(r.list, sizeCount{code, x.flows})
	}
	return r
}

func addFlows(a, b uint32) uint32 {
	return uint32(min(uint64(a)+uint64(b), math.MaxUint32))
}

// A size below largeSize is its own code. A larger one is rounded, and its code
// is largeSize plus exponent and mantissa, so that codes have the order of
// sizes.
const (
	largeSize    = 1 << 31
	mantissaBits = 3
	mantissa     = 1 << mantissaBits
)

func sizeCode(size int64) uint32 {
	if size < largeSize {
		return uint32(size)
	}
	e := bits.Len64(uint64(size)) - 1 - mantissaBits
	return largeSize + uint32(e)<<mantissaBits + uint32(size>>e)&(mantissa-1)
}

func sizeOf(code uint32) int64 {
	if code < largeSize {
		return int64(code)
	}
	return int64(code&(mantissa-1)+mantissa) << ((code - largeSize) >> mantissaBits)
}

// coarseCode is the code of a size rounded down to an eighth of its power of
// two.
func coarseCode(code uint32) uint32 {
	if code >= largeSize {
		return code
	}
	if e := bits.Len32(code) - 1 - mantissaBits; e > 0 {
		return code >> e << e
	}
	return code
}
