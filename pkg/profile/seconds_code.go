package profile

import (
	"encoding/binary"
	"fmt"
)

// append writes the number of seconds and then either the differences between
// them or the bitmap.
func (s Seconds) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(s.Len()))
	for _, w := range s.bitmap {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	last := uint32(0)
	for _, x := range s.list {
		b = binary.AppendUvarint(b, uint64(x-last))
		last = x
	}
	return b
}

func (d *decoder) seconds() (Seconds, error) {
	n, err := d.uint(SecondsPerDay)
	if err != nil {
		return Seconds{}, err
	}
	if n > listMax {
		return d.bitmap(int(n))
	}
	if n > uint64(len(d.b)) {
		return Seconds{}, errShort
	}
	list := make([]uint32, n)
	last := uint64(0)
	for i := range list {
		gap, err := d.uint(SecondsPerDay - 1)
		if err != nil {
			return Seconds{}, err
		}
		if last += gap; last >= SecondsPerDay || i > 0 && gap == 0 {
			return Seconds{}, fmt.Errorf("second %d is not of the day or out of order", last)
		}
		list[i] = uint32(last)
	}
	return Seconds{list: list}, nil
}

func (d *decoder) bitmap(n int) (Seconds, error) {
	raw, err := d.bytes(bitmapWords * 8)
	if err != nil {
		return Seconds{}, err
	}
	s := Seconds{bitmap: make([]uint64, bitmapWords)}
	for i := range s.bitmap {
		s.bitmap[i] = binary.LittleEndian.Uint64(raw[8*i:])
	}
	if s.Len() != n {
		return Seconds{}, fmt.Errorf("%d seconds where %d were announced", s.Len(), n)
	}
	return s, nil
}
