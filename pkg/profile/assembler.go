package profile

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Assembler makes a Profile of aggregates that another program computed, such as a
// database. The aggregates may come in any order and in any number of parts: several
// of one conversation, half hour or reason add up. It is not safe for concurrent use.
type Assembler struct {
	sources       []Source
	rejected      map[string]Rejected
	hosts         map[netip.Addr]*Host
	conversations []Conversation
	sizes         sizeCounter // of CountedSizes
}

// NewAssembler returns an empty Assembler.
func NewAssembler() *Assembler {
	return &Assembler{rejected: map[string]Rejected{}, hosts: map[netip.Addr]*Host{}}
}

// AddSource names a log that the aggregates were computed from.
func (a *Assembler) AddSource(s Source) { a.sources = append(a.sources, s) }

// AddRejected counts rows that were left out.
func (a *Assembler) AddRejected(r Rejected) {
	if old, ok := a.rejected[r.Reason]; ok {
		r = joinRejected(old, r)
	}
	a.rejected[r.Reason] = r
}

// AddConversation adds a conversation, or a part of one. Details in which nothing is
// known are left out.
func (a *Assembler) AddConversation(c Conversation) {
	if c.Details != nil && c.Details.empty() {
		c.Details = nil
	}
	a.conversations = append(a.conversations, c)
}

// AddHalfHour adds the flows that a host opened in a half hour.
func (a *Assembler) AddHalfHour(src netip.Addr, s Slot) {
	h := a.host(src)
	n, ok := slices.BinarySearchFunc(h.Slots, s.Index, func(x Slot, i uint8) int { return cmp.Compare(x.Index, i) })
	if ok {
		h.Slots[n].Add(s.Counts)
		return
	}
	h.Slots = slices.Insert(h.Slots, n, s)
}

// AddLargest adds a flow that may be one of the largest of its source. Each of the
// ten largest must be added once; more do no harm.
func (a *Assembler) AddLargest(r flow.Record) {
	r.Details = flow.Details{}
	h := a.host(r.Src)
	i, _ := slices.BinarySearchFunc(h.Largest, r, compareLargest)
	h.Largest = slices.Insert(h.Largest, i, r)
	h.Largest = h.Largest[:min(len(h.Largest), largestKept)]
}

func (a *Assembler) host(src netip.Addr) *Host {
	h, ok := a.hosts[src]
	if !ok {
		h = &Host{Addr: src}
		a.hosts[src] = h
	}
	return h
}

// CountHours sets the hours of a conversation to the flows of its seconds: flows[i]
// started in seconds[i], which is below [SecondsPerDay].
func (c *Conversation) CountHours(seconds, flows []int64) {
	for i, second := range seconds {
		h := &c.Hours[second/3600]
		*h = addFlows(*h, uint32(min(flows[i], math.MaxUint32)))
	}
}

// CountedSizes returns the distribution of flows by size: flows[i] have sizes[i],
// which is not negative. Rounded means that the conversation has more than sixteen
// different sizes, so that all of them are rounded (see [Sizes]).
func (a *Assembler) CountedSizes(sizes, flows []int64, rounded bool) Sizes {
	if len(sizes) == 0 {
		return Sizes{}
	}
	if rounded {
		a.sizes.round()
	}
	for i, size := range sizes {
		a.sizes.add(sizeCode(size), uint32(min(flows[i], math.MaxUint32)))
	}
	return Sizes{code: a.sizes.take(nil)}
}

// SampleNames returns those of the names of a conversation that a profile keeps (see
// [Details]). Several counts of one name add up.
func SampleNames(names []Name) []Name {
	slices.SortFunc(names, compareNames)
	var sample []Name
	for _, n := range names {
		switch last := len(sample) - 1; {
		case last >= 0 && sample[last].Name == n.Name:
			sample[last].Flows = saturate(sample[last].Flows, n.Flows)
		case len(sample) < namesKept:
			sample = append(sample, n)
		}
	}
	return sample
}

// Profile returns what was added. It is an error if the aggregates contradict each
// other, such as half hours and conversations with different totals. The Assembler
// must not be used after.
func (a *Assembler) Profile() (*Profile, error) {
	p := &Profile{Sources: a.sources, Conversations: a.sortedConversations()}
	slices.SortFunc(p.Sources, compareSources)
	p.Sources = slices.Compact(p.Sources)
	for _, r := range a.rejected {
		p.Rejected = append(p.Rejected, r)
	}
	slices.SortFunc(p.Rejected, compareRejected)
	for _, h := range a.hosts {
		p.Hosts = append(p.Hosts, *h)
	}
	slices.SortFunc(p.Hosts, func(x, y Host) int { return x.Addr.Compare(y.Addr) })
	if err := p.check(); err != nil {
		return nil, err
	}
	return p, nil
}

func (a *Assembler) sortedConversations() []Conversation {
	cs := a.conversations
	slices.SortStableFunc(cs, func(x, y Conversation) int { return x.Compare(y.Key) })
	n := 0
	for i := range cs {
		if n > 0 && cs[n-1].Key == cs[i].Key {
			cs[n-1] = joinConversations(cs[n-1], cs[i])
			continue
		}
		cs[n] = cs[i]
		n++
	}
	return cs[:n]
}

// CheckTimes verifies that the seconds of a conversation are those of its first and
// last flow, its hours, and not more than its flows.
func (c *Conversation) CheckTimes() error {
	var b secondsBounds
	for second := range c.Seconds.All() {
		b.add(second)
	}
	switch {
	case c.Seconds.Len() == 0 || int64(c.Seconds.Len()) > c.Flows:
		return fmt.Errorf("%d flows in %d seconds", c.Flows, c.Seconds.Len())
	case b.first != c.First.Second() || b.last != c.Last.Second():
		return errors.New("its seconds are not those of its first and last flow")
	case uint64(b.hours) != hourMask(&c.Hours):
		return errors.New("its seconds are not those of its hours")
	}
	return nil
}
