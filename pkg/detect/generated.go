package detect

import (
	"math"
	"net/netip"
	"slices"
	"strings"
)

// Malware that looks for its server by generated names asks for domains that no host ever
// asked for and connects to few of them. A page names some twenty domains, and other hosts
// or other days know most of them; as for names below one domain, there are many from RITA's
// hundred on (see fewSubdomains).
const (
	fewDomains  = 25
	manyDomains = fewSubdomains
)

// generated estimates how many domains a host asked for that no host asked for on past days,
// that fewer hosts than make a rollout ask for now, DNS servers aside, and that it opened no
// flow to by name. Two infected hosts ask for the same domains.
func (c *Context) generated(host netip.Addr) int {
	if len(c.past) < sumDays {
		return 0
	}
	domains := c.test.askedDomains(host)
	total := 0.0
	for _, n := range domains {
		total += n
	}
	if total < fewDomains {
		return 0
	}
	cs := c.test.Of(host)
	for i := range cs {
		if cs[i].Port != dnsPort && cs[i].Details != nil {
			for _, n := range cs[i].Details.Names {
				delete(domains, domainOf(n.Name))
			}
		}
	}
	days := append(slices.Clone(c.past), c.test)
	fresh := 0.0
	for domain, n := range domains {
		if !slices.ContainsFunc(days, func(d *day) bool { return c.othersAsked(d, domain, host) }) {
			fresh += n
		}
	}
	return int(math.Round(fresh))
}

// othersAsked says whether a host asked for a domain on a past day, apart from DNS servers and
// hosts with an alert, or on the day under test, as many others as make a rollout with the
// host.
func (c *Context) othersAsked(d *day, domain string, host netip.Addr) bool {
	askers, least := d.domainAskers()[domain], 1
	if d == c.test {
		least = pilotHosts - 1
	}
	others := 0
	for _, a := range askers {
		if !(a == host && d == c.test) && !slices.Contains(c.dnsServers(), a) && !c.flaggedOn(d, flag{rule: RuleDNSC2, entity: a}) {
			others++
		}
	}
	return len(askers) == mostDomainAskers || others >= least
}

// mostDomainAskers is how many hosts that asked for a domain are remembered: more than there
// are DNS servers of a network, mostly.
const mostDomainAskers = 4

// domainAskers lists the first hosts that asked for each domain, mostDomainAskers at most.
func (d *day) domainAskers() map[string][]netip.Addr {
	return d.domainList.get(func() map[string][]netip.Addr {
		all := map[string][]netip.Addr{}
		for c := range d.dnsNamed() {
			for _, n := range c.Details.Names {
				domain := domainOf(n.Name)
				if of := all[domain]; len(of) < mostDomainAskers && !slices.Contains(of, c.Src) {
					all[domain] = append(of, c.Src)
				}
			}
		}
		return all
	})
}

// beyondDomains is how far a number of generated names exceeds that of pages, in units of
// the way from fewDomains to manyDomains, on a logarithmic scale.
func beyondDomains(n int, k float64) float64 {
	return logExcess(float64(max(n, 1)), fewDomains, manyDomains, k)
}

// askedDomains returns the domains that a host asked for: each with how many of them it
// stands for in the sample.
func (d *day) askedDomains(host netip.Addr) map[string]float64 {
	domains := map[string]float64{}
	for name, each := range d.askedNames(host) {
		if domain := domainOf(name); domain != "" {
			domains[domain] = max(domains[domain], each)
		}
	}
	return domains
}

// domainOf returns the registered domain of a name as splitName does; empty for names of
// local networks.
func domainOf(name string) string {
	if _, domain := splitName("x." + strings.TrimPrefix(name, ".")); domain != "" {
		return domain
	}
	return ""
}
