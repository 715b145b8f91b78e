package detect

import (
	"fmt"
	"net/netip"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// RuleLongConnection is the id of the rule of LongConnections.
const RuleLongConnection = "long-connection"

var _ = register(RuleLongConnection, (*Context).longConnections)

// Held is a connection that an internal host held open for hours, and the evidence
// of a long-connection finding.
type Held struct {
	Src            netip.Addr  `json:"src_ip"`
	Dst            netip.Addr  `json:"dst_ip"`
	Proto          string      `json:"proto"`
	Port           uint16      `json:"port"`
	Owner          geo.Owner   `json:"owner"`
	Country        geo.Country `json:"country"`
	profile.Counts             // of the test day
	Longest        float64     `json:"longest_seconds"`  // the longest connection
	Total          float64     `json:"duration_seconds"` // of all connections
	Open           int64       `json:"open_flows"`       // connections whose end was not seen
	Callers        int         `json:"callers"`          // internal hosts that contacted the address
	Name           string      `json:"name,omitempty"`   // what the host asked for, if it is the same for all flows
}

func (h Held) destinations() []endpoint { return []endpoint{{h.Dst, h.Country, h.Owner}} }

// LongConnectionsResult is the connections that were held open.
type LongConnectionsResult struct {
	Held []Held // one for each finding, in the same order
	Outcome
}

// What RITA takes for a long connection, in seconds: it lists connections from an
// hour on, one of four hours has low severity, and one of eight hours medium severity (its
// setting long_connection_score_thresholds). A host that is on for less than eight hours
// cannot hold one as long: its whole day counts as much.
const (
	shortHeld = 3600
	halfHeld  = 4 * 3600
	longHeld  = 8 * 3600
)

// LongConnections finds connections of internal hosts to external addresses that
// are held open for eight hours or more, as remote control and tunnels are. It
// needs the durations of flows.
//
// Mail, chat and notifications hold connections too. So the score decreases with
// the number of hosts that contact the address, addresses that were contacted on
// earlier days do not count, and the severity is at most low if nothing is known of
// the host's earlier days, if the owner is a software vendor, or if holding a connection
// is nothing special on its port (see commonPort). Without a history, a connection to a port
// that few programs use counts from four hours on, and is an alert (see oddlyHeld).
func LongConnections(in Input) LongConnectionsResult {
	return resultOf[LongConnectionsResult](in, RuleLongConnection)
}

func (c *Context) longConnections(k float64) (r LongConnectionsResult) {
	if r.Coverage = c.ranCoverage(); !r.Coverage.Ran {
		return r
	}
	if !c.test.hasDurations() {
		r.Coverage = notRun("no flow has a duration")
		return r
	}
	r.Signals = Signals{}
	r.Thresholds = []Threshold{{Name: "duration of a connection", Value: longHeld, Unit: "seconds", From: "fixed: the duration that RITA rates as medium"}}
	common := c.commonlyHeld()
	contacted, hosts, m := c.test.contacted(), c.test.internalHosts(), c.memory()
	held := map[netip.Addr]bool{} // with which an odd connection is held
	for conv := range c.test.outward() {
		if !holds(conv, shortHeld) {
			continue
		}
		known, onset := c.heldBefore(conv)
		if known {
			continue
		}
		h := c.test.held(conv)
		h.Callers = contacted[conv.Dst]
		others := float64(h.Callers-1) / float64(min(minClients(hosts), rolledOut))
		odd, least := c.oddlyHeld(conv), float64(longHeld)
		if odd {
			least = halfHeld
		}
		excess := c.goingOn(logExcess(c.lasted(conv, h), shortHeld, least, k)*max(0, 1-others), flag{RuleLongConnection, conv.Src, conv.Dst})
		r.Signals.note(conv.Src, excess)
		if excess < 1 {
			continue
		}
		score := scoreOf(excess)
		f := Finding{Entity: conv.Src, Severity: severityOf(score), Score: score, Evidence: h,
			Window: [2]flow.Time{conv.First, conv.Last}, Summary: h.summary()}
		switch {
		case onset != nil:
			f.Since, f.State = c.past[onset.day].text(), StateOngoing
			f.Summary += "; " + c.began(*onset)
		case c.before() != "":
			f.Summary += "; no host contacted it " + c.before()
		}
		_, seen := m.hosts[conv.Src]
		switch {
		case odd:
			f.Summary += fmt.Sprintf("; few ordinary programs call port %d", conv.Port)
			held[conv.Dst] = true
		case !seen || isVendor(h.Owner.Name) || c.commonPort(conv, common):
			f.capped(Low)
		}
		r.Findings = append(r.Findings, f)
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; len(c.past) == 0 && len(held) > max(pilotHosts-1, c.mostOdd()) {
			f.capped(Low) // hosts of this network do so
		}
	}
	sortFindings(r.Findings)
	r.Held = evidenceOf[Held](r.Findings)
	return r
}

// holds says whether a connection of a conversation was held for some seconds.
func holds(conv *profile.Conversation, seconds int64) bool {
	return conv.Details != nil && conv.Details.Longest >= seconds*int64(flow.Second)
}

// heldBefore says whether a connection is with an address that was contacted before. It is
// not if the host alone contacted it, and held a connection with it from the day on which that
// began, as onset says: the first day may have been too short for an alert.
func (c *Context) heldBefore(conv *profile.Conversation) (known bool, onset *firstSeen) {
	m := c.memory()
	switch to := m.destinations[conv.Dst]; {
	case to == nil:
		return false, nil
	case m.beganWith(conv.Src, to) && (to.held == to.days || c.justBegan(to, flag{RuleLongConnection, conv.Src, conv.Dst})):
		return false, &to.firstSeen
	}
	return true, nil
}

// oddlyHeld says whether a host without earlier days, in a network without any, holds a connection
// to a port that few programs of users use. An administrator works for hours with SSH, and a
// device keeps in touch with its maker.
func (c *Context) oddlyHeld(conv *profile.Conversation) bool {
	return len(c.past) == 0 && !c.isPast && conv.Proto == flow.TCP && conv.Port != 443 && conv.Port != 22 && !keepsAlive[conv.Port] &&
		!isVendor(c.test.owner(conv.Dst).Name) && !c.test.isMachine(conv.Src, conv.Dst) && c.test.neighbours()[neighbourhoodOf(conv)] < pilotHosts
}

// lasted is the time in seconds that counts of connections that a host held: the longest, all
// if each is opened again when one breaks, or that of a long connection if they lasted for
// the host's day.
func (c *Context) lasted(conv *profile.Conversation, h Held) float64 {
	lasted := h.Longest
	if h.Total >= shortHeld*float64(h.Flows) {
		lasted = h.Total
	}
	if lasted >= halfHeld && c.heldAllDay(conv, lasted) {
		lasted = max(lasted, longHeld)
	}
	return lasted
}

// heldAllDay says whether a connection to an owner that the host did not contact before
// lasted for nine tenths of the time in which the host opened flows to others.
func (c *Context) heldAllDay(conv *profile.Conversation, lasted float64) bool {
	if !c.newOwner(conv) {
		return false
	}
	var s span
	cs := c.test.Of(conv.Src)
	for i := range cs {
		if cs[i].Dst != conv.Dst {
			s.add(&cs[i])
		}
	}
	return s.some && lasted >= 0.9*float64(s.last-s.first)/float64(flow.Second)
}

// newOwner says whether a host first contacted the owner of a destination with this one, and there
// are days enough to know whom it knows.
func (c *Context) newOwner(conv *profile.Conversation) bool {
	m := c.memory()
	day, known := m.contacts[conv.Src][c.test.party(conv.Dst)]
	to := m.destinations[conv.Dst]
	return len(c.past) >= sumDays && (!known || to != nil && to.day == day && m.beganWith(conv.Src, to))
}

// commonPort says whether holding a connection is nothing special on the port of one: many
// hosts did so on a past day, or use the port, as they do 443, and the host knew the owner
// or there are too few days to know whom it knows.
func (c *Context) commonPort(conv *profile.Conversation, held map[serviceName]bool) bool {
	name := serviceName{conv.Proto, conv.Port}
	return held[name] || !c.newOwner(conv) && c.network().common[name]
}

// commonlyHeld lists the services with which as many hosts as make a server held a
// connection for longHeld on a past day.
func (c *Context) commonlyHeld() map[serviceName]bool {
	common := map[serviceName]bool{}
	for _, d := range c.past {
		for name, hosts := range d.holders() {
			common[name] = common[name] || len(hosts) >= minClients(d.internalHosts())
		}
	}
	return common
}

// holders lists the internal hosts that held a connection with an external service for
// longHeld.
func (d *day) holders() map[serviceName]map[netip.Addr]bool {
	return d.holderList.get(func() map[serviceName]map[netip.Addr]bool {
		all := map[serviceName]map[netip.Addr]bool{}
		for c := range d.outward() {
			if !holds(c, longHeld) {
				continue
			}
			name := serviceName{c.Proto, c.Port}
			if all[name] == nil {
				all[name] = map[netip.Addr]bool{}
			}
			all[name][c.Src] = true
		}
		return all
	})
}

// hasDurations says whether the log knows how long flows to external addresses last.
func (d *day) hasDurations() bool {
	for c := range d.outward() {
		if c.Details != nil && c.Details.Durations.Flows() > 0 {
			return true
		}
	}
	return false
}

// held describes a conversation by its durations.
func (d *day) held(c *profile.Conversation) Held {
	h := Held{Src: c.Src, Dst: c.Dst, Proto: c.Proto.String(), Port: c.Port, Counts: c.Counts,
		Owner: d.owner(c.Dst), Country: d.country(c.Dst), Open: c.Details.States[flow.Open],
		Longest: float64(c.Details.Longest) / float64(flow.Second), Total: float64(c.Details.Lasted) / float64(flow.Second)}
	if names := c.Details.Names; len(names) == 1 {
		h.Name = names[0].Name
	}
	return h
}

func (h Held) summary() string {
	to := h.Dst.String()
	if h.Name != "" {
		to += " (" + h.Name + ")"
	} else if h.Owner.Name != "" {
		to += " (" + h.Owner.Name + ")"
	}
	return fmt.Sprintf("held a connection to %s on %s %d open for %.1f hours, %s in all", to, h.Proto, h.Port, h.Longest/3600, plural(h.Flows, "flow"))
}
