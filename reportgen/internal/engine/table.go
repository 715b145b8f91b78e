package engine

import "math/bits"

// numbering numbers keys from 0 on, in the order in which they come. It is a hash
// table with open addressing.
type numbering struct {
	slots []slot
	keys  []uint64 // by number
	shift uint8    // 64 less the bits of a place
}

type slot struct {
	key    uint64
	number uint32 // and one; 0 for an empty slot
}

const leastBits = 10

// number returns the number of a key.
func (n *numbering) number(key uint64) uint32 {
	if 2*len(n.keys) >= len(n.slots) {
		n.grow()
	}
	for i := mix(key) >> n.shift; ; i++ {
		s := &n.slots[i&uint64(len(n.slots)-1)]
		switch {
		case s.number == 0:
			n.keys = append(n.keys, key)
			*s = slot{key, uint32(len(n.keys))}
			return s.number - 1
		case s.key == key:
			return s.number - 1
		}
	}
}

// mix spreads the bits of a key.
func mix(key uint64) uint64 {
	high, low := bits.Mul64(key^0x9e3779b97f4a7c15, 0xd1b54a32d192ed03)
	return high ^ low
}

func (n *numbering) grow() {
	size := max(1<<leastBits, 2*len(n.slots))
	n.slots = make([]slot, size)
	n.shift = uint8(64 - bits.Len(uint(size-1)))
	for number, key := range n.keys {
		i := mix(key) >> n.shift
		for ; n.slots[i&uint64(size-1)].number != 0; i++ {
		}
		n.slots[i&uint64(size-1)] = slot{key, uint32(number) + 1}
	}
}

// bytes is about how much memory the numbering takes.
func (n *numbering) bytes() int64 { return int64(16*len(n.slots) + 8*cap(n.keys)) }
