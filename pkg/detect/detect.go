// Package detect compares a day of flows with the days before and finds hosts
// that behave like compromised ones.
//
// Each detection is a file of this package with a function that takes an
// [Input] and returns a result: the rows of its table, and an [Outcome], which
// is the thresholds that it learned from the baseline and its findings, most
// severe first.
//
//   - [Exfiltration] finds uploads that stand out, fast or slow,
//   - [Countries] finds hosts with much traffic to new countries,
//   - [Botnet] finds internal hosts that contact each other in a mesh,
//   - [DNS] finds tunnels and command channels in DNS,
//   - [Clients] finds external clients with the steady timing of a program,
//   - [Beacon] finds hosts that call a new address at regular intervals all day,
//   - [Scan] finds hosts that contact many other internal hosts,
//   - [Anomaly] finds hosts that changed unlike any other host,
//   - [Services] separates internal servers from peers by their number of clients,
//   - [Traffic] adds up the data exchanged between kinds of hosts,
//   - [RITAScores] computes the scores of RITA, for comparison.
//
// [All] runs every detection that has findings. A [Context] runs single rules,
// each at its own sensitivity, and computes the views that they share once.
// [AllowList] removes findings about permitted behaviour, [Devices] combines the
// findings of each host, and [Rules] returns the descriptions of the detections
// from [RuleFiles]. Detections read profiles, never flows.
//
// # How limits are learned
//
// A detection takes a sample from the baseline day, usually one value for each
// host. It takes logarithms, because traffic differs by factors, and sets the limit
// [Input.Sensitivity] robust standard deviations above the median (stats.go).
// Small samples and small counts are less certain, so their limits are higher.
// Outliers do not move a limit if they are one host in twenty, or a handful of
// hosts in a small network. Uploads are too rare for such a sample: their limit is
// learned from the largest ones (uploadlimits.go), with a prior that the thresholds
// state. A value at the limit has the score ½, a value twice as far from the median
// ¾, and so on. The score determines the severity, and [Signals] holds it for every
// entity that was compared. Fixed constants, such as the smallest upload that
// counts, are documented where they are defined.
//
// Anomaly evaluates many features together. Each is compared as above, and the
// distance from the median of all hosts accounts for correlated features
// (scatter.go); limits of distances are learned in the same way as those of
// values.
//
// The history is a list of days. Samples are taken over all of them, by weekday
// and weekend once both are known. Alerts of past days do not count as normal,
// except for jobs of the first week. Without a history, or with too few hosts to
// learn from, limits are fixed, and each is documented with its source. A finding
// names the sample that it was compared with, and [Coverage] lists what a rule
// could not see.
package detect

import (
	"net/netip"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// Input is what detections compare.
type Input struct {
	History  []Day            // days before the test day, in any order
	Baseline *profile.Profile // one more of them, of unknown date
	Test     *profile.Profile // the day under test
	TestDate time.Time        // its midnight; zero if unknown
	Servers  *profile.Profile // external clients of the public servers; nil if there is no such log
	Geo      *geo.Lookup      // countries and owners of addresses; nil if unknown
	Intel    []IntelList      // indicators of compromise
	Internal flow.Networks    // the organisation's own networks; nil means flow.Private

	// Sensitivity is how many robust standard deviations from the baseline's
	// median count as unusual; 0 means DefaultSensitivity.
	Sensitivity float64
}

// DefaultSensitivity is the modified z-score from which Iglewicz and Hoaglin
// (How to Detect and Handle Outliers, 1993) call a value an outlier.
const DefaultSensitivity = 3.5

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

// Finding is one unusual action of one entity and the reason why it is unusual.
type Finding struct {
	Rule     string       `json:"rule"`     // id of the rule, such as "exfiltration"
	Entity   netip.Addr   `json:"entity"`   // the host
	Severity Severity     `json:"severity"` //
	Score    float64      `json:"score"`    // 0 to 1, comparable within a rule, three decimals
	Attack   []string     `json:"attack"`   // MITRE ATT&CK technique ids
	Summary  string       `json:"summary"`  // one sentence with the numbers, computed
	Evidence any          `json:"evidence"` // the rule's own evidence struct
	Window   [2]flow.Time `json:"window"`   // first and last flow concerned, 1/100 s since midnight

	Since   string       `json:"since,omitempty"`   // date on which it was first seen, as 2006-01-02; empty if unknown
	State   State        `json:"state,omitempty"`   // empty without a history
	Pause   int          `json:"pause,omitempty"`   // days of the history without it since it was last seen; 0 if the last day has it
	Members []netip.Addr `json:"members,omitempty"` // of a campaign: all entities; sorted
	History *History     `json:"history,omitempty"` // what the rule learned from; nil for rules without limits of their own

	parts []Finding // of a campaign: the findings that it joins, with their own entities
}

// State says how a finding relates to the days before.
type State string

// The states of a finding.
const (
	StateNew      State = "new"      // not there on the days before
	StateOngoing  State = "ongoing"  // there on the days before too
	StateResolved State = "resolved" // an alert of the day before that is gone; always info
)

// Threshold is a limit that a detection learned from the baseline.
type Threshold struct {
	Name  string  `json:"name"`  // what is compared, such as "up_bytes per destination"
	Value float64 `json:"value"` // the limit
	Unit  string  `json:"unit"`  // "bytes", "flows", "ratio"
	From  string  `json:"from"`  // where it comes from: the statistic and what of
}

// Result is what all rules found.
type Result struct {
	Findings []Finding          // most severe first
	Devices  []Device           // the same by entity, most severe first
	Outcomes map[string]Outcome // what each rule gave, by its id
}
