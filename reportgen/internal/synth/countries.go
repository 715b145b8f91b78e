package synth

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
)

// country is one that the organisation's hosts talk to.
type country struct {
	code, name string
	share      float64 // percent of all flows of a normal day
	size       float64 // bytes per flow, as a multiple of the mean; 0 means 1
}

// countries are those of a normal day. What is left to 100 percent stays
// inside the organisation.
func countries() []country {
	return []country{
		{code: "US", name: "United States", share: 34.4, size: 1.1},
		{code: "PT", name: "Portugal", share: 28.3, size: 0.9},
		{code: "NL", name: "The Netherlands", share: 1.85},
		{code: "NA", name: "Namibia", share: 1.4},
		{code: "DE", name: "Germany", share: 0.9},
		{code: "FR", name: "France", share: 0.9},
		{code: "GB", name: "United Kingdom", share: 0.77},
		{code: "BR", name: "Brazil", share: 0.55},
		{code: "SE", name: "Sweden", share: 0.3},
		{code: "CH", name: "Switzerland", share: 0.25},
		{code: "IT", name: "Italy", share: 0.25},
		{code: "CA", name: "Canada", share: 0.22},
		{code: "ES", name: "Spain", share: 0.21},
		{code: "BE", name: "Belgium", share: 0.18},
		{code: "PL", name: "Poland", share: 0.14},
		{code: "JP", name: "Japan", share: 0.14},
		{code: "IE", name: "Ireland", share: 0.13},
		{code: "SG", name: "Singapore", share: 0.12},
		{code: "AU", name: "Australia", share: 0.12},
		{code: "IN", name: "India", share: 0.12},
		{code: "CN", name: "China", share: 0.12},
		{code: "AO", name: "Angola", share: 0.1},
		{code: "DK", name: "Denmark", share: 0.08},
		{code: "NO", name: "Norway", share: 0.08},
		{code: "MZ", name: "Mozambique", share: 0.06},
		{code: "CV", name: "Cabo Verde", share: 0.05},
	}
}

// The countries of single preferences and of planted behaviour.
const (
	foreignCountry = "KR" // of one user's habit, on both days
	newCountry     = "RU" // of the hosts planted for new-country
)

// oddCountry is one that a few ordinary users look up once, on the test day
// only, with the flows of a day of a million.
type oddCountry struct {
	code, name string
	flows      float64
}

// oddCountries are those of the coursework report's table of new countries.
func oddCountries() []oddCountry {
	return []oddCountry{
		{"AR", "Argentina", 13}, {"MM", "Myanmar", 51}, {"MD", "Moldova", 3},
		{"KG", "Kyrgyzstan", 33}, {"UA", "Ukraine", 51}, {"BD", "Bangladesh", 6},
		{"LB", "Lebanon", 43}, {"FJ", "Fiji", 5}, {"AT", "Austria", 11},
		{"LU", "Luxembourg", 5}, {"KZ", "Kazakhstan", 27}, {"LV", "Latvia", 2},
		{"SK", "Slovakia", 7}, {"TW", "Taiwan", 6}, {"CZ", "Czechia", 9},
		{"TR", "Turkey", 1}, {"UZ", "Uzbekistan", 2}, {"IR", "Iran", 7},
		{"VE", "Venezuela", 2}, {"HU", "Hungary", 5}, {"TH", "Thailand", 5},
		{"SY", "Syria", 2}, {"SC", "Seychelles", 1}, {"EE", "Estonia", 3},
		{"CY", "Cyprus", 5}, {"FI", "Finland", 1}, {"ME", "Montenegro", 2},
	}
}

// countryNames are the English names of every country of the plan.
func countryNames() map[string]string {
	names := map[string]string{foreignCountry: "South Korea", newCountry: "Russia"}
	for _, c := range countries() {
		names[c.code] = c.name
	}
	for _, c := range oddCountries() {
		names[c.code] = c.name
	}
	return names
}

// plantNewCountry has one or two hosts work with sites in a country that
// no host contacted before, at their ordinary hours.
func (p *Plan) plantNewCountry(c *cast) {
	const flowsInAll, bytesInAll = 1830, 298_476_091 // the coursework report's
	sites := p.pool.reserve(p.stream("new-country"), newCountry, "", 12)
	shares := []float64{0.68, 0.32}[:c.several(2)]
	for i, h := range c.takeN(len(shares)) {
		r := p.stream("new-country", h.name)
		n := p.planted(flowsInAll*shares[i], 100*shares[i])
		flows := p.visits(h, n, sites, bytesInAll/flowsInAll/(1+httpsRatio), r)
		p.plant(testDay, "new-country", plural(len(flows), "flow")+" to Russia, which no host contacted before", flows)
	}
}

// visits makes n ordinary flows to given addresses, in sessions on one or two
// of them, with a mean of up bytes sent.
func (p *Plan) visits(h *host, n int, dsts []netip.Addr, up float64, r rng) []flow.Record {
	var flows []flow.Record
	for len(flows) < n {
		for times := range sessions(h.clock, n-len(flows), r) {
			pair := [2]netip.Addr{dsts[r.IntN(len(dsts))], dsts[r.IntN(len(dsts))]}
			for _, t := range times {
				flows = append(flows, https(pair[r.IntN(2)], up, h.ratio).flow(r, t, h.addr))
			}
		}
	}
	return flows
}

// addOddCountries has ordinary users look up a site in a country that is new
// too, a few flows at a time.
func (p *Plan) addOddCountries(ordinary []*host) {
	r := p.stream("odd-country")
	visited := map[*host][]string{}
	for _, c := range oddCountries() {
		sites := p.pool.reserve(r, c.code, "", 1+int(c.flows/20))
		for left := max(1, int(c.flows*float64(p.opts.Flows)/DefaultFlows+0.5)); left > 0; {
			h := ordinary[r.IntN(len(ordinary))]
			n := min(left, 1+r.IntN(8))
			left -= n
			// 140 kB a flow is what the coursework report counts.
			p.also(testDay, p.visits(h, n, sites, 140_000/(1+httpsRatio), r)...)
			if !slices.Contains(visited[h], c.name) {
				visited[h] = append(visited[h], c.name)
			}
		}
	}
	for _, h := range ordinary {
		if names := visited[h]; len(names) > 0 {
			p.harmless(h.addr, "odd-country", "looks up a site or two in "+strings.Join(names, ", "))
		}
	}
}

// addForeigner has a user work with sites of a country that no other user visits,
// on both days.
func (p *Plan) addForeigner(h *host) {
	sites := p.pool.reserve(p.stream("foreigner"), foreignCountry, "", 5)
	n := p.scaled(400, 25)
	for _, name := range []dayName{dataDay, testDay} {
		r := p.stream(string(name), "foreigner")
		p.also(name, p.visits(h, n, sites, httpsUp, r)...)
	}
	p.harmless(h.addr, "foreign-habit", "reads sites in South Korea on both days; no other user does")
}

// plural writes "1 flow" and "2 flows".
func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
