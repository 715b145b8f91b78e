package profile

import (
	"iter"
	"math/bits"
	"slices"
)

// SecondsPerDay is the size of the universe of [Seconds].
const SecondsPerDay = 24 * 60 * 60

// bitmapWords is the length of a bitmap of a day; listMax is the longest list
// of 32-bit seconds that is no larger than the bitmap.
const (
	bitmapWords = SecondsPerDay / 64
	listMax     = 2 * bitmapWords
)

// Seconds is a set of seconds of the day. It is what the rhythm of a
// conversation is computed from: unlike a list of gaps, a set merges exactly
// however the flows were split, and it never grows beyond a bitmap of the day
// (10,800 bytes). The zero value is the empty set.
//
// A set of up to listMax seconds is a sorted list, a larger one a bitmap, so
// that equal sets have equal bytes.
type Seconds struct {
	list   []uint32
	bitmap []uint64
}

// SecondsOf returns the set of the given seconds, each below [SecondsPerDay].
func SecondsOf(seconds ...uint32) Seconds {
	var s Seconds
	for _, x := range seconds {
		s.add(x)
	}
	s.compact()
	return s
}

// add puts x into the set, leaving the list unsorted where x came out of order.
// compact must be called before the set is read.
func (s *Seconds) add(x uint32) {
	if s.bitmap != nil {
		s.bitmap[x/64] |= 1 << (x % 64)
		return
	}
	if n := len(s.list); n > 0 && s.list[n-1] == x {
		return
	}
	if len(s.list) == listMax {
		// Sorting only when at least a sixteenth became free bounds the cost of
		// a list that repeats itself.
		s.compact()
		if len(s.list) > listMax-listMax/16 {
			s.toBitmap()
			s.add(x)
			return
		}
	}
	s.list = append(s.list, x)
}

func (s *Seconds) toBitmap() {
	s.bitmap = make([]uint64, bitmapWords)
	for _, x := range s.list {
		s.bitmap[x/64] |= 1 << (x % 64)
	}
	s.list = nil
}

// compact brings the set into its one canonical form.
func (s *Seconds) compact() {
	if s.bitmap != nil {
		if n := s.Len(); n <= listMax {
			s.list, s.bitmap = slices.AppendSeq(make([]uint32, 0, n), s.All()), nil
		}
		return
	}
	if !slices.IsSorted(s.list) {
		slices.Sort(s.list)
	}
	s.list = slices.Compact(s.list)
}

// Len returns how many seconds are in the set.
func (s Seconds) Len() int {
	if s.bitmap == nil {
		return len(s.list)
	}
	n := 0
	for _, w := range s.bitmap {
		n += bits.OnesCount64(w)
	}
	return n
}

// All yields the seconds in ascending order.
func (s Seconds) All() iter.Seq[uint32] {
	if s.bitmap == nil {
		return slices.Values(s.list)
	}
	return func(yield func(uint32) bool) {
		for i, w := range s.bitmap {
			for ; w != 0; w &= w - 1 {
				if !yield(uint32(i*64 + bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}

// Gaps returns the differences between neighbouring seconds of the set, in
// order of time: one fewer than Len, each at least 1.
func (s Seconds) Gaps() []uint32 {
	n := s.Len()
	if n < 2 {
		return nil
	}
	gaps := make([]uint32, 0, n-1)
	last, started := uint32(0), false
	for x := range s.All() {
		if started {
			gaps = append(gaps, x-last)
		}
		last, started = x, true
	}
	return gaps
}

// Union returns the set of the seconds in a or b.
func Union(a, b Seconds) Seconds {
	switch {
	case a.Len() == 0:
		return b
	case b.Len() == 0:
		return a
	}
	var u Seconds
	if a.bitmap == nil && b.bitmap == nil && len(a.list)+len(b.list) <= listMax {
		u.list = append(append(make([]uint32, 0, len(a.list)+len(b.list)), a.list...), b.list...)
		u.compact()
		return u
	}
	u.toBitmap()
	for _, s := range []Seconds{a, b} {
		for i, w := range s.bitmap {
			u.bitmap[i] |= w
		}
		for _, x := range s.list {
			u.bitmap[x/64] |= 1 << (x % 64)
		}
	}
	u.compact()
	return u
}
