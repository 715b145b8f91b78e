package detect

import (
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/profile"
)

// RuleInternalScan is the id of the rule of Scan.
const RuleInternalScan = "internal-scan"

// Sweep is one internal host's flows to internal hosts that are no servers and
// that it did not contact on the baseline day. It is the evidence of an
// internal-scan finding.
type Sweep struct {
	Src            netip.Addr `json:"src_ip"`
	Targets        int        `json:"targets"`    // distinct hosts
	Unanswered     int        `json:"unanswered"` // of these, hosts that sent nothing back
	Ports          []uint16   `json:"ports"`      // distinct; sorted
	profile.Counts            // with all targets
}

// ScanResult is the sweeps of the internal network.
type ScanResult struct {
	Sweeps     []Sweep // one for each finding, in the same order
	Thresholds []Threshold
	Findings   []Finding
}

// sweepFloor is the fewest targets of a scan: a mesh of five gives each member
// four, and a scan of fewer than twice as many finds little.
const sweepFloor = 8

// Scan finds internal hosts that try many other internal hosts.
//
// The value compared is how many internal hosts that are no servers a host
// contacts and did not contact on the baseline day. The limit is learned from
// how many each of the baseline's hosts contacts, and is eight at least.
func Scan(in Input) ScanResult {
	baseline, test := in.days()
	k := in.sensitivity()
	servers := Services(in).servers()
	before := baseline.peers(servers)
	usual := before.reachOf(baseline)
	limit := max(usual.limit(k), math.Log1p(sweepFloor))
	if math.IsInf(limit, 0) {
		return ScanResult{}
	}
	r := ScanResult{Thresholds: []Threshold{{
		Name: "internal hosts contacted that are no servers", Value: math.Expm1(limit), Unit: "hosts",
		From: fmt.Sprintf("%d hosts of the baseline day, median %.3g; %d at least", usual.n, math.Expm1(usual.median), sweepFloor),
	}}}
	sweeps, spans := test.sweeps(servers, before)
	for src, s := range sweeps {
		excess := (math.Log1p(float64(s.Targets)) - usual.median) / (limit - usual.median)
		if excess < 1 {
			continue
		}
		score := scoreOf(excess)
		r.Sweeps = append(r.Sweeps, s)
		r.Findings = append(r.Findings, Finding{Rule: RuleInternalScan, Entity: src.String(), Severity: severityOf(score), Score: score,
			Attack: []string{"T1046", "T1018"}, Summary: s.summary(), Evidence: s, Window: spans[src].window()})
	}
	sortFindings(r.Findings)
	order := map[string]int{}
	for i, f := range r.Findings {
		order[f.Entity] = i
	}
	slices.SortFunc(r.Sweeps, func(a, b Sweep) int { return order[a.Src.String()] - order[b.Src.String()] })
	return r
}

// reachOf is the spread of how many hosts each host of a day contacts, as
// logarithms of one more.
func (t peerTable) reachOf(d day) spread {
	contacted := map[netip.Addr]int{}
	for pair := range t {
		contacted[pair[0]]++
	}
	var logs []float64
	for h := range d.hosts() {
		logs = append(logs, math.Log1p(float64(contacted[h.Addr])))
	}
	return spreadOf(logs)
}

// sweeps adds up each host's flows to hosts that are no servers and that it did
// not contact before.
func (d day) sweeps(servers map[serviceKey]Role, before peerTable) (map[netip.Addr]Sweep, map[netip.Addr]span) {
	sweeps, spans := map[netip.Addr]Sweep{}, map[netip.Addr]span{}
	answers := map[[2]netip.Addr]int64{}
	for c := range d.within() {
		pair := [2]netip.Addr{c.Src, c.Dst}
		if _, known := before[pair]; known || servers[keyOf(c)] != "" {
			continue
		}
		answers[pair] += c.Down
		s, during := sweeps[c.Src], spans[c.Src]
		s.Src = c.Src
		s.Add(c.Counts)
		s.Ports = append(s.Ports, c.Port)
		during.add(c)
		sweeps[c.Src], spans[c.Src] = s, during
	}
	for pair, down := range answers {
		s := sweeps[pair[0]]
		s.Targets++
		if down == 0 {
			s.Unanswered++
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

func (s Sweep) summary() string {
	ports := plural(int64(len(s.Ports)), "port")
	if len(s.Ports) <= 4 {
		ports = "port " + joinPorts(s.Ports)
	}
	return fmt.Sprintf("tried %s of %s that it left alone on the baseline day, %d of which sent nothing back, in %s",
		ports, plural(int64(s.Targets), "internal host"), s.Unanswered, plural(s.Flows, "flow"))
}
