package detect

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/units"
)

// RuleDNSC2 is the id of the rule of DNS.
const RuleDNSC2 = "dns-c2"

var _ = register(RuleDNSC2, (*Context).dns)

// DNSUse is one internal host's DNS flows on the test day, and the evidence of
// a dns-c2 finding.
type DNSUse struct {
	Host          netip.Addr `json:"src_ip"`
	Flows         int64      `json:"flows"`          // to any resolver
	External      int64      `json:"external_flows"` // to external resolvers
	Up            int64      `json:"up_bytes"`
	Down          int64      `json:"down_bytes"`
	BaselineFlows int64      `json:"baseline_flows"`
	Times         float64    `json:"times_baseline"`    // flows ÷ baseline; 0 where the host has no baseline
	PerFlow       float64    `json:"bytes_per_flow"`    // both directions, with TopResolver
	PerOther      float64    `json:"flows_per_other"`   // DNS flows ÷ other flows of the host
	TopResolver   netip.Addr `json:"resolver"`          // the one that stands out, else the most used
	PeakHour      int        `json:"peak_hour"`         // 0 to 23
	PeakFlows     int64      `json:"peak_hour_flows"`   // in that hour
	Reasons       []string   `json:"reasons,omitempty"` // what is unusual: "requests", "bytes per request", "names", "domains"

	Subdomains *Subdomains `json:"subdomains,omitempty"` // the domain with the most names; nil if no names are known

	Domains int `json:"new_domains,omitempty"` // that only this host ever asked for, without a flow to them by name

	ordinary bool // of a host without earlier days: the requests differ from those of others in their number only
}

// DNSResult is the use of DNS by internal hosts.
type DNSResult struct {
	Servers []netip.Addr // internal DNS servers of either day; sorted
	Hosts   []DNSUse     // of all hosts on the test day, most flows first
	Outcome
}

// The reasons of a dns-c2 finding.
const (
	reasonRequests = "requests"
	reasonSize     = "bytes per request"
	reasonNames    = "names"
	reasonDomains  = "domains"
)

// dnsPort is where resolvers listen, on udp and tcp.
const dnsPort = 53

// DNS finds internal hosts whose DNS flows look like a tunnel or command and
// control: too many for what else they do, or too large.
//
// A host asks resolvers in proportion to what else it does, so the first value
// compared is its DNS flows ÷ its other flows, among the hosts of the baseline
// day; where the host was there on the baseline day, the geometric mean of that
// and of how much its requests grew beyond its other flows, among how much hosts'
// do from one day to the next, counts where it is less. The second is bytes
// per flow of a host with one resolver, likewise: on a log that joins the
// packets of one socket a whole tunnel is a single large flow. Of a host without
// earlier days, many requests of ordinary size are low at most, for they carry no
// more than those of others. If names are known, the third is the number of
// names below one domain that few other hosts ask for, and many requests for
// names of many domains are low, unless no host ever asked for these domains. The DNS
// servers are those of Services, and what they ask others is their work unless
// it grew.
func DNS(in Input) DNSResult { return resultOf[DNSResult](in, RuleDNSC2) }

func (c *Context) dns(k float64) DNSResult {
	after, l := c.test.dns(), c.learnDNS()
	r := DNSResult{Servers: c.dnsServers()}
	r.Signals, r.Thresholds, r.Coverage = Signals{}, l.thresholds(k), c.ranCoverage()
	if r.Coverage.Ran && !c.test.hasBytes() {
		r.Coverage.also(reasonNoBytes)
	}
	for _, now := range after.sorted() {
		before := c.likeliest(now)
		use := now.use(before)
		excess, window := c.judgeDNS(l, &use, now, before, r.isServer(now.addr), k)
		r.Hosts = append(r.Hosts, use)
		if use.ordinary {
			r.Signals.note(now.addr, min(excess, belowLimit))
		} else {
			r.Signals.note(now.addr, excess)
		}
		if excess < 1 {
			continue
		}
		score := scoreOf(excess)
		f := Finding{Entity: now.addr, Severity: severityOf(score),
			Score: score, Summary: use.summary(c.before()), Evidence: use, Window: window}
		if use.ordinary {
			f.Summary += "; their sizes or names are like those of ordinary requests"
			f.capped(Low)
		}
		r.Findings = append(r.Findings, f)
	}
	slices.SortStableFunc(r.Hosts, func(a, b DNSUse) int { return cmp.Compare(b.Flows, a.Flows) })
	sortFindings(r.Findings)
	return r
}

func (r DNSResult) isServer(a netip.Addr) bool {
	_, ok := slices.BinarySearchFunc(r.Servers, a, netip.Addr.Compare)
	return ok
}

func (u DNSUse) summary(before string) string {
	var parts []string
	if slices.Contains(u.Reasons, reasonRequests) {
		history := ""
		switch {
		case u.BaselineFlows > 0:
			history = ", " + times(u.Times) + " its baseline"
		case before != "":
			history = ", none " + before
		}
		parts = append(parts, fmt.Sprintf("%s%s, %.2f per other flow", plural(u.Flows, "DNS request"), history, u.PerOther))
	}
	if slices.Contains(u.Reasons, reasonSize) {
		parts = append(parts, fmt.Sprintf("%s per request to %s", units.Bytes(int64(math.Round(u.PerFlow))), u.TopResolver))
	}
	if slices.Contains(u.Reasons, reasonNames) {
		n := u.Subdomains
		parts = append(parts, fmt.Sprintf("requests for about %d names below %s, of %.0f characters with %.1f bits each on average", n.Names, n.Domain, n.Length, n.Entropy))
	}
	if slices.Contains(u.Reasons, reasonDomains) {
		parts = append(parts, fmt.Sprintf("requests for about %d domains that no host ever asked for, and it contacted none of them", u.Domains))
	}
	return "sent " + strings.Join(parts, "; ") + fmt.Sprintf("; the busiest hour began at %02d:00 and had %s", u.PeakHour, plural(u.PeakFlows, "request"))
}
