package detect

import (
	"fmt"
	"math"
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
// setting long_connection_score_thresholds).
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
// the host's earlier days, if the owner is a software vendor, or if so many hosts use
// the port as make a server, as they do 443. Without a history, a connection to a port
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
	contacted, hosts, m := c.test.contacted(), c.test.internalHosts(), c.memory()
	held := map[netip.Addr]bool{} // with which an odd connection is held
	for conv := range c.test.outward() {
		d := conv.Details
		if d == nil || d.Longest < shortHeld*int64(flow.Second) || m.destinations[conv.Dst] != nil {
			continue
		}
		h := c.test.held(conv)
		h.Callers = contacted[conv.Dst]
		others := float64(h.Callers-1) / float64(min(minClients(hosts), rolledOut))
		odd, least := c.oddlyHeld(conv), float64(longHeld)
		if odd {
			least = halfHeld
		}
		excess := math.Log(h.Longest/shortHeld) / math.Log(least/shortHeld) * DefaultSensitivity / k * max(0, 1-others)
		r.Signals.note(conv.Src, excess)
		if excess < 1 {
			continue
		}
		score := scoreOf(excess)
		f := Finding{Entity: conv.Src, Severity: severityOf(score), Score: score, Evidence: h,
			Window: [2]flow.Time{conv.First, conv.Last}, Summary: h.summary(c.before())}
		_, seen := m.hosts[conv.Src]
		switch {
		case odd:
			f.Summary += fmt.Sprintf("; few ordinary programs call port %d", conv.Port)
			held[conv.Dst] = true
		case !seen || isVendor(h.Owner.Name) || c.network().common[serviceName{conv.Proto, conv.Port}]:
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

// oddlyHeld says whether a host without earlier days, in a network without any, holds a connection
// to a port that few programs of users use. An administrator works for hours with SSH, and a
// device keeps in touch with its maker.
func (c *Context) oddlyHeld(conv *profile.Conversation) bool {
	return len(c.past) == 0 && !c.isPast && conv.Proto == flow.TCP && conv.Port != 443 && conv.Port != 22 && !keepsAlive[conv.Port] &&
		!isVendor(c.test.owner(conv.Dst).Name) && !c.test.isMachine(conv.Src, conv.Dst) && c.test.neighbours()[neighbourhoodOf(conv)] < pilotHosts
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

func (h Held) summary(before string) string {
	to := h.Dst.String()
	if h.Name != "" {
		to += " (" + h.Name + ")"
	} else if h.Owner.Name != "" {
		to += " (" + h.Owner.Name + ")"
	}
	s := fmt.Sprintf("held a connection to %s on %s %d open for %.1f hours, %s in all", to, h.Proto, h.Port, h.Longest/3600, plural(h.Flows, "flow"))
	if before != "" {
		s += "; no host contacted it " + before
	}
	return s
}
