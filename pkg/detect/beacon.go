package detect

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// RuleBeacon is the id of the rule of Beacon.
const RuleBeacon = "beacon"

var _ = register(RuleBeacon, (*Context).beacon)

// Call is the flows from an internal host to one external address and port
// that keep a rhythm, and the evidence of a beacon finding.
type Call struct {
	Src            netip.Addr  `json:"src_ip"`
	Dst            netip.Addr  `json:"dst_ip"`
	Proto          string      `json:"proto"`
	Port           uint16      `json:"port"`
	Owner          geo.Owner   `json:"owner"`
	Country        geo.Country `json:"country"`
	profile.Counts             // of the test day
	Calls          int64       `json:"calls"`               // flows, those within five seconds of each other being one call
	CV             float64     `json:"gap_cv"`              // standard deviation ÷ mean of the gaps between calls
	Gap            float64     `json:"gap_mean"`            // mean gap in seconds
	Hours          int         `json:"hours"`               // hours of the day with flows
	Callers        int         `json:"callers"`             // internal hosts that contacted the address
	Known          bool        `json:"known"`               // the address was contacted on the baseline day
	Moved          bool        `json:"moved"`               // the host called the same owner at this pace on the baseline day
	RITA           RITA        `json:"rita"`                // of the pair on this port
	Name           string      `json:"name,omitempty"`      // what the host asked for in most flows
	Addresses      int         `json:"addresses,omitempty"` // if the calls to several addresses of the name, or of no name, are taken together

	Days int `json:"days,omitempty"` // with calls that are enough for a rhythm together only

	Also []netip.Addr `json:"also_dst_ips,omitempty"` // the other destinations of a campaign or of calls taken together; sorted

	party party // of Dst
	kind  callKind
}

// BeaconResult is the calls that keep a rhythm.
type BeaconResult struct {
	Calls []Call // one for each finding, in the same order
	Known []Call // calls as even to addresses contacted on the baseline day too, by host and destination
	Outcome
}

// beaconHours is the fewest hours of the day in which a beacon calls: a player
// that fetches a film piece by piece is as regular, but not for that long: a film
// takes two hours, or three.
const beaconHours = 4

// samePace is the factor by which two mean gaps may differ and still be those
// of one program.
const samePace = 1.5

// Beacon finds internal hosts that call one external address at regular intervals
// all day, if no host contacted the address on the baseline day.
//
// The rule compares the coefficient of variation of the gaps between calls with
// that of user traffic: the baseline day's pairs of host and destination whose
// gaps are no more even than those of random events. It must also be lower than
// that of random events. Regularity alone does not make a beacon, since clocks
// and updates are regular too, so the rule also considers three other facts. The
// score decreases with the number of hosts that contact the address or that run the
// same program (see sharedBy), and is zero from the number that makes an internal
// address a server. Addresses contacted on
// the baseline day are listed but are not findings. Calls that only moved to
// another address of the same owner are low. Without a history, programs look as new as
// command channels, and a finding is an alert only if few calls of the day are like it
// (see doubt).
func Beacon(in Input) BeaconResult { return resultOf[BeaconResult](in, RuleBeacon) }

func (c *Context) beacon(k float64) (r BeaconResult) {
	if r.Coverage = c.beaconCoverage(); !r.Coverage.Ran {
		return r
	}
	test, before := c.test, c.learnCalls(k)
	r.Signals, r.Thresholds = Signals{}, before.usual.thresholds(k, rhythmCalls, "pairs of host and destination on the baseline day")
	first, end := test.extent()
	least := beaconHours
	if len(c.past) == 0 {
		least = min(least, max(1, int(math.Ceil(shortShare*float64(end-first)/float64(flow.Hour)))))
	}
	for _, d := range c.callsToJudge() {
		call, conv := test.call(d), d.conv
		_, seen := c.memory().hosts[conv.Src]
		if !seen && (regularByDesign[conv.Port] || call.Calls < rhythmFlows) {
			continue
		}
		call.Callers, call.Moved = c.callersOf(call, conv), before.moved(call)
		excess := c.excessOf(call, before.usual, k)
		lasts, began, since := call.lasts(conv, least, first, c.endOf(conv, end))
		if !lasts {
			continue
		}
		known, onset := c.knownDestination(call)
		early := began && !c.firstCalls(call, conv)
		if !known && !early {
			r.Signals.note(conv.Src, excess)
		}
		if excess < 1 {
			continue
		}
		call.RITA, _ = contacts(conv).Score()
		if known {
			if !began {
				r.Known = append(r.Known, call)
			}
			continue
		}
		f := call.finding(scoreOf(excess), conv, c.before())
		switch {
		case onset != nil:
			f.Since, f.State = c.past[onset.day].text(), StateOngoing
			f.Summary = strings.TrimSuffix(f.Summary, call.history(c.before())) + c.began(*onset)
		case early:
			f.Summary += since
			f.capped(Low)
		case began:
			f.Summary += since
			f.capped(Medium)
		default:
			f.Summary += since
			call.kind = c.kindOf(call, conv)
			f.Evidence = call
			c.explain(&f, call, conv, k)
		}
		r.Findings = append(r.Findings, f)
	}
	if len(c.past) == 0 && !c.isPast {
		c.doubt(r.Findings)
	}
	r.Findings = append(r.Findings, c.retries()...)
	sortFindings(r.Findings)
	r.Calls = evidenceOf[Call](r.Findings)
	return r
}

// lasts says whether calls go on for enough hours or over days, or began so late that
// they may: they go on to the end of the day. Since says when late calls began, those of
// the second half of the day.
func (c Call) lasts(conv *profile.Conversation, hours int, first, end flow.Time) (lasts, began bool, since string) {
	enough := c.Days > 0 || c.Hours >= hours && conv.Last-conv.First >= flow.Time(hours-1)*flow.Hour
	goOn := float64(end-conv.Last) <= 2*c.Gap*float64(flow.Second)
	if goOn && (!enough || conv.First-first > (end-first)/2) {
		since = fmt.Sprintf("; it began at %s and continued to the end of the day", conv.First.Clock())
	}
	return enough || goOn, goOn && !enough, since
}

// callersOf counts the hosts that contact where a call goes: those that ask for its name, if it
// is one with several addresses. A content delivery network has other names on these, so that
// only hosts that ask for no name there count as well.
func (c *Context) callersOf(call Call, conv *profile.Conversation) int {
	switch {
	case call.Addresses > 0 && call.Name != "":
		return c.test.askers()[call.Name] + c.test.unnamedCallers()[conv.Dst]
	case len(c.past) == 0:
		return max(c.test.contacted()[conv.Dst], c.test.mostAskers(conv, call.Name))
	}
	return c.test.contacted()[conv.Dst]
}

// endOf is when a host's day ends: with its last flow to other addresses, but not so
// early that the calls of a conversation were still to go on for long.
func (c *Context) endOf(conv *profile.Conversation, end flow.Time) flow.Time {
	if len(c.past) == 0 {
		return end
	}
	last := conv.Last
	cs := c.test.Of(conv.Src)
	for i := range cs {
		last = max(last, cs[i].Last)
	}
	return min(end, last)
}

// firstCalls says whether calls that began late are an alert on that day: as many as have
// a rhythm in an hour at least, as even as those of a command channel, of a host that alone
// contacts the address.
func (c *Context) firstCalls(call Call, conv *profile.Conversation) bool {
	return len(c.past) >= sumDays && call.Calls >= rhythmFlows && call.CV <= mostJitter && conv.Last-conv.First >= flow.Hour &&
		call.Callers <= 1 && call.Addresses == 0 && !c.newcomer(call.Src) && !isVendor(call.Owner.Name)
}

// excessOf is how far calls are more even than usual, the less the more hosts make them
// or run the same program. A newcomer's must be within the jitter of command channels.
func (c *Context) excessOf(call Call, usual userRhythms, k float64) float64 {
	many := float64(min(minClients(c.test.internalHosts()), rolledOut))
	even := c.evenness(usual, call, k)
	others := float64(call.Callers-1) / many
	if even*(1-others) >= 1 {
		others += float64(c.sharedBy(call, k)) / many
	}
	excess := even * max(0, 1-others)
	if c.newcomer(call.Src) {
		excess = min(excess, beyondJitter(call.CV, k))
	}
	return c.goingOn(excess, flag{RuleBeacon, call.Src, call.Dst})
}

// evenness is how far calls are more even than those of users and of chance. Without a
// history, or with too few rhythms of calls to new addresses, those of programs make the
// limit uncertain, and so calls within the jitter of command channels are even enough.
func (c *Context) evenness(usual userRhythms, call Call, k float64) float64 {
	if call.Calls < rhythmCalls {
		return beyondFewChance(call.CV, call.Calls, k)
	}
	even := usual.evenness(call.CV, call.Calls, k)
	if len(c.past) > 0 && (usual.fresh || len(c.past) < sumDays) {
		return even
	}
	return min(beyondChance(call.CV, call.Calls, k), max(even, beyondJitter(call.CV, k)))
}

// callsToJudge lists the calls to single addresses on the day or over days, and those to several addresses of
// a name if the history has names to compare with.
func (c *Context) callsToJudge() []dayCall {
	calls := slices.Concat(c.test.calls(), c.callsOverDays())
	if len(c.past) > 0 {
		calls = append(append(calls, c.fewCallsOf()...), c.joinedCalls()...)
		if len(c.memory().names) == 0 {
			return calls
		}
	}
	return append(calls, c.test.namedCalls()...)
}

// mostJitter is the largest jitter of a command channel that is found without a
// history of its host, as the coefficient of variation of the gaps: operators set
// a share of the interval that is taken off at random, half of it at most as a
// rule, which is one of 0.19, and two thirds make 0.29.
const mostJitter = 0.3

// beyondJitter is how far a coefficient of variation is below random events, in
// units of the way to mostJitter. Programs of users call at gaps that are more even
// than chance, but not by design.
func beyondJitter(cv, k float64) float64 {
	return (math.Log(randomCV) - logCV(cv)) / (math.Log(randomCV) - math.Log(mostJitter)) * DefaultSensitivity / k
}

// shortShare is the share of the hours of a capture in which a beacon calls, if
// the capture is too short for beaconHours and there is no history.
const shortShare = 0.75

// regularByDesign are ports of services whose clients keep a rhythm: DNS and NTP.
// Without a history of the host, a new client cannot be distinguished from others.
var regularByDesign = map[uint16]bool{53: true, 123: true, 853: true}

// beaconCoverage says what beacons could not be seen.
func (c *Context) beaconCoverage() Coverage {
	cov := c.ranCoverage()
	first, end := c.test.extent()
	switch short := end-first < beaconHours*flow.Hour; {
	case !cov.Ran:
	case short && cov.Days > 0:
		cov.Reason = fmt.Sprintf("the flows of the test day cover less than %d hours: only calls that continue to its end are reported, with severity low", beaconHours)
	case short:
		cov.Reason = fmt.Sprintf("no history, and the flows cover less than %d hours", beaconHours)
	case cov.Days > 0:
		cov.Reason = "" // with too few rhythms to learn from, chance alone sets the limit
	}
	if cov.Ran && !c.test.ownersKnown() {
		cov.also(reasonNoOwners)
	}
	return cov
}

// knownDestination says whether a call is to an address that was contacted
// before. It is not known if only this host contacted it before, and the history
// shows how that began: then onset says when, and the call goes on at its pace,
// or had no time to show one.
func (c *Context) knownDestination(call Call) (known bool, onset *firstSeen) {
	m := c.memory()
	to := m.destinations[call.Dst]
	if named := m.names[call.Name]; named != nil && (to == nil || call.Addresses > 0) {
		to = named // another address of a name that is known
	}
	if to == nil || call.Addresses > 0 && m.names[call.Name] == nil {
		return false, nil
	}
	if !m.beganWith(call.Src, to) {
		return true, nil
	}
	same := call.Days > 0 || within(to.gap, call.Gap, samePace)
	begins := to.flows < rhythmCalls && c.justBegan(to, flag{RuleBeacon, call.Src, call.Dst})
	if !same && !begins {
		return true, nil
	}
	return false, &to.firstSeen
}

// to names the destination.
func (c Call) to() string {
	to := c.Dst.String()
	switch {
	case c.Addresses > 0 && c.Name == "":
		to = fmt.Sprintf("%d addresses such as %s", c.Addresses, c.Dst)
	case c.Addresses > 0:
		to = fmt.Sprintf("%s at %d addresses", c.Name, c.Addresses)
	case c.Name != "":
		to += " (" + c.Name + ")"
	case c.Owner.Name != "":
		to += " (" + c.Owner.Name + ")"
	}
	return fmt.Sprintf("%s on %s %d", to, c.Proto, c.Port)
}

func (c Call) finding(score float64, conv *profile.Conversation, before string) Finding {
	called := fmt.Sprintf("called %s every %.0f s on average in %d hours of the day, %s", c.to(), c.Gap, c.Hours, plural(c.Flows, "flow"))
	if c.Days > 0 {
		called = fmt.Sprintf("called %s every %.0f s on average on %d days, %d times in all", c.to(), c.Gap, c.Days, c.Calls)
	}
	f := Finding{Entity: c.Src, Severity: severityOf(score), Score: score,
		Evidence: c, Window: [2]flow.Time{conv.First, conv.Last},
		Summary: fmt.Sprintf("%s, gaps varying by %.0f %%", called, 100*c.CV)}
	if history := c.history(before); history != "" {
		f.Summary += "; " + history
	}
	if c.Moved {
		f.capped(Low)
	}
	return f
}

// history says what the days before had of such calls.
func (c Call) history(before string) string {
	switch {
	case before == "":
		return ""
	case c.Moved:
		return "it called another address of this owner at this interval " + before
	}
	return "no host contacted it " + before
}
