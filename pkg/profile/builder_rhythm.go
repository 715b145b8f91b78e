package profile

import (
	"math"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// rhythm is the part of a Conversation under construction that says when its
// flows started. It fits one cache line of 64 bytes: hours count in 16 bits and
// carry over into Builder.carried, and the seconds lie in the arena.
type rhythm struct {
	hours  [24]uint16
	last   uint32 // second added last, plus one
	at     uint32 // of its block in the arena
	n      uint16 // seconds in the list
	class  uint8  // of its block
	bitmap bool   // whether the block is a bitmap of the day and no list
}

// carry names an hour of a conversation.
type carry struct {
	conversation uint32
	hour         uint8
}

// addRhythm adds the start of a flow to conversation n.
func (b *Builder) addRhythm(n uint32, t flow.Time) {
	r := &b.rhythms[n]
	hour := t.Hour()
	if r.hours[hour]++; r.hours[hour] == 0 {
		b.carried[carry{n, uint8(hour)}] += math.MaxUint16 + 1
	}
	second := t.Second()
	if r.last == second+1 {
		return
	}
	r.last = second + 1
	if r.bitmap {
		b.arena.block(r)[second/32] |= 1 << (second % 32)
		return
	}
	if r.class == 0 || int(r.n) == blockSize(r.class) {
		b.makeRoom(r)
		if r.bitmap {
			b.arena.block(r)[second/32] |= 1 << (second % 32)
			return
		}
	}
	b.arena.block(r)[r.n] = second
	r.n++
}

// makeRoom gives a full list a block of twice the size, or makes a bitmap of
// one that reached listMax distinct seconds.
func (b *Builder) makeRoom(r *rhythm) {
	if r.class < lastClass {
		old := *r
		r.class++
		r.at = b.arena.alloc(r.class)
		if old.class > 0 {
			copy(b.arena.block(r), b.arena.block(&old))
			b.arena.free[old.class] = append(b.arena.free[old.class], old.at)
		}
		return
	}
	// Sorting only pays when at least a sixteenth becomes free.
	list := b.arena.block(r)
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

// seconds appends the list of a conversation to slab and returns the set, which
// shares the slab's memory, and the slab.
func (b *Builder) seconds(r *rhythm, slab []uint32) (Seconds, []uint32) {
	var s Seconds
	if r.bitmap {
		s.bitmap = make([]uint64, bitmapWords)
		for i, w := range b.arena.block(r)[:2*bitmapWords] {
			s.bitmap[i/2] |= uint64(w) << (32 * (i % 2))
		}
	} else if r.n > 0 {
		from := len(slab)
		slab = append(slab, b.arena.block(r)[:r.n]...)
		s.list = slab[from:len(slab):len(slab)]
	}
	s.compact()
	return s, slab
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
	chunkBits = 16
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
	if len(a.chunks) == 0 || a.used+size > 1<<chunkBits {
		a.chunks = append(a.chunks, make([]uint32, 1<<chunkBits))
		a.used = 0
	}
	at := uint32(len(a.chunks)-1)<<chunkBits | uint32(a.used)
	a.used += size
	return at
}
