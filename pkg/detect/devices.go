package detect

import (
	"cmp"
	"net/netip"
	"slices"
)

// Device is one entity with all its findings, as the list of compromised
// devices shows it.
type Device struct {
	Entity   netip.Addr `json:"entity"`
	Severity Severity   `json:"severity"` // the worst of its findings
	Score    float64    `json:"score"`    // 0 to 1: 1 − Π(1 − score) over its rules' best findings, host-anomaly's apart
	Findings []Finding  `json:"findings"` // most severe first
}

// Devices sums findings per entity, most severe first. An entity with nothing
// above info is left out: info says what is new, not that anything is wrong.
//
// The score is that of independent reasons, as a noisy or: the chance that at
// least one of them is right. Of each rule only the best finding counts, so
// that one behaviour seen twice does not weigh twice. [Anomaly] is not an
// independent reason, because it also reacts to what the other rules detect: its
// score counts only if it is the larger one.
func Devices(findings []Finding) []Device {
	byEntity := map[netip.Addr][]Finding{}
	for _, f := range deviceFindings(findings) {
		byEntity[f.Entity] = append(byEntity[f.Entity], f)
	}
	var devices []Device
	for entity, fs := range byEntity {
		sortFindings(fs)
		if fs[0].Severity == Info {
			continue
		}
		best := map[string]bool{}
		doubt, odd := 1.0, 0.0
		for _, f := range fs {
			switch {
			case f.Rule == RuleHostAnomaly:
				odd = max(odd, f.Score)
			case !best[f.Rule]:
				doubt *= 1 - f.Score
				best[f.Rule] = true
			}
		}
		devices = append(devices, Device{Entity: entity, Severity: fs[0].Severity, Score: max(round3(1-doubt), odd), Findings: fs})
	}
	slices.SortFunc(devices, func(a, b Device) int {
		return cmp.Or(b.Severity.Compare(a.Severity), cmp.Compare(b.Score, a.Score),
			compareFindings(a.Findings[0], b.Findings[0]))
	})
	return devices
}

// deviceFindings returns findings with the entities that are devices of their
// own. Of the sources of an attack from outside only the first one is: a server
// on the open Internet has hundreds a day.
func deviceFindings(findings []Finding) (all []Finding) {
	for _, f := range findings {
		if f.Rule == RuleInboundAttack {
			all = append(all, f)
			continue
		}
		all = append(all, f.Parts()...)
	}
	return all
}
