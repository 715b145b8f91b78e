package profile

import (
	"math/bits"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Adder divides flows for a Builder, and keeps what is counted on the way: the
// hosts and the rejected rows. It is for one goroutine beside other Adders.
type Adder struct {
	addrs *Addresses

	hosts  []hostEntry
	hostOf []int32 // address number to index in hosts plus one; 0 for none

	shards []uint8 // of the rows of a part

	rejected map[string]Rejected
}

// Adder returns a new Adder. It may be called from any goroutine.
func (b *Builder) Adder() *Adder {
	a := &Adder{addrs: b.addrs, rejected: map[string]Rejected{}}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.adders = append(b.adders, a)
	return a
}

// Columns are flows column by column, all of one length. Each value must be
// one that its column can have: times within the day, ports of 16 bits, bytes
// that are not negative.
type Columns struct {
	Time     []int64  // hundredths of a second since midnight
	Src, Dst []uint32 // numbers of addresses
	Proto    []uint32 // IANA numbers
	Port     []int64
	Up, Down []int64 // bytes
}

// row is a flow that waits to be added; two fill a cache line.
type row struct {
	time     flow.Time
	src, dst uint32
	port     uint16
	proto    flow.Proto
	up, down int64
}

// Part is flows divided by shard. Its memory can be used again. The zero value
// is empty.
type Part struct {
	rows []row
	end  [shardCount]uint32 // of each shard's rows
}

// shard returns the rows of shard s.
func (p *Part) shard(s int) []row {
	if s == 0 {
		return p.rows[:p.end[0]]
	}
	return p.rows[p.end[s-1]:p.end[s]]
}

// Divide adds flows to their hosts and sets p to them, divided by shard and
// otherwise in their order. [Builder.AddParts] must follow. Some ten thousand
// flows at once are best: they and their division stay in the cache.
func (a *Adder) Divide(c Columns, p *Part) {
	n := len(c.Time)
	src, dst, proto, port, up, down := c.Src[:n], c.Dst[:n], c.Proto[:n], c.Port[:n], c.Up[:n], c.Down[:n]
	if cap(p.rows) < n {
		p.rows = make([]row, n)
	}
	if cap(a.shards) < n {
		a.shards = make([]uint8, n)
	}
	p.rows, a.shards = p.rows[:n], a.shards[:n]
	var next [shardCount]uint32
	for i := range a.shards {
		s := uint8(hash(src[i], dst[i], flow.Proto(proto[i]), uint16(port[i])) >> (64 - shardBits))
		a.shards[i] = s
		next[s]++
	}
	sum := uint32(0)
	for s, count := range &next {
		next[s] = sum
		sum += count
	}
	for i, s := range a.shards {
		r := &p.rows[next[s]]
		next[s]++
		*r = row{
			time: flow.Time(c.Time[i]), src: src[i], dst: dst[i],
			proto: flow.Proto(proto[i]), port: uint16(port[i]), up: up[i], down: down[i],
		}
		a.addHost(r)
	}
	p.end = next
}

// Reject counts a row that was left out.
func (a *Adder) Reject(reason string, at Place) {
	r := Rejected{Reason: reason, Count: 1, First: at}
	if old, ok := a.rejected[reason]; ok {
		r = joinRejected(old, r)
	}
	a.rejected[reason] = r
}

// hash mixes a key by multiplication folded to 64 bits, as wyhash does.
func hash(src, dst uint32, proto flow.Proto, port uint16) uint64 {
	hi, lo := bits.Mul64(
		(uint64(src)<<32|uint64(dst))^0x9e3779b97f4a7c15,
		(uint64(proto)<<16|uint64(port))^0xd1b54a32d192ed03)
	return hi ^ lo
}
