package detect

import (
	"cmp"
	"iter"
	"math"
	"math/bits"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// hostDay is what one internal host's day amounts to.
type hostDay struct {
	profile.Counts            // of the flows that it opened
	udp, odd       int64      // of these flows, those over UDP and those to services that few hosts use
	dsts, services int        // distinct addresses; distinct protocols and ports
	clients        int        // internal hosts that it answered
	slots          int        // half hours with flows
	company        float64    // of the baseline's hosts, the share that is active in such a half hour, on average
	fresh          FreshParty // of those parties that it had nothing to do with on the baseline day, the one of most hours
	freshFlows     int64      // with all such parties
	span           span       // of its flows
}

// party is who an address belongs to: its owner, by number, or if that is not
// known, its network. Networks of providers are allocated in blocks of this size
// or larger, so that a service that changes its address is mostly still in it; peers
// in different ones count as different networks in Zhang et al. too (see swarmFloor).
type party struct {
	asn     uint
	network netip.Prefix // /16 of IPv4, /32 of IPv6; of an internal host, itself
}

// FreshParty is an owner of addresses, or a network where the owner is not
// known, to which a host opened flows on the test day and not on the baseline day.
type FreshParty struct {
	Dst   netip.Addr `json:"dst_ip"` // the address with most flows
	Owner geo.Owner  `json:"owner"`
	Flows int64      `json:"flows"`
	Hours int        `json:"hours"` // hours of the day with flows
}

// network describes the network as a whole on the baseline day.
type network struct {
	active [profile.SlotsPerDay]float64 // share of hosts with flows in each half hour
	common map[serviceName]bool         // services that as many hosts use as make a server
	before map[netip.Addr]map[party]int // the contacts of each host
}

type serviceName struct {
	proto flow.Proto
	port  uint16
}

// network learns from past days.
func (c *Context) network() network {
	n := network{common: map[serviceName]bool{}, before: c.memory().contacts}
	days := c.similar()
	for _, d := range days {
		hosts := d.internalHosts()
		active := [profile.SlotsPerDay]float64{}
		for h := range d.hosts() {
			for _, slot := range h.Slots {
				active[slot.Index]++
			}
		}
		for i := range active {
			n.active[i] += active[i] / float64(max(hosts, 1)) / float64(len(days))
		}
	}
	for _, d := range c.past {
		users := map[serviceName]int{}
		for _, cs := range d.bySource() {
			for _, name := range servicesOf(cs) {
				users[name]++
			}
		}
		for name, count := range users {
			n.common[name] = n.common[name] || count >= minClients(d.internalHosts())
		}
	}
	return n
}

// usualDays describes what is usual for each internal host: each number is the
// median of those of its days that are similar to the test day.
func (c *Context) usualDays(n network) map[netip.Addr]*hostDay {
	days := c.similar()
	if len(days) == 1 {
		return days[0].hostDays(n, false)
	}
	all := map[netip.Addr][]*hostDay{}
	for _, d := range days {
		for a, h := range d.hostDays(n, false) {
			all[a] = append(all[a], h)
		}
	}
	usual := map[netip.Addr]*hostDay{}
	for a, days := range all {
		of := func(value func(h *hostDay) float64) float64 {
			var values []float64
			for _, h := range days {
				values = append(values, value(h))
			}
			return middle(values)
		}
		whole := func(value func(h *hostDay) int64) int64 {
			return int64(math.Round(of(func(h *hostDay) float64 { return float64(value(h)) })))
		}
		usual[a] = &hostDay{
			Counts: profile.Counts{Flows: whole(func(h *hostDay) int64 { return h.Flows }),
				Up: whole(func(h *hostDay) int64 { return h.Up }), Down: whole(func(h *hostDay) int64 { return h.Down })},
			udp: whole(func(h *hostDay) int64 { return h.udp }), odd: whole(func(h *hostDay) int64 { return h.odd }),
			dsts: int(whole(func(h *hostDay) int64 { return int64(h.dsts) })), services: int(whole(func(h *hostDay) int64 { return int64(h.services) })),
			clients: int(whole(func(h *hostDay) int64 { return int64(h.clients) })), slots: int(whole(func(h *hostDay) int64 { return int64(h.slots) })),
			company: of(func(h *hostDay) float64 { return h.company }),
		}
	}
	return usual
}

// bySource yields each internal host with the conversations that it opened.
func (d *day) bySource() iter.Seq2[netip.Addr, []profile.Conversation] {
	return func(yield func(netip.Addr, []profile.Conversation) bool) {
		for h := range d.hosts() {
			if !yield(h.Addr, d.Of(h.Addr)) {
				return
			}
		}
	}
}

func (d *day) party(a netip.Addr) party {
	if !d.outside(a) {
		return party{network: netip.PrefixFrom(a, a.BitLen())}
	}
	if asn := d.owner(a).ASN; asn != 0 {
		return party{asn: asn}
	}
	return party{network: prefixOf(a, 16, 32)}
}

// servicesOf returns the distinct services of conversations, sorted.
func servicesOf(cs []profile.Conversation) []serviceName {
	names := make([]serviceName, len(cs))
	for i := range cs {
		names[i] = serviceName{cs[i].Proto, cs[i].Port}
	}
	slices.SortFunc(names, func(a, b serviceName) int {
		return cmp.Or(cmp.Compare(a.proto, b.proto), cmp.Compare(a.port, b.port))
	})
	return slices.Compact(names)
}

// hostDays describes the internal hosts of a day, by address. If fresh, it says
// what is new to those hosts whose contacts s knows.
func (d *day) hostDays(s network, fresh bool) map[netip.Addr]*hostDay {
	all := map[netip.Addr]*hostDay{}
	for src, cs := range d.bySource() {
		h := &hostDay{services: len(servicesOf(cs))}
		h.add(cs, s.common)
		if known := s.before[src]; fresh && known != nil {
			h.meet(d, cs, known)
		}
		all[src] = h
	}
	for host := range d.hosts() {
		h := all[host.Addr]
		h.slots = len(host.Slots)
		for _, slot := range host.Slots {
			h.company += s.active[slot.Index] / float64(h.slots)
		}
	}
	for dst, n := range d.answered() {
		if h := all[dst]; h != nil {
			h.clients = n
		}
	}
	return all
}

// add adds up the flows of a host.
func (h *hostDay) add(cs []profile.Conversation, common map[serviceName]bool) {
	for i := range cs {
		c := &cs[i]
		h.Add(c.Counts)
		h.span.add(c)
		if i == 0 || cs[i-1].Dst != c.Dst {
			h.dsts++
		}
		if c.Proto == flow.UDP {
			h.udp += c.Flows
		}
		if !common[serviceName{c.Proto, c.Port}] {
			h.odd += c.Flows
		}
	}
}

// meet counts the flows of a host to destinations that it did not contact before.
func (h *hostDay) meet(d *day, cs []profile.Conversation, known map[party]int) {
	met := map[party]*freshUse{}
	var use *freshUse // of the last destination; nil if that is known
	for i := range cs {
		c := &cs[i]
		if i == 0 || cs[i-1].Dst != c.Dst {
			use = nil
			if p := d.party(c.Dst); !has(known, p) {
				if met[p] == nil {
					met[p] = &freshUse{}
				}
				use = met[p]
			}
		}
		if use != nil {
			h.freshFlows += c.Flows
			use.add(c)
		}
	}
	for _, use := range met {
		f := FreshParty{Dst: use.top, Flows: use.flows, Hours: bits.OnesCount32(use.hours)}
		if f.before(h.fresh) {
			h.fresh = f
		}
	}
	if d.outside(h.fresh.Dst) {
		h.fresh.Owner = d.owner(h.fresh.Dst)
	}
}

// has says whether a map has a key.
func has[K comparable, V any](m map[K]V, k K) bool {
	_, ok := m[k]
	return ok
}

// before orders by hours, flows and address.
func (f FreshParty) before(o FreshParty) bool {
	if f.Hours != o.Hours {
		return f.Hours > o.Hours
	}
	return f.Flows > o.Flows || f.Flows == o.Flows && f.Dst.Less(o.Dst)
}

// freshUse adds up the flows with one party.
type freshUse struct {
	flows, most int64
	top         netip.Addr // with most flows to one port; of equal ones the lowest
	hours       uint32     // bit set
}

func (u *freshUse) add(c *profile.Conversation) {
	u.flows += c.Flows
	if c.Flows > u.most {
		u.most, u.top = c.Flows, c.Dst
	}
	for hour, n := range c.Hours {
		if n > 0 {
			u.hours |= 1 << hour
		}
	}
}

// answered counts, for each internal address, the internal hosts to which it
// sent bytes back. An address that never answers, as in a scan, is not a server.
func (d *day) answered() map[netip.Addr]int {
	clients := map[netip.Addr]int{}
	var last profile.Key
	for c := range d.within() {
		if c.Down > 0 && (c.Src != last.Src || c.Dst != last.Dst) {
			clients[c.Dst]++
			last = c.Key
		}
	}
	return clients
}

// countScale brings a count to a scale on which its logarithm is what counts
// where it is large, and where it is small nothing does that chance explains:
// the standard deviation of a Poisson count is minScale at most. It is the
// transformation of a negative binomial count (Anscombe 1948) for a relative
// standard deviation of minScale.
func countScale(n int64) float64 {
	return 2 * math.Asinh(minScale*math.Sqrt(float64(max(n, 0))))
}

// fewFlows is how many flows are added to a host's before a share of them is
// taken, so that a host of a handful has no share to speak of.
const fewFlows = 20

// shareOfFlows is the share of the host's flows that n of them are, on the scale
// of shareScale.
func (h *hostDay) shareOfFlows(n int64) float64 {
	return shareScale(float64(n), float64(h.Flows+fewFlows))
}

// shareScale brings a share to a scale on which chance has the same standard
// deviation whatever the share.
func shareScale(part, whole float64) float64 {
	return math.Asin(math.Sqrt(min(1, max(0, part/whole))))
}
