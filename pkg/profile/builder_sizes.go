package profile

import "slices"

// sizeList is the part of a Conversation under construction that says how
// large its flows were. The sizes of the first few flows lie in the arena as
// they came; those of more are counted in Builder.sizes.
type sizeList struct {
	at    uint32 // of its block in the arena
	n     uint16 // sizes in the block
	class uint8  // of its block
	of    uint32 // place in Builder.sizes plus one; 0 for none
}

// lastSizeClass is the class of the largest block of sizes, which holds 64 of
// them. Sorting so many at once costs less than finding the place of each, and
// more take more memory than counts do.
const lastSizeClass = 5

// addSize adds the up bytes of a flow to conversation n.
func (b *Builder) addSize(n uint32, up int64) {
	l := &b.sizeLists[n]
	code := sizeCode(up)
	if l.of == 0 && (l.class == 0 || int(l.n) == blockSize(l.class)) {
		b.makeSizeRoom(l)
	}
	if l.of > 0 {
		b.sizes[l.of-1].add(code, 1)
		return
	}
	b.arena.sizes(l)[l.n] = code
	l.n++
}

// makeSizeRoom gives a full list a block of twice the size, or counts the
// sizes of the largest.
func (b *Builder) makeSizeRoom(l *sizeList) {
	old := *l
	if l.class == lastSizeClass {
		b.sizes = append(b.sizes, sizesOfCodes(b.arena.sizes(l), nil))
		b.arena.free[l.class] = append(b.arena.free[l.class], l.at)
		*l = sizeList{of: uint32(len(b.sizes))}
		return
	}
	l.class++
	l.at = b.arena.alloc(l.class)
	if old.class > 0 {
		copy(b.arena.sizes(l), b.arena.sizes(&old))
		b.arena.free[old.class] = append(b.arena.free[old.class], old.at)
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
func (b *Builder) sizesOf(l *sizeList, slab []sizeCount) (Sizes, []sizeCount) {
	switch {
	case l.of > 0:
		return b.sizes[l.of-1], slab
	case l.n == 0:
		return Sizes{}, slab
	}
	s := sizesOfCodes(b.arena.sizes(l)[:l.n], slab)
	if s.coarse {
		return s, slab
	}
	return s, slab[:len(slab)+len(s.list)]
}
