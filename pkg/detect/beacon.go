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
	CV             float64     `json:"gap_cv"`   // standard deviation ÷ mean of the gaps between flows
	Gap            float64     `json:"gap_mean"` // mean gap in seconds
	Hours          int         `json:"hours"`    // hours of the day with flows
}

// BeaconResult is the calls that keep a rhythm.
type BeaconResult struct {
	Calls      []Call // one for each finding, in the same order
	Thresholds []Threshold
	Findings   []Finding
}

// beaconHours is the fewest hours of the day in which a beacon calls: a player
// that fetches a film piece by piece is as regular, but not for that long.
const beaconHours = 6

// Beacon finds internal hosts that call one external address all day long at
// even gaps, where nobody on the network contacted the address on the baseline
// day.
//
// The value compared is the coefficient of variation of the gaps, among those
// of the baseline day's hosts and destinations; it must also be lower than
// chance makes it. Regularity alone makes no beacon, since clocks and updates
// are regular too, so the destination must be new, and the more hosts call it
// the less it weighs.
func Beacon(in Input) BeaconResult {
	baseline, test := in.days()
	at, k := in.places(), in.sensitivity()
	known := map[netip.Addr]bool{}
	var logs, noises []float64
	for c := range baseline.outward() {
		known[c.Dst] = true
		if c.Flows >= rhythmFlows {
			cv, _ := rhythm(c.Seconds, c.Flows)
			logs, noises = append(logs, logCV(cv)), append(noises, cvNoise(c.Flows))
		}
	}
	usual := lowerSpreadOf(logs, noises)
	r := BeaconResult{Thresholds: rhythmThresholds(usual, k, "hosts and destinations of the baseline day")}

	callers := map[netip.Addr]map[netip.Addr]bool{}
	for c := range test.outward() {
		if callers[c.Dst] == nil {
			callers[c.Dst] = map[netip.Addr]bool{}
		}
		callers[c.Dst][c.Src] = true
	}
	hosts := int64(test.internalHosts())
	byFinding := map[string]Call{}
	for c := range test.outward() {
		if known[c.Dst] || c.Flows < rhythmFlows {
			continue
		}
		call := newCall(c, at)
		// One caller of all hosts weighs fully.
		others := ratio(int64(len(callers[c.Dst])-1), hosts)
		excess := evenness(usual, call.CV, c.Flows, k) * (1 - others)
		if call.Hours < beaconHours || excess < 1 {
			continue
		}
		f := call.finding(scoreOf(excess), c)
		byFinding[f.Entity+f.Summary] = call
		r.Findings = append(r.Findings, f)
	}
	sortFindings(r.Findings)
	for _, f := range r.Findings {
		r.Calls = append(r.Calls, byFinding[f.Entity+f.Summary])
	}
	return r
}

func newCall(c *profile.Conversation, at places) Call {
	call := Call{Src: c.Src, Dst: c.Dst, Proto: c.Proto.String(), Port: c.Port,
		Owner: at.of(c.Dst).owner, Country: at.of(c.Dst).country, Counts: c.Counts}
	call.CV, call.Gap = rhythm(c.Seconds, c.Flows)
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
	return Finding{Rule: RuleBeacon, Entity: c.Src.String(), Severity: severityOf(score), Score: score,
		Attack: []string{"T1071.001"}, Evidence: c, Window: [2]flow.Time{conv.First, conv.Last},
		Summary: fmt.Sprintf("called %s on %s %d every %.0f s on average in %d hours of the day, %s, gaps varying by %.0f %%; nobody contacted it on the baseline day",
			to, c.Proto, c.Port, c.Gap, c.Hours, plural(c.Flows, "flow"), 100*c.CV)}
}
