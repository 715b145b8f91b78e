package detect

import (
	"iter"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// Subdomains is what a host asked for below one domain.
type Subdomains struct {
	Domain  string  `json:"domain"`
	Names   int     `json:"names"`         // distinct; an estimate where a conversation has more than 64
	Length  float64 `json:"mean_length"`   // characters below the domain
	Entropy float64 `json:"entropy"`       // bits a character
	Hosts   int     `json:"asking_hosts"`  // internal hosts that asked for names below it
	Before  int     `json:"names_on_past"` // distinct names that the host asked for on a past day, the most
}

// A tunnel through DNS puts what it carries into names that were never
// asked for before. RITA counts the names below a domain as a sign of a tunnel from 100 on,
// and as one of low severity from 500 on (its settings c2_subdomain_threshold and
// c2_score_thresholds); names count in full if they have as much information as
// fullName bits, which are 16 hexadecimal digits, as random host names have.
const (
	fewSubdomains  = 100
	manySubdomains = 500
	fullName       = 64
)

// excess is how far the number of names exceeds that of ordinary domains, in units
// of the way from fewSubdomains to manySubdomains, on a logarithmic scale.
func (s Subdomains) excess(k float64) float64 {
	names := float64(s.Names) * min(1, s.Length*s.Entropy/fullName)
	return logExcess(max(names, 1), fewSubdomains, manySubdomains, k)
}

// logExcess is how far a value exceeds that of ordinary traffic, in units of the way from few
// to many, on a logarithmic scale.
func logExcess(v, few, many, k float64) float64 {
	return math.Log(v/few) / math.Log(many/few) * DefaultSensitivity / k
}

// nameSample is the names that a host asked for below one domain.
type nameSample struct {
	distinct   float64
	sampled    int
	characters int
	counts     [256]int
}

// subdomains returns what a host asked for, by domain.
func (d *day) subdomains(host netip.Addr) map[string]*nameSample {
	samples := map[string]*nameSample{}
	for name, each := range d.askedNames(host) {
		below, domain := splitName(name)
		if below == "" {
			continue
		}
		s := samples[domain]
		if s == nil {
			s = &nameSample{}
			samples[domain] = s
		}
		s.distinct += each
		s.sampled++
		s.characters += len(below)
		for j := range len(below) {
			s.counts[below[j]]++
		}
	}
	return samples
}

// askedNames yields the sampled names that a host asked for, each with how many distinct
// names it stands for.
func (d *day) askedNames(host netip.Addr) iter.Seq2[string, float64] {
	return func(yield func(string, float64) bool) {
		cs := d.Of(host)
		for i := range cs {
			c := &cs[i]
			if c.Port != dnsPort || c.Details == nil {
				continue
			}
			each := c.Details.DistinctNames() / float64(max(1, len(c.Details.Names)))
			for _, n := range c.Details.Names {
				if !yield(n.Name, each) {
					return
				}
			}
		}
	}
}

// entropy is that of the characters, in bits.
func (s *nameSample) entropy() (bits float64) {
	for _, n := range &s.counts {
		if p := float64(n) / float64(max(1, s.characters)); p > 0 {
			bits -= p * math.Log2(p)
		}
	}
	return bits
}

// splitName splits a name into a registered domain and the part below
// it. Names of local networks and of reverse lookups are left out. A domain
// ends in two labels, or in three if the last but one has at most three
// characters, as in example.co.uk; for longer suffixes the domain is that of a
// registry, whose names many hosts ask for.
func splitName(name string) (below, domain string) {
	labels := strings.Split(strings.ToLower(strings.TrimSuffix(name, ".")), ".")
	n := 2
	if len(labels) > 2 && len(labels[len(labels)-2]) <= 3 {
		n = 3
	}
	if len(labels) <= n || slices.Contains(localDomains, labels[len(labels)-1]) {
		return "", ""
	}
	return strings.Join(labels[:len(labels)-n], "."), strings.Join(labels[len(labels)-n:], ".")
}

// localDomains are last labels of names that no server on the Internet answers.
var localDomains = []string{"arpa", "local", "localhost", "lan", "internal", "home", "corp"}

// tunnelled returns the domain below which a host asked for the most, nil if it
// has no names.
func (c *Context) tunnelled(host netip.Addr, k float64) (best *Subdomains, excess float64) {
	for domain, sample := range c.test.subdomains(host) {
		s := Subdomains{Domain: domain, Names: int(math.Round(sample.distinct)),
			Length: round3(float64(sample.characters) / float64(sample.sampled)), Entropy: round3(sample.entropy())}
		e := s.excess(k)
		if best == nil || e > excess || e == excess && domain < best.Domain {
			best, excess = &s, e
		}
	}
	if excess <= 0 {
		return best, 0
	}
	best.Hosts = c.test.asking()[best.Domain]
	for _, d := range c.past {
		if c.flaggedOn(d, flag{rule: RuleDNSC2, entity: host}) {
			continue
		}
		if s := d.subdomains(host)[best.Domain]; s != nil {
			best.Before = max(best.Before, int(math.Round(s.distinct)))
		}
	}
	others := float64(best.Hosts-1) / float64(max(serverFloor, minClients(c.test.internalHosts())))
	excess *= max(0, 1-others)
	if 2*best.Before >= best.Names {
		excess = 0 // which it always does
	}
	return best, excess
}

// asking counts the hosts that asked for names below each domain.
func (d *day) asking() map[string]int {
	return d.askingCounts.get(func() map[string]int {
		return hostsOf(d.dnsNamed(), func(c *profile.Conversation) iter.Seq[string] {
			return func(yield func(string) bool) {
				for _, n := range c.Details.Names {
					if _, domain := splitName(n.Name); domain != "" && !yield(domain) {
						return
					}
				}
			}
		})
	})
}

// dnsNamed yields the requests of internal hosts that have names.
func (d *day) dnsNamed() iter.Seq[*profile.Conversation] {
	return d.where(func(c *profile.Conversation) bool { return c.Port == dnsPort && c.Details != nil && d.inside(c.Src) })
}

// namedShare is the share of a host's DNS flows whose names are known.
func (d *day) namedShare(host netip.Addr) float64 {
	var named, all int64
	cs := d.Of(host)
	for i := range cs {
		if c := &cs[i]; c.Port == dnsPort && (c.Proto == flow.UDP || c.Proto == flow.TCP) {
			all += c.Flows
			if c.Details != nil {
				named += c.Details.NamedFlows
			}
		}
	}
	return ratio(named, all)
}
