package profile

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
)

// place says where a conversation stands in a Builder, and its order among
// those of one source.
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
	b.parallel(workers, shardCount, func(w *worker, s int) { b.shards[s].finish(w, sorted, targets[s], addrs) })
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
func (s *shard) finish(w *worker, sorted []Conversation, targets []uint32, addrs []netip.Addr) {
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

// ranks returns the place of each address in their order.
func ranks(addrs []netip.Addr) []uint32 {
	order := make([]uint32, len(addrs))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(x, y uint32) int { return addrs[x].Compare(addrs[y]) })
	rank := make([]uint32, len(order))
	for r, id := range order {
		rank[id] = uint32(r)
	}
	return rank
}
