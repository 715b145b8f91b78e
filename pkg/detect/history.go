package detect

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// Day is a day of the history.
type Day struct {
	Date    time.Time // midnight; zero if unknown
	Profile *profile.Profile
}

// history returns the days before the test day, earliest first. Days without a
// date come first, in an order of their own that depends on their content only.
func (in Input) history() []Day {
	var days []Day
	for _, d := range in.History {
		if d.Profile != nil {
			days = append(days, d)
		}
	}
	if in.Baseline != nil {
		days = append(days, Day{Profile: in.Baseline})
	}
	slices.SortStableFunc(days, func(a, b Day) int {
		return cmp.Or(a.Date.Compare(b.Date), slices.CompareFunc(a.Profile.Sources, b.Profile.Sources,
			func(a, b profile.Source) int { return cmp.Compare(a.SHA256, b.SHA256) }),
			slices.CompareFunc(a.Profile.Conversations, b.Profile.Conversations, func(a, b profile.Conversation) int {
				return cmp.Or(a.Key.Compare(b.Key), cmp.Compare(a.Flows, b.Flows), cmp.Compare(a.Up, b.Up))
			}))
	})
	return days
}

// DayBefore returns the input of detections on the last day of the history, with the days before it as history. The log of
// servers is of the test day only. It returns false without a history.
func (in Input) DayBefore() (Input, bool) {
	days := in.history()
	if len(days) == 0 {
		return Input{}, false
	}
	last := days[len(days)-1]
	in.History, in.Test, in.TestDate = days[:len(days)-1], last.Profile, last.Date
	in.Baseline, in.Servers = nil, nil
	return in, true
}

// memory holds the contacts of hosts on past days. It grows by a day at a time,
// and the alerts of a day are not remembered as normal.
type memory struct {
	days         int
	destinations map[netip.Addr]*destination
	names        map[string]*destination             // by what hosts asked for, without DNS
	hosts        map[netip.Addr]firstSeen            // internal hosts
	contacts     map[netip.Addr]map[party]int        // whom each host opened flows to, with the day on which it first did
	uploads      map[uploadKey]*uploadHistory        // what each host uploads to each target
	countries    map[geo.Country]map[netip.Addr]bool // with the hosts that contacted them
	used         map[geo.Country]bool                // of these, those with more than a visit
	reached      map[geo.Country]int                 // with the day on which a host first contacted them
	internal     map[profile.Key]bool                // conversations between internal hosts
	flagged      map[int]map[flag]bool               // alerts, by day
}

// flag is an alert of a rule on an entity. Target is the other end, if the rule
// looks at single ones.
type flag struct {
	rule   string
	entity netip.Addr
	target netip.Addr
}

// firstSeen is when something was first seen in the history.
type firstSeen struct {
	day int
	at  flow.Time
}

// since is the time from o to f, in 1/100 s; days are as long as flow.Day.
func (f firstSeen) since(o firstSeen) flow.Time { return flow.Time(f.day-o.day)*flow.Day + f.at - o.at }

// destination holds the contacts of past days with an external address.
type destination struct {
	firstSeen
	host   netip.Addr // the only internal host that contacted it; invalid if there were several
	gap    float64    // mean gap between its calls on the last day on which they kept a rhythm; 0 if they did not
	others bool       // several hosts contacted it
	flows  int64      // on all days
	last   int        // the last day with a contact
	days   int        // with a contact
	held   int        // of these, days on which a connection was held for shortHeld
	heldOn int        // the last of these
}

// uploadHistory is what a host uploaded to one target on past days. The largest
// size leaves out alerts.
type uploadHistory struct {
	best  float64 // largest size of a day, as uploadList.size
	total int64   // bytes sent on that day
	days  int     // days with an upload
	sum   float64 // bytes of all these days, as best
	first int     // the first of these days
}

func newMemory() *memory {
	return &memory{destinations: map[netip.Addr]*destination{}, names: map[string]*destination{}, hosts: map[netip.Addr]firstSeen{},
		contacts: map[netip.Addr]map[party]int{}, uploads: map[uploadKey]*uploadHistory{},
		countries: map[geo.Country]map[netip.Addr]bool{}, used: map[geo.Country]bool{}, reached: map[geo.Country]int{}, internal: map[profile.Key]bool{}, flagged: map[int]map[flag]bool{}}
}

// beganWith says whether a host is the only one that contacted a destination, and was there
// for long enough before it first did: then the history shows how that began.
func (m *memory) beganWith(host netip.Addr, to *destination) bool {
	seen, ok := m.hosts[host]
	return ok && !to.others && to.host == host && to.since(seen) >= beaconHours*flow.Hour
}

// justBegan says whether a destination of a host that began to contact it, as beganWith says,
// was contacted on a single day without an alert: the last one, a pause aside, or one before
// days with an alert.
func (c *Context) justBegan(to *destination, f flag) bool {
	return to.last == to.day && (to.day >= len(c.past)-1-pauseDays || c.flaggedLately(f))
}

// began says when a destination was first contacted, by a host that alone did.
func (c *Context) began(onset firstSeen) string {
	return fmt.Sprintf("no other host contacted it, and it began at %s on %s", onset.at.Clock(), c.past[onset.day].name(len(c.past)))
}

// knows says whether a host opened flows to a party on a day before.
func (m *memory) knows(host netip.Addr, p party) bool { return has(m.contacts[host], p) }

// add remembers a day except the traffic that its findings are about.
func (m *memory) add(d *day, findings []Finding) {
	flagged := map[flag]bool{}
	for _, f := range findings {
		if !f.Severity.Alert() {
			continue
		}
		flagged[flag{rule: f.Rule, entity: f.Entity}] = true
		if call, ok := f.Evidence.(Call); ok && call.Addresses > 0 {
			flagged[flag{rule: RuleBeacon + " " + call.Name, entity: f.Entity}] = true
		}
		for _, to := range destinationsOf(f) {
			flagged[flag{f.Rule, f.Entity, to.addr}] = true
		}
	}
	m.flagged[m.days] = flagged
	for h := range d.hosts() {
		if _, ok := m.hosts[h.Addr]; !ok && len(h.Slots) > 0 {
			m.hosts[h.Addr] = firstSeen{m.days, d.firstFlow(h.Addr)}
		}
	}
	m.addConversations(d, flagged)
	for k, u := range d.uploads().lists {
		old := m.uploads[k]
		if old == nil {
			old = &uploadHistory{}
			m.uploads[k] = old
		}
		if u.sent.Up > 0 {
			if old.days == 0 {
				old.first = m.days
			}
			old.days++
			old.sum += math.Exp(u.size())
		}
		if flagged[flag{RuleExfiltration, k.src, u.top()}] {
			continue
		}
		if size := u.size(); size >= old.best {
			old.best, old.total = size, u.total()
		}
	}
	for country, hosts := range d.countryTraffic().hosts {
		for h, n := range hosts {
			if flagged[flag{rule: RuleNewCountry, entity: h}] {
				continue
			}
			if m.countries[country] == nil {
				m.countries[country] = map[netip.Addr]bool{}
				m.reached[country] = m.days
			}
			m.countries[country][h] = true
			m.used[country] = m.used[country] || n.Flows > visitFlows
		}
	}
	m.days++
}

// addConversations remembers whom hosts contacted.
func (m *memory) addConversations(d *day, flagged map[flag]bool) {
	for i := range d.Conversations {
		c := &d.Conversations[i]
		if !d.inside(c.Src) {
			continue
		}
		name := nameOf(c)
		alerted := flagged[flag{RuleBeacon, c.Src, c.Dst}] || flagged[flag{RuleLongConnection, c.Src, c.Dst}]
		if m.contacts[c.Src] == nil {
			m.contacts[c.Src] = map[party]int{}
		}
		if p := d.party(c.Dst); !alerted && !m.knows(c.Src, p) {
			m.contacts[c.Src][p] = m.days
		}
		switch {
		case d.inside(c.Dst):
			if c.Src != c.Dst && !flagged[flag{rule: RuleInternalScan, entity: c.Src}] &&
				!flagged[flag{RuleInternalP2P, c.Src, c.Dst}] {
				m.internal[c.Key] = true
			}
		case d.outside(c.Dst) && !alerted:
			if name != "" && flagged[flag{rule: RuleBeacon + " " + name, entity: c.Src}] {
				continue
			}
			m.destinations[c.Dst] = m.met(m.destinations[c.Dst], c)
			if name != "" {
				m.names[name] = m.met(m.names[name], c)
			}
		}
	}
	m.addPaces(d, flagged)
}

// addPaces remembers at which pace hosts called.
func (m *memory) addPaces(d *day, flagged map[flag]bool) {
	for _, c := range d.calls() {
		if flagged[flag{RuleBeacon, c.conv.Src, c.conv.Dst}] {
			continue
		}
		if to := m.destinations[c.conv.Dst]; to != nil {
			to.gap = c.gap
		}
		if to := m.names[c.name]; to != nil {
			to.gap = c.gap
		}
	}
	for _, c := range d.namedCalls() {
		if to := m.names[c.name]; to != nil && !flagged[flag{rule: RuleBeacon + " " + c.name, entity: c.conv.Src}] {
			to.gap = c.gap
		}
	}
}

// met adds a conversation to the memory of an external destination.
func (m *memory) met(to *destination, c *profile.Conversation) *destination {
	if to == nil {
		to = &destination{firstSeen: firstSeen{m.days, c.First}, host: c.Src, last: -1, heldOn: -1}
	}
	to.flows += c.Flows
	if to.last != m.days {
		to.last, to.days = m.days, to.days+1
	}
	if holds(c, shortHeld) && to.heldOn != m.days {
		to.heldOn, to.held = m.days, to.held+1
	}
	if to.host != c.Src {
		to.others = true
	}
	if to.day == m.days {
		to.at = min(to.at, c.First)
	}
	return to
}

// size is the largest size of a day, 0 without an upload.
func (h *uploadHistory) size() float64 {
	if h == nil {
		return 0
	}
	return h.best
}

// sent is the bytes sent on the day of the largest upload.
func (h *uploadHistory) sent() int64 {
	if h == nil {
		return 0
	}
	return h.total
}
