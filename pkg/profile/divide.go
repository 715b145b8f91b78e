package profile

import (
	"math"
	"math/bits"
	"sync/atomic"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Adder divides flows for a Builder, and counts the hosts and the rejected rows.
// An Adder is used by one goroutine; several Adders can be used concurrently.
type Adder struct {
	addrs *Addresses

	current []slotEntry // of each host
	hosts   []hostEntry
	hostOf  []int32 // address number to index in hosts plus one; 0 for none

	shards []uint8 // of the rows of a part

	rejected map[string]Rejected

	memory atomic.Int64 // bytes of hosts
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

// row is a flow that waits to be added, in 24 bytes: memory is what limits a
// Builder.
type row struct {
	src, dst uint32
	up, down uint32 // or, where huge, up is a place in Part.huge
	start
	port uint16
	huge bool
}

// start is when a flow began, and its protocol in the lowest byte.
type start uint32

func startOf(t int64, proto uint32) start { return start(uint32(t)<<8 | proto&math.MaxUint8) }

func (s start) time() flow.Time   { return flow.Time(s >> 8) }
func (s start) proto() flow.Proto { return flow.Proto(s & math.MaxUint8) }

// Part is flows divided by shard. Its memory can be used again. The zero value
// is empty.
type Part struct {
	rows    []row
	details []detailRow        // of each row; empty if no flow has any
	huge    [][2]int64         // up and down of flows of 4 GiB and more
	end     [shardCount]uint32 // of each shard's rows
}

// shard returns the rows of shard s, and their details if the part has some.
func (p *Part) shard(s int) ([]row, []detailRow) {
	from := uint32(0)
	if s > 0 {
		from = p.end[s-1]
	}
	if len(p.details) == 0 {
		return p.rows[from:p.end[s]], nil
	}
	return p.rows[from:p.end[s]], p.details[from:p.end[s]]
}

// bytes returns the up and down bytes of a row.
func (p *Part) bytes(r *row) (up, down int64) {
	if r.huge {
		return p.huge[r.up][0], p.huge[r.up][1]
	}
	return int64(r.up), int64(r.down)
}

// setBytes sets the up and down bytes of a row.
func (p *Part) setBytes(r *row, up, down int64) {
	if r.huge = uint64(up|down) > math.MaxUint32; r.huge {
		r.up = uint32(len(p.huge))
		p.huge = append(p.huge, [2]int64{up, down})
		return
	}
	r.up, r.down = uint32(up), uint32(down)
}

// Divide adds flows to their hosts and sets p to them and their optional columns, divided
// by shard and otherwise in their order. [Builder.AddParts] must follow. Some ten thousand
// flows at once are best: they and their division stay in the cache.
func (a *Adder) Divide(c Columns, d DetailColumns, p *Part) {
	n := len(c.Time)
	time, src, dst, proto, port := c.Time, c.Src[:n], c.Dst[:n], c.Proto[:n], c.Port[:n]
	up, down := c.Up[:n], c.Down[:n]
	p.rows, p.huge, a.shards = resized(p.rows, n), p.huge[:0], resized(a.shards, n)
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
	p.details = p.details[:0]
	if d.known() {
		p.divideDetails(d, a.shards, next)
	}
	for i, s := range a.shards {
		r := &p.rows[next[s]]
		next[s]++
		r.src, r.dst, r.port = src[i], dst[i], uint16(port[i])
		r.start = startOf(time[i], proto[i])
		p.setBytes(r, up[i], down[i])
	}
	p.end = next
	a.addHosts(c)
	a.memory.Store(int64(len(a.hosts)) * hostMemory)
}

// divideDetails sets p to the optional columns of its rows, whose shards are given, and
// the place of the first row of each. The rows of a file without such columns are divided
// by a loop that does not ask for them.
func (p *Part) divideDetails(d DetailColumns, shards []uint8, next [shardCount]uint32) {
	p.details = resized(p.details, len(shards))
	for i, s := range shards {
		p.details[next[s]] = d.row(i)
		next[s]++
	}
}

// resized returns a slice of length n, in the memory of s where it suffices.
func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// Reject counts a row that was left out.
func (a *Adder) Reject(reason string, at Place) { a.RejectRows(reason, 1, at) }

// RejectRows counts rows that were left out; first is the place of the first one.
func (a *Adder) RejectRows(reason string, rows int64, first Place) {
	r := Rejected{Reason: reason, Count: rows, First: first}
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
