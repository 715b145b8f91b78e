package sentinel

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"maps"
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// Subnets that are searched by default: those in which a site usually
// numbers one segment.
const (
	subnetBits   = 24
	subnetBitsV6 = 64
)

// Subnet is the flows between hosts of one network.
type Subnet struct {
	Network   netip.Prefix
	Rows      []PeerRow // highest frequency first
	Unordered bool      // the file's rows are not in order of time, and so frequencies mean little
}

// PeerRow is the flows from hosts of a subnet to one address in it.
type PeerRow struct {
	Index     int // place of the destination among all, in alphabetical order, from 0
	Dst       netip.Addr
	Sources   []netip.Addr // distinct; sorted
	Flows     int64
	Frequency float64 // flows per 1/100 s; NaN if there is no time between first and last
}

// findPeers returns the flows between hosts of one network, for each of
// networks in their order. Without networks it searches all subnets found (/24,
// and /64 of IPv6) and returns those that have such flows, in order of address.
//
// Sentinel's frequency is the number of flows ÷ (timestamp of the last − of the
// first) in the order of the file's rows, which is why this reads rows and no
// profile. If they are not in order of time it can be negative. Sentinel
// fails if both are equal; here it is NaN.
//
// Rows that are not flows are skipped. Any other error ends the search.
func findPeers(ctx context.Context, rows iter.Seq2[flow.Record, error], networks []netip.Prefix) ([]Subnet, error) {
	found := map[netip.Prefix]*subnet{}
	for _, n := range networks {
		found[n] = newSubnet()
	}
	for r, err := range rows {
		var row *flowfile.RowError
		if errors.As(err, &row) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(networks) == 0 {
			if n := subnetOf(r.Src); n.Contains(r.Dst) {
				if found[n] == nil {
					found[n] = newSubnet()
				}
				found[n].add(r)
			}
			continue
		}
		for n, s := range found {
			if n.Contains(r.Src) && n.Contains(r.Dst) {
				s.add(r)
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	order := networks
	if len(order) == 0 {
		order = slices.SortedFunc(maps.Keys(found), func(a, b netip.Prefix) int { return a.Addr().Compare(b.Addr()) })
	}
	var subnets []Subnet
	for _, n := range order {
		subnets = append(subnets, Subnet{Network: n, Rows: found[n].rows(), Unordered: found[n].unordered})
	}
	return subnets, nil
}

func subnetOf(a netip.Addr) netip.Prefix {
	bits := subnetBits
	if !a.Is4() {
		bits = subnetBitsV6
	}
	return netip.PrefixFrom(a, bits).Masked()
}

// subnet adds up the flows of one subnet in the order of rows.
type subnet struct {
	to        map[netip.Addr]*peer
	unordered bool
}

type peer struct {
	sources     map[netip.Addr]bool
	flows       int64
	first, last flow.Time // of the first and the last row
}

func newSubnet() *subnet { return &subnet{to: map[netip.Addr]*peer{}} }

func (s *subnet) add(r flow.Record) {
	p := s.to[r.Dst]
	if p == nil {
		p = &peer{sources: map[netip.Addr]bool{}, first: r.Time, last: r.Time}
		s.to[r.Dst] = p
	}
	s.unordered = s.unordered || r.Time < p.last
	p.sources[r.Src] = true
	p.flows++
	p.last = r.Time
}

func (s *subnet) rows() []PeerRow {
	var rows []PeerRow
	for i, dst := range slices.SortedFunc(maps.Keys(s.to), alphabetically) {
		p := s.to[dst]
		row := PeerRow{Index: i, Dst: dst, Flows: p.flows, Frequency: math.NaN(),
			Sources: slices.SortedFunc(maps.Keys(p.sources), netip.Addr.Compare)}
		if p.first != p.last {
			row.Frequency = float64(p.flows) / (float64(p.last) - float64(p.first))
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b PeerRow) int { return cmp.Compare(b.Frequency, a.Frequency) })
	return rows
}
