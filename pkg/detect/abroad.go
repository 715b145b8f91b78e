package detect

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// abroad is a day's outward traffic by country and host; addresses of no known
// country are left out.
type abroad struct {
	hosts map[geo.Country]map[netip.Addr]profile.Counts
	dsts  map[geo.Country][]*profile.Conversation
	total map[netip.Addr]profile.Counts
}

func (d day) abroad(at places) abroad {
	a := abroad{map[geo.Country]map[netip.Addr]profile.Counts{}, map[geo.Country][]*profile.Conversation{}, map[netip.Addr]profile.Counts{}}
	for c := range d.outward() {
		country := at.of(c.Dst).country
		if country == (geo.Country{}) {
			continue
		}
		hosts, ok := a.hosts[country]
		if !ok {
			hosts = map[netip.Addr]profile.Counts{}
			a.hosts[country] = hosts
		}
		n := hosts[c.Src]
		n.Add(c.Counts)
		hosts[c.Src] = n
		a.dsts[country] = append(a.dsts[country], c)
		n = a.total[c.Src]
		n.Add(c.Counts)
		a.total[c.Src] = n
	}
	return a
}

// table lists the countries that keep says yes to, most flows first.
func (a abroad) table(keep func(geo.Country) bool) []NewCountry {
	var rows []NewCountry
	for country, hosts := range a.hosts {
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
func (a abroad) rare() map[geo.Country]bool {
	var counts []float64
	for _, hosts := range a.hosts {
		counts = append(counts, float64(len(hosts)))
	}
	slices.Sort(counts)
	limit := median(counts)
	rare := map[geo.Country]bool{}
	for country, hosts := range a.hosts {
		if float64(len(hosts)) <= limit {
			rare[country] = true
		}
	}
	return rare
}

// byHost returns each host's countries that keep says yes to, most flows first.
func (a abroad) byHost(keep func(geo.Country) bool) map[netip.Addr][]NewCountry {
	hosts := map[netip.Addr][]NewCountry{}
	for country, with := range a.hosts {
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

// rareLimits is what the baseline day teaches about countries that few contact:
// the logarithm of each host's traffic with them ÷ its other traffic abroad.
type rareLimits struct {
	flows, bytes spread
	usual        float64 // median flows of a host with all of them
}

func (a abroad) learn() rareLimits {
	rare := a.rare()
	var flows, bytes, counts []float64
	for src, rows := range a.byHost(func(c geo.Country) bool { return rare[c] }) {
		with, total := sumCountries(rows), a.total[src]
		flows = append(flows, logOdds(with.Flows, total.Flows))
		bytes = append(bytes, logOdds(with.Bytes(), total.Bytes()))
		counts = append(counts, float64(with.Flows))
	}
	slices.Sort(counts)
	return rareLimits{spreadOf(flows), spreadOf(bytes), median(counts)}
}

func (l rareLimits) thresholds(k float64) []Threshold {
	const of = "each host with the rarer half of the baseline's countries"
	return slices.Concat(
		l.flows.threshold("flows with new countries to each other flow abroad", "ratio", k, of),
		l.bytes.threshold("bytes with new countries to each other byte abroad", "ratio", k, of),
	)
}

// excess is that of what a host has with new countries, of its total.
func (l rareLimits) excess(with, total profile.Counts, k float64) float64 {
	if with.Flows <= visitFlows || float64(with.Flows) <= l.usual {
		return 0
	}
	noise := countNoise(float64(with.Flows), float64(total.Flows-with.Flows+1))
	return max(
		l.flows.excessNoisy(logOdds(with.Flows, total.Flows), k, noise),
		l.bytes.excessNoisy(logOdds(with.Bytes(), total.Bytes()), k, noise))
}

// logOdds is the logarithm of a part ÷ the rest of a total, either at least 1.
func logOdds(part, total int64) float64 { return logOf(part) - logOf(total-part) }

func sumCountries(rows []NewCountry) profile.Counts {
	var n profile.Counts
	for _, row := range rows {
		n.Add(row.Counts)
	}
	return n
}

// trace returns the destination with most flows of a host in one country and
// the time from its first to its last flow in some countries.
func (a abroad) trace(host netip.Addr, rows []NewCountry) (top netip.Addr, during span) {
	flows := map[netip.Addr]int64{}
	for i, row := range rows {
		for _, c := range a.dsts[row.Country] {
			if c.Src != host {
				continue
			}
			during.add(c)
			if i > 0 {
				continue
			}
			flows[c.Dst] += c.Flows
			if n := flows[c.Dst]; !top.IsValid() || n > flows[top] || n == flows[top] && c.Dst.Less(top) {
				top = c.Dst
			}
		}
	}
	return top, during
}
