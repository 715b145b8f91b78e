package detect

import (
	"net/netip"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// RuleExternalAutomation is the id of the rule of Clients.
const RuleExternalAutomation = "external-automation"

// Client is an external client of the public servers, and the evidence of an
// external-automation finding.
type Client struct {
	Addr           netip.Addr  `json:"src_ip"`
	Country        geo.Country `json:"country"`
	Owner          geo.Owner   `json:"owner"`
	profile.Counts             // with all public servers
	Servers        int         `json:"servers"`  // distinct destinations
	Ratio          float64     `json:"ratio"`    // up ÷ down bytes; 0 where nothing came down
	CV             float64     `json:"gap_cv"`   // standard deviation ÷ mean of the gaps between flows; 0 where there are too few
	Gap            float64     `json:"gap_mean"` // mean gap in seconds
	Coverage       float64     `json:"coverage"` // half hours with flows ÷ half hours from first to last, 0 to 1
	First          flow.Time   `json:"first"`    // 1/100 s
	Last           flow.Time   `json:"last"`     // 1/100 s
}

// ClientsResult is the external clients of the public servers.
type ClientsResult struct {
	Clients    []Client // highest up ÷ down first
	Normal     Client   // the client whose rhythm is nearest the median; zero where there is none
	Thresholds []Threshold
	Findings   []Finding
}

// Clients finds external clients of the public servers whose flows keep the
// rhythm of a program.
func Clients(in Input) ClientsResult { return ClientsResult{} }
