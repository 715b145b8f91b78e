package detect

import (
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Context holds the days of an input and what rules derive from them in
// common, such as services, uploads and calls. Each is computed once, on first
// use, and so is the result of each rule at each sensitivity. A Context is not
// safe for concurrent use.
type Context struct {
	in      Input
	past    []*day // the history, earliest first
	test    *day
	servers *day
	runs    map[runKey]outcomer
	isPast  bool // a past day is under test

	known       lazy[*memory]
	pastAlerts  [][]Finding // alerts of each past day, computed with known
	services    lazy[ServicesResult]
	roles       lazy[map[serviceKey]Role]
	uploads     lazy[uploadLimits]
	internalPre lazy[peerTable]
	programs    lazy[map[calledService][]hostProgram]
	changing    lazy[bool]
	resolvers   lazy[[]netip.Addr]
	unexplained lazy[[]sizedUpload]
}

// NewContext returns the context of an input. It computes nothing yet. The
// input must not change afterwards.
func NewContext(in Input) *Context {
	locations := newLocations(in.Geo)
	c := &Context{in: in, runs: map[runKey]outcomer{},
		test:    newDay(Day{in.TestDate, in.Test}, in.Internal, locations),
		servers: newDay(Day{Profile: in.Servers}, in.Internal, locations)}
	if in.Servers == nil {
		c.servers = c.test // which has all directions, as a sensor sees them
	}
	for _, d := range in.history() {
		past := newDay(d, in.Internal, locations)
		past.index = len(c.past)
		c.past = append(c.past, past)
	}
	return c
}

// on returns the context of the i-th past day under test, with what the days
// before it taught.
func (c *Context) on(i int, m *memory) *Context {
	in := Input{Sensitivity: c.in.Sensitivity, Geo: c.in.Geo, Internal: c.in.Internal}
	o := &Context{in: in, isPast: true, runs: map[runKey]outcomer{}, past: c.past[:i], test: c.past[i], servers: c.past[i]}
	o.known.get(func() *memory { return m })
	return o
}

func (c *Context) sensitivity() float64 {
	if c.in.Sensitivity > 0 {
		return c.in.Sensitivity
	}
	return DefaultSensitivity
}

// memory returns the contacts of hosts on past days. Each past day is judged by
// the days before it, and its alerts are not remembered as normal. The first day is
// judged by itself, by rules that need no history and for beacons.
func (c *Context) memory() *memory {
	return c.known.get(func() *memory {
		m := newMemory()
		if len(c.past) > 1 {
			prepare(append(slices.Clone(c.past), c.test))
		}
		for i, d := range c.past {
			rules := ruleIDs()
			if i == 0 {
				rules = append(slices.Clone(standalone), RuleBeacon)
			}
			alerts := c.on(i, m).alerts(rules)
			if i < c.warm() {
				alerts = m.withoutJobs(alerts)
			}
			m.add(d, alerts)
			c.pastAlerts = append(c.pastAlerts, alerts)
		}
		return m
	})
}

// prepare prepares days, as many at once as there are processors.
func prepare(days []*day) {
	next := make(chan *day)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for d := range next {
				d.prepare()
			}
		})
	}
	for _, d := range days {
		next <- d
	}
	close(next)
	workers.Wait()
}

// The first week of a history, or half of it if that is less, is remembered with
// its jobs: a backup or a scan that runs every night or every week is new only
// once, and would be an alert for ever. Users and jobs do what these rules detect
// from time to time; what the other rules detect continues once it began.
const warmDays = 7

// warm is how many days of the history are remembered with their jobs.
func (c *Context) warm() int { return max(1, min(warmDays, len(c.past)/2)) }

var recurring = []string{RuleExfiltration, RuleInternalScan, RuleDNSC2, RuleNewCountry}

// withoutJobs returns the alerts of a day of the first week without those of recurring
// rules and without the beacons of hosts that were not there before, unless these have
// an alert of a rule that needs no history: on the first day of a host, its programs
// are as new as it is, and may have been there all the time.
func (m *memory) withoutJobs(alerts []Finding) []Finding {
	suspect := map[netip.Addr]bool{}
	for _, f := range alerts {
		suspect[f.Entity] = suspect[f.Entity] || slices.Contains(standalone, f.Rule)
	}
	return slices.DeleteFunc(alerts, func(f Finding) bool {
		_, known := m.hosts[f.Entity]
		return slices.Contains(recurring, f.Rule) || f.Rule == RuleBeacon && !known && !suspect[f.Entity]
	})
}

// alerts returns the alerts of rules, except host-anomaly, which only reports
// changes that no other rule covers.
func (c *Context) alerts(rules []string) []Finding {
	var alerts []Finding
	for _, id := range rules {
		if id == RuleHostAnomaly {
			continue
		}
		for _, f := range c.run(id, 0).outcome().Findings {
			if f.Severity.Alert() {
				alerts = append(alerts, f)
			}
		}
	}
	return alerts
}

// similar returns the past days of the test day's kind: those of the weekend or
// the others, if their dates are known and there are two of the kind, and all
// past days otherwise.
func (c *Context) similar() []*day {
	var same []*day
	for _, d := range c.past {
		if !d.date.IsZero() && !c.test.date.IsZero() && weekend(d.date) == weekend(c.test.date) {
			same = append(same, d)
		}
	}
	if len(same) < 2 {
		same = c.past
	}
	return c.recent(same)
}

// newcomer says whether a host has no earlier days, and whether that is unusual: most
// hosts of the day have some, or no host has any. If addresses change from day to
// day, as privacy addresses of IPv6 do, it says nothing of a host that it is new.
func (c *Context) newcomer(a netip.Addr) bool {
	m := c.memory()
	if _, known := m.hosts[a]; known {
		return false
	}
	return len(c.past) == 0 || !c.changing.get(func() bool {
		fresh, all := 0, 0
		for h := range c.test.hosts() {
			all++
			if _, known := m.hosts[h.Addr]; !known {
				fresh++
			}
		}
		return 2*fresh > all
	})
}

// recent returns the days that a past day is judged by: the last week of those
// given. The day under test is judged by all.
func (c *Context) recent(days []*day) []*day {
	if c.isPast {
		return days[max(0, len(days)-judgingDays):]
	}
	return days
}

const judgingDays = 7

func weekend(date time.Time) bool {
	return date.Weekday() == time.Saturday || date.Weekday() == time.Sunday
}

// peers returns the days whose hosts limits are learned from: the similar past
// days, or the test day itself if there is no history.
func (c *Context) peers() []*day {
	if len(c.past) == 0 {
		return []*day{c.test}
	}
	return c.similar()
}

// learned says from how many days and hosts rules learn.
func (c *Context) learned() History {
	hosts := map[netip.Addr]bool{}
	days := c.similar()
	for _, d := range days {
		for h := range d.hosts() {
			hosts[h.Addr] = true
		}
	}
	return History{Days: len(days), Hosts: len(hosts)}
}

// before names the history in a sentence, as in "no host contacted it on the
// baseline day"; it is empty if there is no history.
func (c *Context) before() string {
	switch n := len(c.past); n {
	case 0:
		return ""
	case 1:
		return "on the baseline day"
	default:
		return fmt.Sprintf("in the %d days before", n)
	}
}

// lazy is a value that is computed on first use.
type lazy[T any] struct {
	value T
	known bool
}

func (l *lazy[T]) get(compute func() T) T {
	if !l.known {
		l.value = compute()
		l.known = true
	}
	return l.value
}

// lastPast is the last past day, or one without flows.
func (c *Context) lastPast() *day {
	if n := len(c.past); n > 0 {
		return c.past[n-1]
	}
	return newDay(Day{}, c.in.Internal, c.test.locations)
}

// servicesResult is the internal services of the last past day and the test day.
func (c *Context) servicesResult() ServicesResult {
	return c.services.get(func() ServicesResult {
		return compareServices(c.lastPast().services(), c.test.services())
	})
}

// serverRoles returns the internal servers of any day with their roles.
func (c *Context) serverRoles() map[serviceKey]Role {
	return c.roles.get(func() map[serviceKey]Role {
		roles := map[serviceKey]Role{}
		for _, d := range append(slices.Clone(c.past), c.test) {
			for _, s := range d.services().Services {
				if s.Role != RolePeer {
					roles[s.key()] = s.Role
				}
			}
		}
		return roles
	})
}

// dnsServers returns the internal DNS servers of any day; sorted.
func (c *Context) dnsServers() []netip.Addr {
	return c.resolvers.get(func() (addrs []netip.Addr) {
		for k, role := range c.serverRoles() {
			if role == RoleDNS {
				addrs = append(addrs, k.addr)
			}
		}
		slices.SortFunc(addrs, netip.Addr.Compare)
		return slices.Compact(addrs)
	})
}

// uploadLimits is what the days teach about uploads.
func (c *Context) uploadLimits() uploadLimits {
	return c.uploads.get(func() uploadLimits { return c.learnUploads() })
}

// pastPeers holds the pairs of internal hosts with flows to ports that are not
// servers on past days.
func (c *Context) pastPeers() peerTable {
	return c.internalPre.get(func() peerTable {
		servers, t := c.serverRoles(), peerTable{}
		for k := range c.memory().internal {
			if servers[serviceKey{k.Dst, k.Proto, k.Port}] == "" {
				t[[2]netip.Addr{k.Src, k.Dst}] = peerFlows{}
			}
		}
		return t
	})
}
