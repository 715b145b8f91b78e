package detect

import (
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// RuleInternalScan is the id of the rule of Scan.
const RuleInternalScan = "internal-scan"

var _ = register(RuleInternalScan, (*Context).scan)

// Sweep is one internal host's flows to internal hosts that are not servers and
// that it did not contact on the baseline day. It is the evidence of an
// internal-scan finding.
type Sweep struct {
	Src            netip.Addr `json:"src_ip"`
	Targets        int        `json:"targets"`              // distinct hosts
	Unanswered     int        `json:"unanswered"`           // of these, hosts that sent nothing back or refused
	Closed         int        `json:"closed"`               // hosts and ports that sent nothing back or refused, and were not tried on the baseline day
	Ports          []uint16   `json:"ports"`                // distinct; sorted
	Logins         int        `json:"logins,omitempty"`     // hosts with sessions of a login service as short as those that guess a password
	Guesses        int64      `json:"guesses,omitempty"`    // the most sessions of one login service as short as those that guess a password
	Guessed        netip.Addr `json:"guessed_ip,omitempty"` // the host with this service
	profile.Counts            // with all targets
}

// ScanResult is the sweeps of the internal network.
type ScanResult struct {
	Sweeps []Sweep // one for each finding, in the same order
	Outcome
}

// sweepFloor is the fewest targets of a scan: a mesh of five gives each member
// four, and a scan of fewer than twice as many finds little.
const sweepFloor = 8

// closedFloor is the fewest hosts and ports without an answer of a scan: a
// device that is switched off leaves a handful of them to each of its peers.
const closedFloor = 12

// Scan finds internal hosts that try many other internal hosts or ports.
//
// Two values are compared: how many internal hosts that are not servers a host
// contacts and did not contact on the baseline day, and how many hosts and ports
// it tries that do not answer, which also shows scans of many ports of a few
// hosts. A monitor that polled hosts on the baseline day may contact as many
// hosts again on the same port, or all if it contacted most hosts then. The
// limits are learned from how many of each the baseline's hosts have, and are
// eight and twelve at least.
func Scan(in Input) ScanResult { return resultOf[ScanResult](in, RuleInternalScan) }

func (c *Context) scan(k float64) ScanResult {
	cov := c.ranCoverage()
	if !cov.Ran {
		return ScanResult{Outcome: Outcome{Coverage: cov}}
	}
	test, m, servers, before := c.test, c.memory(), c.serverRoles(), c.pastPeers()
	var hostCounts, closedCounts []float64
	rounds, most := map[profile.Key]int{}, 0
	for _, d := range c.peers() {
		hostCounts = append(hostCounts, d.logCounts(d.peers(servers).contacts())...)
		closedCounts = append(closedCounts, d.logCounts(d.closedPorts())...)
	}
	for _, d := range c.past {
		most = max(most, d.internalHosts())
		for r, n := range d.visits() {
			if !c.flaggedOn(d, flag{rule: RuleInternalScan, entity: r.Src}) {
				rounds[r] = max(rounds[r], n)
			}
		}
	}
	hosts, closed := c.orPrior(spreadOf(hostCounts), priorReach), c.orPrior(spreadOf(closedCounts), priorReach)
	hostLimit := max(hosts.limit(k), math.Log1p(sweepFloor))
	closedLimit := max(closed.limit(k), math.Log1p(closedFloor))
	r := ScanResult{Outcome: Outcome{Signals: Signals{}, Coverage: cov, Thresholds: []Threshold{
		reachThreshold("internal hosts contacted, servers excluded", "hosts", hosts, hostLimit, sweepFloor),
		reachThreshold("internal hosts and ports without an answer", "hosts and ports", closed, closedLimit, closedFloor),
	}}}
	fresh := test.rounds(before)
	routine := func(c *profile.Conversation) bool { // A monitor's round takes in more hosts.
		r := roundOf(c)
		return rounds[r] >= sweepFloor && (fresh[r] <= rounds[r] || 2*rounds[r] >= most)
	}
	sweeps, spans := test.sweeps(servers, before, routine)
	answers := test.answers()
	if !answers {
		r.Coverage.also(reasonNoAnswers)
	} else {
		for src, n := range test.closed(func(c *profile.Conversation) bool { return m.internal[c.Key] || routine(c) }) {
			s := sweeps[src]
			s.Src, s.Closed = src, n
			sweeps[src] = s
		}
	}
	c.guessed(sweeps)
	for src, s := range sweeps {
		guessing := math.Log1p(float64(s.Guesses)) / math.Log1p(guessFloor)
		excess := max(guessing,
			(math.Log1p(float64(s.Targets))-hosts.median)/(hostLimit-hosts.median),
			(math.Log1p(float64(s.Closed))-closed.median)/(closedLimit-closed.median))
		r.Signals.note(src, excess)
		if excess < 1 {
			continue
		}
		score := scoreOf(excess)
		window := spans[src]
		if !window.some {
			window = test.spanWithin(src)
		}
		f := Finding{Entity: src, Severity: severityOf(score), Score: score,
			Summary: s.summary(c.before(), answers), Evidence: s, Window: window.window()}
		if guessing >= excess {
			f.Summary = fmt.Sprintf("opened %d sessions with a login service of %s; they were short, like those of password guessing", s.Guesses, s.Guessed)
			if len(c.past) > 0 {
				f.Summary += "; on each past day it opened at most half as many"
			}
			f.Attack, f.Window = []string{"T1110"}, test.guessSpan(s).window()
			f.capped(Medium)
		}
		c.explainSweep(&f, s, window.first)
		if len(c.past) == 0 && !failsMostly(s.Closed, s.Targets-s.Unanswered) && (guessing < excess || !test.guessesFast(s)) {
			f.answered(s)
		}
		r.Findings = append(r.Findings, f)
	}
	sortFindings(r.Findings)
	r.Sweeps = evidenceOf[Sweep](r.Findings)
	return r
}

// answered lowers a sweep without a history whose targets answer: it is that of a monitor
// perhaps, and nothing says that it is new.
func (f *Finding) answered(s Sweep) {
	if s.Logins < sweepFloor {
		f.capped(Low)
		return
	}
	f.Summary += fmt.Sprintf("; %d sessions were short, like those of password guessing", s.Logins)
	f.capped(Medium)
}

// explainSweep lowers a finding to low if the sweep is a scheduled job, which guesses no
// passwords.
func (c *Context) explainSweep(f *Finding, s Sweep, first flow.Time) {
	if len(f.Attack) > 0 {
		return
	}
	if on := c.sweptBefore(s, first); on != nil {
		f.Summary += fmt.Sprintf("; it began at %s, as on %s, like a scheduled job", first.Clock(), on.name(len(c.past)))
		f.capped(Low)
	}
}

// sweptBefore returns the last past day on which a host that is on day and night swept half
// of the same hosts and ports or more, and began at the same time of the day: an inventory
// of every week, which began in the course of the history. It is nil if there is none.
func (c *Context) sweptBefore(s Sweep, first flow.Time) *day {
	if len(c.past) == 0 || !c.test.alwaysOn(c.test.hoursOn(s.Src, netip.Addr{})) {
		return nil
	}
	before, servers := c.pastPeers(), c.serverRoles()
	var swept []profile.Key
	cs := c.test.Of(s.Src)
	for i := range cs {
		if _, known := before[[2]netip.Addr{s.Src, cs[i].Dst}]; !known && servers[keyOf(&cs[i])] == "" && c.test.inside(cs[i].Dst) && slices.Contains(s.Ports, cs[i].Port) {
			swept = append(swept, cs[i].Key)
		}
	}
	for _, d := range slices.Backward(c.past) {
		var old span
		same := 0
		for _, key := range swept {
			if conv := d.conversation(key); conv != nil {
				old.add(conv)
				same++
			}
		}
		if late := int(first) - int(old.first); 2*same >= len(swept) && same > 0 && late <= int(jobDelay) && late >= -int(jobDelay) {
			return d
		}
	}
	return nil
}

// priorReach is what is known beforehand of how many internal hosts that are
// not servers a host contacts: one or none. The floors are the limits then.
var priorReach = spread{median: 0, scale: minScale}

// failsMostly is the sequential test of Jung et al. (Fast Portscan Detection
// Using Sequential Hypothesis Testing, 2004): of first contacts, a benign host's
// succeed with probability 0.8 and a scanner's with 0.2, and a scanner is believed
// to be one where it is 99 times as likely. Each failure makes it 4 times as
// likely and each success a quarter.
func failsMostly(failed, answered int) bool {
	return float64(failed-answered)*math.Log(4) >= math.Log(99)
}

func reachThreshold(name, unit string, s spread, limit, floor float64) Threshold {
	return Threshold{Name: name, Value: math.Expm1(limit), Unit: unit,
		From: fmt.Sprintf("%s of the baseline day, median %.3g; the limit is at least %.0f", plural(int64(s.n), "host"), math.Expm1(s.median), floor)}
}

// contacts counts the hosts that each host contacted.
func (t peerTable) contacts() map[netip.Addr]int {
	n := map[netip.Addr]int{}
	for pair := range t {
		n[pair[0]]++
	}
	return n
}

// closedPorts is closed of all, and visits is rounds of all.
func (d *day) closedPorts() map[netip.Addr]int {
	return d.closedCounts.get(func() map[netip.Addr]int {
		return d.closed(func(*profile.Conversation) bool { return false })
	})
}

func (d *day) visits() map[profile.Key]int {
	return d.roundCounts.get(func() map[profile.Key]int { return d.rounds(nil) })
}

// closed counts the internal hosts and ports that sent nothing back to each
// host or refused, except the known ones.
func (d *day) closed(known func(*profile.Conversation) bool) map[netip.Addr]int {
	n := map[netip.Addr]int{}
	for c := range d.within() {
		if fails(c) && !known(c) {
			n[c.Src]++
		}
	}
	return n
}

// spanWithin is the time of a host's flows to internal hosts.
func (d *day) spanWithin(src netip.Addr) (s span) {
	for c := range d.within() {
		if c.Src == src && fails(c) {
			s.add(c)
		}
	}
	return s
}

// logCounts returns a count of each internal host, as the logarithm of one more.
func (d *day) logCounts(counts map[netip.Addr]int) (logs []float64) {
	for h := range d.hosts() {
		logs = append(logs, math.Log1p(float64(counts[h.Addr])))
	}
	return logs
}

// rounds counts the internal hosts that each host contacted on one port, and
// that were not contacted before.
func (d *day) rounds(before peerTable) map[profile.Key]int {
	n := map[profile.Key]int{}
	for c := range d.within() {
		if _, known := before[[2]netip.Addr{c.Src, c.Dst}]; !known {
			n[roundOf(c)]++
		}
	}
	return n
}

// roundOf identifies the hosts that a host contacts on one port: a monitor asks
// each how it is.
func roundOf(c *profile.Conversation) profile.Key {
	return profile.Key{Src: c.Src, Proto: c.Proto, Port: c.Port}
}

// sweeps adds up each host's flows to hosts that are not servers and that it did
// not contact before, except those of its routine.
func (d *day) sweeps(servers map[serviceKey]Role, before peerTable, routine func(*profile.Conversation) bool) (map[netip.Addr]Sweep, map[netip.Addr]span) {
	sweeps, spans := map[netip.Addr]Sweep{}, map[netip.Addr]span{}
	answered, logins := map[[2]netip.Addr]bool{}, map[[2]netip.Addr]bool{}
	for c := range d.within() {
		pair := [2]netip.Addr{c.Src, c.Dst}
		if _, known := before[pair]; known || servers[keyOf(c)] != "" {
			continue
		}
		if routine(c) {
			continue
		}
		answered[pair] = answered[pair] || !fails(c)
		logins[pair] = logins[pair] || guesses(c)
		s, during := sweeps[c.Src], spans[c.Src]
		s.Src = c.Src
		s.Add(c.Counts)
		s.Ports = append(s.Ports, c.Port)
		during.add(c)
		sweeps[c.Src], spans[c.Src] = s, during
	}
	for pair, some := range answered {
		s := sweeps[pair[0]]
		s.Targets++
		if !some && d.answers() {
			s.Unanswered++
		}
		if logins[pair] {
			s.Logins++
		}
		sweeps[pair[0]] = s
	}
	for _, src := range slices.Collect(maps.Keys(sweeps)) {
		s := sweeps[src]
		slices.Sort(s.Ports)
		s.Ports = slices.Compact(s.Ports)
		sweeps[src] = s
	}
	return sweeps, spans
}

// summary describes a sweep; answers says whether the log shows which hosts answered.
func (s Sweep) summary(before string, answers bool) string {
	fresh := ""
	if before != "" {
		fresh = " that it did not contact " + before + ","
	}
	if s.Targets == 0 {
		return fmt.Sprintf("tried %d internal hosts and ports that refused or did not answer%s", s.Closed, strings.TrimSuffix(strings.Replace(fresh, " that", " and that", 1), ","))
	}
	ports := plural(int64(len(s.Ports)), "port")
	if len(s.Ports) <= 4 {
		ports = portList(s.Ports)
	}
	text := fmt.Sprintf("tried %s on %s%s in %s", ports, plural(int64(s.Targets), "internal host"), fresh, plural(s.Flows, "flow"))
	if answers {
		text += fmt.Sprintf("; %d refused or did not answer", s.Unanswered)
	}
	return text
}
