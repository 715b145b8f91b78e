package detect

import (
	"maps"
	"slices"
)

// History says what limits were learned from.
type History struct {
	Days  int `json:"days"`
	Hosts int `json:"hosts"`
}

// Coverage says whether a rule ran, what it learned from, and what it could
// not see.
type Coverage struct {
	Rule   string `json:"rule"`
	Ran    bool   `json:"ran"`
	Hosts  int    `json:"hosts"`  // distinct hosts that its limits were learned from
	Days   int    `json:"days"`   // days of these
	Reason string `json:"reason"` // why it did not run or sees less; empty if neither
}

// The reasons for which rules see less than they could.
const (
	reasonNoHistory    = "no history: compared with fixed limits and with the other hosts of the day"
	reasonFewHosts     = "too few hosts to learn limits from: fixed limits are used instead"
	reasonNoHosts      = "no flow from an internal host"
	reasonNoInbound    = "no flow from an external address"
	reasonNeedsHistory = "no history: needs an earlier day to compare with"
	reasonNoBytes      = "no flow has byte counts"
	reasonNoOwners     = "no owner database, or it does not cover any address of the day"
)

// leastPeers is the fewest hosts that a limit is learned from without a prior.
const leastPeers = 10

// ranCoverage is that of a rule that learns limits from hosts of past days and
// has fixed ones for a lack of them.
func (c *Context) ranCoverage() Coverage {
	h := c.learned()
	cov := Coverage{Ran: true, Hosts: h.Hosts, Days: h.Days}
	switch {
	case c.test.internalHosts() == 0:
		cov.Ran, cov.Reason = false, reasonNoHosts
	case h.Days == 0:
		cov.Reason = reasonNoHistory
	case h.Hosts < leastPeers:
		cov.Reason = reasonFewHosts
	}
	return cov
}

// Coverage returns what each rule could see, by rule.
func (r Result) Coverage() []Coverage {
	var list []Coverage
	for _, id := range slices.Sorted(maps.Keys(r.Outcomes)) {
		list = append(list, r.Outcomes[id].Coverage)
	}
	return list
}

// Limit is a reason for which rules did not run or saw less than they could.
type Limit struct {
	Reason string
	Ran    bool     // whether the rules ran
	Rules  []string // in the order of their coverage
}

// Limits groups coverage by reason, in the order in which the reasons first occur. It
// also returns how many rules ran.
func Limits(list []Coverage) (limits []Limit, ran int) {
	for _, c := range list {
		if c.Ran {
			ran++
		}
		if c.Reason == "" {
			continue
		}
		i := slices.IndexFunc(limits, func(l Limit) bool { return l.Reason == c.Reason && l.Ran == c.Ran })
		if i < 0 {
			i, limits = len(limits), append(limits, Limit{Reason: c.Reason, Ran: c.Ran})
		}
		limits[i].Rules = append(limits[i].Rules, c.Rule)
	}
	return limits, ran
}

// also adds a reason for which a rule sees less than it could.
func (c *Coverage) also(reason string) {
	if c.Reason != "" {
		reason = c.Reason + "; " + reason
	}
	c.Reason = reason
}

// notRun is the coverage of a rule that did not run.
func notRun(reason string) Coverage { return Coverage{Reason: reason} }
