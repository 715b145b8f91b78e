package frame

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// ratio returns a ÷ b, or NaN if b is 0.
func ratio(a, b int64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return float64(a) / float64(b)
}

// counted returns the columns flows, up_bytes and down_bytes.
func counted[T any](of func(T) profile.Counts) []column[T] {
	return []column[T]{
		whole("flows", func(r T) int64 { return of(r).Flows }),
		whole(flow.ColUp, func(r T) int64 { return of(r).Up }),
		whole(flow.ColDown, func(r T) int64 { return of(r).Down }),
	}
}

// Hours returns the day by hour: hour (all of 0 to 23), flows, up_bytes,
// down_bytes.
func Hours(p *profile.Profile) Frame {
	type row struct {
		hour int
		profile.Counts
	}
	var rows []row
	for h, c := range p.Hours() {
		rows = append(rows, row{h, c})
	}
	return of(rows, append([]column[row]{
		whole("hour", func(r row) int { return r.hour }),
	}, counted(func(r row) profile.Counts { return r.Counts })...)...)
}

// HalfHours returns the day of each source by half hour: src_ip, timestamp (start
// of the half hour), flows, up_bytes, down_bytes, up_down (bytes sent ÷ received,
// or NaN if none was received). Each source has 48 rows, including half hours
// without flows.
func HalfHours(p *profile.Profile, sources ...netip.Addr) Frame {
	type row struct {
		src  netip.Addr
		slot int
		profile.Counts
	}
	var rows []row
	for _, src := range sources {
		start := len(rows)
		for i := range profile.SlotsPerDay {
			rows = append(rows, row{src: src, slot: i})
		}
		if h, ok := p.Host(src); ok {
			for _, s := range h.Slots {
				rows[start+int(s.Index)].Counts = s.Counts
			}
		}
	}
	return of(rows, slices.Concat([]column[row]{
		text(flow.ColSrc, func(r row) string { return r.src.String() }),
		whole(flow.ColTime, func(r row) flow.Time { return flow.Time(r.slot) * profile.SlotLength }),
	}, counted(func(r row) profile.Counts { return r.Counts }), []column[row]{
		number("up_down", func(r row) float64 { return ratio(r.Up, r.Down) }),
	})...)
}

// Hosts returns the sources of the day, sorted by address: src_ip, flows,
// up_bytes, down_bytes, bytes (both directions), down_up (bytes received ÷ sent),
// up_down (the inverse).
func Hosts(p *profile.Profile) Frame {
	type row struct {
		addr netip.Addr
		profile.Counts
	}
	var rows []row
	for i := range p.Hosts {
		rows = append(rows, row{p.Hosts[i].Addr, p.Hosts[i].Total()})
	}
	return of(rows, slices.Concat([]column[row]{
		text(flow.ColSrc, func(r row) string { return r.addr.String() }),
	}, counted(func(r row) profile.Counts { return r.Counts }), []column[row]{
		whole("bytes", func(r row) int64 { return r.Bytes() }),
		number("down_up", func(r row) float64 { return ratio(r.Down, r.Up) }),
		number("up_down", func(r row) float64 { return ratio(r.Up, r.Down) }),
	})...)
}

// The countries of addresses without one.
const (
	internalNetwork = "Internal network"
	unknownCountry  = "Unknown country"
)

// Countries returns the day by country of destination, most flows first:
// country, code, flows, up_bytes, down_bytes, bytes, hosts (distinct sources).
// Internal destinations share one row, and destinations of unknown countries
// another.
func Countries(p *profile.Profile, l *geo.Lookup, internal flow.Networks) Frame {
	type row struct {
		geo.Country
		profile.Counts
		hosts map[netip.Addr]bool
	}
	countryOf := countryLookup(l, internal)
	index := map[geo.Country]*row{}
	var rows []*row
	for i := range p.Conversations {
		c := &p.Conversations[i]
		country := countryOf(c.Dst)
		r, ok := index[country]
		if !ok {
			r = &row{Country: country, hosts: map[netip.Addr]bool{}}
			index[country] = r
			rows = append(rows, r)
		}
		r.Add(c.Counts)
		r.hosts[c.Src] = true
	}
	slices.SortFunc(rows, func(a, b *row) int {
		return cmp.Or(cmp.Compare(b.Flows, a.Flows), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Code, b.Code))
	})
	return of(rows, slices.Concat([]column[*row]{
		text("country", func(r *row) string { return r.Name }),
		text("code", func(r *row) string { return r.Code }),
	}, counted(func(r *row) profile.Counts { return r.Counts }), []column[*row]{
		whole("bytes", func(r *row) int64 { return r.Bytes() }),
		whole("hosts", func(r *row) int { return len(r.hosts) }),
	})...)
}

// countryLookup returns a function that returns the country of an address, and
// looks each address up once.
func countryLookup(l *geo.Lookup, internal flow.Networks) func(netip.Addr) geo.Country {
	known := map[netip.Addr]geo.Country{}
	return func(a netip.Addr) geo.Country {
		c, ok := known[a]
		if ok {
			return c
		}
		switch c = l.Country(a); {
		case internal.Contains(a):
			c = geo.Country{Name: internalNetwork}
		case c.Name == "" && c.Code == "":
			c = geo.Country{Name: unknownCountry}
		case c.Name == "":
			c.Name = c.Code
		}
		known[a] = c
		return c
	}
}

// Conversations returns the flows by source, destination, protocol and port:
// src_ip, dst_ip, proto, port, flows, up_bytes, down_bytes, first and last (start
// of the first and last flow).
func Conversations(p *profile.Profile) Frame {
	type row = profile.Conversation
	return of(p.Conversations, slices.Concat([]column[row]{
		text(flow.ColSrc, func(r row) string { return r.Src.String() }),
		text(flow.ColDst, func(r row) string { return r.Dst.String() }),
		text(flow.ColProto, func(r row) string { return r.Proto.String() }),
		whole(flow.ColPort, func(r row) uint16 { return r.Port }),
	}, counted(func(r row) profile.Counts { return r.Counts }), []column[row]{
		whole("first", func(r row) flow.Time { return r.First }),
		whole("last", func(r row) flow.Time { return r.Last }),
	})...)
}

// Pairs returns the flows by source and destination: src_ip, dst_ip, flows,
// up_bytes, down_bytes, up_down, ports (number of protocol and port combinations).
func Pairs(p *profile.Profile) Frame {
	type row = profile.Pair
	return of(p.Pairs(), slices.Concat([]column[row]{
		text(flow.ColSrc, func(r row) string { return r.Src.String() }),
		text(flow.ColDst, func(r row) string { return r.Dst.String() }),
	}, counted(func(r row) profile.Counts { return r.Counts }), []column[row]{
		number("up_down", func(r row) float64 { return ratio(r.Up, r.Down) }),
		whole("ports", func(r row) int { return r.Ports }),
	})...)
}

// Ports returns the flows of the conversations for which keep returns true, by
// protocol and port, most flows first: service ("tcp 443"), proto, port, flows, up_bytes,
// down_bytes.
func Ports(p *profile.Profile, keep func(*profile.Conversation) bool) Frame {
	type key struct {
		proto flow.Proto
		port  uint16
	}
	type row struct {
		key
		profile.Counts
	}
	totals := map[key]profile.Counts{}
	for i := range p.Conversations {
		if c := &p.Conversations[i]; keep(c) {
			k := key{c.Proto, c.Port}
			total := totals[k]
			total.Add(c.Counts)
			totals[k] = total
		}
	}
	var rows []row
	for k, total := range totals {
		rows = append(rows, row{k, total})
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.Flows, a.Flows), cmp.Compare(a.proto, b.proto), cmp.Compare(a.port, b.port))
	})
	return of(rows, append([]column[row]{
		text("service", func(r row) string { return fmt.Sprintf("%s %d", r.proto, r.port) }),
		text(flow.ColProto, func(r row) string { return r.proto.String() }),
		whole(flow.ColPort, func(r row) uint16 { return r.port }),
	}, counted(func(r row) profile.Counts { return r.Counts })...)...)
}

// Flows returns single flows, such as the largest uploads in a profile, with the
// columns of a flow file in their order.
func Flows(records []flow.Record) Frame {
	type row = flow.Record
	return of(records,
		whole(flow.ColTime, func(r row) flow.Time { return r.Time }),
		text(flow.ColSrc, func(r row) string { return r.Src.String() }),
		text(flow.ColDst, func(r row) string { return r.Dst.String() }),
		text(flow.ColProto, func(r row) string { return r.Proto.String() }),
		whole(flow.ColPort, func(r row) uint16 { return r.Port }),
		whole(flow.ColUp, func(r row) int64 { return r.Up }),
		whole(flow.ColDown, func(r row) int64 { return r.Down }),
	)
}

// InSubnet returns the flows between hosts of networks by destination, most
// frequent first: dst_ip, contacted_by (the sources, by address), hosts (their
// number), flows, frequency (flows per second from the first flow to the last, or
// NaN if all started at the same time).
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
		// Conversations are sorted by source, so equal sources are adjacent.
		if s := c.Src.String(); len(r.sources) == 0 || r.sources[len(r.sources)-1] != s {
			r.sources = append(r.sources, s)
		}
	}
	for _, r := range rows {
		r.frequency = ratio(r.flows*int64(flow.Second), int64(r.last-r.first))
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
