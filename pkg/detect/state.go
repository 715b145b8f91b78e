package detect

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
)

// standalone are the rules that need no history to say what is unusual. Their
// alerts on the first day of the history say since when something goes on.
var standalone = []string{RuleExternalP2P, RuleExternalScan, RuleInboundAttack}

// pauseDays is how many days in a row a finding may be absent and still go on:
// hosts are off on weekends.
const pauseDays = 2

// flaggedLately says whether there was an alert on one of the last past days, a pause
// aside.
func (c *Context) flaggedLately(f flag) bool {
	for d := len(c.past) - 1; d >= 0 && d >= len(c.past)-1-pauseDays; d-- {
		if c.memory().flagged[d][f] {
			return true
		}
	}
	return false
}

// goingOn is an excess, raised to the limit if it continues an alert of the last days: one
// that goes on from goesOn on.
func (c *Context) goingOn(excess float64, f flag) float64 {
	if excess >= goesOn && c.flaggedLately(f) {
		return max(excess, 1)
	}
	return excess
}

// flaggedOn says whether there was an alert on a day; never on the one under test.
func (c *Context) flaggedOn(d *day, f flag) bool {
	return d != c.test && c.memory().flagged[d.index][f]
}

// matter is what a finding is about, to be found again on another day.
func (f Finding) matter() flag {
	m := flag{rule: f.Rule, entity: f.Entity}
	switch e := f.Evidence.(type) {
	case Call:
		m.target = e.Dst
		if e.Addresses > 0 {
			m.rule, m.target = m.rule+" "+e.Name, netip.Addr{}
		}
	case Upload:
		m.target = e.Dst
	case Held:
		m.target = e.Dst
	case InboundAttack:
		m.entity, m.target = netip.Addr{}, netip.Addr{}
		m.rule += " " + e.Kind
	}
	return m
}

// dated sets since when findings go on, from the alerts of past days.
func (c *Context) dated(findings []Finding) {
	if len(c.past) == 0 {
		return
	}
	c.memory()
	for i := range findings {
		f := &findings[i]
		if f.State == "" {
			f.State = StateNew
		}
		first, absent, pause := -1, 0, 0
		for d := len(c.pastAlerts) - 1; d >= 0 && absent <= pauseDays; d-- {
			if slices.ContainsFunc(c.pastAlerts[d], func(o Finding) bool { return o.matter() == f.matter() }) {
				if first < 0 {
					pause = absent
				}
				first, absent = d, 0
			} else {
				absent++
			}
		}
		if first < 0 {
			if f.Since == "" && f.State == StateNew {
				f.Since = c.test.text()
			}
			continue
		}
		if f.State != StateOngoing { // unless the rule itself has seen it on the days before
			f.Pause = pause
		}
		f.State = StateOngoing
		if since := c.past[first].text(); since != "" && (f.Since == "" || since < f.Since) {
			f.Since = since
		}
		// The history is not without it: its alerts of past days do not count as normal.
		f.Summary = strings.Replace(f.Summary, c.before(), "before", 1)
		if f.Since != "" && f.Since < c.past[first].text() {
			continue // which its summary says
		}
		f.Summary += "; ongoing since " + c.past[first].name(len(c.past))
		if day := c.dayNumber(first); day > 0 {
			f.Summary += fmt.Sprintf(", day %d", day)
		}
	}
}

// dayNumber is which day of a finding the test day is if it began on a past day;
// 0 if dates are unknown.
func (c *Context) dayNumber(first int) int {
	if c.test.date.IsZero() || c.past[first].date.IsZero() {
		return 0
	}
	return int(c.test.date.Sub(c.past[first].date)/(24*time.Hour)) + 1
}

// Resolved returns the alerts of the last past day that the test day does not
// have, as information. Without a second past day nothing says what was one.
func (c *Context) Resolved(findings []Finding) []Finding {
	c.memory()
	if len(c.pastAlerts) == 0 {
		return nil
	}
	now := map[flag]bool{}
	for _, f := range partsOf(findings) {
		now[f.matter()] = true
	}
	var resolved []Finding
	last := c.past[len(c.past)-1]
	for _, f := range c.pastAlerts[len(c.pastAlerts)-1] {
		if now[f.matter()] {
			continue
		}
		now[f.matter()] = true
		f.capped(Info)
		f.State, f.Since, f.parts, f.Members = StateResolved, last.text(), nil, nil
		f.Summary = fmt.Sprintf("ended: %s (on %s)", f.Summary, last.name(len(c.past)))
		f.Window = [2]flow.Time{}
		resolved = append(resolved, f)
	}
	return resolved
}
