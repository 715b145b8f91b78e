package profile

import (
	"cmp"
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// hostEntry is a Host under construction.
type hostEntry struct {
	addr    uint32
	slots   []Slot
	largest []upload // as compareUploads orders them
}

// upload is a flow that may be one of the largest of its host, in 32 bytes. Most hosts
// of a day keep few of many, so a [flow.Record], four times as large, costs time to move.
type upload struct {
	up, down int64
	dst      uint32
	start
	port uint16
}

// record returns the flow of a host.
func (u *upload) record(src netip.Addr, addrs []netip.Addr) flow.Record {
	return flow.Record{
		Time: u.time(), Src: src, Dst: addrs[u.dst],
		Proto: u.proto(), Port: u.port, Up: u.up, Down: u.down,
	}
}

// compareUploads orders flows of one host as compareLargest does.
func compareUploads(a, b *upload, addrs []netip.Addr) int {
	if a.up != b.up {
		return cmp.Compare(b.up, a.up)
	}
	var none netip.Addr
	return compareLargest(a.record(none, addrs), b.record(none, addrs))
}

// slotEntry is what every flow of a host touches: the half hour of the last
// flow, which is not yet among the host's slots.
type slotEntry struct {
	up, down int64
	least    int64 // Up bytes that a flow needs to be among the largest
	flows    uint32
	index    uint8
}

// addHosts adds flows to the hosts that are their sources.
func (a *Adder) addHosts(c Columns) {
	n := len(c.Time)
	src, up, down := c.Src[:n], c.Up[:n], c.Down[:n]
	addrs := a.addrs.all()
	for i, t := range c.Time {
		h := a.host(src[i])
		e := &a.current[h]
		if slot := uint8(uint32(t) / uint32(SlotLength)); e.index != slot || e.flows == math.MaxUint32 {
			a.hosts[h].turn(e)
			e.index = slot
		}
		e.flows++
		e.up, e.down = saturate(e.up, up[i]), saturate(e.down, down[i])
		if up[i] >= e.least {
			u := upload{up[i], down[i], c.Dst[i], startOf(t, c.Proto[i]), uint16(c.Port[i])}
			e.least = a.hosts[h].keep(&u, addrs)
		}
	}
}

// host returns the number of the host with an address.
func (a *Adder) host(addr uint32) int32 {
	if int(addr) < len(a.hostOf) && a.hostOf[addr] > 0 {
		return a.hostOf[addr] - 1
	}
	return a.newHost(addr)
}

func (a *Adder) newHost(addr uint32) int32 {
	if n := int(addr) + 1; n > len(a.hostOf) {
		a.hostOf = append(a.hostOf, make([]int32, n-len(a.hostOf))...)
	}
	a.hosts = append(a.hosts, hostEntry{addr: addr})
	a.current = append(a.current, slotEntry{})
	a.hostOf[addr] = int32(len(a.hosts))
	return int32(len(a.hosts) - 1)
}

// turn puts the current half hour among the others. Logs are mostly in order
// of time, so that this is seldom.
func (h *hostEntry) turn(e *slotEntry) {
	if e.flows > 0 {
		current := Slot{Index: e.index, Counts: Counts{Flows: int64(e.flows), Up: e.up, Down: e.down}}
		n, ok := slices.BinarySearchFunc(h.slots, e.index, func(s Slot, i uint8) int { return cmp.Compare(s.Index, i) })
		if ok {
			h.slots[n].Add(current.Counts)
		} else {
			h.slots = slices.Insert(h.slots, n, current)
		}
	}
	e.flows, e.up, e.down = 0, 0, 0
}

// keep puts a flow among the largest, if it is one, and returns the Up bytes
// that the next needs for that.
func (h *hostEntry) keep(u *upload, addrs []netip.Addr) (least int64) {
	i := len(h.largest)
	for i > 0 && compareUploads(u, &h.largest[i-1], addrs) < 0 {
		i--
	}
	if i < largestKept {
		if len(h.largest) == largestKept {
			h.largest = h.largest[:largestKept-1]
		}
		h.largest = slices.Insert(h.largest, i, *u)
	}
	if len(h.largest) < largestKept {
		return 0
	}
	return h.largest[largestKept-1].up
}

// records returns the largest flows of a host.
func (h *hostEntry) records(src netip.Addr, addrs []netip.Addr) []flow.Record {
	records := make([]flow.Record, len(h.largest))
	for i := range h.largest {
		records[i] = h.largest[i].record(src, addrs)
	}
	return records
}

// Profile returns what was added so far. The Builder and its Adders must not be
// used after. It uses as many goroutines as there are Adders.
func (b *Builder) Profile() *Profile {
	b.flush()
	addrs := b.addrs.all()
	parts := make([]*Profile, len(b.adders))
	for i, a := range b.adders {
		parts[i] = &Profile{Rejected: a.sortedRejected(), Hosts: a.sortedHosts(addrs)}
	}
	p := Merge(parts...)
	p.Sources = b.sources
	slices.SortFunc(p.Sources, compareSources)
	p.Sources = slices.Compact(p.Sources)
	p.Conversations = b.sortedConversations(addrs)
	return p
}

func (a *Adder) sortedRejected() []Rejected {
	var rejected []Rejected
	for _, r := range a.rejected {
		rejected = append(rejected, r)
	}
	slices.SortFunc(rejected, compareRejected)
	return rejected
}

func (a *Adder) sortedHosts(addrs []netip.Addr) []Host {
	hosts := make([]Host, 0, len(a.hosts))
	for i := range a.hosts {
		h := &a.hosts[i]
		h.turn(&a.current[i])
		src := addrs[h.addr]
		hosts = append(hosts, Host{Addr: src, Slots: h.slots, Largest: h.records(src, addrs)})
	}
	slices.SortFunc(hosts, func(x, y Host) int { return x.Addr.Compare(y.Addr) })
	return hosts
}

// saturate adds two non-negative numbers and stops at the largest int64. Such
// an addition is still associative and commutative.
func saturate(a, b int64) int64 {
	if s := a + b; s >= 0 {
		return s
	}
	return math.MaxInt64
}
