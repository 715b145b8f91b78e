package profile

import (
	"encoding/binary"
	"errors"
	"math"
)

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
