package profile

import (
	"encoding/binary"
	"errors"
	"iter"
	"math"
	"math/bits"
)

// sizesExact is how many distinct sizes a [Sizes] keeps exactly. A program that
// reports at intervals has a handful; a human user has as many as flows.
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
	// code is the distribution as it is encoded, see sizeCounts.append. The
	// empty distribution has none.
	code []byte
}

// SizesOf returns the distribution of the given sizes, which must not be
// negative.
func SizesOf(sizes ...int64) Sizes {
	codes := make([]uint32, len(sizes))
	for i, x := range sizes {
		codes[i] = sizeCode(x)
	}
	return Sizes{code: new(sizeCounter).appendSizes(nil, codes)}
}

// isExact reports whether the sizes are exact, except those of 2 GiB and more.
func (s Sizes) isExact() bool { return len(s.code) == 0 || s.code[0]&1 == 0 }

// Flows returns the number of flows.
func (s Sizes) Flows() (n int64) {
	for _, flows := range s.counts() {
		n += int64(flows)
	}
	return n
}

// All yields the sizes in ascending order, each with its number of flows.
func (s Sizes) All() iter.Seq2[int64, int64] {
	return func(yield func(size, flows int64) bool) {
		for code, flows := range s.counts() {
			if !yield(sizeOf(code), int64(flows)) {
				return
			}
		}
	}
}

// counts yields the codes of the sizes in ascending order, each with its
// number of flows.
func (s Sizes) counts() iter.Seq2[uint32, uint32] {
	return func(yield func(code, flows uint32) bool) {
		_, head := binary.Uvarint(s.code)
		code := uint32(0)
		for b := s.code[max(head, 0):]; len(b) > 0; {
			gap, n := binary.Uvarint(b)
			b = b[n:]
			flows := uint64(1)
			if gap&1 == 1 {
				flows, n = binary.Uvarint(b)
				b = b[n:]
			}
			code += uint32(gap >> 1)
			if !yield(code, uint32(flows)) {
				return
			}
		}
	}
}

// AddSizes returns the distribution of the flows of a and those of b.
func AddSizes(a, b Sizes) Sizes {
	var sum sizeCounter
	sum.addSizes(a)
	sum.addSizes(b)
	return Sizes{code: sum.take(nil)}
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

// append writes the distribution as it is in memory.
func (s Sizes) append(b []byte) []byte {
	if len(s.code) == 0 {
		return append(b, 0)
	}
	return append(b, s.code...)
}

// appendSizeCounts appends the code of exact sizes: the number of sizes and
// whether they are rounded, then the differences between their codes, each with
// a bit that says whether a number of flows other than one follows.
func appendSizeCounts(b []byte, codes, flows []uint32) []byte {
	if len(codes) == 0 {
		return b
	}
	b = binary.AppendUvarint(b, uint64(len(codes))<<1)
	last := uint32(0)
	for i, code := range codes {
		b = appendSizeCount(b, code-last, flows[i])
		last = code
	}
	return b
}

func appendSizeCount(b []byte, gap, flows uint32) []byte {
	if flows == 1 {
		return binary.AppendUvarint(b, uint64(gap)<<1)
	}
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(gap)<<1|1), uint64(flows))
}

var errSizes = errors.New("sizes are out of order or not as they are rounded")

// sizes takes a distribution, which keeps the memory that it is decoded from.
func (d *decoder) sizes() (Sizes, error) {
	start := d.b
	head, err := d.uint(uint64(len(d.b))*2 + 1)
	if err != nil || head == 0 {
		return Sizes{}, err
	}
	n, coarse := int(head>>1), head&1 == 1
	if n == 0 || !coarse && n > sizesExact {
		return Sizes{}, errSizes
	}
	last := uint64(0)
	for i := range n {
		gap, err := d.uint(math.MaxUint32<<1 | 1)
		if err != nil {
			return Sizes{}, err
		}
		flows := uint64(1)
		if gap&1 == 1 {
			if flows, err = d.uint(math.MaxUint32); err != nil {
				return Sizes{}, err
			}
		}
		last += gap >> 1
		if i > 0 && gap>>1 == 0 || last > maxSizeCode || gap&1 == 1 && flows < 2 ||
			coarse && uint64(coarseCode(uint32(last))) != last {
			return Sizes{}, errSizes
		}
	}
	size := len(start) - len(d.b)
	return Sizes{code: start[:size:size]}, nil
}

// maxSizeCode is the code of the largest size.
const maxSizeCode = largeSize + (63-mantissaBits)<<mantissaBits - 1
