package detect

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/profile"
)

// RuleHostAnomaly is the id of the rule of Anomaly.
const RuleHostAnomaly = "host-anomaly"

var _ = register(RuleHostAnomaly, (*Context).anomaly)

// HostChange is how one internal host's test day differs from its baseline day,
// or from the days of other hosts if it lacks one. It is the evidence of a
// host-anomaly finding.
type HostChange struct {
	Src            netip.Addr `json:"src_ip"`
	Distance       float64    `json:"distance"` // of the change, in robust standard deviations of all features together
	Limit          float64    `json:"limit"`    // the distance from which it is unusual
	Apart          float64    `json:"apart"`    // how far the day itself lies from the baseline's hosts; 1 at the limit
	Newcomer       bool       `json:"newcomer"` // the host has no baseline day, so that Distance is the day's from the baseline's hosts
	profile.Counts            // of the test day
	Features       []Moved    `json:"features"`           // those that moved, farthest first
	Fresh          FreshParty `json:"fresh,omitzero"`     // the new party that it was in touch with for most hours
	NamedBy        []string   `json:"named_by,omitempty"` // other rules with an alert for the host

	excess float64
	plain  bool // a change far from all but a few hosts', in several features, to a day unlike the baseline's
	during span
}

// Moved is one feature of a host's day.
type Moved struct {
	Name      string  `json:"name"`
	Before    float64 `json:"before"`    // on its baseline day; the median host's if the host lacks one
	After     float64 `json:"after"`     // on the test day
	Deviation float64 `json:"deviation"` // robust standard deviations from how the hosts' feature changed, or from the hosts' own
	Text      string  `json:"text"`      // the same as text, such as "flows 404 (102)"
}

// AnomalyResult is how much the internal hosts changed.
type AnomalyResult struct {
	Hosts []HostChange // of the test day that can be compared, most changed first
	Outcome
}

// movedFrom is the deviation from which a feature is listed: hosts deviate by
// less every day.
const movedFrom = 2

// farther is how many times the way from the median distance to the limit a
// change must go, on a logarithmic scale, to be medium: a change that no other
// rule explains needs stronger evidence. So do uploads and new countries of a host
// without earlier days in a network that has some.
const farther = 1.5

// several is how many features must exceed the sensitivity, each by itself, for
// a change to be medium. One film moves two features, the bytes received and the
// upload/download ratio; a host with a new user moves more.
const several = 3

// Anomaly finds internal hosts whose day differs from their baseline day as no
// other host's does, whatever it is that differs.
//
// A day of a host is a dozen features (see features). Of hosts with a baseline
// day the changes from it are compared with each other, as a cloud of points:
// the robust Mahalanobis distance says how far a change lies from those that
// most hosts went through, so that what the whole network did more of on the
// day is not an anomaly of any host. Decreases do not count, and neither do
// changes that make a host more similar to the others.
//
// A distance is unusual, and the finding low, if it exceeds both the limit learned
// from the distances of all hosts and the distance that chance explains among so
// many hosts. The finding is medium, and never more, if the distance is half as
// far again from the median one, on a logarithmic scale, several features moved
// far by themselves, and the day itself is also far from those of the baseline's
// hosts. A host without a baseline day is compared with the baseline's hosts,
// after the change of the whole network is subtracted. It is low at most, because
// new devices often differ from others.
//
// If another rule has an alert for a host, that explains its change: the finding
// is info, and says which rule.
func Anomaly(in Input) AnomalyResult {
	c := NewContext(in)
	r := c.run(RuleHostAnomaly, 0).(AnomalyResult)
	var others []Finding
	for _, rule := range Rules() {
		if rule.ID != RuleHostAnomaly {
			others = append(others, c.run(rule.ID, 0).outcome().Findings...)
		}
	}
	by := alertingRules(others)
	for i, h := range r.Hosts {
		r.Hosts[i].NamedBy = by[h.Src]
	}
	r.Findings = explained(append(others, r.Findings...))
	r.Findings = slices.DeleteFunc(r.Findings, func(f Finding) bool { return f.Rule != RuleHostAnomaly })
	sortFindings(r.Findings)
	return r
}

func (c *Context) anomaly(k float64) AnomalyResult {
	if len(c.past) == 0 {
		return AnomalyResult{Outcome: Outcome{Coverage: notRun(reasonNeedsHistory)}}
	}
	n := c.network()
	before, after := c.usualDays(n), c.test.hostDays(n, true)
	m, ok := learnAnomaly(before, after, k)
	cov := c.ranCoverage()
	if !ok {
		cov.Ran, cov.Reason = false, fmt.Sprintf("fewer than %d hosts to compare with", leastPoints)
		return AnomalyResult{Outcome: Outcome{Coverage: cov}}
	}
	r := AnomalyResult{Outcome: Outcome{Thresholds: m.thresholds(), Coverage: cov}}
	for src, now := range after {
		if c, ok := m.judge(now, before[src]); ok {
			c.Src = src
			r.Hosts = append(r.Hosts, c)
		}
	}
	slices.SortFunc(r.Hosts, func(a, b HostChange) int {
		return cmp.Or(cmp.Compare(b.excess, a.excess), cmp.Compare(b.Distance, a.Distance), a.Src.Compare(b.Src))
	})
	for _, c := range r.Hosts {
		if c.excess >= 1 {
			r.Findings = append(r.Findings, c.finding())
		}
	}
	sortFindings(r.Findings)
	return r
}

// explained lowers to info the findings that another rule explains, and says
// which: those of host-anomaly on hosts for which another rule has an alert, for
// what a rule names is not what no rule names, and those of external-automation on
// sources that scan or guess passwords. The findings given stay as they are.
func explained(findings []Finding) []Finding {
	by := alertingRules(findings)
	attackers := map[netip.Addr]bool{}
	for _, f := range findings {
		if f.Rule == RuleInboundAttack && f.Severity.Alert() {
			for _, a := range f.Entities() {
				attackers[a] = true
			}
		}
	}
	findings = slices.Clone(findings)
	for i := range findings {
		f := &findings[i]
		if f.Rule == RuleExternalAutomation && attackers[f.Entity] && f.Severity != Info {
			f.Summary += "; explained by " + RuleInboundAttack
			f.capped(Info)
		}
		c, ok := f.Evidence.(HostChange)
		if !ok || f.Rule != RuleHostAnomaly || len(c.NamedBy) > 0 || len(by[f.Entity]) == 0 {
			continue
		}
		c.NamedBy = by[f.Entity]
		f.Evidence = c
		f.Summary += "; explained by " + strings.Join(c.NamedBy, " and ")
		f.capped(Info)
	}
	return findings
}

// alertingRules returns the rules but host-anomaly with an alert for each
// entity; sorted.
func alertingRules(findings []Finding) map[netip.Addr][]string {
	by := map[netip.Addr][]string{}
	for _, f := range partsOf(findings) {
		if f.Rule != RuleHostAnomaly && f.Severity.Alert() && !slices.Contains(by[f.Entity], f.Rule) {
			by[f.Entity] = append(by[f.Entity], f.Rule)
		}
	}
	for _, rules := range by {
		slices.Sort(rules)
	}
	return by
}

// finding reports a host with an excess of 1 or more.
func (c HostChange) finding() Finding {
	score := scoreOf(c.excess / farther)
	f := Finding{Entity: c.Src, Severity: severityOf(score), Score: score,
		Summary: c.summary(), Evidence: c, Window: c.during.window()}
	f.capped(Medium)
	if !c.plain {
		f.capped(Low)
	}
	return f
}

func (c HostChange) summary() string {
	parts := make([]string, 0, 4)
	for _, m := range c.Features[:min(len(c.Features), 4)] {
		parts = append(parts, m.Text)
	}
	if len(parts) == 0 {
		parts = append(parts, "no single feature, but their combination")
	}
	than := "changed more than other hosts (baseline day in brackets)"
	if c.Newcomer {
		than = "is new, and unlike the other hosts (median host in brackets)"
	}
	return fmt.Sprintf("%s: %s; distance %.1f, limit %.1f", than, strings.Join(parts, ", "), c.Distance, c.Limit)
}
