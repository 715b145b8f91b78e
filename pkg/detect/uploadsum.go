package detect

import (
	"fmt"
	"math"

	"github.com/flowbook/flowbook/pkg/units"
)

// sumDays is the fewest days whose uploads are added up: two may be an errand.
const sumDays = 3

// uploaders counts the hosts that upload to each target, on any day.
func (c *Context) uploaders() map[party]int {
	hosts := map[party]int{}
	m := c.memory()
	for k := range m.uploads {
		hosts[k.party]++
	}
	for k, u := range c.test.uploads().lists {
		if m.uploads[k] == nil && u.sent.Up > 0 {
			hosts[k.party]++
		}
	}
	return hosts
}

// summed finds uploads that are small on each day and large together: those of one
// host to a target that no other host uploads to, which began after the first week
// of the history, when the host was there already. A job of the week is there in the
// first week. The sum is compared with the limit of a day, and is medium at most.
func (c *Context) summed(l uploadLimits, k float64) (findings []Finding) {
	m := c.memory()
	var hosts map[party]int
	for key, u := range c.test.uploads().lists {
		old := m.uploads[key]
		if old == nil || u.sent.Up == 0 || old.days+1 < sumDays || old.first < warmDays || m.hosts[key.src].day >= old.first {
			continue
		}
		sum := old.sum + math.Exp(u.size())
		excess := (math.Log(sum) - l.usual) / (l.limit(false, k) - l.usual)
		if excess < 1 {
			continue
		}
		if hosts == nil {
			hosts = c.uploaders()
		}
		if hosts[key.party] > 1 {
			continue
		}
		up := u.upload(key, c.test, old.sent())
		up.Days, up.Sum, up.Pace = old.days+1, int64(sum), PaceSlow
		f := up.finding(scoreOf(excess), u.span.window(), c.before())
		f.Summary = fmt.Sprintf("uploaded %s to %s on %d days since %s, %s of them on this day; no other host uploads there",
			units.Bytes(up.Sum), up.to(), up.Days, c.past[old.first].name(len(c.past)), units.Bytes(up.Up))
		f.Since, f.State = c.past[old.first].text(), StateOngoing
		f.capped(Medium)
		findings = append(findings, f)
	}
	return findings
}
