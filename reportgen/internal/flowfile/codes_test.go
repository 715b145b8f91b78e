package flowfile

import (
	"encoding/binary"
	"testing"
)

// TestTextKey compares the keys of texts of each length, alone and with others
// after them in memory, with the texts themselves.
func TestTextKey(t *testing.T) {
	const all = "192.168.100.250203.0.113.77"
	for n := range 16 {
		var want [16]byte
		copy(want[:], all[:n])
		want[15] = byte(n)
		for name, s := range map[string][]byte{"alone": []byte(all[:n])[:n:n], "followed": []byte(all)[:n]} {
			lo, hi := textKey(s)
			if lo != binary.LittleEndian.Uint64(want[:]) || hi != binary.LittleEndian.Uint64(want[8:]) {
				t.Errorf("%d bytes %s: key %x %x, want that of %x", n, name, lo, hi, want)
			}
		}
	}
}
