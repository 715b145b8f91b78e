package frame

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// InSubnet returns the flows between hosts of one network by destination, most
// frequent first: dst_ip, contacted_by (the hosts that contacted it, by address),
// hosts (how many), flows, frequency (flows per second from the first flow to
// the last, NaN where all began at once).
func InSubnet(p *profile.Profile, networks flow.Networks) Frame {
	type row struct {
		dst         netip.Addr
		sources     []string
		flows       int64
		first, last flow.Time
		frequency   float64
	}
	index := map[netip.Addr]*row{}
	var rows []*row
	for i := range p.Conversations {
		c := &p.Conversations[i]
		if !networks.Contains(c.Src) || !networks.Contains(c.Dst) {
			continue
		}
		r, ok := index[c.Dst]
		if !ok {
			r = &row{dst: c.Dst, first: c.First, last: c.Last}
			index[c.Dst] = r
			rows = append(rows, r)
		}
		r.flows += c.Flows
		r.first, r.last = min(r.first, c.First), max(r.last, c.Last)
		// Conversations are sorted by source, so its ports stand side by side.
		if s := c.Src.String(); len(r.sources) == 0 || r.sources[len(r.sources)-1] != s {
			r.sources = append(r.sources, s)
		}
	}
	for _, r := range rows {
		r.frequency = quotient(r.flows*int64(flow.Second), int64(r.last-r.first))
	}
	slices.SortFunc(rows, func(a, b *row) int {
		return cmp.Or(cmp.Compare(b.frequency, a.frequency), a.dst.Compare(b.dst))
	})
	return of(rows,
		text(flow.ColDst, func(r *row) string { return r.dst.String() }),
		text("contacted_by", func(r *row) string { return strings.Join(r.sources, ", ") }),
		whole("hosts", func(r *row) int { return len(r.sources) }),
		whole("flows", func(r *row) int64 { return r.flows }),
		number("frequency", func(r *row) float64 { return r.frequency }),
	)
}
