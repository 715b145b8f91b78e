package profile

import "slices"

// sizeList is the part of a Conversation under construction that says how
// large its flows were. The sizes of the first few flows lie in the arena as
// they came; those of more are counted in shard.sizes.
type sizeList struct {
	at    uint32 // of its block in the arena
	n     uint16 // sizes in the block
	class uint8  // of its block
	of    uint32 // place in shard.sizes plus one; 0 for none
}

// lastSizeClass is the class of the largest block of sizes, which holds 64 of
// them. Sorting so many at once costs less than finding the place of each, and
// more take more memory than counts do.
const lastSizeClass = 5

// addSize adds the up bytes of a flow to conversation n.
func (s *shard) addSize(n uint32, up int64) {
	l := &s.sizeLists[n]
	code := sizeCode(up)
	if l.of == 0 && (l.class == 0 || int(l.n) == blockSize(l.class)) {
		s.makeSizeRoom(l)
	}
	if l.of > 0 {
		s.sizes[l.of-1].add(code)
		return
	}
	s.arena.sizes(l)[l.n] = code
	l.n++
}

// makeSizeRoom gives a full list a block of twice the size, or counts the
// sizes of the largest.
func (s *shard) makeSizeRoom(l *sizeList) {
	old := *l
	if l.class == lastSizeClass {
		s.sizes = append(s.sizes, sizeCounter{exact: sizesOfCodes(s.arena.sizes(l), nil)})
		s.arena.free[l.class] = append(s.arena.free[l.class], l.at)
		*l = sizeList{of: uint32(len(s.sizes))}
		return
	}
	l.class++
	l.at = s.arena.alloc(l.class)
	if old.class > 0 {
		copy(s.arena.sizes(l), s.arena.sizes(&old))
		s.arena.free[old.class] = append(s.arena.free[old.class], old.at)
	}
}

// sizesOfCodes counts codes and appends the list to slab, of which it becomes
// a part unless it must be rounded. The codes are sorted in place.
func sizesOfCodes(codes []uint32, slab []sizeCount) Sizes {
	slices.Sort(codes)
	from := len(slab)
	for _, code := range codes {
		if n := len(slab); n > from && slab[n-1].code == code {
			slab[n-1].flows++
			continue
		}
		slab = append(slab, sizeCount{code, 1})
	}
	s := Sizes{list: slab[from:len(slab):len(slab)]}
	if len(s.list) > sizesExact {
		return s.rounded()
	}
	return s
}

// sizes returns the block of a list.
func (a *arena) sizes(l *sizeList) []uint32 {
	from := int(l.at & (1<<chunkBits - 1))
	return a.chunks[l.at>>chunkBits][from : from+blockSize(l.class)]
}

// sizesOf returns the distribution of a list, which may share the slab's
// memory, and the slab.
func (s *shard) sizesOf(l *sizeList, slab []sizeCount) (Sizes, []sizeCount) {
	switch {
	case l.of > 0:
		return s.sizes[l.of-1].sizes(), slab
	case l.n == 0:
		return Sizes{}, slab
	}
	z := sizesOfCodes(s.arena.sizes(l)[:l.n], slab)
	return z, slab[:len(slab)+len(z.list)]
}
