package detect

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// RuleInboundAttack is the id of the rule of Inbound.
const RuleInboundAttack = "inbound-attack"

var _ = register(RuleInboundAttack, (*Context).inbound)

// The kinds of attack from outside.
const (
	kindScan     = "scan"              // hosts and ports are tried, most in vain
	kindGuessing = "password guessing" // many short sessions with a login service
)

// Attacker is one external address that attacks internal hosts.
type Attacker struct {
	Src            netip.Addr `json:"src_ip"`
	Hosts          int        `json:"targets"`          // distinct internal addresses
	Tried          int        `json:"tried"`            // distinct addresses and ports
	Unanswered     int64      `json:"unanswered_flows"` // flows that were not answered
	Success        string     `json:"success,omitempty"`
	profile.Counts            // of the attack

	ports map[uint16]bool
	last  netip.Addr // of the conversations so far
	span  span
	score float64
}

// InboundAttack is the attackers of one kind on a day, and the evidence of an
// inbound-attack finding.
type InboundAttack struct {
	Kind           string     `json:"kind"`
	Sources        int        `json:"sources"`
	Hosts          int        `json:"targets"` // the most of one attacker
	Ports          []uint16   `json:"ports"`   // those that most attackers try; most first, at most ten
	Top            []Attacker `json:"top"`     // those that try most, at most ten
	profile.Counts            // of all attackers
}

// InboundResult is the attacks from outside.
type InboundResult struct {
	Attacks []InboundAttack // one for each finding, in the same order
	Outcome
}

// attackFlows is the fewest flows with which an attacker makes a finding by
// itself, and joinFlows with which it joins one: as few first contacts that fail
// make a scanner (see failsMostly).
const (
	attackFlows = 10
	joinFlows   = 4
)

// What a session with a login service is like that only guesses a password: a
// handful of packets each way. A session beyond breakShare times the median one,
// and of breakBytes at least, did something else.
const (
	guessBytes = 20_000 // of both directions, on average
	breakShare = 20
	breakBytes = 100_000
)

// loginPorts are those of services that ask for a password.
var loginPorts = map[uint16]bool{21: true, 22: true, 23: true, 110: true, 143: true, 389: true, 445: true, 465: true, 587: true,
	993: true, 995: true, 1433: true, 1521: true, 2222: true, 2323: true, 3306: true, 3389: true, 5432: true, 5900: true, 5985: true, 6379: true, 8291: true}

// Inbound finds external addresses that scan internal hosts or guess passwords.
//
// A source whose flows mostly fail is a scanner: each flow that is not answered
// makes it four times as likely (see failsMostly). One with twenty short flows or
// more to a login service that answers guesses passwords, and so do several with
// ten (see guessTogether). A host on the open
// Internet sees both every day, so that all sources of a kind make one finding
// a day, which is medium at most, unless a session after failures was long or
// large: such a session may be a successful login.
func Inbound(in Input) InboundResult { return resultOf[InboundResult](in, RuleInboundAttack) }

func (c *Context) inbound(k float64) (r InboundResult) {
	scanners, guessers, some := c.attackers()
	r.Coverage = Coverage{Ran: some}
	if !some {
		r.Coverage.Reason = reasonNoInbound
		return r
	}
	if !c.test.answers() && !c.servers.answers() {
		r.Coverage = notRun(reasonNoAnswers)
		return r
	}
	r.Signals = Signals{}
	r.Thresholds = []Threshold{{Name: "unanswered flows from one external address minus answered ones", Value: attackFlows, Unit: "flows", From: "fixed"}}
	for _, kind := range []struct {
		name      string
		attackers []Attacker
		technique string
	}{{kindScan, scanners, "T1595"}, {kindGuessing, guessers, "T1110"}} {
		if f, ok := c.attackFinding(kind.name, kind.attackers, k); ok {
			f.Attack = []string{kind.technique}
			r.Findings = append(r.Findings, f)
			for _, part := range f.parts {
				r.Signals.note(part.Entity, math.Log2(1/(1-min(part.Score, 0.999))))
			}
		}
	}
	sortFindings(r.Findings)
	r.Attacks = evidenceOf[InboundAttack](r.Findings)
	return r
}

// attackFinding joins the attackers of a kind.
func (c *Context) attackFinding(kind string, attackers []Attacker, k float64) (Finding, bool) {
	if !slices.ContainsFunc(attackers, func(a Attacker) bool { return a.Flows >= attackFlows }) {
		return Finding{}, false
	}
	a := InboundAttack{Kind: kind, Sources: len(attackers)}
	users := map[uint16]int{}
	f := Finding{Evidence: a}
	var during span
	success := ""
	for i := range attackers {
		at := &attackers[i]
		excess := math.Log1p(float64(at.Flows)) / math.Log1p(attackFlows) * DefaultSensitivity / k
		at.score = scoreOf(excess)
		a.Add(at.Counts)
		a.Hosts = max(a.Hosts, at.Hosts)
		during.join(at.span)
		for p := range at.ports {
			users[p]++
		}
		if success == "" && at.Success != "" {
			success = at.Src.String() + ": " + at.Success
		}
		f.Members = append(f.Members, at.Src)
	}
	slices.SortFunc(attackers, func(x, y Attacker) int {
		return cmp.Or(cmp.Compare(y.Success, x.Success), cmp.Compare(y.Flows, x.Flows), x.Src.Compare(y.Src))
	})
	a.Top = slices.Clone(attackers[:min(len(attackers), 10)])
	for p := range users {
		a.Ports = append(a.Ports, p)
	}
	slices.SortFunc(a.Ports, func(x, y uint16) int { return cmp.Or(cmp.Compare(users[y], users[x]), cmp.Compare(x, y)) })
	a.Ports = a.Ports[:min(len(a.Ports), mostPorts)]
	slices.SortFunc(f.Members, netip.Addr.Compare)
	top := a.Top[0]
	f.Entity, f.Score, f.Evidence, f.Window = top.Src, top.score, a, during.window()
	f.Severity = severityOf(f.Score)
	if success == "" {
		f.capped(Medium)
	} else if f.Severity.Compare(High) < 0 {
		f.Severity, f.Score = High, max(f.Score, 0.75)
	}
	who := fmt.Sprintf("%d external addresses, above all %s,", len(attackers), top.Src)
	if len(attackers) == 1 {
		who = "an external address"
		f.Members = nil
	}
	if kind == kindScan {
		f.Summary = fmt.Sprintf("%s tried internal hosts and ports in %s, most of them unanswered; the busiest source tried %s of host and port; %s", who, plural(a.Flows, "flow"), plural(int64(top.Tried), "pair"), portsText(a.Ports))
	} else {
		f.Summary = fmt.Sprintf("%s opened %s to login services: %s", who, plural(a.Flows, "short flow"), portsText(a.Ports))
	}
	if success != "" {
		f.Summary += "; a sign of success: " + success
	}
	for _, at := range attackers {
		part := Finding{Rule: RuleInboundAttack, Entity: at.Src, Severity: severityOf(at.score), Score: at.score, Attack: f.Attack,
			Summary: f.Summary, Evidence: f.Evidence, Window: at.span.window()}
		if at.Success == "" {
			part.capped(Medium)
		}
		if at.Flows < attackFlows {
			part.capped(Low)
		}
		f.parts = append(f.parts, part)
	}
	return f, true
}

// attackers lists the external sources that scan and those that guess
// passwords, and says whether there are external sources at all.
func (c *Context) attackers() (scanners, guessers []Attacker, some bool) {
	var cs []*profile.Conversation
	for conv := range c.test.inward() {
		if c.test.inside(conv.Dst) {
			cs = append(cs, conv)
		}
	}
	if same := len(c.test.Sources) > 0 && slices.Equal(c.servers.Sources, c.test.Sources); c.servers != c.test && !same {
		cs = slices.AppendSeq(cs, c.servers.inward())
	}
	slices.SortStableFunc(cs, func(a, b *profile.Conversation) int { return a.Key.Compare(b.Key) })
	for i := 0; i < len(cs); {
		j := i
		for j < len(cs) && cs[j].Src == cs[i].Src {
			j++
		}
		scan, guess := attackerOf(cs[i:j])
		if scan.Flows >= joinFlows && failsMostly(int(scan.Unanswered), int(scan.Flows-scan.Unanswered)) {
			scanners = append(scanners, scan)
		}
		if guess.Flows >= attackFlows {
			guessers = append(guessers, guess)
		}
		i = j
	}
	return scanners, guessTogether(guessers), len(cs) > 0
}

// guessTogether lists the sources that guess passwords, of those with attackFlows or more: those
// with rhythmFlows, and all if pilotHosts or more try a service, as the hosts of a botnet that take
// turns do. Clients of some services poll them.
func guessTogether(some []Attacker) []Attacker {
	sources := map[uint16]int{}
	for _, a := range some {
		for p := range a.ports {
			sources[p]++
		}
	}
	return slices.DeleteFunc(some, func(a Attacker) bool {
		for p := range a.ports {
			if sources[p] >= pilotHosts && !keepsAlive[p] {
				return false
			}
		}
		return a.Flows < rhythmFlows
	})
}

// try adds a conversation; those with one host follow each other.
func (a *Attacker) try(c *profile.Conversation) {
	a.Add(c.Counts)
	a.Tried++
	a.ports[c.Port] = true
	a.span.add(c)
	if c.Dst != a.last {
		a.Hosts++
		a.last = c.Dst
	}
}

// attackerOf describes one source's conversations as a scan, and those with
// login services that are short as guesses.
func attackerOf(cs []*profile.Conversation) (scan, guess Attacker) {
	scan = Attacker{Src: cs[0].Src, ports: map[uint16]bool{}}
	guess = Attacker{Src: cs[0].Src, ports: map[uint16]bool{}}
	for _, c := range cs {
		scan.try(c)
		if fails(c) {
			scan.Unanswered += c.Flows
			continue
		}
		if !loginPorts[c.Port] || c.Proto != flow.TCP {
			continue
		}
		largest := c.MaxUp + c.MaxDown
		usual := (c.Bytes() - largest) / max(1, c.Flows-1)
		broke := c.Flows > joinFlows && largest >= breakBytes && largest >= breakShare*max(1, usual)
		if usual > guessBytes || c.Flows < joinFlows {
			continue
		}
		guess.try(c)
		if broke {
			guess.Success = fmt.Sprintf("a session with %s on port %d of %d bytes, compared with %d on average for the others", c.Dst, c.Port, largest, usual)
		}
	}
	return scan, guess
}
