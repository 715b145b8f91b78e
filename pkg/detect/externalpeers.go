package detect

import (
	"fmt"
	"math"
	"math/bits"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// RuleExternalP2P is the id of the rule of ExternalPeers.
const RuleExternalP2P = "external-p2p"

var _ = register(RuleExternalP2P, (*Context).externalPeers)

// Swarm is the flows of one internal host with external addresses that each
// listen on a port of their own, and the evidence of an external-p2p finding.
type Swarm struct {
	Src            netip.Addr   `json:"src_ip"`
	Peers          int          `json:"peers"`               // distinct addresses
	Networks       int          `json:"networks"`            // distinct /16 networks (/32 of IPv6) of the peers
	Persistent     int          `json:"persistent"`          // peers contacted in half of the host's hours or more
	Lasting        int          `json:"persistent_networks"` // networks of these
	Unanswered     int          `json:"unanswered"`          // peers that sent nothing back
	Hours          int          `json:"hours"`               // hours of the day with flows to peers
	Examples       []netip.Addr `json:"peer_ips"`            // peers with most flows, at most ten
	profile.Counts              // with all peers

	peers map[netip.Addr]bool
	span  span
}

// ExternalPeersResult is the hosts that take part in peer-to-peer networks.
type ExternalPeersResult struct {
	Swarms []Swarm // one for each finding, in the same order
	Outcome
}

// Peers of a peer-to-peer network choose their ports, and most choose ones that
// no service has. So an address is a peer if the host contacts at most sharedPort
// addresses on its port; a service on a high port has several addresses.
const (
	leastPeerPort = 1024
	sharedPort    = 2
)

// A swarm has peers in swarmFloor networks, or in lastingFloor with which the host
// keeps in touch. Zhang et al. (Detecting Stealthy P2P Botnets Using Statistical
// Traffic Fingerprints, 2011) ask for peers in 50 networks, and for persistence
// in half of the time in which the host is active. Calls and games have a handful
// of peers.
const (
	swarmFloor       = 50
	lastingFloor     = 10
	persistentShare  = 0.5
	persistentHours  = 3
	swarmExampleSize = 10
)

// ExternalPeers finds internal hosts that exchange flows with many external
// addresses in many networks, each on a port of its own, as members of a
// peer-to-peer network do. Bots keep in touch with the same peers all day, so
// persistent ones weigh twice. What as many hosts do as make a server of an
// internal address is an application.
func ExternalPeers(in Input) ExternalPeersResult {
	return resultOf[ExternalPeersResult](in, RuleExternalP2P)
}

func (c *Context) externalPeers(k float64) (r ExternalPeersResult) {
	if r.Coverage = c.ranCoverage(); !r.Coverage.Ran {
		return r
	}
	var counts, lasting []float64
	for _, d := range c.peers() {
		swarms := d.swarms()
		for h := range d.hosts() {
			counts = append(counts, math.Log1p(float64(swarms[h.Addr].Networks)))
			lasting = append(lasting, math.Log1p(float64(swarms[h.Addr].Lasting)))
		}
	}
	usual, usualLasting := c.orPrior(spreadOf(counts), priorReach), c.orPrior(spreadOf(lasting), priorReach)
	limit, lastingLimit := max(usual.limit(k), math.Log1p(swarmFloor)), max(usualLasting.limit(k), math.Log1p(lastingFloor))
	threshold := func(name string, s spread, limit float64, floor int) Threshold {
		return Threshold{Name: name, Value: math.Expm1(limit), Unit: "networks",
			From: fmt.Sprintf("%s, median %.3g; the limit is at least %d", plural(int64(len(counts)), "host day"), math.Expm1(s.median), floor)}
	}
	r.Signals = Signals{}
	r.Thresholds = []Threshold{
		threshold("networks of peers that each have a different port", usual, limit, swarmFloor),
		threshold("networks of such peers contacted in half of a host's hours", usualLasting, lastingLimit, lastingFloor),
	}
	excessOf := func(s Swarm) float64 {
		return max((math.Log1p(float64(s.Networks))-usual.median)/(limit-usual.median),
			(math.Log1p(float64(s.Lasting))-usualLasting.median)/(lastingLimit-usualLasting.median))
	}
	swarms := c.test.swarms()
	taking := 0
	for _, s := range swarms {
		if excessOf(s) >= 1 {
			taking++
		}
	}
	for src, s := range swarms {
		excess := excessOf(s)
		if excess >= 1 {
			others := float64(taking-1) / float64(max(serverFloor, min(minClients(c.test.internalHosts()), rolledOut)))
			excess *= (1 + ratio(int64(s.Persistent), int64(s.Peers))) * max(0, 1-others)
		}
		r.Signals.note(src, excess)
		if excess < 1 {
			continue
		}
		score := scoreOf(excess)
		f := Finding{Entity: src, Severity: severityOf(score), Score: score, Evidence: s, Window: s.span.window(),
			Summary: fmt.Sprintf("exchanged %s with %d external addresses in %d networks, each on a different port, in %d hours of the day; %d of them in at least half of its active hours; %d did not answer",
				plural(s.Flows, "flow"), s.Peers, s.Networks, s.Hours, s.Persistent, s.Unanswered)}
		r.Findings = append(r.Findings, f)
	}
	sortFindings(r.Findings)
	r.Swarms = evidenceOf[Swarm](r.Findings)
	return r
}

// swarms describes the peers of each host; hosts without one are left out.
func (d *day) swarms() map[netip.Addr]Swarm {
	return d.swarmList.get(func() map[netip.Addr]Swarm {
		all := map[netip.Addr]Swarm{}
		for src, cs := range d.bySource() {
			if s, ok := d.swarm(src, cs); ok {
				all[src] = s
			}
		}
		return all
	})
}

func (d *day) swarm(src netip.Addr, cs []profile.Conversation) (Swarm, bool) {
	type service struct {
		proto flow.Proto
		port  uint16
	}
	addrs := map[service]map[netip.Addr]bool{}
	var active uint32
	for i := range cs {
		c := &cs[i]
		active |= hourSet(c)
		if c.Port < leastPeerPort || !hasPorts(c) || !d.outside(c.Dst) {
			continue
		}
		k := service{c.Proto, c.Port}
		if addrs[k] == nil {
			addrs[k] = map[netip.Addr]bool{}
		}
		addrs[k][c.Dst] = true
	}
	s := Swarm{Src: src, peers: map[netip.Addr]bool{}}
	hours, down, flows := map[netip.Addr]uint32{}, map[netip.Addr]int64{}, map[netip.Addr]int64{}
	networks, lasting := map[netip.Prefix]bool{}, map[netip.Prefix]bool{}
	var all uint32
	for i := range cs {
		c := &cs[i]
		if to := addrs[service{c.Proto, c.Port}]; c.Port < leastPeerPort || !hasPorts(c) || len(to) == 0 || len(to) > sharedPort {
			continue
		}
		s.peers[c.Dst] = true
		networks[prefixOf(c.Dst, 16, 32)] = true
		hours[c.Dst] |= hourSet(c)
		all |= hourSet(c)
		down[c.Dst] += c.Down
		flows[c.Dst] += c.Flows
		s.Add(c.Counts)
		s.span.add(c)
	}
	for a, set := range hours {
		if n := bits.OnesCount32(set); n >= persistentHours && float64(n) >= persistentShare*float64(bits.OnesCount32(active)) {
			s.Persistent++
			lasting[prefixOf(a, 16, 32)] = true
		}
		if down[a] == 0 {
			s.Unanswered++
		}
		s.Examples = append(s.Examples, a)
	}
	slices.SortFunc(s.Examples, func(a, b netip.Addr) int {
		if flows[a] != flows[b] {
			return int(flows[b] - flows[a])
		}
		return a.Compare(b)
	})
	s.Examples = s.Examples[:min(len(s.Examples), swarmExampleSize)]
	s.Peers, s.Networks, s.Lasting, s.Hours = len(s.peers), len(networks), len(lasting), bits.OnesCount32(all)
	return s, s.Peers > 0
}

// hourSet is the hours in which a conversation has flows, as bits.
func hourSet(c *profile.Conversation) (hours uint32) {
	for hour, n := range c.Hours {
		if n > 0 {
			hours |= 1 << hour
		}
	}
	return hours
}
