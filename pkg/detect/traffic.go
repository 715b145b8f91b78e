package detect

import (
	"cmp"
	"iter"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// AddrTotal is the traffic of one address, as source or as destination.
type AddrTotal struct {
	Addr    netip.Addr
	Country geo.Country // zero for internal addresses and where unknown
	Owner   geo.Owner
	Peers   int     // distinct addresses at the other end
	Share   float64 // of the exchange's bytes, 0 to 1
	Ratio   float64 // up ÷ down bytes; 0 if no bytes came down
	profile.Counts
}

// CountryTotal is the traffic with one country; the zero Country stands for
// addresses whose country is not known.
type CountryTotal struct {
	Country geo.Country
	Hosts   int     // distinct addresses at the other end
	Share   float64 // of the exchange's flows, 0 to 1
	profile.Counts
}

// OwnerTotal is the traffic with one owner of addresses; the zero Owner is that
// of addresses whose owner is not known.
type OwnerTotal struct {
	Owner geo.Owner
	Hosts int     // distinct addresses at the other end
	Share float64 // of the exchange's bytes, 0 to 1
	profile.Counts
}

// Exchange is the traffic between one kind of sources and one kind of
// destinations. Lists are sorted by bytes, most first, countries by flows.
// Countries and Owners are those of the external side.
type Exchange struct {
	Total        profile.Counts
	Ratio        float64 // up ÷ down bytes; 0 if no bytes came down
	Sources      []AddrTotal
	Destinations []AddrTotal
	Countries    []CountryTotal
	Owners       []OwnerTotal
	MedianFlows  float64 // per source
	MedianUp     float64 // bytes per source
	MedianDown   float64 // bytes per source
	MedianRatio  float64 // up ÷ down per source
}

// TrafficDay is the traffic that internal hosts opened on one day.
type TrafficDay struct {
	All             Exchange // with anybody, internal or external
	InternalServers Exchange // with internal servers
	InternalPeers   Exchange // with internal hosts that are not servers
	External        Exchange // with external servers
}

// TrafficResult is the traffic of all days.
type TrafficResult struct {
	Baseline, Test TrafficDay
	Public         Exchange // external users with public servers
}

// Traffic adds up who exchanged how much with whom.
func Traffic(in Input) TrafficResult {
	c := NewContext(in)
	servers, at := c.serverRoles(), c.test.locations
	byDst := func(conv *profile.Conversation) netip.Addr { return conv.Dst }
	bySrc := func(conv *profile.Conversation) netip.Addr { return conv.Src }
	of := func(d *day) TrafficDay {
		isServer := func(conv *profile.Conversation) bool { return servers[keyOf(conv)] != "" }
		return TrafficDay{
			All:             exchangeOf(d.where(func(conv *profile.Conversation) bool { return d.inside(conv.Src) }), byDst, at),
			InternalServers: exchangeOf(only(d.within(), isServer), byDst, at),
			InternalPeers:   exchangeOf(except(d.within(), isServer), byDst, at),
			External:        exchangeOf(d.outward(), byDst, at),
		}
	}
	return TrafficResult{
		Baseline: of(c.lastPast()),
		Test:     of(c.test),
		Public:   exchangeOf(c.servers.inward(), bySrc, at),
	}
}

func only(cs iter.Seq[*profile.Conversation], keep func(*profile.Conversation) bool) iter.Seq[*profile.Conversation] {
	return func(yield func(*profile.Conversation) bool) {
		for c := range cs {
			if keep(c) && !yield(c) {
				return
			}
		}
	}
}

func except(cs iter.Seq[*profile.Conversation], drop func(*profile.Conversation) bool) iter.Seq[*profile.Conversation] {
	return only(cs, func(c *profile.Conversation) bool { return !drop(c) })
}

// tally adds up the flows of one key and the distinct addresses at the other end.
type tally struct {
	profile.Counts
	peers map[netip.Addr]struct{}
}

type tallies[K comparable] map[K]*tally

func (ts tallies[K]) add(k K, c profile.Counts, peer netip.Addr) {
	t, ok := ts[k]
	if !ok {
		t = &tally{peers: map[netip.Addr]struct{}{}}
		ts[k] = t
	}
	t.Add(c)
	t.peers[peer] = struct{}{}
}

// exchangeOf adds up conversations; far gives the address whose country and
// owner count.
func exchangeOf(cs iter.Seq[*profile.Conversation], far func(*profile.Conversation) netip.Addr, at *locations) Exchange {
	var e Exchange
	srcs, dsts := tallies[netip.Addr]{}, tallies[netip.Addr]{}
	countries, owners := tallies[geo.Country]{}, tallies[geo.Owner]{}
	for c := range cs {
		e.Total.Add(c.Counts)
		srcs.add(c.Src, c.Counts, c.Dst)
		dsts.add(c.Dst, c.Counts, c.Src)
		a, near := far(c), c.Src
		if a == c.Src {
			near = c.Dst
		}
		countries.add(at.of(a).country, c.Counts, near)
		owners.add(at.of(a).owner, c.Counts, near)
	}
	e.Ratio = ratio(e.Total.Up, e.Total.Down)
	e.Sources, e.Destinations = e.addresses(srcs, at), e.addresses(dsts, at)
	for k, t := range countries {
		e.Countries = append(e.Countries, CountryTotal{k, len(t.peers), ratio(t.Flows, e.Total.Flows), t.Counts})
	}
	slices.SortFunc(e.Countries, func(a, b CountryTotal) int {
		return cmp.Or(cmp.Compare(b.Flows, a.Flows), cmp.Compare(b.Bytes(), a.Bytes()),
			cmp.Compare(a.Country.Code, b.Country.Code), cmp.Compare(a.Country.Name, b.Country.Name))
	})
	for k, t := range owners {
		e.Owners = append(e.Owners, OwnerTotal{k, len(t.peers), ratio(t.Bytes(), e.Total.Bytes()), t.Counts})
	}
	slices.SortFunc(e.Owners, func(a, b OwnerTotal) int {
		return cmp.Or(cmp.Compare(b.Bytes(), a.Bytes()), cmp.Compare(a.Owner.ASN, b.Owner.ASN),
			cmp.Compare(a.Owner.Name, b.Owner.Name))
	})
	e.medians()
	return e
}

func (e *Exchange) addresses(ts tallies[netip.Addr], at *locations) []AddrTotal {
	var totals []AddrTotal
	for a, t := range ts {
		totals = append(totals, AddrTotal{a, at.of(a).country, at.of(a).owner, len(t.peers),
			ratio(t.Bytes(), e.Total.Bytes()), ratio(t.Up, t.Down), t.Counts})
	}
	slices.SortFunc(totals, func(a, b AddrTotal) int {
		return cmp.Or(cmp.Compare(b.Bytes(), a.Bytes()), a.Addr.Compare(b.Addr))
	})
	return totals
}

// medians fills in the medians per source.
func (e *Exchange) medians() {
	of := func(value func(AddrTotal) float64) float64 {
		var values []float64
		for _, s := range e.Sources {
			values = append(values, value(s))
		}
		slices.Sort(values)
		return median(values)
	}
	e.MedianFlows = of(func(s AddrTotal) float64 { return float64(s.Flows) })
	e.MedianUp = of(func(s AddrTotal) float64 { return float64(s.Up) })
	e.MedianDown = of(func(s AddrTotal) float64 { return float64(s.Down) })
	e.MedianRatio = of(func(s AddrTotal) float64 { return s.Ratio })
}
