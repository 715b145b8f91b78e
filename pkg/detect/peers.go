package detect

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/profile"
	"gonum.org/v1/gonum/graph/simple"
	"gonum.org/v1/gonum/graph/topo"
)

// hostPair is two hosts, the lower address first.
type hostPair [2]netip.Addr

func (p hostPair) compare(o hostPair) int { return cmp.Or(p[0].Compare(o[0]), p[1].Compare(o[1])) }

// other returns the host of p that is not a, or false where a is not in p.
func (p hostPair) other(a netip.Addr) (netip.Addr, bool) {
	switch a {
	case p[0]:
		return p[1], true
	case p[1]:
		return p[0], true
	}
	return netip.Addr{}, false
}

// peerFlows is the flows from one host to another that is not a server.
type peerFlows struct {
	profile.Counts
	span span
}

// peerTable holds the flows between hosts by source and destination.
type peerTable map[[2]netip.Addr]peerFlows

// peers adds up the flows between internal hosts, except those to servers.
func (d *day) peers(servers map[serviceKey]Role) peerTable {
	return d.toPeers.get(servers, func() peerTable { return d.listPeers(servers) })
}

func (d *day) listPeers(servers map[serviceKey]Role) peerTable {
	t := peerTable{}
	for c := range d.within() {
		if servers[keyOf(c)] != "" {
			continue
		}
		k := [2]netip.Addr{c.Src, c.Dst}
		p := t[k]
		p.Add(c.Counts)
		p.span.add(c)
		t[k] = p
	}
	return t
}

// has says whether either host of p opened a flow to the other.
func (t peerTable) has(p hostPair) bool {
	_, there := t[p]
	_, back := t[[2]netip.Addr{p[1], p[0]}]
	return there || back
}

// mutual yields the pairs that talk both ways and evenly, in no order.
func (t peerTable) mutual(limit float64) iter.Seq[hostPair] {
	return func(yield func(hostPair) bool) {
		for k, there := range t {
			back, ok := t[[2]netip.Addr{k[1], k[0]}]
			if !ok || !k[0].Less(k[1]) {
				continue
			}
			if math.Abs(logRatio(there.Counts)) < limit && math.Abs(logRatio(back.Counts)) < limit && !yield(k) {
				return
			}
		}
	}
}

// logRatio is the logarithm of up ÷ down, infinite where either is nothing.
func logRatio(c profile.Counts) float64 {
	if c.Up <= 0 || c.Down <= 0 {
		return math.Inf(1)
	}
	return math.Log(float64(c.Up) / float64(c.Down))
}

// among returns the pairs of the given members that talk both ways, by source
// and destination.
func (t peerTable) among(members []netip.Addr, fresh []hostPair) []PeerPair {
	var rows []PeerPair
	for _, p := range fresh {
		if _, ok := slices.BinarySearchFunc(members, p[0], netip.Addr.Compare); !ok {
			continue
		}
		for _, k := range [][2]netip.Addr{p, {p[1], p[0]}} {
			c := t[k].Counts
			q := ratio(c.Up, c.Down)
			rows = append(rows, PeerPair{Src: k[0], Dst: k[1], Flows: c.Flows, Up: c.Up, Down: c.Down,
				Ratio: q, Diff: math.Abs(q - 1)})
		}
	}
	slices.SortFunc(rows, comparePairs)
	return rows
}

func comparePairs(a, b PeerPair) int { return cmp.Or(a.Src.Compare(b.Src), a.Dst.Compare(b.Dst)) }

// imbalance is the median of how far the pairs' up ÷ down lies from 1, as the
// absolute value of its logarithm.
func imbalance(pairs []PeerPair) float64 {
	var values []float64
	for _, p := range pairs {
		values = append(values, math.Abs(math.Log(p.Ratio)))
	}
	slices.Sort(values)
	return median(values)
}

// balanceLimit is half the way from an even exchange to that of a client and a
// server, as logarithms of up ÷ down, and where it comes from.
func balanceLimit(days []*day, servers map[serviceKey]Role) (float64, string) {
	var values []float64
	for _, d := range days {
		values = append(values, d.imbalances(servers)...)
	}
	slices.Sort(values)
	least := math.Log(leastBalance)
	if half := median(values) / 2; half > least {
		return half, fmt.Sprintf("halfway on a logarithmic scale between 1 and the median of %s with internal servers on the baseline day", plural(int64(len(values)), "conversation"))
	}
	return least, "fixed: the ratio that chance explains; too few conversations with internal servers on the baseline day, or too balanced ones, to learn from"
}

// imbalances returns how far up ÷ down lies from 1 in conversations with internal
// servers, as the absolute value of its logarithm.
func (d *day) imbalances(servers map[serviceKey]Role) []float64 {
	return d.toServers.get(servers, func() (values []float64) {
		for c := range d.within() {
			if q := math.Abs(logRatio(c.Counts)); servers[keyOf(c)] != "" && !math.IsInf(q, 0) {
				values = append(values, q)
			}
		}
		return values
	})
}

// components returns the groups of hosts that hang together, each sorted,
// largest first and then by first member.
func components(pairs []hostPair) [][]netip.Addr {
	var addrs []netip.Addr
	for _, p := range pairs {
		addrs = append(addrs, p[:]...)
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	addrs = slices.Compact(addrs)
	id := func(a netip.Addr) simple.Node {
		i, _ := slices.BinarySearchFunc(addrs, a, netip.Addr.Compare)
		return simple.Node(i)
	}
	g := simple.NewUndirectedGraph()
	for _, p := range pairs {
		g.SetEdge(simple.Edge{F: id(p[0]), T: id(p[1])})
	}
	var groups [][]netip.Addr
	for _, nodes := range topo.ConnectedComponents(g) {
		var members []netip.Addr
		for _, n := range nodes {
			members = append(members, addrs[n.ID()])
		}
		slices.SortFunc(members, netip.Addr.Compare)
		groups = append(groups, members)
	}
	slices.SortFunc(groups, func(a, b []netip.Addr) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), a[0].Compare(b[0]))
	})
	return groups
}
