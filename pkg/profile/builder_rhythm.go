package profile

import (
	"math"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// rhythm is the part of a Conversation under construction that says when its
// flows started. It fits one cache line of 64 bytes: hours count in 16 bits and
// carry over into shard.carried, and the seconds lie in the arena.
type rhythm struct {
	hours  [24]uint16
	last   uint32 // second added last, plus one
	at     uint32 // of its block in the arena
	n      uint16 // seconds in the list
	class  uint8  // of its block
	bitmap bool   // whether the block is a bitmap of the day and no list
	mixed  bool   // whether the list is out of order
}

// carry names an hour of a conversation.
type carry struct {
	conversation uint32
	hour         uint8
}

// addRhythm adds the start of a flow to conversation n.
func (s *shard) addRhythm(n uint32, t flow.Time) {
	r := &s.rhythms[n]
	hour := t.Hour()
	if r.hours[hour]++; r.hours[hour] == 0 {
		if s.carried == nil {
			s.carried = map[carry]uint32{}
		}
		s.carried[carry{n, uint8(hour)}] += math.MaxUint16 + 1
	}
	second := t.Second()
	if r.last == second+1 {
		return
	}
	r.mixed = r.mixed || second < r.last
	r.last = second + 1
	if r.bitmap {
		s.arena.block(r)[second/32] |= 1 << (second % 32)
		return
	}
	if r.class == 0 || int(r.n) == blockSize(r.class) {
		s.makeRoom(r)
		if r.bitmap {
			s.arena.block(r)[second/32] |= 1 << (second % 32)
			return
		}
	}
	s.arena.block(r)[r.n] = second
	r.n++
}

// makeRoom gives a full list a block of twice the size, or makes a bitmap of
// one that reached listMax distinct seconds.
func (s *shard) makeRoom(r *rhythm) {
	if r.class < lastClass {
		old := *r
		r.class++
		r.at = s.arena.alloc(r.class)
		if old.class > 0 {
			copy(s.arena.block(r), s.arena.block(&old))
			s.arena.free[old.class] = append(s.arena.free[old.class], old.at)
		}
		return
	}
	// Sorting only pays when at least a sixteenth becomes free.
	list := s.arena.block(r)
	slices.Sort(list)
	distinct := slices.Compact(list)
	if len(distinct) <= listMax-listMax/16 {
		r.n = uint16(len(distinct))
		return
	}
	distinct = slices.Clone(distinct)
	clear(list)
	for _, x := range distinct {
		list[x/32] |= 1 << (x % 32)
	}
	r.bitmap, r.n = true, 0
}

// seconds returns the set of a conversation. A list stays where it is in the
// arena: the profile keeps the arena's memory.
func (s *shard) seconds(r *rhythm) Seconds {
	var set Seconds
	if r.bitmap {
		set.bitmap = make([]uint64, bitmapWords)
		for i, w := range s.arena.block(r)[:2*bitmapWords] {
			set.bitmap[i/2] |= uint64(w) << (32 * (i % 2))
		}
	} else if r.n > 0 {
		set.list = s.arena.block(r)[:r.n:r.n]
		if !r.mixed {
			return set
		}
	}
	set.compact()
	return set
}

// arena holds lists of seconds in blocks of a few sizes, so that thousands of
// growing lists cost neither allocations nor work of the garbage collector.
type arena struct {
	chunks [][]uint32
	used   int // of the last chunk
	free   [lastClass + 1][]uint32
}

// Blocks of class 1 to lastClass hold 4, 8, 16 … 2,048 and at last listMax
// words, which is also the size of a bitmap. Class 0 is no block.
const (
	lastClass = 11

	chunkLeastBits = 9
	chunkBits      = 16
)

func blockSize(class uint8) int {
	if class == lastClass {
		return listMax
	}
	return 2 << class
}

// block returns the block of a rhythm.
func (a *arena) block(r *rhythm) []uint32 {
	from := int(r.at & (1<<chunkBits - 1))
	return a.chunks[r.at>>chunkBits][from : from+blockSize(r.class)]
}

// alloc returns the place of a new block. Its content is undefined.
func (a *arena) alloc(class uint8) uint32 {
	if n := len(a.free[class]); n > 0 {
		at := a.free[class][n-1]
		a.free[class] = a.free[class][:n-1]
		return at
	}
	size := blockSize(class)
	if n := len(a.chunks); n == 0 || a.used+size > len(a.chunks[n-1]) {
		// Chunks double in size, so that small profiles stay small.
		words := 1 << min(chunkLeastBits+n, chunkBits)
		a.chunks = append(a.chunks, make([]uint32, max(words, size)))
		a.used = 0
	}
	at := uint32(len(a.chunks)-1)<<chunkBits | uint32(a.used)
	a.used += size
	return at
}
