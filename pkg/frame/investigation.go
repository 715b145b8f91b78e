package frame

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// dealings adds up meetings.
type dealings struct {
	flows, sent, received int64
	first, last           flow.Time
	peers                 map[netip.Addr]bool
	services              map[string]bool
	hours                 [24]int64
}

func (d *dealings) add(m meeting) {
	if d.peers == nil {
		d.peers, d.services = map[netip.Addr]bool{}, map[string]bool{}
		d.first, d.last = m.First, m.Last
	}
	d.flows += m.Flows
	d.sent += m.sent
	d.received += m.received
	d.first, d.last = min(d.first, m.First), max(d.last, m.Last)
	d.peers[m.peer], d.services[service(m.Conversation)] = true, true
	for h, n := range m.Hours {
		d.hours[h] += int64(n)
	}
}

func total(ms []meeting) dealings {
	var d dealings
	for _, m := range ms {
		d.add(m)
	}
	return d
}

// Overview returns what an entity did on each day: name, and a column for each day
// with values as text.
func (e Entity) Overview(days ...Day) Frame {
	columns := []string{"name"}
	rows := [][]string{{"first flow"}, {"last flow"}, {"hours with flows"}, {"flows"}, {"sent"}, {"received"}, {"peers"}, {"services"}}
	for _, day := range days {
		columns = append(columns, day.Name)
		d := total(e.meetings(day.Profile))
		first, last := "–", "–"
		if d.flows > 0 {
			first, last = Clock.Format(float64(d.first)), Clock.Format(float64(d.last))
		}
		active := 0
		for _, n := range d.hours {
			if n > 0 {
				active++
			}
		}
		for i, v := range []string{first, last, fmt.Sprint(active), Count.Format(float64(d.flows)), Bytes.Format(float64(d.sent)),
			Bytes.Format(float64(d.received)), Count.Format(float64(len(d.peers))), Count.Format(float64(len(d.services)))} {
			rows[i] = append(rows[i], v)
		}
	}
	return Texts(columns, rows...)
}

// First returns the first of the days on which the entity has flows, such as "the
// baseline day at 09:00:00".
func (e Entity) First(days ...Day) string {
	for _, day := range days {
		if d := total(e.meetings(day.Profile)); d.flows > 0 {
			return "the " + day.Name + " day at " + Clock.Format(float64(d.first))
		}
	}
	return "none of the days"
}

// Hours returns the flows of the entity by hour: hour (all of 0 to 23), flows.
func (e Entity) Hours(p *profile.Profile) Frame {
	d := total(e.meetings(p))
	hours := make([]int, 24)
	for h := range hours {
		hours[h] = h
	}
	return of(hours, whole("hour", func(h int) int { return h }), whole("flows", func(h int) int64 { return d.hours[h] }))
}

// peer is what an entity did with one address.
type peer struct {
	addr netip.Addr
	dealings
	opened, accepted bool
	isNew            bool
}

// peersOf returns the peers of meetings, most data first.
func peersOf(ms, before []meeting) []*peer {
	known := map[netip.Addr]bool{}
	for _, m := range before {
		known[m.peer] = true
	}
	index := map[netip.Addr]*peer{}
	for _, m := range ms {
		p := index[m.peer]
		if p == nil {
			p = &peer{addr: m.peer, isNew: before != nil && !known[m.peer]}
			index[m.peer] = p
		}
		p.add(m)
		p.opened, p.accepted = p.opened || m.opened, p.accepted || !m.opened
	}
	return slices.SortedFunc(maps.Values(index), func(a, b *peer) int {
		return cmp.Or(cmp.Compare(b.sent+b.received, a.sent+a.received), a.addr.Compare(b.addr))
	})
}

// Peers returns the other ends of the flows of the entity on a day, most data first: peer,
// owner, country, direction (of who opened the flows), services, flows, up_bytes and
// down_bytes (sent and received by the entity), first, last, new ("new" if a day
// before, which may be nil, does not have the peer).
func (e Entity) Peers(p, before *profile.Profile) Frame {
	var old []meeting
	if before != nil {
		old = append([]meeting{}, e.meetings(before)...) // not nil: the peers are new
	}
	f := of(peersOf(e.meetings(p), old),
		text("peer", func(r *peer) string { return r.addr.String() }),
		text("direction", func(r *peer) string { return direction(r.opened, r.accepted) }),
		text("services", func(r *peer) string { return some(slices.Sorted(maps.Keys(r.services)), 3) }),
		whole("flows", func(r *peer) int64 { return r.flows }),
		whole(flow.ColUp, func(r *peer) int64 { return r.sent }),
		whole(flow.ColDown, func(r *peer) int64 { return r.received }),
		whole("first", func(r *peer) flow.Time { return r.first }),
		whole("last", func(r *peer) flow.Time { return r.last }),
		text("new", func(r *peer) string { return newness(r.isNew) }),
	)
	return Named(f, "peer", e.geo)
}

func direction(opened, accepted bool) string {
	switch {
	case opened && accepted:
		return "both"
	case opened:
		return "opened"
	}
	return "accepted"
}

// some lists the first of many names.
func some(names []string, most int) string {
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

func newness(isNew bool) string {
	if isNew {
		return "new"
	}
	return ""
}

// PeerHours returns the flows of the entity with the n peers with the most data by
// hour: peer, hour, flows.
func (e Entity) PeerHours(p *profile.Profile, n int) Frame {
	type row struct {
		peer  string
		hour  int
		flows int64
	}
	var rows []row
	peers := peersOf(e.meetings(p), nil)
	for _, r := range peers[:min(n, len(peers))] {
		for h, flows := range r.hours {
			if flows > 0 {
				rows = append(rows, row{r.addr.String(), h, flows})
			}
		}
	}
	return of(rows, text("peer", func(r row) string { return r.peer }), whole("hour", func(r row) int { return r.hour }), whole("flows", func(r row) int64 { return r.flows }))
}

// Services returns the protocols and ports that the entity used or offered on a day,
// most flows first: service, direction, peers (their number), flows, up_bytes and
// down_bytes (sent and received by the entity), new ("new" if a day before, which may
// be nil, does not have it).
func (e Entity) Services(p, before *profile.Profile) Frame {
	type key struct {
		service string
		opened  bool
	}
	type row struct {
		key
		dealings
		isNew bool
	}
	known := map[key]bool{}
	for _, m := range e.meetings(before) {
		known[key{service(m.Conversation), m.opened}] = true
	}
	index := map[key]*row{}
	for _, m := range e.meetings(p) {
		k := key{service(m.Conversation), m.opened}
		if index[k] == nil {
			index[k] = &row{key: k, isNew: before != nil && !known[k]}
		}
		index[k].add(m)
	}
	rows := slices.SortedFunc(maps.Values(index), func(a, b *row) int {
		return cmp.Or(cmp.Compare(b.flows, a.flows), cmp.Compare(a.service, b.service), cmp.Compare(direction(b.opened, false), direction(a.opened, false)))
	})
	return of(rows,
		text("service", func(r *row) string { return r.service }),
		text("direction", func(r *row) string { return direction(r.opened, false) }),
		whole("peers", func(r *row) int { return len(r.peers) }),
		whole("flows", func(r *row) int64 { return r.flows }),
		whole(flow.ColUp, func(r *row) int64 { return r.sent }),
		whole(flow.ColDown, func(r *row) int64 { return r.received }),
		text("new", func(r *row) string { return newness(r.isNew) }),
	)
}

// Names returns the names that were asked for in the entity's flows, most flows first:
// asked, flows, hosts (their number). It has no rows if flows have no names.
func (e Entity) Names(p *profile.Profile) Frame {
	type row struct {
		name  string
		flows int64
		hosts map[netip.Addr]bool
	}
	index := map[string]*row{}
	for _, m := range e.meetings(p) {
		if m.Details == nil {
			continue
		}
		for _, n := range m.Details.Names {
			if index[n.Name] == nil {
				index[n.Name] = &row{name: n.Name, hosts: map[netip.Addr]bool{}}
			}
			index[n.Name].flows += n.Flows
			index[n.Name].hosts[m.Src] = true
		}
	}
	rows := slices.SortedFunc(maps.Values(index), func(a, b *row) int {
		return cmp.Or(cmp.Compare(b.flows, a.flows), cmp.Compare(a.name, b.name))
	})
	return of(rows, text("asked", func(r *row) string { return r.name }), whole("flows", func(r *row) int64 { return r.flows }), whole("hosts", func(r *row) int { return len(r.hosts) }))
}

// Conversations returns the conversations of the entity by peer, protocol and port,
// in order of their first flow: conversation (peer and service), peer, first, last, flows.
func (e Entity) Conversations(p *profile.Profile) Frame {
	ms := e.meetings(p)
	slices.SortStableFunc(ms, func(a, b meeting) int { return cmp.Compare(a.First, b.First) })
	return of(ms,
		text("conversation", func(m meeting) string { return m.peer.String() + " " + service(m.Conversation) }),
		text("peer", func(m meeting) string { return m.peer.String() }),
		whole("first", func(m meeting) flow.Time { return m.First }),
		whole("last", func(m meeting) flow.Time { return m.Last }),
		whole("flows", func(m meeting) int64 { return m.Flows }),
	)
}

// Largest returns the single flows of the entity with the most bytes sent, at most n of
// those that a profile keeps, with the columns of a flow file.
func (e Entity) Largest(p *profile.Profile, n int) Frame {
	var all []flow.Record
	for _, h := range p.Hosts {
		for _, r := range h.Largest {
			if e.has(r.Src) || e.has(r.Dst) {
				all = append(all, r)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b flow.Record) int { return cmp.Or(cmp.Compare(b.Up, a.Up), cmp.Compare(a.Time, b.Time)) })
	return Flows(all[:min(n, len(all))])
}

// Neighbourhood returns the traffic among the entity and the n peers with the
// most data: src_ip, dst_ip, flows, up_bytes, down_bytes.
func (e Entity) Neighbourhood(p *profile.Profile, n int) Frame {
	near := map[netip.Addr]bool{}
	peers := peersOf(e.meetings(p), nil)
	for _, r := range peers[:min(n, len(peers))] {
		near[r.addr] = true
	}
	inside := func(a netip.Addr) bool { return near[a] || e.has(a) }
	pairs := slices.DeleteFunc(p.Pairs(), func(r profile.Pair) bool { return !inside(r.Src) || !inside(r.Dst) })
	type row = profile.Pair
	return of(pairs, slices.Concat([]column[row]{
		text(flow.ColSrc, func(r row) string { return r.Src.String() }),
		text(flow.ColDst, func(r row) string { return r.Dst.String() }),
	}, counted(func(r row) profile.Counts { return r.Counts }))...)
}

// Evidence returns the conversations of the entity with the addresses that findings
// name, by finding and most data first: rule, src_ip, dst_ip, proto, port, flows,
// up_bytes, down_bytes, first, last. A finding that names no other address has the
// conversations of the entity within its window.
func (e Entity) Evidence(p *profile.Profile, fs []detect.Finding) Frame {
	type row struct {
		rule string
		meeting
	}
	ms := e.meetings(p)
	slices.SortStableFunc(ms, func(a, b meeting) int { return cmp.Compare(b.Bytes(), a.Bytes()) })
	var rows []row
	for _, f := range fs {
		others := slices.DeleteFunc(f.Addresses(), e.has)
		for _, m := range ms {
			if m.Last < f.Window[0] || m.First > f.Window[1] {
				continue
			}
			if len(others) == 0 || slices.Contains(others, m.peer) {
				rows = append(rows, row{f.Rule, m})
			}
		}
	}
	return of(rows,
		text("rule", func(r row) string { return r.rule }),
		text(flow.ColSrc, func(r row) string { return r.Src.String() }),
		text(flow.ColDst, func(r row) string { return r.Dst.String() }),
		text(flow.ColProto, func(r row) string { return r.Proto.String() }),
		whole(flow.ColPort, func(r row) uint16 { return r.Port }),
		whole("flows", func(r row) int64 { return r.Flows }),
		whole(flow.ColUp, func(r row) int64 { return r.Up }),
		whole(flow.ColDown, func(r row) int64 { return r.Down }),
		whole("first", func(r row) flow.Time { return r.First }),
		whole("last", func(r row) flow.Time { return r.Last }),
	)
}
