package detect

import (
	"fmt"
	"net/netip"

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
	Calls          int64       `json:"calls"`    // flows, those within five seconds of each other being one call
	CV             float64     `json:"gap_cv"`   // standard deviation ÷ mean of the gaps between calls
	Gap            float64     `json:"gap_mean"` // mean gap in seconds
	Hours          int         `json:"hours"`    // hours of the day with flows
	Callers        int         `json:"callers"`  // internal hosts that contacted the address
	Known          bool        `json:"known"`    // the address was contacted on the baseline day
	Moved          bool        `json:"moved"`    // the host called the same owner at this pace on the baseline day
	RITA           RITA        `json:"rita"`     // of the pair on this port
}

// BeaconResult is the calls that keep a rhythm.
type BeaconResult struct {
	Calls []Call // one for each finding, in the same order
	Known []Call // calls as even to addresses contacted on the baseline day too, by host and destination
	Outcome
}

// beaconHours is the fewest hours of the day in which a beacon calls: a player
// that fetches a film piece by piece is as regular, but not for that long.
const beaconHours = 6

// samePace is the factor by which two mean gaps may differ and still be those
// of one program.
const samePace = 1.5

// Beacon finds internal hosts that call one external address all day long at
// even gaps, where nobody on the network contacted the address on the baseline
// day.
//
// The value compared is the coefficient of variation of the gaps between calls,
// with that of people: the baseline day's hosts and destinations whose gaps are
// no more even than chance makes them. It must be lower than chance makes it,
// too. Regularity alone makes no beacon, since clocks and updates are regular,
// so three things weigh in. The more hosts contact the address, the less it
// counts, and nothing from as many as make a server of an internal address.
// What was contacted on the baseline day is no finding but is listed, and what
// only moved to another address of the same owner is low.
func Beacon(in Input) BeaconResult { return resultOf[BeaconResult](in, RuleBeacon) }

func (c *Context) beacon(k float64) (r BeaconResult) {
	baseline, test := c.baseline, c.test
	if baseline.internalHosts() == 0 {
		return r
	}
	before := baseline.callers(k)
	r.Signals, r.Thresholds = Signals{}, before.usual.thresholds(k, "hosts and destinations of the baseline day")
	contacted, hosts := test.contacted(), test.internalHosts()
	for conv := range test.outward() {
		if conv.Flows < rhythmFlows {
			continue
		}
		call := test.call(conv)
		call.Callers, call.Moved = contacted[conv.Dst], before.moved(call)
		others := float64(call.Callers-1) / float64(minClients(hosts))
		excess := before.usual.evenness(call.CV, call.Calls, k) * max(0, 1-others)
		if call.Hours < beaconHours {
			continue
		}
		known := before.known[conv.Dst]
		if !known {
			r.Signals.note(conv.Src, excess)
		}
		if excess < 1 {
			continue
		}
		call.RITA, _ = contacts(conv).Score()
		if known {
			r.Known = append(r.Known, call)
			continue
		}
		r.Findings = append(r.Findings, call.finding(scoreOf(excess), conv))
	}
	sortFindings(r.Findings)
	r.Calls = evidenceOf[Call](r.Findings)
	return r
}

// contacted counts the internal hosts that contacted each external address.
func (d *day) contacted() map[netip.Addr]int { return d.callerCounts.get(d.countCallers) }

func (d *day) countCallers() map[netip.Addr]int {
	callers := map[netip.Addr]int{}
	var last *profile.Conversation
	for c := range d.outward() {
		if last == nil || last.Src != c.Src || last.Dst != c.Dst {
			callers[c.Dst]++
		}
		last = c
	}
	return callers
}

// callers is what the baseline day teaches about calls.
type callers struct {
	usual people
	known map[netip.Addr]bool // external addresses contacted
	pace  map[program][]float64
}

// program is what a host runs, as far as flows tell.
type program struct {
	src   netip.Addr
	owner geo.Owner
	proto string
	port  uint16
}

func (c Call) program() program { return program{c.Src, c.Owner, c.Proto, c.Port} }

func (d *day) callers(k float64) callers {
	r := callers{known: map[netip.Addr]bool{}, pace: map[program][]float64{}}
	var cvs []float64
	var flows []int64
	for c := range d.outward() {
		r.known[c.Dst] = true
		if c.Flows < rhythmFlows {
			continue
		}
		call := d.call(c)
		cvs, flows = append(cvs, call.CV), append(flows, call.Calls)
		if beyondChance(call.CV, call.Calls, k) >= 1 {
			r.pace[call.program()] = append(r.pace[call.program()], call.Gap)
		}
	}
	r.usual = peopleOf(cvs, flows, k)
	return r
}

// moved says whether the host called the same owner at the same pace before.
func (r callers) moved(c Call) bool {
	if c.Owner == (geo.Owner{}) {
		return false
	}
	for _, gap := range r.pace[c.program()] {
		if gap < samePace*c.Gap && c.Gap < samePace*gap {
			return true
		}
	}
	return false
}

// call describes a conversation as calls.
func (d *day) call(c *profile.Conversation) Call {
	call := Call{Src: c.Src, Dst: c.Dst, Proto: c.Proto.String(), Port: c.Port,
		Owner: d.owner(c.Dst), Country: d.country(c.Dst), Counts: c.Counts}
	call.CV, call.Gap, call.Calls = callRhythm(c.Seconds, c.Flows)
	for _, n := range c.Hours {
		if n > 0 {
			call.Hours++
		}
	}
	return call
}

func (c Call) finding(score float64, conv *profile.Conversation) Finding {
	to := c.Dst.String()
	if c.Owner.Name != "" {
		to += " (" + c.Owner.Name + ")"
	}
	since := "nobody contacted it on the baseline day"
	if c.Moved {
		since = "it called another address of this owner at this pace on the baseline day"
	}
	f := Finding{Entity: c.Src, Severity: severityOf(score), Score: score,
		Evidence: c, Window: [2]flow.Time{conv.First, conv.Last},
		Summary: fmt.Sprintf("called %s on %s %d every %.0f s on average in %d hours of the day, %s, gaps varying by %.0f %%; %s",
			to, c.Proto, c.Port, c.Gap, c.Hours, plural(c.Flows, "flow"), 100*c.CV, since)}
	if c.Moved {
		f.capped(Low)
	}
	return f
}
