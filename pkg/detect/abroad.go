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

// leastPairs is how many pairs of host and country are needed to learn from.
const leastPairs = 20

// rareLimits is what the baseline day teaches about countries that few contact:
// the logarithms of each host's flows and bytes with each of them.
type rareLimits struct {
	flows, bytes tail
	of           string // which countries these are
}

// learn looks at the rarer half of the countries, or at all of them where few
// hosts contact that half.
func (a abroad) learn() rareLimits {
	l := a.learnFrom(a.rare())
	l.of = "each host with each of the rarer half of the baseline's countries"
	if l.flows.n < leastPairs {
		all := map[geo.Country]bool{}
		for country := range a.hosts {
			all[country] = true
		}
		l = a.learnFrom(all)
		l.of = "each host with each country of the baseline day"
	}
	return l
}

func (a abroad) learnFrom(countries map[geo.Country]bool) rareLimits {
	var flows, bytes []float64
	for country := range countries {
		for _, n := range a.hosts[country] {
			flows, bytes = append(flows, logOf(n.Flows)), append(bytes, logOf(n.Bytes()))
		}
	}
	return rareLimits{flows: tailOf(flows), bytes: tailOf(bytes)}
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
