package profile

import (
	"math"
	"math/bits"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Builder adds flows up to a Profile. Its memory grows with the number of
// distinct conversations and not with the number of flows. A Builder is not
// safe for concurrent use: give each goroutine its own and [Merge] the results.
//
// Addresses are given as numbers that [Builder.Addr] hands out, so that a
// reader of dictionary-encoded files looks each address up once and not once
// a flow.
type Builder struct {
	ids   map[netip.Addr]uint32
	addrs []netip.Addr // by id

	hosts  []hostEntry
	hostOf []int32 // address id to index in hosts plus one; 0 for none

	table []uint32 // open addressing; index in conversations plus one; 0 for free
	convs []conversation

	sources  []Source
	rejected map[string]Rejected
}

// conversation is a Conversation under construction.
type conversation struct {
	src, dst uint32
	proto    flow.Proto
	port     uint16
	first    flow.Time
	last     flow.Time
	counts   Counts
	maxUp    int64
	maxDown  int64
	seconds  Seconds
	hours    [24]uint32
}

type hostEntry struct {
	addr    uint32
	slots   []Slot
	largest []flow.Record
}

// NewBuilder returns an empty Builder.
func NewBuilder() *Builder {
	return &Builder{
		ids:      map[netip.Addr]uint32{},
		table:    make([]uint32, 1024),
		rejected: map[string]Rejected{},
	}
}

// Addr returns the number of address a in this Builder.
func (b *Builder) Addr(a netip.Addr) uint32 {
	id, ok := b.ids[a]
	if !ok {
		id = uint32(len(b.addrs))
		b.ids[a] = id
		b.addrs = append(b.addrs, a)
		b.hostOf = append(b.hostOf, 0)
	}
	return id
}

// Add adds one flow. Its time must lie within the day and its bytes must not
// be negative.
func (b *Builder) Add(r flow.Record) {
	b.AddCoded(r.Time, b.Addr(r.Src), b.Addr(r.Dst), r.Proto, r.Port, r.Up, r.Down)
}

// AddCoded adds one flow whose addresses are numbers given out by Addr.
func (b *Builder) AddCoded(t flow.Time, src, dst uint32, proto flow.Proto, port uint16, up, down int64) {
	one := Counts{Flows: 1, Up: up, Down: down}
	c := b.conversation(src, dst, proto, port)
	if c.counts.Flows == 0 {
		c.first, c.last = t, t
	}
	c.counts.Add(one)
	c.maxUp, c.maxDown = max(c.maxUp, up), max(c.maxDown, down)
	c.first, c.last = min(c.first, t), max(c.last, t)
	c.hours[t.Hour()]++
	c.seconds.add(t.Second())

	h := b.host(src)
	h.slot(uint8(t / SlotLength)).Add(one)
	if n := len(h.largest); n < LargestKept || up >= h.largest[n-1].Up {
		h.keep(flow.Record{Time: t, Src: b.addrs[src], Dst: b.addrs[dst], Proto: proto, Port: port, Up: up, Down: down})
	}
}

// AddSource names a log that the flows come from.
func (b *Builder) AddSource(s Source) { b.sources = append(b.sources, s) }

// Reject counts a row that was left out.
func (b *Builder) Reject(reason string, at Place) {
	r := Rejected{Reason: reason, Count: 1, First: at}
	if old, ok := b.rejected[reason]; ok {
		r = joinRejected(old, r)
	}
	b.rejected[reason] = r
}

func (b *Builder) host(addr uint32) *hostEntry {
	if i := b.hostOf[addr]; i > 0 {
		return &b.hosts[i-1]
	}
	b.hosts = append(b.hosts, hostEntry{addr: addr})
	b.hostOf[addr] = int32(len(b.hosts))
	return &b.hosts[len(b.hosts)-1]
}

// slot returns the counts of half hour i. Logs are mostly in order of time, so
// the wanted slot is nearly always the last one.
func (h *hostEntry) slot(i uint8) *Counts {
	n := len(h.slots)
	for n > 0 && h.slots[n-1].Index > i {
		n--
	}
	if n == 0 || h.slots[n-1].Index != i {
		h.slots = slices.Insert(h.slots, n, Slot{Index: i})
		n++
	}
	return &h.slots[n-1].Counts
}

func (h *hostEntry) keep(r flow.Record) {
	i, _ := slices.BinarySearchFunc(h.largest, r, compareLargest)
	h.largest = slices.Insert(h.largest, i, r)
	h.largest = h.largest[:min(len(h.largest), LargestKept)]
}

// conversation returns the conversation of a key, new if need be.
func (b *Builder) conversation(src, dst uint32, proto flow.Proto, port uint16) *conversation {
	mask := uint64(len(b.table) - 1)
	for i := hash(src, dst, proto, port) & mask; ; i = (i + 1) & mask {
		at := b.table[i]
		if at == 0 {
			b.convs = append(b.convs, conversation{src: src, dst: dst, proto: proto, port: port})
			b.table[i] = uint32(len(b.convs))
			if 2*len(b.convs) > len(b.table) {
				b.grow()
			}
			return &b.convs[len(b.convs)-1]
		}
		if c := &b.convs[at-1]; c.src == src && c.dst == dst && c.port == port && c.proto == proto {
			return c
		}
	}
}

func (b *Builder) grow() {
	b.table = make([]uint32, 2*len(b.table))
	mask := uint64(len(b.table) - 1)
	for n := range b.convs {
		c := &b.convs[n]
		i := hash(c.src, c.dst, c.proto, c.port) & mask
		for b.table[i] != 0 {
			i = (i + 1) & mask
		}
		b.table[i] = uint32(n + 1)
	}
}

// hash mixes a key by multiplication folded to 64 bits, as wyhash does.
func hash(src, dst uint32, proto flow.Proto, port uint16) uint64 {
	hi, lo := bits.Mul64(
		(uint64(src)<<32|uint64(dst))^0x9e3779b97f4a7c15,
		(uint64(proto)<<16|uint64(port))^0xd1b54a32d192ed03)
	return hi ^ lo
}

// Profile returns what was added so far. The Builder must not be used after.
func (b *Builder) Profile() *Profile {
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
	rank := b.ranks()
	order := make([]uint32, len(b.convs))
	for i := range order {
		order[i] = uint32(i)
	}
	key := func(c *conversation) (uint64, uint32) {
		return uint64(rank[c.src])<<32 | uint64(rank[c.dst]), uint32(c.proto)<<16 | uint32(c.port)
	}
	slices.SortFunc(order, func(x, y uint32) int {
		xp, xq := key(&b.convs[x])
		yp, yq := key(&b.convs[y])
		switch {
		case xp < yp || xp == yp && xq < yq:
			return -1
		case xp == yp && xq == yq:
			return 0
		}
		return 1
	})
	sorted := make([]Conversation, len(order))
	for i, n := range order {
		c := &b.convs[n]
		c.seconds.compact()
		sorted[i] = Conversation{
			Key:    Key{Src: b.addrs[c.src], Dst: b.addrs[c.dst], Proto: c.proto, Port: c.port},
			Counts: c.counts, MaxUp: c.maxUp, MaxDown: c.maxDown,
			First: c.first, Last: c.last, Hours: c.hours, Seconds: c.seconds,
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
