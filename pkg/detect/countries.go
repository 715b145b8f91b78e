package detect

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/units"
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
	Share          float64      `json:"share"`      // of the host's flows to addresses of known countries, 0 to 1
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
	Signals    Signals `json:"-"` // of what was compared, limit reached or not
}

// Countries finds internal hosts with traffic to countries that nobody
// contacted on the baseline day.
//
// What is usual is learned from the rarer half of the baseline's countries, by
// number of hosts: the flows and bytes of each host with each of these. A host
// stands out if its flows or bytes with a new country are more than all but one
// in twenty of these, and are more than a visit: what is new on a day is mostly
// looked at and seldom used as much as that. Countries that many hosts contact
// weigh less, for they are more likely a new service than one host's secret. A
// host that does not stand out gets one info finding for all its new countries.
func Countries(in Input) CountriesResult {
	baseline, test := in.days()
	at, k := in.places(), in.sensitivity()
	before, after := baseline.abroad(at), test.abroad(at)
	r := CountriesResult{Known: len(before.hosts), Signals: Signals{}}
	if r.Known == 0 {
		return r
	}
	l := before.learn()
	r.Thresholds = l.thresholds(k)
	isNew := func(c geo.Country) bool { return len(before.hosts[c]) == 0 }
	r.New = after.table(isNew)

	share := map[geo.Country]float64{}
	sources := int64(test.internalHosts())
	for _, c := range r.New {
		share[c.Country] = ratio(int64(c.Hosts), sources)
	}
	for src, rows := range after.byHost(isNew) {
		h := NewCountryHost{Host: src, Counts: sumCountries(rows), Countries: rows}
		h.Share = ratio(h.Flows, after.total[src].Flows)
		var excess float64
		for _, c := range rows {
			excess = max(excess, l.excess(c.Counts, k)*(1-share[c.Country]))
		}
		r.Signals.note(src, excess)
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
	f := Finding{Rule: RuleNewCountry, Entity: h.Host, Severity: severityOf(score), Score: score,
		Attack: []string{"T1041"}, Evidence: h, Window: window,
		Summary: fmt.Sprintf("%s and %s with %s that nobody contacted on the baseline day: %s",
			plural(h.Flows, "flow"), units.Bytes(h.Bytes()), countryCount(len(h.Countries)), strings.Join(names, ", "))}
	if !f.Severity.Alert() {
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
	hosts := map[netip.Addr]NewCountryHost{}
	for _, h := range r.Hosts {
		hosts[h.Host] = h
	}
	sortFindings(r.Findings)
	for i, f := range r.Findings {
		r.Hosts[i] = hosts[f.Entity]
	}
}
