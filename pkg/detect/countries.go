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
	"github.com/flowbook/flowbook/pkg/units"
)

// RuleNewCountry is the id of the rule of Countries.
const RuleNewCountry = "new-country"

var _ = register(RuleNewCountry, (*Context).countries)

// NewCountry is a country that internal hosts contacted on the test day but not
// on the baseline day.
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

	visited bool // hosts visited one of the countries before
	alone   bool // this host alone contacted one of them before
}

// CountriesResult is the new countries and who contacted them.
type CountriesResult struct {
	Known int              // countries contacted on the baseline day
	New   []NewCountry     // most flows first
	Hosts []NewCountryHost // one for each finding, in the same order
	Outcome
}

// Countries finds internal hosts with traffic to countries that no host contacted
// on the baseline day.
//
// What is usual is learned from the rarer half of the baseline's countries, by
// number of hosts: the flows and bytes of each host with each of these. A host
// stands out if its flows or bytes with a new country are more than all but one
// in twenty of these, and are more than a visit: what is new on a day is mostly
// looked at and seldom used as much as that. Countries that many hosts contact
// weigh less, for they are more likely a new service than one host's secret. A
// host that does not stand out gets one info finding for all its new countries.
func Countries(in Input) CountriesResult { return resultOf[CountriesResult](in, RuleNewCountry) }

func (c *Context) countries(k float64) CountriesResult {
	m, after := c.memory(), c.test.countryTraffic()
	r := CountriesResult{Known: len(m.countries)}
	r.Signals, r.Coverage = Signals{}, c.countryCoverage()
	if r.Known == 0 {
		return r
	}
	l := c.learnCountries()
	r.Thresholds = l.thresholds(k)
	isNew := func(country geo.Country) bool { return len(m.countries[country]) == 0 }
	r.New = after.table(isNew)

	share := map[geo.Country]float64{}
	sources := int64(c.test.internalHosts())
	for _, n := range r.New {
		share[n.Country] = ratio(int64(n.Hosts), sources)
	}
	excessOf := func(n NewCountry) float64 { return l.excess(n.Counts, k) * (1 - share[n.Country]) }
	for src, rows := range after.byHost(func(country geo.Country) bool { return !m.usesCountry(country) || len(m.countries[country]) == 1 }) {
		rows = slices.DeleteFunc(rows, func(n NewCountry) bool {
			switch {
			case isNew(n.Country):
				return false
			case c.beganCountry(src, n.Country):
				return excessOf(n) < 1
			}
			return m.usesCountry(n.Country) || n.Flows <= visitFlows
		})
		if len(rows) == 0 {
			continue
		}
		h := NewCountryHost{Host: src, Counts: sumCountries(rows), Countries: rows}
		h.Share = ratio(h.Flows, after.total[src].Flows)
		var excess float64
		for _, n := range rows {
			excess = max(excess, excessOf(n))
			alone := c.beganCountry(src, n.Country)
			h.alone, h.visited = h.alone || alone, h.visited || !alone && !isNew(n.Country)
		}
		excess = c.goingOn(excess, flag{rule: RuleNewCountry, entity: src})
		if c.newcomer(src) {
			excess /= farther // it is the host that is new, and not only what it does
		}
		r.Signals.note(src, excess)
		top, during := c.test.trace(src, rows)
		h.TopDst, h.TopOwner = top, c.test.owner(top)
		r.Findings = append(r.Findings, h.finding(scoreOf(excess), during.window(), c.before()))
	}
	sortFindings(r.Findings)
	r.Hosts = evidenceOf[NewCountryHost](r.Findings)
	return r
}

func (h NewCountryHost) finding(score float64, window [2]flow.Time, before string) Finding {
	var names []string
	for _, c := range h.Countries[:min(len(h.Countries), 3)] {
		names = append(names, cmp.Or(c.Country.Name, c.Country.Code))
	}
	if more := len(h.Countries) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	f := Finding{Entity: h.Host, Severity: severityOf(score), Score: score,
		Evidence: h, Window: window,
		Summary: fmt.Sprintf("exchanged %s in %s with %s that no host contacted %s: %s",
			units.Bytes(h.Bytes()), plural(h.Flows, "flow"), countryCount(len(h.Countries)), before, strings.Join(names, ", "))}
	switch {
	case h.visited:
		f.Summary = fmt.Sprintf("exchanged %s in %s with %s that no host contacted in more than a few flows %s: %s",
			units.Bytes(h.Bytes()), plural(h.Flows, "flow"), countryCount(len(h.Countries)), before, strings.Join(names, ", "))
	case h.alone:
		f.Summary = fmt.Sprintf("exchanged %s in %s with %s that no other host contacted %s: %s",
			units.Bytes(h.Bytes()), plural(h.Flows, "flow"), countryCount(len(h.Countries)), before, strings.Join(names, ", "))
	}
	if !f.Severity.Alert() {
		f.capped(Info)
	}
	return f
}

// usesCountry says whether hosts use a country: one exchanged more than a visit with it on
// a past day, or as many contacted it as make a program that is rolled out.
func (m *memory) usesCountry(country geo.Country) bool {
	return m.used[country] || len(m.countries[country]) >= pilotHosts
}

// beganCountry says whether a host is the only one that contacted a country, and first did in
// the last week, when it had been there for a week: what an attack begins with may be too
// little for an alert, and does not make the country usual.
func (c *Context) beganCountry(host netip.Addr, country geo.Country) bool {
	m := c.memory()
	first, seen := m.reached[country]
	since, there := m.hosts[host]
	return seen && there && len(m.countries[country]) == 1 && m.countries[country][host] &&
		first-since.day >= warmDays && len(c.past)-first <= warmDays
}

func countryCount(n int) string {
	if n == 1 {
		return "a country"
	}
	return fmt.Sprintf("%d countries", n)
}

// countryTraffic is a day's outward traffic by country and host. Addresses
// whose country is not known are left out, and so are services whose servers are
// wherever the other side has them.
type countryTraffic struct {
	hosts map[geo.Country]map[netip.Addr]profile.Counts
	total map[netip.Addr]profile.Counts
}

// toAnyCountry are the ports of mail between servers, DNS and NTP: a mail server and a
// resolver contact every country, and their users none of these.
var toAnyCountry = map[uint16]bool{25: true, 53: true, 123: true}

func (d *day) countryTraffic() countryTraffic { return d.countries.get(d.listCountries) }

func (d *day) listCountries() countryTraffic {
	t := countryTraffic{map[geo.Country]map[netip.Addr]profile.Counts{}, map[netip.Addr]profile.Counts{}}
	for c := range d.outward() {
		country := d.country(c.Dst)
		if country == (geo.Country{}) || toAnyCountry[c.Port] {
			continue
		}
		hosts, ok := t.hosts[country]
		if !ok {
			hosts = map[netip.Addr]profile.Counts{}
			t.hosts[country] = hosts
		}
		n := hosts[c.Src]
		n.Add(c.Counts)
		hosts[c.Src] = n
		n = t.total[c.Src]
		n.Add(c.Counts)
		t.total[c.Src] = n
	}
	return t
}

// table lists the countries that keep says yes to, most flows first.
func (t countryTraffic) table(keep func(geo.Country) bool) []NewCountry {
	var rows []NewCountry
	for country, hosts := range t.hosts {
		if !keep(country) {
			continue
		}
		row := NewCountry{Country: country, Hosts: len(hosts)}
		for _, n := range hosts {
			row.Add(n)
		}
		rows = append(rows, row)
	}
	sortCountries(rows)
	return rows
}

func sortCountries(rows []NewCountry) {
	slices.SortFunc(rows, func(a, b NewCountry) int {
		return cmp.Or(cmp.Compare(b.Flows, a.Flows), cmp.Compare(b.Bytes(), a.Bytes()),
			cmp.Compare(a.Country.Code, b.Country.Code), cmp.Compare(a.Country.Name, b.Country.Name))
	})
}

// rare returns the countries with no more hosts than the median country has.
func rare(countries map[geo.Country]map[netip.Addr]bool) map[geo.Country]bool {
	var counts []float64
	for _, hosts := range countries {
		counts = append(counts, float64(len(hosts)))
	}
	limit := middle(counts)
	rare := map[geo.Country]bool{}
	for country, hosts := range countries {
		if float64(len(hosts)) <= limit {
			rare[country] = true
		}
	}
	return rare
}

// byHost returns each host's countries that keep says yes to, most flows first.
func (t countryTraffic) byHost(keep func(geo.Country) bool) map[netip.Addr][]NewCountry {
	hosts := map[netip.Addr][]NewCountry{}
	for country, with := range t.hosts {
		if !keep(country) {
			continue
		}
		for h, n := range with {
			hosts[h] = append(hosts[h], NewCountry{Country: country, Hosts: 1, Counts: n})
		}
	}
	for _, rows := range hosts {
		sortCountries(rows)
	}
	return hosts
}

// visitFlows is the most flows that are a visit and no more: one page opens a
// handful of flows to its host.
const visitFlows = 5

// leastPairs is how many pairs of host and country are needed to learn from.
const leastPairs = 20

// rareLimits is what the baseline day teaches about countries that few contact:
// the logarithms of each host's flows and bytes with each of them.
type rareLimits struct {
	flows, bytes tail
	of           string // which countries these are
}

// learnCountries looks at the rarer half of the countries, or at all of them if
// few hosts contact that half.
func (c *Context) learnCountries() rareLimits {
	m := c.memory()
	l := learnCountries(c.similar(), rare(m.countries))
	l.of = "pairs of host and rarely contacted country on the baseline day"
	if l.flows.n < leastPairs {
		all := map[geo.Country]bool{}
		for country := range m.countries {
			all[country] = true
		}
		l = learnCountries(c.similar(), all)
		l.of = "pairs of host and country on the baseline day"
	}
	return l
}

func learnCountries(days []*day, countries map[geo.Country]bool) rareLimits {
	var flows, bytes []float64
	for _, d := range days {
		hosts := d.countryTraffic().hosts
		for country := range countries {
			for _, n := range hosts[country] {
				flows, bytes = append(flows, logOf(n.Flows)), append(bytes, logOf(n.Bytes()))
			}
		}
	}
	return rareLimits{flows: tailOf(flows), bytes: tailOf(bytes)}
}

// countryCoverage says why new countries are not looked for.
func (c *Context) countryCoverage() Coverage {
	cov := c.ranCoverage()
	switch {
	case !cov.Ran:
	case len(c.test.countryTraffic().hosts) == 0 && len(c.memory().countries) == 0:
		return notRun("no country database, or it does not cover any address of the days")
	case cov.Days == 0:
		return notRun(reasonNeedsHistory)
	case c.learnCountries().flows.n < leastPairs:
		cov.Reason = fmt.Sprintf("fewer than %d pairs of host and country to learn limits from: new countries are listed, but raise no alert", leastPairs)
	default:
		cov.Reason = "" // limits come from pairs of host and country
	}
	return cov
}

func (l rareLimits) thresholds(k float64) []Threshold {
	if l.flows.n < leastPairs {
		return nil
	}
	return []Threshold{
		l.flows.threshold("flows of a host with a new country", "flows", k, l.of),
		l.bytes.threshold("bytes of a host with a new country", "bytes", k, l.of),
	}
}

// excess is that of what a host has with a new country.
func (l rareLimits) excess(with profile.Counts, k float64) float64 {
	if with.Flows <= visitFlows || l.flows.n < leastPairs {
		return 0
	}
	return max(l.flows.excess(logOf(with.Flows), k), l.bytes.excess(logOf(with.Bytes()), k))
}

func sumCountries(rows []NewCountry) profile.Counts {
	var n profile.Counts
	for _, row := range rows {
		n.Add(row.Counts)
	}
	return n
}

// trace returns the destination with most flows of a host in one country and
// the time from its first to its last flow in some countries.
func (d *day) trace(host netip.Addr, rows []NewCountry) (top netip.Addr, during span) {
	flows := map[netip.Addr]int64{}
	cs := d.Of(host)
	for i := range cs {
		c := &cs[i]
		at := slices.IndexFunc(rows, func(row NewCountry) bool { return row.Country == d.country(c.Dst) })
		if at < 0 || !d.outside(c.Dst) {
			continue
		}
		during.add(c)
		if at > 0 {
			continue
		}
		flows[c.Dst] += c.Flows
		if n := flows[c.Dst]; !top.IsValid() || n > flows[top] || n == flows[top] && c.Dst.Less(top) {
			top = c.Dst
		}
	}
	return top, during
}
