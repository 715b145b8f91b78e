package profile

import (
	"cmp"
	"encoding/binary"
	"math"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/flowbook/flowbook/pkg/flow"
)

// shard holds the conversations of a Builder whose hashes begin with the same
// bits.
type shard struct {
	table   []uint32 // open addressing; conversation number plus one; 0 for free
	count   int      // of conversations
	convs   []*[chunkSize]conversation
	hours   []*[chunkSize][24]uint16 // flows of each hour, for each conversation
	carried map[carry]uint32
	details []*[chunkSize]detailEntry // empty if no flow has any

	logs      [][]byte
	logBytes  int // of all logs
	compacted int // bytes that were left when the logs were compacted last
}

// chunkSize is how many conversations are allocated at once. Chunks stay where
// they are: growing a slice would leave several times its memory behind.
const chunkSize = 64

// conv returns the conversation with a number.
func (s *shard) conv(n uint32) *conversation { return &s.convs[n/chunkSize][n%chunkSize] }

// With 256 shards, a day of 100,000 conversations has some 400 a shard, which
// stay in the first-level cache; one of two million has 8,000, which stay in
// the second.
const (
	shardBits  = 8
	shardCount = 1 << shardBits
)

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

// carry names an hour of a conversation whose count exceeded 16 bits.
type carry struct {
	conversation uint32
	hour         uint8
}

// worker is the memory that one goroutine adds with. It can be used again.
type worker struct {
	numbers []uint32 // of the conversation of each flow
	events  []event  // of each flow
	sorted  []event  // by conversation
	next    []uint32 // place among sorted, for each conversation

	details       []detailRow // of each flow; empty if none has any
	sortedDetails []detailRow // by conversation

	seconds []uint32    // gathered of a conversation
	codes   []uint32    // of sizes gathered of it, and
	sizes   sizeCounter // those that were counted before
	sets    []byte      // their codes

	log  []byte
	open []logReader

	block []byte   // what is free of the block that sets are kept in
	free  [][]byte // logs that have been read
}

// event is what a flow adds to a conversation beyond sums: its time, and in
// the lower half the code of its size.
type event uint64

func (e event) time() flow.Time { return flow.Time(e >> 32) }
func (e event) size() uint32    { return uint32(e) }

// add adds the flows of the parts that belong to the shard, which is the one
// with that number.
func (s *shard) add(w *worker, parts []*Part, number int, names []numberedName) {
	n, detailed := 0, false
	for _, p := range parts {
		rows, details := p.shard(number)
		n += len(rows)
		detailed = detailed || len(details) > 0
	}
	if n == 0 {
		return
	}
	w.details = w.details[:0]
	if s.table == nil {
		s.table = make([]uint32, 64)
	}
	w.numbers, w.events, w.sorted = resized(w.numbers, n), resized(w.events, n), resized(w.sorted, n)
	done := 0
	for _, p := range parts {
		rows, details := p.shard(number)
		if detailed {
			w.addDetails(details, len(rows))
		}
		for len(rows) > 0 {
			m := min(len(rows), passRows)
			s.addSums(p, rows[:m], w.numbers[done:done+m], w.events[done:done+m])
			rows = rows[m:]
			done += m
		}
	}
	w.sort(s.count)
	s.writeLog(w)
	if detailed {
		s.addDetails(w, names)
	}
}

// passRows is the number of flows that are added together, in several passes. A
// pass touches one cache line per flow and does not depend on the previous flow,
// so the processor waits for many cache lines at once.
const passRows = 256

// addSums adds at most passRows flows to their conversations, and sets numbers
// to those of the conversations and events to what else the flows add to them.
func (s *shard) addSums(p *Part, rows []row, numbers []uint32, events []event) {
	mask := uint64(len(s.table) - 1)
	for i := range rows {
		r := &rows[i]
		numbers[i] = s.table[hash(r.src, r.dst, r.proto(), r.port)&mask]
	}
	for i := range rows {
		r := &rows[i]
		n := numbers[i] - 1
		var c *conversation
		if n != math.MaxUint32 {
			c = s.conv(n)
		}
		if c == nil || !c.is(r) {
			n = s.find(r)
			c = s.conv(n)
		}
		numbers[i] = n
		up, down := p.bytes(r)
		c.add(r.time(), up, down)
		events[i] = event(r.time())<<32 | event(sizeCode(up))
	}
}

func (c *conversation) is(r *row) bool {
	return c.src == r.src && c.dst == r.dst && c.port == r.port && c.proto == r.proto()
}

func (c *conversation) add(t flow.Time, up, down int64) {
	c.counts.Add(Counts{Flows: 1, Up: up, Down: down})
	c.maxUp, c.maxDown = max(c.maxUp, up), max(c.maxDown, down)
	c.first, c.last = min(c.first, t), max(c.last, t)
}

// find returns the number of a flow's conversation, new if need be.
func (s *shard) find(r *row) uint32 {
	mask := uint64(len(s.table) - 1)
	for i := hash(r.src, r.dst, r.proto(), r.port) & mask; ; i = (i + 1) & mask {
		at := s.table[i]
		if at == 0 {
			s.table[i] = uint32(s.count + 1)
			return s.newConversation(r)
		}
		if s.conv(at - 1).is(r) {
			return at - 1
		}
	}
}

// newConversation returns the number of a new conversation, whose number is in
// the table already.
func (s *shard) newConversation(r *row) uint32 {
	n := uint32(s.count)
	if n%chunkSize == 0 {
		s.convs = append(s.convs, new([chunkSize]conversation))
	}
	*s.conv(n) = conversation{src: r.src, dst: r.dst, proto: r.proto(), port: r.port, first: r.time(), last: r.time()}
	if s.count++; 2*s.count > len(s.table) {
		s.grow()
	}
	return n
}

func (s *shard) grow() {
	s.table = make([]uint32, 2*len(s.table))
	mask := uint64(len(s.table) - 1)
	for n := range uint32(s.count) {
		c := s.conv(n)
		i := hash(c.src, c.dst, c.proto, c.port) & mask
		for s.table[i] != 0 {
			i = (i + 1) & mask
		}
		s.table[i] = n + 1
	}
}

// sort sets sorted to the events in order of their conversation and otherwise
// in their order, and next to where those of each conversation end.
func (w *worker) sort(conversations int) {
	w.next = resized(w.next, conversations)
	clear(w.next)
	for _, n := range w.numbers {
		w.next[n]++
	}
	sum := uint32(0)
	for n, count := range w.next {
		w.next[n] = sum
		sum += count
	}
	if len(w.details) > 0 {
		w.sortedDetails = resized(w.sortedDetails, len(w.numbers))
	}
	for i, n := range w.numbers {
		if len(w.details) > 0 {
			w.sortedDetails[w.next[n]] = w.details[i]
		}
		w.sorted[w.next[n]] = w.events[i]
		w.next[n]++
	}
}

// place is the position of a conversation in a Builder, and its order among those
// of one source.
type place struct {
	order  uint64 // rank of the destination, protocol and port
	shard  uint32
	number uint32
}

// sortedConversations divides the conversations by source, which needs no
// comparison, and then sorts those of each source by rank of address, which
// compares one integer where comparing keys would compare some forty bytes.
// Each shard then makes its conversations where they belong: writing here and
// there is less to wait for than reading here and there.
func (b *Builder) sortedConversations(addrs []netip.Addr) []Conversation {
	places, end := b.bySource(ranks(addrs))
	workers := max(len(b.adders), 1)
	b.parallel(workers, len(end), func(_ *worker, source int) {
		from := 0
		if source > 0 {
			from = end[source-1]
		}
		slices.SortFunc(places[from:end[source]], func(x, y place) int { return cmp.Compare(x.order, y.order) })
	})
	targets := make([][]uint32, shardCount)
	for s := range targets {
		targets[s] = make([]uint32, b.shards[s].count)
	}
	for i, p := range places {
		targets[p.shard][p.number] = uint32(i)
	}
	sorted := make([]Conversation, len(places))
	names := b.names.all()
	b.parallel(workers, shardCount, func(w *worker, s int) { b.shards[s].finish(w, sorted, targets[s], addrs, names) })
	return sorted
}

// parallel calls do for every number below n, by so many goroutines.
func (b *Builder) parallel(workers, n int, do func(w *worker, i int)) {
	workers = max(workers, 1)
	if len(b.workers) < workers {
		b.workers = make([]worker, workers)
	}
	var next atomic.Int64
	var working sync.WaitGroup
	for w := range b.workers[:workers] {
		working.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(&b.workers[w], i)
			}
		})
	}
	working.Wait()
}

// bySource returns the places of all conversations in order of their source,
// and where those of each source end, by its rank.
func (b *Builder) bySource(rank []uint32) (places []place, end []int) {
	next := make([]int, len(rank)+1)
	for s := range b.shards {
		for i := range b.shards[s].count {
			next[rank[b.shards[s].conv(uint32(i)).src]+1]++
		}
	}
	for r := range rank {
		next[r+1] += next[r]
	}
	places = make([]place, next[len(rank)])
	for s := range b.shards {
		for i := range b.shards[s].count {
			c := b.shards[s].conv(uint32(i))
			at := &next[rank[c.src]]
			places[*at] = place{
				order: uint64(rank[c.dst])<<24 | uint64(c.proto)<<16 | uint64(c.port),
				shard: uint32(s), number: uint32(i),
			}
			*at++
		}
	}
	return places, next
}

// finish makes the conversations of the shard at their targets in sorted. An
// only log is all of sets, and becomes theirs.
func (s *shard) finish(w *worker, sorted []Conversation, targets []uint32, addrs []netip.Addr, names []numberedName) {
	s.openLogs(w)
	for n, target := range targets {
		c, out := s.conv(uint32(n)), &sorted[target]
		out.Key = Key{Src: addrs[c.src], Dst: addrs[c.dst], Proto: c.proto, Port: c.port}
		out.Counts, out.MaxUp, out.MaxDown, out.First, out.Last = c.counts, c.maxUp, c.maxDown, c.first, c.last
		for h, flows := range s.hours[n/chunkSize][n%chunkSize] {
			out.Hours[h] = uint32(flows)
		}
		if len(s.carried) > 0 {
			for h := range out.Hours {
				out.Hours[h] += s.carried[carry{uint32(n), uint8(h)}]
			}
		}
		if n < len(s.details)*chunkSize {
			out.Details = s.details[n/chunkSize][n%chunkSize].finish(names)
		}
		seconds, sizes := w.merged(n)
		if len(s.logs) == 1 {
			out.Seconds, out.Sizes = Seconds{seconds}, Sizes{sizes} // which stay in the log
		} else {
			out.Seconds, out.Sizes = w.keep(seconds, sizes)
		}
	}
	if len(s.logs) > 1 {
		w.free = append(w.free, s.logs...)
	}
	*s = shard{}
}

// ranks returns the place of each address in their order, in which IPv4 comes first.
func ranks(addrs []netip.Addr) []uint32 {
	var v4 []uint64 // each with its index, since numbers sort fast
	var v6 []uint32
	for i, a := range addrs {
		if !a.Is4() {
			v6 = append(v6, uint32(i))
			continue
		}
		b := a.As4()
		v4 = append(v4, uint64(binary.BigEndian.Uint32(b[:]))<<32|uint64(i))
	}
	slices.Sort(v4)
	slices.SortFunc(v6, func(x, y uint32) int { return addrs[x].Compare(addrs[y]) })
	rank := make([]uint32, len(addrs))
	for r, x := range v4 {
		rank[uint32(x)] = uint32(r)
	}
	for r, i := range v6 {
		rank[i] = uint32(len(v4) + r)
	}
	return rank
}
