package detect

import (
	"fmt"
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// RuleExternalScan is the id of the rule of ExternalScan.
const RuleExternalScan = "external-scan"

var _ = register(RuleExternalScan, (*Context).externalScan)

// Tries is the first contacts of one internal host with external hosts and
// ports, and the evidence of an external-scan finding.
type Tries struct {
	Src            netip.Addr `json:"src_ip"`
	Tried          int        `json:"tried"`      // distinct external addresses and ports that no past day has
	Unanswered     int        `json:"unanswered"` // of these, those that sent nothing back or refused
	Hosts          int        `json:"targets"`    // distinct external addresses that sent nothing back
	MostPorts      int        `json:"most_ports"` // the most ports below 1024 of one address, answered or not
	Ports          []uint16   `json:"ports"`      // distinct ports of these; sorted, at most ten
	MostHosts      int        `json:"most_hosts"` // the most addresses of one mail or login service, answered or not
	MostHostsPort  uint16     `json:"most_hosts_port,omitempty"`
	profile.Counts            // with what sent nothing back
}

// ExternalScanResult is the hosts that try external ones.
type ExternalScanResult struct {
	Tries []Tries // one for each finding, in the same order
	Outcome
}

// ExternalScan finds internal hosts whose first contacts with external
// addresses and ports mostly fail: worms and bots that look for others, and hosts
// that scan. What is compared is how many more of them fail than succeed, which is
// the statistic of the test of Jung et al. (see failsMostly), with its spread over
// hosts and twelve at least. As many ports below 1024 of one address are a scan
// whatever it answers, for no client needs a dozen of these services of one host. So are
// fanFloor addresses of one mail or login service, as of a host that sends spam or
// guesses passwords: their users have a few. It must be twice as many as on any past
// day, and a host that offers the service itself passes on what others send.
func ExternalScan(in Input) ExternalScanResult {
	return resultOf[ExternalScanResult](in, RuleExternalScan)
}

func (c *Context) externalScan(k float64) (r ExternalScanResult) {
	r.Coverage = c.ranCoverage()
	if r.Coverage.Ran && !c.test.answers() {
		r.Coverage = notRun(reasonNoAnswers)
	}
	if !r.Coverage.Ran {
		return r
	}
	var counts []float64
	for _, d := range c.peers() {
		tries := d.allTries()
		for h := range d.hosts() {
			counts = append(counts, math.Log1p(tries[h.Addr].net()))
		}
	}
	usual := c.orPrior(spreadOf(counts), priorReach)
	limit := max(usual.limit(k), math.Log1p(closedFloor))
	r.Signals = Signals{}
	r.Thresholds = []Threshold{{Name: "unanswered external hosts and ports minus answered ones", Value: math.Expm1(limit), Unit: "hosts and ports",
		From: fmt.Sprintf("%s, median %.3g; the limit is at least %d", plural(int64(len(counts)), "host day"), math.Expm1(usual.median), closedFloor)}}
	for src, s := range c.test.tries(c.memory()) {
		fan := 0.0
		if s.MostHosts >= 2*c.fannedOut(s) {
			fan = math.Log1p(float64(s.MostHosts)) / math.Log1p(fanFloor)
		}
		excess := max((math.Log1p(s.net())-usual.median)/(limit-usual.median),
			math.Log1p(float64(s.MostPorts))/math.Log1p(closedFloor), fan)
		r.Signals.note(src, excess)
		if excess < 1 {
			continue
		}
		score := scoreOf(excess)
		var during span
		for _, conv := range c.test.Of(src) {
			if c.test.outside(conv.Dst) && fails(&conv) {
				during.add(&conv)
			}
		}
		if !during.some {
			for _, conv := range c.test.Of(src) {
				if c.test.outside(conv.Dst) {
					during.add(&conv)
				}
			}
		}
		f := Finding{Entity: src, Severity: severityOf(score), Score: score, Evidence: s, Window: during.window(),
			Summary: fmt.Sprintf("tried %d external hosts and ports%s; %d refused or did not answer: %d addresses%s",
				s.Tried, unknownBefore(c.before()), s.Unanswered, s.Hosts, afterComma(portsText(s.Ports)))}
		if s.MostPorts >= closedFloor {
			f.Summary += fmt.Sprintf("; %d ports below 1024 of one address", s.MostPorts)
		}
		if fan >= 1 {
			f.Summary += fmt.Sprintf("; it contacted port %d of %d addresses", s.MostHostsPort, s.MostHosts)
		}
		r.Findings = append(r.Findings, f)
	}
	c.outage(r.Findings)
	sortFindings(r.Findings)
	r.Tries = evidenceOf[Tries](r.Findings)
	return r
}

// fanFloor is the fewest addresses whose mail or login service a host that searches
// uses: as many as Zeek takes for a scan of addresses (addr_scan_threshold of
// misc/scan).
const fanFloor = 25

// mailPort is where mail servers take mail from others.
const mailPort = 25

// fannedOut is the most addresses of the same service of the host on a past day without
// an alert.
func (c *Context) fannedOut(t Tries) (most int) {
	for _, d := range c.past {
		if !c.flaggedOn(d, flag{rule: RuleExternalScan, entity: t.Src}) {
			most = max(most, d.fans(d.Of(t.Src))[t.MostHostsPort])
		}
	}
	return most
}

// fanOut notes the mail or login service that the host contacts at most addresses.
func (t *Tries) fanOut(d *day, cs []profile.Conversation) {
	for port, n := range d.fans(cs) {
		if (n > t.MostHosts || n == t.MostHosts && port < t.MostHostsPort) && !d.offers(t.Src, port) {
			t.MostHosts, t.MostHostsPort = n, port
		}
	}
}

// fans counts the external addresses of each mail or login service that some
// conversations of one host are with.
func (d *day) fans(cs []profile.Conversation) map[uint16]int {
	fans := map[uint16]int{}
	for i := range cs {
		if c := &cs[i]; c.Proto == flow.TCP && (c.Port == mailPort || loginPorts[c.Port]) && d.outside(c.Dst) {
			fans[c.Port]++
		}
	}
	return fans
}

// offers says whether a host answers others on a port of TCP.
func (d *day) offers(host netip.Addr, port uint16) bool {
	return d.offered.get(func() map[serviceKey]bool {
		all := map[serviceKey]bool{}
		for i := range d.Conversations {
			if c := &d.Conversations[i]; d.inside(c.Dst) && !fails(c) {
				all[keyOf(c)] = true
			}
		}
		return all
	})[serviceKey{host, flow.TCP, port}]
}

// outage lowers the findings to low if most hosts of the day have one, and these are as
// many as have a program that was rolled out: the network had no connection, or the
// sensor sees one direction of it.
func (c *Context) outage(findings []Finding) {
	alerts := CountAtLeast(findings, Medium)
	if hosts := c.test.internalHosts(); alerts < pilotHosts || 2*alerts <= hosts {
		return
	}
	for i := range findings {
		findings[i].Summary += fmt.Sprintf("; %d hosts got no answers, which suggests an outage", alerts)
		findings[i].capped(Low)
	}
}

const reasonNoAnswers = "no flow has bytes from its destination, so unanswered flows cannot be identified"

func unknownBefore(before string) string {
	if before == "" {
		return ""
	}
	return " that no host contacted " + before
}

// portsText writes a few ports of many.
func portsText(ports []uint16) string {
	if len(ports) == 0 {
		return ""
	}
	if len(ports) > 4 {
		return fmt.Sprintf("ports %s and others", joinPorts(ports[:3]))
	}
	return portList(ports)
}

// net is how many more tries fail than succeed.
func (t Tries) net() float64 { return float64(max(0, 2*t.Unanswered-t.Tried)) }

// answers says whether the log knows which flows were answered: any flow has bytes from
// its destination or a state that says it, or flows have bytes and no TCP flow sends so
// many that there must have been an answer.
func (d *day) answers() bool {
	return d.answersKnown.get(func() bool {
		some, large := false, false
		for i := range d.Conversations {
			c := &d.Conversations[i]
			if c.Down > 0 || statesKnown(c) {
				return true
			}
			some = some || c.Up > 0
			large = large || c.Proto == flow.TCP && c.MaxUp >= packet
		}
		return some && !large
	})
}

// hasBytes says whether any flow has bytes.
func (d *day) hasBytes() bool {
	return d.bytesKnown.get(func() bool {
		return slices.ContainsFunc(d.Conversations, func(c profile.Conversation) bool { return c.Bytes() > 0 })
	})
}

// ownersKnown says whether the owner of any external address is known.
func (d *day) ownersKnown() bool {
	for c := range d.outward() {
		if d.owner(c.Dst) != (geo.Owner{}) {
			return true
		}
	}
	return false
}

// statesKnown says whether the states of all flows of a conversation are known, and
// those of some say whether they were answered.
func statesKnown(c *profile.Conversation) bool {
	if c.Details == nil {
		return false
	}
	var known int64
	for _, n := range c.Details.States {
		known += n
	}
	return known == c.Flows && c.Details.States[flow.Other] < known
}

// A TCP flow that is refused is a SYN, sent again perhaps, and a bare RST: logs
// that count packets have up to 66 bytes for each, with the frame.
const bareSegment = 66

// fails reports whether no flow of a conversation was answered, or all were
// refused. It judges by the states of the flows if all are known, and by bytes
// otherwise.
func fails(c *profile.Conversation) bool {
	if statesKnown(c) {
		s := c.Details.States
		return s[flow.Established]+s[flow.Reset]+s[flow.Open] == 0
	}
	return c.Down == 0 || c.Proto == flow.TCP && c.MaxDown <= bareSegment && c.MaxUp <= 2*bareSegment
}

// mostPorts is how many ports of a scan evidence lists.
const mostPorts = 10

// tries adds up the external hosts and ports that each host tries, except the
// destinations of past days.
func (d *day) tries(known *memory) map[netip.Addr]Tries {
	all := map[netip.Addr]Tries{}
	for src, cs := range d.bySource() {
		t := Tries{Src: src}
		var last, target netip.Addr
		ports := 0
		for i := range cs {
			c := &cs[i]
			if !initiates(c) {
				continue
			}
			if c.Dst != target {
				target, ports = c.Dst, 0
			}
			if hasPorts(c) && c.Port < leastPeerPort && d.outside(c.Dst) {
				ports++
				t.MostPorts = max(t.MostPorts, ports)
			}
			if !d.outside(c.Dst) || known != nil && known.destinations[c.Dst] != nil {
				continue
			}
			t.Tried++
			if !fails(c) {
				continue
			}
			t.Unanswered++
			t.Add(c.Counts)
			if c.Dst != last {
				t.Hosts++
				last = c.Dst
			}
			t.Ports = append(t.Ports, c.Port)
		}
		t.fanOut(d, cs)
		if t.Tried == 0 && t.MostPorts < closedFloor && t.MostHosts < fanFloor {
			continue
		}
		slices.Sort(t.Ports)
		t.Ports = slices.Compact(t.Ports)
		t.Ports = slices.Clone(t.Ports[:min(len(t.Ports), mostPorts)])
		all[src] = t
	}
	return all
}

// allTries is tries without a history.
func (d *day) allTries() map[netip.Addr]Tries {
	return d.tryList.get(func() map[netip.Addr]Tries { return d.tries(nil) })
}

// afterComma continues a sentence with a text, or not if it is empty.
func afterComma(text string) string {
	if text == "" {
		return ""
	}
	return ", " + text
}
