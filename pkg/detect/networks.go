package detect

import (
	"cmp"
	"iter"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// NetworkShare is a network and the share of the flows that have an end in it.
type NetworkShare struct {
	Network netip.Prefix
	Share   float64 // 0 to 1
}

// Networks says which networks look like the organisation's own.
type Networks struct {
	Internal   flow.Networks  // flow.Private and the inferred networks; nil if none fits
	Inferred   []NetworkShare // the networks inferred, by share
	Share      float64        // of all flows, those with an end in Internal
	Candidates []NetworkShare // the public networks with most flows, for a message
}

// A sensor sees flows that have an internal end, so the organisation's networks
// take part in nearly all of them. Broadcast and scans of unused space leave a
// few without.
const (
	internalShare     = 0.9 // of the flows must have an end in the networks
	candidateShare    = 0.1 // of the flows makes a public network worth naming
	mostInferred      = 4   // networks; more are not one organisation's view
	wideV4, narrowV4  = 16, 24
	wideV6, narrowV6  = 48, 64
	narrowEnoughShare = 0.99 // of a wide network's flows in a narrow one make that the answer
)

var sharedSpace = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598, of carriers

// InferNetworks finds the organisation's own networks from flows. They are the
// private ones if these have an end of 90 % of the flows, and else also the
// public networks that have most of the rest: /24s (/64s of IPv6), or /16s (/48s)
// if several /24s of one take part. Internal is nil if four such networks are
// not enough.
func InferNetworks(days ...*profile.Profile) Networks {
	n := Networks{Internal: slices.Clone(flow.Private)}
	var total, private int64
	var last netip.Addr
	inside := false // whether the last source is private; conversations are sorted by source
	for e := range ends(days) {
		if e.src != last {
			last, inside = e.src, n.Internal.Contains(e.src)
		}
		total += e.flows
		if inside || n.Internal.Contains(e.dst) {
			private += e.flows
		}
	}
	if n.Share = ratio(private, total); total == 0 || n.Share >= internalShare {
		return n
	}
	all := slices.Collect(ends(days))
	covered := func() (sum int64) {
		for _, e := range all {
			if n.Internal.Contains(e.src) || n.Internal.Contains(e.dst) {
				sum += e.flows
			}
		}
		return sum
	}
	share := func(flows int64) float64 { return ratio(flows, total) }
	for n.Share = share(covered()); total > 0 && n.Share < internalShare; n.Share = share(covered()) {
		wide, narrow := outside(all, n.Internal)
		ranked := wide.rank(total)
		if len(n.Inferred) == 0 {
			n.Candidates = ranked[:min(len(ranked), 3)]
		}
		if len(ranked) == 0 || ranked[0].Share < candidateShare || len(n.Inferred) == mostInferred {
			n.Internal = nil
			return n
		}
		best := ranked[0]
		for _, s := range narrow.rank(total) {
			if best.Network.Contains(s.Network.Addr()) && s.Share >= narrowEnoughShare*best.Share {
				best = s
				break
			}
		}
		n.Inferred = append(n.Inferred, best)
		n.Internal = append(n.Internal, best.Network)
	}
	return n
}

// flowEnds is the number of flows between two addresses.
type flowEnds struct {
	src, dst netip.Addr
	flows    int64
}

// ends yields the ends of all conversations between single hosts.
func ends(days []*profile.Profile) iter.Seq[flowEnds] {
	return func(yield func(flowEnds) bool) {
		for _, p := range days {
			if p == nil {
				continue
			}
			for i := range p.Conversations {
				c := &p.Conversations[i]
				if c.Src.IsGlobalUnicast() && c.Dst.IsGlobalUnicast() && c.Dst != broadcast && !yield(flowEnds{c.Src, c.Dst, c.Flows}) {
					return
				}
			}
		}
	}
}

// networkFlows is the flows with an end in each network, and of these the ones that
// it opened.
type networkFlows struct{ all, opened map[netip.Prefix]int64 }

func (n networkFlows) add(src, dst netip.Prefix, flows int64) {
	n.all[src] += flows
	n.opened[src] += flows
	if src != dst {
		n.all[dst] += flows
	}
}

// outside counts the flows without an end in the internal networks, by the wide
// and the narrow networks of their ends.
func outside(all []flowEnds, internal flow.Networks) (wide, narrow networkFlows) {
	wide = networkFlows{map[netip.Prefix]int64{}, map[netip.Prefix]int64{}}
	narrow = networkFlows{map[netip.Prefix]int64{}, map[netip.Prefix]int64{}}
	for _, e := range all {
		if !internal.Contains(e.src) && !internal.Contains(e.dst) {
			wide.add(wideOf(e.src), wideOf(e.dst), e.flows)
			narrow.add(narrowOf(e.src), narrowOf(e.dst), e.flows)
		}
	}
	return wide, narrow
}

// rank returns the networks by their share of the flows. Of a network and the only
// one that it talks to, the one that opened more flows is first: a capture of one
// client of one server is that of the client.
func (n networkFlows) rank(total int64) []NetworkShare {
	var ranked []NetworkShare
	for p, flows := range n.all {
		ranked = append(ranked, NetworkShare{p, ratio(flows, total)})
	}
	slices.SortFunc(ranked, func(a, b NetworkShare) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(n.opened[b.Network], n.opened[a.Network]),
			a.Network.Addr().Compare(b.Network.Addr()))
	})
	return ranked
}

func wideOf(a netip.Addr) netip.Prefix {
	if sharedSpace.Contains(a) {
		return sharedSpace
	}
	return prefixOf(a, wideV4, wideV6)
}

func narrowOf(a netip.Addr) netip.Prefix { return prefixOf(a, narrowV4, narrowV6) }

func prefixOf(a netip.Addr, v4, v6 int) netip.Prefix {
	bits := v6
	if a.Is4() {
		bits = v4
	}
	return netip.PrefixFrom(a, bits).Masked()
}
