package profile

import (
	"math"
	"net/netip"
	"slices"
)

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
		hosts = append(hosts, Host{Addr: addrs[h.addr], Slots: h.slots, Largest: h.largest})
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
