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
//
// What limits a Builder is waiting for memory: a day has more conversations
// than a core's cache holds, and flows come in no order of theirs. So flows are
// added a few hundred at a time in passes, each of which touches one cache
// line a flow and depends on nothing of the flow before, and the processor
// waits for many of them at once.
type Builder struct {
	ids   map[netip.Addr]uint32
	addrs []netip.Addr // by id

	hosts  []hostEntry
	hostOf []int32 // address id to index in hosts plus one; 0 for none

	table     []uint32       // open addressing; conversation number plus one; 0 for free
	convs     []conversation // by number
	rhythms   []rhythm       // by number
	sizeLists []sizeList     // by number
	sizes     []Sizes        // of conversations with more flows than a block holds
	arena     arena          // of the rhythms' seconds and of the first sizes
	carried   map[carry]uint32

	pending []pending
	hashes  [pendingMost]uint64
	numbers [pendingMost]uint32

	sources  []Source
	rejected map[string]Rejected
}

// pendingMost is how many flows are added at once: enough to hide memory
// behind each other, few enough to stay in the first-level cache themselves.
const pendingMost = 256

// pending is a flow that waits to be added.
type pending struct {
	time     flow.Time
	src, dst uint32
	port     uint16
	proto    flow.Proto
	up, down int64
}

// conversation is the part of a Conversation under construction that is found
// by key; it fills one cache line of 64 bytes.
type conversation struct {
	src, dst    uint32
	first, last flow.Time
	port        uint16
	proto       flow.Proto
	counts      Counts
	maxUp       int64
	maxDown     int64
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
		pending:  make([]pending, 0, pendingMost),
		rejected: map[string]Rejected{},
		carried:  map[carry]uint32{},
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
	b.pending = append(b.pending, pending{time: t, src: src, dst: dst, port: port, proto: proto, up: up, down: down})
	if len(b.pending) == pendingMost {
		b.flush()
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

// flush adds the pending flows.
func (b *Builder) flush() {
	mask := uint64(len(b.table) - 1)
	for i := range b.pending {
		p := &b.pending[i]
		h := hash(p.src, p.dst, p.proto, p.port)
		b.hashes[i&(pendingMost-1)] = h
		b.numbers[i&(pendingMost-1)] = b.table[h&mask]
	}
	for i := range b.pending {
		p := &b.pending[i]
		n := b.numbers[i&(pendingMost-1)] - 1
		if n == math.MaxUint32 || !b.convs[n].is(p) {
			n = b.find(b.hashes[i&(pendingMost-1)], p)
			b.numbers[i&(pendingMost-1)] = n + 1
		}
		b.convs[n].add(p)
	}
	for i := range b.pending {
		b.addRhythm(b.numbers[i&(pendingMost-1)]-1, b.pending[i].time)
	}
	for i := range b.pending {
		b.addSize(b.numbers[i&(pendingMost-1)]-1, b.pending[i].up)
	}
	for i := range b.pending {
		b.addHost(&b.pending[i])
	}
	b.pending = b.pending[:0]
}

func (c *conversation) is(p *pending) bool {
	return c.src == p.src && c.dst == p.dst && c.port == p.port && c.proto == p.proto
}

func (c *conversation) add(p *pending) {
	c.counts.Add(Counts{Flows: 1, Up: p.up, Down: p.down})
	c.maxUp, c.maxDown = max(c.maxUp, p.up), max(c.maxDown, p.down)
	c.first, c.last = min(c.first, p.time), max(c.last, p.time)
}

// find returns the number of a flow's conversation, new if need be.
func (b *Builder) find(hash uint64, p *pending) uint32 {
	mask := uint64(len(b.table) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		at := b.table[i]
		if at == 0 {
			b.convs = append(b.convs, conversation{
				src: p.src, dst: p.dst, proto: p.proto, port: p.port, first: p.time, last: p.time,
			})
			b.rhythms = append(b.rhythms, rhythm{})
			b.sizeLists = append(b.sizeLists, sizeList{})
			at = uint32(len(b.convs))
			b.table[i] = at
			if 2*len(b.convs) > len(b.table) {
				b.grow()
			}
			return at - 1
		}
		if b.convs[at-1].is(p) {
			return at - 1
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

func (b *Builder) addHost(p *pending) {
	h := b.host(p.src)
	h.slot(uint8(p.time / SlotLength)).Add(Counts{Flows: 1, Up: p.up, Down: p.down})
	if n := len(h.largest); n < LargestKept || p.up >= h.largest[n-1].Up {
		h.keep(flow.Record{
			Time: p.time, Src: b.addrs[p.src], Dst: b.addrs[p.dst],
			Proto: p.proto, Port: p.port, Up: p.up, Down: p.down,
		})
	}
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
	if i == LargestKept {
		return
	}
	if len(h.largest) == LargestKept {
		h.largest = h.largest[:LargestKept-1]
	}
	h.largest = slices.Insert(h.largest, i, r)
}
