package profile

import (
	"net/netip"
	"sync"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Builder adds flows up to a Profile. Its memory grows with the number of
// distinct conversations and not with the number of flows.
//
// A Builder spends most of its time waiting for memory: a day has more
// conversations than fit in a core's cache, and flows are not ordered by
// conversation. So flows are first divided by a hash of their conversation (see
// [Adder.Divide]). Then many flows of one shard of the conversations are added at
// once, while the shard stays in the cache (see [Builder.AddParts]): they are
// sorted by conversation, and the additions to each conversation are written to
// a log of the shard.
//
// Add and Reject do both steps. They are not safe for concurrent use.
type Builder struct {
	addrs   *Addresses
	shards  [shardCount]shard
	sources []Source

	own     *Adder  // of Add and Reject
	pending Columns // flows given to Add
	part    Part    // in which they are divided

	names    *Names         // of all flows
	details  []flow.Details // of the pending flows
	detailed bool           // whether any of them is known

	mu     sync.Mutex
	adders []*Adder

	workers []worker // of AddParts
}

// pendingMost is how many flows Add adds at once.
const pendingMost = 16 << 10

// NewBuilder returns an empty Builder.
func NewBuilder() *Builder { return NewBuilderOf(NewAddresses(), NewNames()) }

// NewBuilderOf returns an empty Builder whose flows name addresses by their
// numbers in addrs, and names by those in names.
func NewBuilderOf(addrs *Addresses, names *Names) *Builder {
	return &Builder{addrs: addrs, names: names}
}

// Addr returns the number of address a in this Builder.
func (b *Builder) Addr(a netip.Addr) uint32 { return b.addrs.Number(a) }

// Add adds one flow. Its time must lie within the day and its bytes must not
// be negative.
func (b *Builder) Add(r flow.Record) {
	c := &b.pending
	c.Time = append(c.Time, int64(r.Time))
	c.Src, c.Dst = append(c.Src, b.Addr(r.Src)), append(c.Dst, b.Addr(r.Dst))
	c.Proto, c.Port = append(c.Proto, uint32(r.Proto)), append(c.Port, int64(r.Port))
	c.Up, c.Down = append(c.Up, r.Up), append(c.Down, r.Down)
	b.details = append(b.details, r.Details)
	b.detailed = b.detailed || r.Details != flow.Details{}
	if len(c.Time) == pendingMost {
		b.flush()
	}
}

// flush adds the pending flows.
func (b *Builder) flush() {
	c := &b.pending
	if len(c.Time) == 0 {
		return
	}
	var details DetailColumns
	if b.detailed {
		details = detailColumns(b.details, b.names)
	}
	b.adder().Divide(*c, details, &b.part)
	b.AddParts(1, &b.part)
	c.Time, c.Src, c.Dst, c.Proto = c.Time[:0], c.Src[:0], c.Dst[:0], c.Proto[:0]
	c.Port, c.Up, c.Down = c.Port[:0], c.Up[:0], c.Down[:0]
	b.details, b.detailed = b.details[:0], false
}

// AddSource names a log that the flows come from.
func (b *Builder) AddSource(s Source) { b.sources = append(b.sources, s) }

// Reject counts a row that was left out.
func (b *Builder) Reject(reason string, at Place) { b.adder().Reject(reason, at) }

// adder returns the Builder's own Adder.
func (b *Builder) adder() *Adder {
	if b.own == nil {
		b.own = b.Adder()
	}
	return b.own
}

// AddParts adds divided flows by so many goroutines. The more flows at once,
// the less each costs, up to [Builder.Round]. A Builder is fastest, and its
// result the same, where parts are given in order of time.
func (b *Builder) AddParts(workers int, parts ...*Part) {
	names := b.names.all()
	b.parallel(workers, shardCount, func(w *worker, s int) { b.shards[s].add(w, parts, s, names) })
}

// Bounds of Round.
const (
	roundLeast = 1 << 20
	roundMost  = 4 << 20
)

// Round returns how many flows AddParts should be given at once, which is eight
// for each conversation: then what a conversation's state costs to fetch is
// shared by some flows, and the flows that wait take less memory than the
// conversations.
func (b *Builder) Round() int {
	conversations := 0
	for s := range b.shards {
		conversations += b.shards[s].count
	}
	return min(max(8*conversations, roundLeast), roundMost)
}

// Memory returns about how many bytes it takes to add up what was added so far and to
// make its profile.
func (b *Builder) Memory() int64 {
	n := int64(len(b.addrs.all())) * addressMemory
	for s := range b.shards {
		n += int64(b.shards[s].count)*ConversationMemory + 2*int64(b.shards[s].logBytes) + b.shards[s].detailMemory()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range b.adders {
		n += a.memory.Load()
	}
	return n
}

// ConversationMemory is about how many bytes a conversation of few flows takes in a
// Builder.
const ConversationMemory = 900

// addressMemory is about how many bytes an address takes in a Builder and while its
// profile is written.
const addressMemory = 200

// hostMemory is about how many bytes a host takes in a Builder.
const hostMemory = 1 << 10

// Addresses numbers addresses in the order in which they are first seen, so
// that a reader of dictionary-encoded files looks each address up once and not
// once a flow. It is safe for concurrent use.
type Addresses struct {
	mu    sync.RWMutex
	v4    map[[4]byte]uint32 // small keys: most lookups miss the processor's cache
	v6    map[netip.Addr]uint32
	addrs []netip.Addr // by number
}

// NewAddresses returns an empty Addresses.
func NewAddresses() *Addresses {
	return &Addresses{v4: map[[4]byte]uint32{}, v6: map[netip.Addr]uint32{}}
}

// Number returns the number of address a, a new one if need be.
func (s *Addresses) Number(a netip.Addr) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var n uint32
	next := uint32(len(s.addrs))
	if a.Is4() {
		n = numbered(s.v4, a.As4(), next)
	} else {
		n = numbered(s.v6, a, next)
	}
	if n == next {
		s.addrs = append(s.addrs, a)
	}
	return n
}

// numbered returns the number of a key, which becomes next if it has none.
func numbered[K comparable](numbers map[K]uint32, key K, next uint32) uint32 {
	n, ok := numbers[key]
	if !ok {
		n = next
		numbers[key] = n
	}
	return n
}

// At returns the address with a number that Number gave out.
func (s *Addresses) At(number uint32) netip.Addr {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.addrs[number]
}

// Bytes is about how much memory the addresses take.
func (s *Addresses) Bytes() int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return int64(16*len(s.v4) + 64*len(s.v6) + 24*cap(s.addrs))
}

// all returns the addresses by number. More may be added after.
func (s *Addresses) all() []netip.Addr {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.addrs
}
