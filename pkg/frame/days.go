package frame

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// quotient returns a ÷ b, NaN where b is 0.
func quotient(a, b int64) float64 {
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

// Hours returns the day by hour: hour (0 to 23, all of them), flows, up_bytes,
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

// HalfHours returns the half hours of the day of some sources, one after the
// other: src_ip, timestamp (the half hour's start), flows, up_bytes, down_bytes,
// up_down (bytes sent ÷ received, NaN where nothing was). Half hours without a
// flow are in it; a source that opened no flow has 48 of them.
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
		number("up_down", func(r row) float64 { return quotient(r.Up, r.Down) }),
	})...)
}

// Hosts returns the sources of the day's flows, by address: src_ip, flows,
// up_bytes, down_bytes, bytes (both directions), down_up (bytes received ÷
// sent), up_down (the inverse).
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
		number("down_up", func(r row) float64 { return quotient(r.Down, r.Up) }),
		number("up_down", func(r row) float64 { return quotient(r.Up, r.Down) }),
	})...)
}

// The names of what has no country.
const (
	InternalNetwork = "Internal network"
	UnknownCountry  = "Unknown country"
)

// Countries returns the day by country of destination, most flows first:
// country, code, flows, up_bytes, down_bytes, bytes, hosts (distinct sources).
// Destinations in the organisation's own networks are one row, addresses whose
// country is not known another.
func Countries(p *profile.Profile, l *geo.Lookup, internal flow.Networks) Frame {
	type row struct {
		geo.Country
		profile.Counts
		hosts map[netip.Addr]bool
	}
	where := placer(l, internal)
	index := map[geo.Country]*row{}
	var rows []*row
	for i := range p.Conversations {
		c := &p.Conversations[i]
		country := where(c.Dst)
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

// placer returns a function that tells an address's country, or what it has
// instead, and looks each address up once.
func placer(l *geo.Lookup, internal flow.Networks) func(netip.Addr) geo.Country {
	known := map[netip.Addr]geo.Country{}
	return func(a netip.Addr) geo.Country {
		c, ok := known[a]
		if ok {
			return c
		}
		switch c = l.Country(a); {
		case internal.Contains(a):
			c = geo.Country{Name: InternalNetwork}
		case c.Name == "" && c.Code == "":
			c = geo.Country{Name: UnknownCountry}
		case c.Name == "":
			c.Name = c.Code
		}
		known[a] = c
		return c
	}
}

// Conversations returns the flows by source, destination, protocol and port:
// src_ip, dst_ip, proto, port, flows, up_bytes, down_bytes, first and last (when
// the first and last flow began).
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

// Pairs returns the flows by source and destination, whatever the port: src_ip,
// dst_ip, flows, up_bytes, down_bytes, up_down, ports (protocol and port
// combinations).
func Pairs(p *profile.Profile) Frame {
	type row = profile.Pair
	return of(p.Pairs(), slices.Concat([]column[row]{
		text(flow.ColSrc, func(r row) string { return r.Src.String() }),
		text(flow.ColDst, func(r row) string { return r.Dst.String() }),
	}, counted(func(r row) profile.Counts { return r.Counts }), []column[row]{
		number("up_down", func(r row) float64 { return quotient(r.Up, r.Down) }),
		whole("ports", func(r row) int { return r.Ports }),
	})...)
}

// Ports returns the flows of the conversations that keep picks by protocol and
// port, most flows first: service ("tcp 443"), proto, port, flows, up_bytes,
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

// Flows returns single flows, such as the largest uploads that a profile keeps
// of each host, with the columns of a flow file in its order.
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
