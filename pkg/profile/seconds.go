package profile

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math/bits"
	"slices"
)

// SecondsPerDay is the size of the universe of [Seconds].
const SecondsPerDay = 24 * 60 * 60

// bitmapWords is the length of a bitmap of a day; listMax is the longest set
// that is kept as a list, whose gaps take about as much as the bitmap.
const (
	bitmapWords = SecondsPerDay / 64
	listMax     = 2 * bitmapWords
)

// Seconds is a set of seconds of the day. It is what the rhythm of a
// conversation is computed from: unlike a list of gaps, a set merges exactly
// however the flows were split, and it never grows beyond a bitmap of the day
// (10,800 bytes). The zero value is the empty set.
//
// A set is kept in memory as it is encoded, a byte or two for each second, and
// equal sets have equal bytes.
type Seconds struct {
	// code is the number of seconds as a varint and then either, up to listMax
	// of them, the differences between them as varints, or the bitmap. The empty
	// set has none.
	code []byte
}

// SecondsOf returns the set of the given seconds, each below [SecondsPerDay].
func SecondsOf(seconds ...uint32) Seconds {
	return Seconds{code: appendSeconds(nil, distinctSeconds(slices.Clone(seconds)))}
}

// distinctSeconds sorts a list, unless it is, and removes repetitions.
func distinctSeconds(list []uint32) []uint32 {
	if !slices.IsSorted(list) {
		slices.Sort(list)
	}
	return slices.Compact(list)
}

// appendSeconds appends the code of a sorted list of distinct seconds.
func appendSeconds(b []byte, list []uint32) []byte {
	if len(list) == 0 {
		return b
	}
	b = binary.AppendUvarint(b, uint64(len(list)))
	if len(list) > listMax {
		from := len(b)
		b = append(b, make([]byte, bitmapWords*8)...)
		for _, x := range list {
			b[from+int(x/8)] |= 1 << (x % 8)
		}
		return b
	}
	last := uint32(0)
	for _, x := range list {
		b = binary.AppendUvarint(b, uint64(x-last))
		last = x
	}
	return b
}

// Len returns how many seconds are in the set.
func (s Seconds) Len() int {
	n, _ := binary.Uvarint(s.code)
	return int(n)
}

// All yields the seconds in ascending order.
func (s Seconds) All() iter.Seq[uint32] {
	n, head := binary.Uvarint(s.code)
	if n > listMax {
		return bitmapSeconds(s.code[head:])
	}
	return func(yield func(uint32) bool) {
		second := uint32(0)
		for b := s.code[max(head, 0):]; len(b) > 0; {
			gap, size := binary.Uvarint(b)
			b = b[size:]
			if second += uint32(gap); !yield(second) {
				return
			}
		}
	}
}

func bitmapSeconds(bitmap []byte) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i := range bitmapWords {
			for w := binary.LittleEndian.Uint64(bitmap[8*i:]); w != 0; w &= w - 1 {
				if !yield(uint32(i*64 + bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}

// appendTo appends the seconds in ascending order.
func (s Seconds) appendTo(list []uint32) []uint32 {
	n, head := binary.Uvarint(s.code)
	if n > listMax {
		return slices.AppendSeq(list, s.All())
	}
	second := uint32(0)
	for b := s.code[max(head, 0):]; len(b) > 0; {
		gap, size := uint64(b[0]), 1
		if gap >= 0x80 {
			gap, size = binary.Uvarint(b)
		}
		b = b[size:]
		second += uint32(gap)
		list = append(list, second)
	}
	return list
}

// Gaps returns the differences between neighbouring seconds of the set, in
// order of time: one fewer than Len, each at least 1.
func (s Seconds) Gaps() []uint32 {
	n := s.Len()
	if n < 2 {
		return nil
	}
	list := s.appendTo(make([]uint32, 0, n))
	for i := range list[1:] {
		list[i] = list[i+1] - list[i]
	}
	return list[:n-1]
}

// Union returns the set of the seconds in a or b.
func Union(a, b Seconds) Seconds {
	switch {
	case a.Len() == 0:
		return b
	case b.Len() == 0:
		return a
	}
	list := b.appendTo(a.appendTo(make([]uint32, 0, a.Len()+b.Len())))
	return Seconds{code: appendSeconds(nil, distinctSeconds(list))}
}

// append writes the set as it is in memory.
func (s Seconds) append(b []byte) []byte {
	if len(s.code) == 0 {
		return append(b, 0)
	}
	return append(b, s.code...)
}

// secondsBounds are the first and last second of a set and the hours, a bit for
// each, in which it has seconds.
type secondsBounds struct {
	first, last uint32
	hours       uint32
}

func (b *secondsBounds) add(second uint32) {
	if b.hours == 0 {
		b.first = second
	}
	b.last = second
	b.hours |= 1 << (second / 3600)
}

// seconds takes a set, which keeps the memory that it is decoded from.
func (d *decoder) seconds() (s Seconds, bounds secondsBounds, err error) {
	start := d.b
	n, err := d.uint(SecondsPerDay)
	switch {
	case err != nil || n == 0:
		return Seconds{}, bounds, err
	case n > listMax:
		bounds, err = d.bitmap(int(n))
	default:
		bounds, err = d.secondsList(int(n))
	}
	size := len(start) - len(d.b)
	return Seconds{code: start[:size:size]}, bounds, err
}

// secondsList checks the differences between n seconds.
func (d *decoder) secondsList(n int) (bounds secondsBounds, err error) {
	last := uint64(0)
	for i := range n {
		gap, err := d.uint(SecondsPerDay - 1)
		if err != nil {
			return bounds, err
		}
		if last += gap; last >= SecondsPerDay || i > 0 && gap == 0 {
			return bounds, fmt.Errorf("second %d is outside the day or out of order", last)
		}
		bounds.add(uint32(last))
	}
	return bounds, nil
}

// bitmap checks the bitmap of n seconds.
func (d *decoder) bitmap(n int) (bounds secondsBounds, err error) {
	raw, err := d.bytes(bitmapWords * 8)
	if err != nil {
		return bounds, err
	}
	ones := 0
	for second := range bitmapSeconds(raw) {
		ones++
		bounds.add(second)
	}
	if ones != n {
		return bounds, fmt.Errorf("a bitmap of %d seconds has %d", n, ones)
	}
	return bounds, nil
}
