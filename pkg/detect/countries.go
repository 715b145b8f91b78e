package detect

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
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

// visitFlows is the most flows that are a visit and no more: one page opens a
// handful of flows to its host.
const visitFlows = 5

// Countries finds internal hosts with traffic to countries that nobody
// contacted on the baseline day.
//
// What is usual is learned from the rarer half of the baseline's countries,
// by number of hosts: each host's flows and bytes with all of these together.
// A host stands out if its flows or its bytes with all new countries together
// are unusual beside that. Countries that many hosts share weigh less, for they
// are more likely a new service than one host's secret. A host that does not
// stand out gets one info finding for all its new countries.
func Countries(in Input) CountriesResult {
	baseline, test := in.days()
	at, k := in.places(), in.sensitivity()
	before, after := baseline.abroad(at), test.abroad(at)
	r := CountriesResult{Known: len(before.hosts)}
	if r.Known == 0 {
		return r
	}
	flows, bytes := before.spreads(before.rare())
	r.Thresholds = slices.Concat(
		flows.threshold("flows to new countries", "flows", k, "each host's flows with the rarer half of the baseline's countries"),
		bytes.threshold("bytes with new countries", "bytes", k, "each host's bytes with the rarer half of the baseline's countries"),
	)
	isNew := func(c geo.Country) bool { return len(before.hosts[c]) == 0 }
	r.New = after.table(isNew)

	share := map[geo.Country]float64{}
	sources := int64(test.internalHosts())
	for _, c := range r.New {
		share[c.Country] = ratio(int64(c.Hosts), sources)
	}
	for src, rows := range after.byHost(isNew) {
		h := NewCountryHost{Host: src, Counts: sumCountries(rows), Countries: rows}
		excess := max(flows.excess(logOf(h.Flows), k), bytes.excess(logOf(h.Bytes()), k))
		excess *= 1 - share[rows[0].Country]
		top, during := after.trace(src, rows)
		h.TopDst, h.TopOwner = top, at.of(top).owner
		r.Hosts = append(r.Hosts, h)
		r.Findings = append(r.Findings, h.finding(scoreOf(excess), during.window()))
	}
	r.sort()
	return r
}

func (h NewCountryHost) finding(score float64, window [2]flow.Time) Finding {
	var names []string
	for _, c := range h.Countries[:min(len(h.Countries), 3)] {
		names = append(names, cmp.Or(c.Country.Name, c.Country.Code))
	}
	if more := len(h.Countries) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	f := Finding{Rule: RuleNewCountry, Entity: h.Host.String(), Severity: severityOf(score), Score: score,
		Attack: []string{"T1041"}, Evidence: h, Window: window,
		Summary: fmt.Sprintf("%s and %s with %s that nobody contacted on the baseline day: %s",
			plural(h.Flows, "flow"), bytesText(h.Bytes()), countryCount(len(h.Countries)), strings.Join(names, ", "))}
	if h.Flows <= visitFlows || !f.Severity.Alert() {
		f.capped(Info)
	}
	return f
}

func countryCount(n int) string {
	if n == 1 {
		return "a country"
	}
	return fmt.Sprintf("%d countries", n)
}

// sort orders findings and, beside them, their hosts.
func (r *CountriesResult) sort() {
	hosts := map[string]NewCountryHost{}
	for _, h := range r.Hosts {
		hosts[h.Host.String()] = h
	}
	sortFindings(r.Findings)
	for i, f := range r.Findings {
		r.Hosts[i] = hosts[f.Entity]
	}
}
