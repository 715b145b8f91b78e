package profile

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Total returns the counts of all flows.
func (p *Profile) Total() Counts {
	var t Counts
	for i := range p.Conversations {
		t.Add(p.Conversations[i].Counts)
	}
	return t
}

// Hours returns the counts of each hour of the day.
func (p *Profile) Hours() [24]Counts {
	var hours [24]Counts
	for i := range p.Hosts {
		for h, c := range p.Hosts[i].Hours() {
			hours[h].Add(c)
		}
	}
	return hours
}

// Hours returns the counts of each hour of the day.
func (h *Host) Hours() [24]Counts {
	var hours [24]Counts
	for _, s := range h.Slots {
		hours[int(s.Index)*24/SlotsPerDay].Add(s.Counts)
	}
	return hours
}

// Total returns the counts of the host's flows.
func (h *Host) Total() Counts {
	var t Counts
	for _, s := range h.Slots {
		t.Add(s.Counts)
	}
	return t
}

// Pair is the flows from one source to one destination, whatever the port.
type Pair struct {
	Src, Dst netip.Addr
	Counts
	Ports int // distinct protocol and port combinations
}

// Pairs returns the pairs in order of source and destination.
func (p *Profile) Pairs() []Pair {
	var pairs []Pair
	for i := range p.Conversations {
		c := &p.Conversations[i]
		if n := len(pairs); n == 0 || pairs[n-1].Src != c.Src || pairs[n-1].Dst != c.Dst {
			pairs = append(pairs, Pair{Src: c.Src, Dst: c.Dst})
		}
		last := &pairs[len(pairs)-1]
		last.Add(c.Counts)
		last.Ports++
	}
	return pairs
}

// Service is the flows to one destination, protocol and port.
type Service struct {
	Dst   netip.Addr
	Proto flow.Proto
	Port  uint16
	Counts
	Clients int // distinct sources
}

// Services returns the services in order of destination, protocol and port.
func (p *Profile) Services() []Service {
	type key struct {
		dst   netip.Addr
		proto flow.Proto
		port  uint16
	}
	index := map[key]int{}
	var services []Service
	for i := range p.Conversations {
		c := &p.Conversations[i]
		k := key{c.Dst, c.Proto, c.Port}
		n, ok := index[k]
		if !ok {
			n = len(services)
			index[k] = n
			services = append(services, Service{Dst: c.Dst, Proto: c.Proto, Port: c.Port})
		}
		services[n].Add(c.Counts)
		services[n].Clients++
	}
	slices.SortFunc(services, func(a, b Service) int {
		return cmp.Or(a.Dst.Compare(b.Dst), cmp.Compare(a.Proto, b.Proto), cmp.Compare(a.Port, b.Port))
	})
	return services
}

// RejectedRows returns how many rows were left out, for whatever reason.
func (p *Profile) RejectedRows() int64 {
	var n int64
	for _, r := range p.Rejected {
		n += r.Count
	}
	return n
}
