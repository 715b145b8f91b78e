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
}

func (d day) abroad(at places) abroad {
	a := abroad{map[geo.Country]map[netip.Addr]profile.Counts{}, map[geo.Country][]*profile.Conversation{}}
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

// spreads are those of the logarithm of each host's flows and bytes with some
// countries together.
func (a abroad) spreads(of map[geo.Country]bool) (flows, bytes spread) {
	var fs, bs []float64
	for _, rows := range a.byHost(func(c geo.Country) bool { return of[c] }) {
		total := sumCountries(rows)
		fs, bs = append(fs, logOf(total.Flows)), append(bs, logOf(total.Bytes()))
	}
	return spreadOf(fs), spreadOf(bs)
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
