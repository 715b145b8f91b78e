package profile

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// append writes the set as it is in memory.
func (s Seconds) append(b []byte) []byte {
	if len(s.code) == 0 {
		return append(b, 0)
	}
	return append(b, s.code...)
}

// seconds takes a set, which keeps the memory that it is decoded from.
func (d *decoder) seconds() (Seconds, error) {
	start := d.b
	n, err := d.uint(SecondsPerDay)
	switch {
	case err != nil || n == 0:
		return Seconds{}, err
	case n > listMax:
		err = d.bitmap(int(n))
	default:
		err = d.secondsList(int(n))
	}
	size := len(start) - len(d.b)
	return Seconds{code: start[:size:size]}, err
}

// secondsList checks the differences between n seconds.
func (d *decoder) secondsList(n int) error {
	last := uint64(0)
	for i := range n {
		gap, err := d.uint(SecondsPerDay - 1)
		if err != nil {
			return err
		}
		if last += gap; last >= SecondsPerDay || i > 0 && gap == 0 {
			return fmt.Errorf("second %d is not of the day or out of order", last)
		}
	}
	return nil
}

// bitmap checks the bitmap of n seconds.
func (d *decoder) bitmap(n int) error {
	raw, err := d.bytes(bitmapWords * 8)
	if err != nil {
		return err
	}
	ones := 0
	for ; len(raw) > 0; raw = raw[8:] {
		ones += bits.OnesCount64(binary.LittleEndian.Uint64(raw))
	}
	if ones != n {
		return fmt.Errorf("%d seconds where %d were announced", ones, n)
	}
	return nil
}
