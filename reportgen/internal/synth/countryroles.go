package synth

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
)

// plantNewCountry has one or two hosts work with sites in a country that
// nobody talked to before, at their ordinary hours.
func (p *Plan) plantNewCountry(c *cast) {
	const flowsInAll, bytesInAll = 1830, 298_476_091 // the coursework report's
	sites := p.pool.reserve(p.stream("new-country"), newCountry, "", 12)
	shares := []float64{0.68, 0.32}[:c.several(2)]
	for i, h := range c.takeN(len(shares)) {
		r := p.stream("new-country", h.name)
		n := p.planted(flowsInAll*shares[i], 100*shares[i])
		flows := p.visits(h, n, sites, bytesInAll/flowsInAll/(1+httpsRatio), r)
		p.plant(testDay, "new-country", plural(len(flows), "flow")+" to Russia, where nobody had business before", flows)
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

// addForeigner has a user work with sites of a country that nobody else visits,
// on both days.
func (p *Plan) addForeigner(h *host) {
	sites := p.pool.reserve(p.stream("foreigner"), foreignCountry, "", 5)
	n := p.scaled(400, 25)
	for _, name := range []dayName{dataDay, testDay} {
		r := p.stream(string(name), "foreigner")
		p.also(name, p.visits(h, n, sites, httpsUp, r)...)
	}
	p.harmless(h.addr, "foreign-habit", "reads sites in South Korea on both days; nobody else does")
}

// plural writes "1 flow" and "2 flows".
func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
