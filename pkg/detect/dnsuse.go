package detect

import (
	"cmp"
	"maps"
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// dnsHost is what one internal host asked resolvers on one day.
type dnsHost struct {
	addr      netip.Addr
	dns       profile.Counts
	other     int64 // flows to anything else, and from external clients
	external  int64 // DNS flows to external addresses
	hours     [24]int64
	resolvers map[netip.Addr]*resolverUse
	asked     int64 // requests: packets, where they are known, or flows
}

type resolverUse struct {
	profile.Counts
	span span
}

type dnsHosts map[netip.Addr]*dnsHost

// dns adds up the DNS flows of each internal host.
func (d *day) dns() dnsHosts { return d.dnsUse.get(d.listDNS) }

func (d *day) listDNS() dnsHosts {
	hosts := dnsHosts{}
	for c := range d.where(func(c *profile.Conversation) bool { return d.inside(c.Src) }) {
		h, ok := hosts[c.Src]
		if !ok {
			h = &dnsHost{addr: c.Src, resolvers: map[netip.Addr]*resolverUse{}}
			hosts[c.Src] = h
		}
		if c.Port != dnsPort {
			h.other += c.Flows
			continue
		}
		h.dns.Add(c.Counts)
		h.asked += c.Flows
		if c.Details != nil && c.Proto == flow.UDP {
			h.asked += max(0, c.Details.UpPackets-c.Details.PacketFlows)
		}
		if d.outside(c.Dst) {
			h.external += c.Flows
		}
		for hour, n := range c.Hours {
			h.hours[hour] += int64(n)
		}
		u, ok := h.resolvers[c.Dst]
		if !ok {
			u = &resolverUse{}
			h.resolvers[c.Dst] = u
		}
		u.Add(c.Counts)
		u.span.add(c)
	}
	// A server on the Internet asks on behalf of its clients.
	for c := range d.inward() {
		if h := hosts[c.Dst]; h != nil {
			h.other += c.Flows
		}
	}
	maps.DeleteFunc(hosts, func(_ netip.Addr, h *dnsHost) bool { return h.dns.Flows == 0 })
	return hosts
}

func (hs dnsHosts) sorted() []*dnsHost {
	return slices.SortedFunc(maps.Values(hs), func(a, b *dnsHost) int { return a.addr.Compare(b.addr) })
}

// perOther is the ratio of DNS flows to other flows, and its standard error as a
// logarithm. One is added so that a host with no other flow has a ratio.
func (h *dnsHost) perOther() (perFlow, noise float64) {
	n, m := float64(h.dns.Flows), float64(h.other+1)
	return n / m, countNoise(n, m)
}

// grew is the logarithm of the host's DNS flows ÷ those that its baseline day
// predicts, and its standard error. The prediction is the count of the baseline
// day, or more if the host's other flows grew too. A busy day is not an anomaly
// of DNS, and on a quiet day the requests that a host sends by itself remain.
func (h *dnsHost) grew(before *dnsHost) (log, noise float64) {
	log = logOf(h.dns.Flows) - logOf(before.dns.Flows)
	noise = countNoise(float64(h.dns.Flows), float64(before.dns.Flows))
	if busier := logOf(h.other+1) - logOf(before.other+1); busier > 0 {
		log -= busier
		noise = math.Hypot(noise, countNoise(float64(h.other+1), float64(before.other+1)))
	}
	return log, noise
}

func (u *resolverUse) perFlow() float64 { return ratio(u.Bytes(), u.Flows) }

// logPerFlow is the logarithm of perFlow, at least that of one byte in all.
func (u *resolverUse) logPerFlow() float64 { return logOf(u.Bytes()) - logOf(u.Flows) }

// byUse returns the resolvers, most used first.
func (h *dnsHost) byUse() []netip.Addr {
	return slices.SortedFunc(maps.Keys(h.resolvers), func(a, b netip.Addr) int {
		return cmp.Or(cmp.Compare(h.resolvers[b].Flows, h.resolvers[a].Flows), a.Compare(b))
	})
}

// use describes a host's day beside its baseline day, which may be nil.
func (h *dnsHost) use(before *dnsHost) DNSUse {
	top := h.byUse()[0]
	perOther, _ := h.perOther()
	u := DNSUse{Host: h.addr, Flows: h.dns.Flows, External: h.external, Up: h.dns.Up, Down: h.dns.Down,
		PerFlow: round3(h.resolvers[top].perFlow()), PerOther: round3(perOther), TopResolver: top}
	if before != nil {
		u.BaselineFlows = before.dns.Flows
		u.Times = round3(ratio(u.Flows, u.BaselineFlows))
	}
	for hour, n := range h.hours {
		if n > u.PeakFlows {
			u.PeakHour, u.PeakFlows = hour, n
		}
	}
	return u
}

// dnsLimits is what the baseline day teaches about DNS, as logarithms.
type dnsLimits struct {
	perOther, growth     spread
	perFlow, perFlowGrew spread
	usualFlows           float64 // median DNS flows of a host
	usualBytes           float64 // median DNS bytes of a host
	history              bool    // there are past days
	groupFlows           float64 // median DNS flows of a host with one resolver
}

// What is known beforehand of DNS, for networks with too few hosts to learn
// from. Of flows 12 % are DNS in days of 200 office hosts, and as much as 40 % in
// those of a single desktop, so that the spread is wide. A request and its answer
// have at most 512 bytes each without EDNS (RFC 1035), and mostly half of that; the
// limit is about 1,000 bytes, near the 1,232 that resolvers take over UDP since
// 2020.
var (
	priorPerOther    = spread{median: math.Log(0.3), scale: 0.7}
	priorGrowth      = spread{median: 0, scale: 0.5}
	priorPerFlow     = spread{median: math.Log(250), scale: 0.4}
	priorPerFlowGrew = spread{median: 0, scale: 0.3}
)

// Of hosts with fewer requests nothing is said if there is no history, or too
// few hosts to learn what a usual host asks.
const (
	priorFlows = 200
	priorBytes = priorFlows * 250
)

// likeliest returns the past day of a host, out of those that raised no alert
// of this rule, from which its DNS flows grew least; nil if there is none.
func (c *Context) likeliest(now *dnsHost) (best *dnsHost) {
	least := math.Inf(1)
	for _, old := range c.pastDNS(now.addr) {
		if grew, _ := now.grew(old); grew < least {
			best, least = old, grew
		}
	}
	return best
}

// pastDNS returns what a host asked on past days without an alert of this rule.
func (c *Context) pastDNS(host netip.Addr) (days []*dnsHost) {
	for _, d := range c.past {
		if old := d.dns()[host]; old != nil && !c.flaggedOn(d, flag{rule: RuleDNSC2, entity: host}) {
			days = append(days, old)
		}
	}
	return days
}

func (c *Context) learnDNS() dnsLimits {
	var perOther, growth, perFlow, perFlowGrew, flows, bytes, groups []float64
	var perOtherNoise, growthNoise []float64
	for _, d := range c.peers() {
		for host, old := range d.dns() {
			if c.flaggedOn(d, flag{rule: RuleDNSC2, entity: host}) {
				continue
			}
			q, noise := old.perOther()
			perOther, perOtherNoise = append(perOther, math.Log(q)), append(perOtherNoise, noise)
			flows, bytes = append(flows, float64(old.dns.Flows)), append(bytes, float64(old.dns.Bytes()))
			for _, u := range old.resolvers {
				perFlow, groups = append(perFlow, u.logPerFlow()), append(groups, float64(u.Flows))
			}
		}
	}
	for _, now := range c.test.dns() {
		old := c.likeliest(now)
		if old == nil {
			continue
		}
		grew, noise := now.grew(old)
		growth, growthNoise = append(growth, grew), append(growthNoise, noise)
		for resolver, u := range old.resolvers {
			if now.resolvers[resolver] != nil {
				perFlowGrew = append(perFlowGrew, now.resolvers[resolver].logPerFlow()-u.logPerFlow())
			}
		}
	}
	l := dnsLimits{
		perOther: c.orPrior(noisySpreadOf(perOther, perOtherNoise), priorPerOther), growth: c.orPrior(noisySpreadOf(growth, growthNoise), priorGrowth),
		perFlow: c.orPrior(spreadOf(perFlow), priorPerFlow), perFlowGrew: c.orPrior(spreadOf(perFlowGrew), priorPerFlowGrew),
		usualFlows: middle(flows), usualBytes: middle(bytes), groupFlows: middle(groups),
	}
	// Of many past days, hosts asked more on one than on the day under test, but no host has
	// asked more than before that asks as much.
	if len(c.past) > 1 {
		l.growth.median = max(0, l.growth.median)
	}
	l.history = len(c.past) > 0
	if len(flows) < leastPeers || !l.history {
		l.usualFlows = max(l.usualFlows, priorFlows)
	}
	if len(flows) < leastPeers {
		l.usualBytes = priorBytes
	}
	return l
}

func (l dnsLimits) thresholds(k float64) []Threshold {
	return slices.Concat(
		l.perOther.threshold("DNS flows per other flow", "ratio", k, "hosts of the baseline day"),
		l.growth.threshold("growth of DNS flows beyond that of other flows", "ratio", k, "hosts, test day ÷ baseline day"),
		l.perFlow.threshold("bytes per DNS flow with one resolver", "bytes", k, "pairs of host and resolver on the baseline day"),
		l.perFlowGrew.threshold("growth of bytes per DNS flow with one resolver", "ratio", k, "pairs of host and resolver, test day ÷ baseline day"),
	)
}

// judgeDNS returns how far a host's DNS flows exceed what was learned, notes the
// reasons in use, and returns the window of the flows concerned.
func (c *Context) judgeDNS(l dnsLimits, use *DNSUse, now, before *dnsHost, server bool, k float64) (float64, [2]flow.Time) {
	requests := l.requests(now, before, server, k)
	size, resolver := l.size(now, before, k)
	names, domains := 0.0, 0.0
	if !server {
		use.Subdomains, names = c.tunnelled(now.addr, k)
		use.Domains = c.generated(now.addr)
		domains = beyondDomains(use.Domains, k)
	}
	least := 1.0
	if c.flaggedLately(flag{rule: RuleDNSC2, entity: now.addr}) {
		least = goesOn
	}
	var during span
	if max(requests, names, domains) >= least {
		for _, u := range now.resolvers {
			during.join(u.span)
		}
	}
	if requests >= least {
		use.Reasons = append(use.Reasons, reasonRequests)
	}
	if size >= least {
		use.Reasons = append(use.Reasons, reasonSize)
		use.TopResolver, use.PerFlow = resolver, round3(now.resolvers[resolver].perFlow())
		during.join(now.resolvers[resolver].span)
	}
	if names >= least {
		use.Reasons = append(use.Reasons, reasonNames)
	}
	if domains >= least {
		use.Reasons = append(use.Reasons, reasonDomains)
	}
	use.ordinary = before == nil && max(names, domains, size) < 1 &&
		(l.looksOrdinary(now) || c.test.namedShare(now.addr) >= mostlyNamed && !now.unused())
	excess := max(requests, size, names, domains)
	if excess >= least {
		excess = max(excess, 1)
	}
	return excess, during.window()
}

// belowLimit is an excess near the limit that does not make an alert.
const belowLimit = 0.99

// mostlyNamed is the share of a host's DNS flows with names from which these show
// what it asks for.
const mostlyNamed = 0.5

// looksOrdinary says whether a host's requests differ from those of others in their
// number only. They and their answers are as small: a tunnel's carry something. In
// recordings of six tunnels a request and its answer have 424 bytes on average and
// more, and in two of users 146 and 165. Without a history, limits are those of the
// network, which may log several requests as one flow.
//
// Malware that looks for its server by generated names has ordinary requests too,
// but no connection follows: then there are several requests to each other flow. A
// host that does nothing but ask asks for others.
func (l dnsLimits) looksOrdinary(h *dnsHost) bool {
	usual := priorPerFlow.median
	if !l.history {
		usual = max(usual, l.perFlow.median)
	}
	large := math.Log(float64(h.dns.Bytes())/float64(h.asked)) > usual
	return !large && !h.unused()
}

// unused says whether a host looks up more names than it uses.
func (h *dnsHost) unused() bool {
	return h.other >= fewFlows && float64(h.dns.Flows) >= unusedNames*float64(h.other)
}

// unusedNames is how many requests there are to each other flow of a host that
// looks names up in vain. A name that is looked up for use is followed by a
// connection, if not for each of its records: in recordings of users there are 0.4
// to 0.7 requests to each other flow. The limit is twice as many.
const unusedNames = 1.5

// requests is the excess of the number of DNS flows. A host with fewer than the
// median host is too quiet for its ratio to mean anything.
func (l dnsLimits) requests(now, before *dnsHost, server bool, k float64) float64 {
	if float64(now.dns.Flows) < l.usualFlows || server && before == nil {
		return 0
	}
	q, noise := now.perOther()
	excess := l.perOther.excessNoisy(math.Log(q), k, noise)
	if before != nil {
		grew, noise := now.grew(before)
		grown := l.growth.excessNoisy(grew, k, noise)
		// Either is unusual at its limit, and both together before. But a host
		// that always asks much must have gone half the way by growth.
		if grew <= 0 {
			grown = min(grown, 0) // however much others asked less than on their busiest day
		}
		excess = min(excess, math.Sqrt(max(excess, 0)*max(grown, 0)), 2*grown)
	} else if l.history {
		// Of a new host nothing says what it always asks, and hosts differ by
		// more than those of one network do.
		known := priorPerOther
		known.n = priorCertainty
		excess = min(excess, math.Sqrt(max(excess, 0)*max(known.excessNoisy(math.Log(q), k, noise), 0)))
	}
	return excess
}

// worthCarrying is the share of a median host's DNS bytes below which a
// resolver's are too few to be a tunnel's.
const worthCarrying = 0.25

// size is the largest excess of bytes per flow with one resolver, and which.
func (l dnsLimits) size(now, before *dnsHost, k float64) (best float64, resolver netip.Addr) {
	for _, addr := range now.byUse() {
		u := now.resolvers[addr]
		if float64(u.Bytes()) < worthCarrying*l.usualBytes {
			continue
		}
		// A mean over fewer flows than usual varies more, by the square root of the
		// ratio.
		fewer := math.Sqrt(max(0, l.groupFlows/float64(u.Flows)-1))
		excess := l.perFlow.excessNoisy(u.logPerFlow(), k, fewer*l.perFlow.scale)
		if before != nil && before.resolvers[addr] != nil {
			grew := u.logPerFlow() - before.resolvers[addr].logPerFlow()
			excess = min(excess, l.perFlowGrew.excessNoisy(grew, k, fewer*l.perFlowGrew.scale))
		}
		if excess > best {
			best, resolver = excess, addr
		}
	}
	return best, resolver
}
