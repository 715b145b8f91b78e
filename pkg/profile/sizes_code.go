package profile

import (
	"encoding/binary"
	"errors"
	"math"
)

// append writes the number of sizes and whether they are rounded, then the
// differences between their codes, each with a bit that says whether a number
// of flows other than one follows.
func (s Sizes) append(b []byte) []byte {
	head := uint64(len(s.list)) << 1
	if s.coarse {
		head |= 1
	}
	b = binary.AppendUvarint(b, head)
	last := uint32(0)
	for _, x := range s.list {
		gap := uint64(x.code-last) << 1
		if x.flows == 1 {
			b = binary.AppendUvarint(b, gap)
		} else {
			b = binary.AppendUvarint(binary.AppendUvarint(b, gap|1), uint64(x.flows))
		}
		last = x.code
	}
	return b
}

var errSizes = errors.New("sizes are out of order or not as they are rounded")

// sizes takes a distribution. Its list is cut from a slab that many
// distributions share.
func (d *decoder) sizes() (Sizes, error) {
	head, err := d.uint(uint64(len(d.b))*2 + 1)
	if err != nil {
		return Sizes{}, err
	}
	n := int(head >> 1)
	s := Sizes{coarse: head&1 == 1}
	if n > len(d.b) {
		return Sizes{}, errShort
	}
	if !s.coarse && n > sizesExact {
		return Sizes{}, errSizes
	}
	if n > len(d.slab) {
		d.slab = make([]sizeCount, max(n, 1<<12))
	}
	s.list, d.slab = d.slab[:n:n], d.slab[n:]
	if n == 0 {
		s.list = nil
	}
	last := uint64(0)
	for i := range s.list {
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
		x := sizeCount{uint32(last), uint32(flows)}
		if i > 0 && gap>>1 == 0 || last > maxSizeCode || flows == 0 || s.coarse && coarseCode(x.code) != x.code {
			return Sizes{}, errSizes
		}
		s.list[i] = x
	}
	return s, nil
}

// maxSizeCode is the code of the largest size.
var maxSizeCode = uint64(sizeCode(math.MaxInt64))
