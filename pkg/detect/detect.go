// Package detect compares a day of flows with a normal day and finds hosts
// that behave as a compromised one would.
//
// Each detection is a function in a file of its own that takes an [Input] and
// returns a result: the rows of its table, the thresholds that it learned from
// the baseline, and its findings, most severe first. [All] runs every
// detection; [Rules] describes them. Nothing here reads a flow: detections see
// profiles only, and look addresses up in geo a few thousand times, not
// millions.
package detect

import (
	"net/netip"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// Input is what detections compare.
type Input struct {
	Baseline *profile.Profile // a normal day
	Test     *profile.Profile // the day under test
	Servers  *profile.Profile // external clients of the public servers; nil if there is no such log
	Geo      *geo.Lookup      // countries and owners of addresses; nil if unknown
	Internal flow.Networks    // the organisation's own networks; nil means flow.Private

	// Sensitivity is how many robust standard deviations from the baseline's
	// median count as unusual; 0 means DefaultSensitivity.
	Sensitivity float64
}

// Severity says how urgent a finding is. Medium and above is an alert.
type Severity string

// The severities, least urgent first.
const (
	Info     Severity = "info"
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

// Finding is one thing that one entity did and why it is unusual.
type Finding struct {
	Rule     string       `json:"rule"`     // id of the rule, such as "exfiltration"
	Entity   string       `json:"entity"`   // the host's address
	Severity Severity     `json:"severity"` //
	Score    float64      `json:"score"`    // 0 to 1, comparable within a rule, three decimals
	Attack   []string     `json:"attack"`   // MITRE ATT&CK technique ids
	Summary  string       `json:"summary"`  // one sentence with the numbers, computed
	Evidence any          `json:"evidence"` // the rule's own evidence struct
	Window   [2]flow.Time `json:"window"`   // first and last flow concerned, 1/100 s since midnight
}

// Threshold is a limit that a detection learned from the baseline.
type Threshold struct {
	Name  string  `json:"name"`  // what is compared, such as "up_bytes per destination"
	Value float64 `json:"value"` // the limit
	Unit  string  `json:"unit"`  // "bytes", "flows", "ratio"
	From  string  `json:"from"`  // where it comes from: the statistic and what of
}

// Rule describes a detection for people.
type Rule struct {
	ID             string
	Title          string
	Description    string
	Conditions     []string
	Actions        []string
	Attack         []string // MITRE ATT&CK technique ids
	FalsePositives []string
	Section        string // of the report, such as "3.1"
}

// Device is one entity with all its findings, as the list of compromised
// devices shows it.
type Device struct {
	Entity   string    `json:"entity"`
	Severity Severity  `json:"severity"` // the worst of its findings
	Score    float64   `json:"score"`    // 0 to 1: 1 − Π(1 − score) over its rules' best findings
	Findings []Finding `json:"findings"` // most severe first
}

// Addr returns the entity's address, or the zero address where the entity is none.
func (f Finding) Addr() netip.Addr {
	a, _ := netip.ParseAddr(f.Entity)
	return a
}
