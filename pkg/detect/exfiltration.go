package detect

import (
	"net/netip"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// RuleExfiltration is the id of the rule of Exfiltration.
const RuleExfiltration = "exfiltration"

// The two ways of carrying data out.
const (
	PaceFast = "fast" // a few huge flows
	PaceSlow = "slow" // low and slow: many modest flows
)

// Upload is what one internal host sent to one external address on the test
// day, and the evidence of an exfiltration finding.
type Upload struct {
	Src            netip.Addr    `json:"src_ip"`
	Dst            netip.Addr    `json:"dst_ip"`
	Owner          geo.Owner     `json:"owner"`
	Country        geo.Country   `json:"country"`
	profile.Counts               // of the test day
	Baseline       int64         `json:"baseline_up_bytes"` // what Src sent to the same owner (or address) on the baseline day
	Times          float64       `json:"times_baseline"`    // up ÷ baseline; 0 where Src has no baseline
	Pace           string        `json:"pace"`              // PaceFast or PaceSlow
	Largest        []flow.Record `json:"largest"`           // the largest of these flows, most up bytes first
}

// ExfiltrationResult is the uploads that stand out and their findings.
type ExfiltrationResult struct {
	Uploads    []Upload // one for each finding, in the same order
	Thresholds []Threshold
	Findings   []Finding
}

// Exfiltration finds internal hosts that sent far more to an external
// destination than they or their network do on the baseline day.
func Exfiltration(in Input) ExfiltrationResult { return ExfiltrationResult{} }
