package detect

import (
	"net/netip"

	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// RuleNewCountry is the id of the rule of Countries.
const RuleNewCountry = "new-country"

// NewCountry is a country that internal hosts contacted on the test day and
// nobody on the baseline day.
type NewCountry struct {
	Country        geo.Country `json:"country"`
	Hosts          int         `json:"hosts"` // internal hosts that contacted it
	profile.Counts             // of all hosts
}

// NewCountryHost is one internal host's traffic with all new countries, and
// the evidence of a new-country finding.
type NewCountryHost struct {
	Host           netip.Addr   `json:"src_ip"`
	profile.Counts              // with all new countries
	Countries      []NewCountry `json:"countries"`  // most flows first; of this host alone
	TopDst         netip.Addr   `json:"top_dst_ip"` // the address with most flows
	TopOwner       geo.Owner    `json:"top_owner"`
}

// CountriesResult is the new countries and who contacted them.
type CountriesResult struct {
	Known      int              // countries contacted on the baseline day
	New        []NewCountry     // most flows first
	Hosts      []NewCountryHost // one for each finding, in the same order
	Thresholds []Threshold
	Findings   []Finding
}

// Countries finds internal hosts with traffic to countries that nobody
// contacted on the baseline day.
func Countries(in Input) CountriesResult { return CountriesResult{} }
