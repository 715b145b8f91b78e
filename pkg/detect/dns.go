package detect

import "net/netip"

// RuleDNSC2 is the id of the rule of DNS.
const RuleDNSC2 = "dns-c2"

// DNSUse is one internal host's DNS flows on the test day, and the evidence of
// a dns-c2 finding.
type DNSUse struct {
	Host          netip.Addr `json:"src_ip"`
	Flows         int64      `json:"flows"`          // to any resolver
	External      int64      `json:"external_flows"` // to external resolvers
	Up            int64      `json:"up_bytes"`
	Down          int64      `json:"down_bytes"`
	BaselineFlows int64      `json:"baseline_flows"`
	Times         float64    `json:"times_baseline"`    // flows ÷ baseline; 0 where the host has no baseline
	PerFlow       float64    `json:"bytes_per_flow"`    // both directions
	PerOther      float64    `json:"flows_per_other"`   // DNS flows ÷ other flows of the host
	TopResolver   netip.Addr `json:"resolver"`          // the one that stands out, else the most used
	PeakHour      int        `json:"peak_hour"`         // 0 to 23
	PeakFlows     int64      `json:"peak_hour_flows"`   // in that hour
	Reasons       []string   `json:"reasons,omitempty"` // what stood out: "requests", "bytes per request"
}

// DNSResult is the use of DNS by internal hosts.
type DNSResult struct {
	Servers    []netip.Addr // internal DNS servers of either day; sorted
	Hosts      []DNSUse     // of all hosts on the test day, most flows first
	Thresholds []Threshold
	Findings   []Finding
}

// DNS finds internal hosts whose DNS flows look like a tunnel or command and
// control: too many for what else they do, or too large.
func DNS(in Input) DNSResult { return DNSResult{} }
