package profile

import (
	"cmp"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// hostEntry is a Host under construction.
type hostEntry struct {
	addr    uint32
	current Slot  // the half hour of the last flow, not yet among slots
	least   int64 // Up bytes that a flow needs to be among the largest
	slots   []Slot
	largest []flow.Record
}

func (a *Adder) addHost(r *row) {
	h := a.host(r.src)
	if i := uint8(r.time / SlotLength); h.current.Index != i {
		h.turn(i)
	}
	h.current.Add(Counts{Flows: 1, Up: r.up, Down: r.down})
	if r.up >= h.least {
		h.keep(flow.Record{
			Time: r.time, Src: a.addrs.At(r.src), Dst: a.addrs.At(r.dst),
			Proto: r.proto, Port: r.port, Up: r.up, Down: r.down,
		})
	}
}

func (a *Adder) host(addr uint32) *hostEntry {
	if int(addr) < len(a.hostOf) && a.hostOf[addr] > 0 {
		return &a.hosts[a.hostOf[addr]-1]
	}
	return a.newHost(addr)
}

func (a *Adder) newHost(addr uint32) *hostEntry {
	if n := int(addr) + 1; n > len(a.hostOf) {
		a.hostOf = append(a.hostOf, make([]int32, n-len(a.hostOf))...)
	}
	a.hosts = append(a.hosts, hostEntry{addr: addr})
	a.hostOf[addr] = int32(len(a.hosts))
	return &a.hosts[len(a.hosts)-1]
}

// turn puts the current half hour among the others and begins half hour i.
// Logs are mostly in order of time, so that this is seldom.
func (h *hostEntry) turn(i uint8) {
	if h.current.Flows > 0 {
		n, ok := slices.BinarySearchFunc(h.slots, h.current.Index, func(s Slot, i uint8) int { return cmp.Compare(s.Index, i) })
		if ok {
			h.slots[n].Add(h.current.Counts)
		} else {
			h.slots = slices.Insert(h.slots, n, h.current)
		}
	}
	h.current = Slot{Index: i}
}

// keep puts a flow among the largest, if it is one.
func (h *hostEntry) keep(r flow.Record) {
	i, _ := slices.BinarySearchFunc(h.largest, r, compareLargest)
	if i == LargestKept {
		return
	}
	if len(h.largest) == LargestKept {
		h.largest = h.largest[:LargestKept-1]
	}
	h.largest = slices.Insert(h.largest, i, r)
	if len(h.largest) == LargestKept {
		h.least = h.largest[LargestKept-1].Up
	}
}
