package profile

import (
	"cmp"
	"math"
	"slices"
)

// Profile returns what was added so far. The Builder must not be used after.
func (b *Builder) Profile() *Profile {
	b.flush()
	p := &Profile{Sources: b.sources}
	slices.SortFunc(p.Sources, compareSources)
	p.Sources = slices.Compact(p.Sources)
	for _, r := range b.rejected {
		p.Rejected = append(p.Rejected, r)
	}
	slices.SortFunc(p.Rejected, compareRejected)
	p.Hosts = b.sortedHosts()
	p.Conversations = b.sortedConversations()
	return p
}

func (b *Builder) sortedHosts() []Host {
	hosts := make([]Host, 0, len(b.hosts))
	for _, h := range b.hosts {
		hosts = append(hosts, Host{Addr: b.addrs[h.addr], Slots: h.slots, Largest: h.largest})
	}
	slices.SortFunc(hosts, func(x, y Host) int { return x.Addr.Compare(y.Addr) })
	return hosts
}

// sortedConversations orders by rank of address, which compares two integers
// where comparing addresses would compare sixteen bytes.
func (b *Builder) sortedConversations() []Conversation {
	type place struct {
		pair    uint64 // ranks of source and destination
		service uint32 // protocol and port
		number  uint32
	}
	rank := b.ranks()
	order := make([]place, len(b.convs))
	seconds, sizes := 0, 0
	for i := range b.convs {
		c := &b.convs[i]
		order[i] = place{
			pair:    uint64(rank[c.src])<<32 | uint64(rank[c.dst]),
			service: uint32(c.proto)<<16 | uint32(c.port),
			number:  uint32(i),
		}
		seconds += int(b.rhythms[i].n)
		sizes += int(b.sizeLists[i].n)
	}
	slices.SortFunc(order, func(x, y place) int {
		if x.pair != y.pair {
			return cmp.Compare(x.pair, y.pair)
		}
		return cmp.Compare(x.service, y.service)
	})
	slab := make([]uint32, 0, seconds)
	sizeSlab := make([]sizeCount, 0, sizes)
	sorted := make([]Conversation, len(order))
	for i, o := range order {
		c, r, s := &b.convs[o.number], &b.rhythms[o.number], &sorted[i]
		s.Key = Key{Src: b.addrs[c.src], Dst: b.addrs[c.dst], Proto: c.proto, Port: c.port}
		s.Counts, s.MaxUp, s.MaxDown, s.First, s.Last = c.counts, c.maxUp, c.maxDown, c.first, c.last
		for h, n := range r.hours {
			s.Hours[h] = uint32(n)
		}
		s.Seconds, slab = b.seconds(r, slab)
		s.Sizes, sizeSlab = b.sizesOf(&b.sizeLists[o.number], sizeSlab)
	}
	if len(b.carried) > 0 {
		for i, o := range order {
			for h := range sorted[i].Hours {
				sorted[i].Hours[h] += b.carried[carry{o.number, uint8(h)}]
			}
		}
	}
	return sorted
}

// ranks returns the place of each address id in the order of addresses.
func (b *Builder) ranks() []uint32 {
	order := make([]uint32, len(b.addrs))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(x, y uint32) int { return b.addrs[x].Compare(b.addrs[y]) })
	rank := make([]uint32, len(order))
	for r, id := range order {
		rank[id] = uint32(r)
	}
	return rank
}

// saturate adds two non-negative numbers and stops at the largest int64. Such
// an addition is still associative and commutative.
func saturate(a, b int64) int64 {
	if s := a + b; s >= 0 {
		return s
	}
	return math.MaxInt64
}
