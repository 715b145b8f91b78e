package synth

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
)

// The bounds of WeeksOptions, and their defaults.
const (
	defaultDays      = 21
	defaultHostFlows = 400

	minDays      = 2
	maxDays      = 366
	minHostFlows = 20
	maxHostFlows = 10_000
)

// WeeksOptions say what organisation to draw over several weeks. The zero value
// is three weeks of 200 hosts.
type WeeksOptions struct {
	Seed  uint64    // 0 means DefaultSeed
	Hosts int       // hosts of an ordinary day, servers not counted; 0 means DefaultHosts
	Days  int       // 0 means defaultDays
	Flows int       // about how many flows a working day has; 0 means defaultHostFlows for each host
	Start time.Time // first day; zero means Monday, 4 March 2024
	Clean bool      // plant nothing; all else stays the same
}

func (o WeeksOptions) normal() (WeeksOptions, error) {
	o.Seed = cmp.Or(o.Seed, DefaultSeed)
	o.Hosts = cmp.Or(o.Hosts, DefaultHosts)
	o.Days = cmp.Or(o.Days, defaultDays)
	o.Flows = cmp.Or(o.Flows, defaultHostFlows*o.Hosts)
	if o.Start.IsZero() {
		o.Start = time.Date(2024, 3, 4, 0, 0, 0, 0, time.UTC)
	}
	return o, cmp.Or(
		inRange("hosts", o.Hosts, MinHosts, MaxHosts),
		inRange("days", o.Days, minDays, maxDays),
		inRange("flows", o.Flows, minHostFlows*o.Hosts, maxHostFlows*o.Hosts))
}

// Weeks is an organisation over several days, with users, machines, jobs and
// attacks that begin, go on, change and stop. It does not change after
// [NewWeeks], and is safe for concurrent use.
type Weeks struct {
	opts       WeeksOptions
	hostFlows  int   // about how many flows a host has on a working day
	plan       *Plan // the world: addresses, users and their preferences
	members    []member
	activities []activity
	truth      WeeksTruth
}

// member is a host and the days from which and before which it is there.
type member struct {
	*host
	from, to int
	machine  bool // on all day and all week, without a person
}

// present says whether the host belongs to the organisation on a day.
func (m member) present(day int) bool { return day >= m.from && day < m.to }

// activity is the behaviour of a user or machine in addition to what users do of
// themselves.
type activity struct {
	name string
	run  func(d weekday) []flow.Record
}

// weekday is one day of an organisation, with random numbers of its own for
// one activity.
type weekday struct {
	index int
	date  time.Time
	rng
}

func (d weekday) weekend() bool {
	return d.date.Weekday() == time.Saturday || d.date.Weekday() == time.Sunday
}

// lastOfMonth says whether the day is the last working day of its month.
func (d weekday) lastOfMonth() bool {
	if d.weekend() {
		return false
	}
	next := d.date.AddDate(0, 0, 1)
	if next.Weekday() == time.Saturday {
		next = next.AddDate(0, 0, 2)
	}
	return next.Month() != d.date.Month()
}

// NewWeeks draws an organisation. It is an error if the options are out of
// bounds.
func NewWeeks(o WeeksOptions) (*Weeks, error) {
	o, err := o.normal()
	if err != nil {
		return nil, err
	}
	// Some hosts leave and others come, so more are drawn than are there.
	drawn := o.Hosts + max(1, o.Hosts*o.Days/churnDays)
	hostFlows := o.Flows / o.Hosts
	p := &Plan{opts: Options{Seed: o.Seed, Flows: drawn * hostFlows, Hosts: drawn, Strength: 1}}
	p.pool = newPool(p.stream("pool"))
	p.hosts = p.newHosts()
	w := &Weeks{opts: o, hostFlows: hostFlows, plan: p, truth: WeeksTruth{Seed: o.Seed}}
	w.enrol()
	w.addJobs()
	if !o.Clean {
		w.addAttacks()
	}
	w.truth.sort()
	return w, nil
}

// churnDays is after how many days as many hosts have come as there are: a
// device lives for about three years, a guest's for a day.
const churnDays = 250

// enrol says which hosts are there from the first day on, which come later and
// which leave, and which are machines.
func (w *Weeks) enrol() {
	r := w.plan.stream("enrol")
	order := r.Perm(len(w.plan.hosts))
	w.members = make([]member, len(w.plan.hosts))
	for n, i := range order {
		m := member{host: w.plan.hosts[i], to: w.opts.Days, machine: r.chance(machineShare)}
		switch {
		case n >= w.opts.Hosts: // comes on a day, and some are guests who stay for one
			m.from = 1 + r.IntN(w.opts.Days-1)
			m.machine = false
			if r.chance(guestShare) {
				m.to = m.from + 1
				w.harmless(m.host, "guest", "a guest's device, there on one day")
			} else {
				w.harmless(m.host, "new-host", "comes on a later day, and works as everyone does")
			}
		case n < w.opts.Hosts*w.opts.Days/(2*churnDays):
			m.to = 1 + r.IntN(w.opts.Days-1)
		}
		w.members[i] = m
	}
}

// Of the hosts, machines: printers, cameras, signs, servers of departments. Of
// the hosts that come, guests.
const (
	machineShare = 0.12
	guestShare   = 0.4
)

// Len returns the number of days.
func (w *Weeks) Len() int { return w.opts.Days }

// Date returns the midnight at which the i-th day begins.
func (w *Weeks) Date(i int) time.Time { return w.opts.Start.AddDate(0, 0, i) }

// Truth says what was planted and what only looks so.
func (w *Weeks) Truth() WeeksTruth { return w.truth }

// WriteCountryDB writes an MMDB of the countries of the addresses.
func (w *Weeks) WriteCountryDB(out io.Writer) error { return w.plan.WriteCountryDB(out) }

// WriteOwnerDB writes an MMDB of the owners of the addresses.
func (w *Weeks) WriteOwnerDB(out io.Writer) error { return w.plan.WriteOwnerDB(out) }

// Day yields the i-th day in order of time.
func (w *Weeks) Day(i int) iter.Seq[flow.Record] {
	return func(yield func(flow.Record) bool) {
		d := &day{name: dayName(fmt.Sprintf("day %d", i)), records: make([]flow.Record, 0, w.opts.Flows)}
		w.routine(d, i)
		for _, a := range w.activities {
			d.records = append(d.records, a.run(w.weekday(i, a.name))...)
		}
		slices.SortFunc(d.records, flow.Compare)
		for _, r := range d.records {
			if !yield(r) {
				return
			}
		}
	}
}

// weekday returns a day for an activity.
func (w *Weeks) weekday(i int, activity string) weekday {
	return weekday{index: i, date: w.Date(i), rng: w.plan.stream(fmt.Sprintf("day %d", i), activity)}
}

// The habits of users over a week, and the growth of their traffic.
const (
	atWorkShare  = 0.94  // of users, on a working day
	weekendShare = 0.12  // of users, on a day of the weekend
	weekendFlows = 0.35  // of what they do on a working day
	machineFlows = 0.15  // of a machine, of what a person does
	drift        = 0.004 // growth of all traffic a day
)

// routine adds the ordinary activity of users and machines. A machine's flows are
// as a person's, but few.
func (w *Weeks) routine(d *day, i int) {
	today := w.weekday(i, "")
	for _, m := range w.members {
		r := w.plan.stream(string(d.name), m.name, "sessions")
		if !m.there(today, r) {
			continue
		}
		n := float64(w.hostFlows) * m.weight * r.logNormal(1, 0.25) * (1 + drift*float64(i))
		switch {
		case m.machine:
			n *= machineFlows
		case today.weekend():
			n *= weekendFlows
		}
		browse(d, m.host, int(n), r)
	}
}

// there says whether the host is on.
func (m member) there(d weekday, r rng) bool {
	share := atWorkShare
	if d.weekend() {
		share = weekendShare
	}
	return m.present(d.index) && (r.chance(share) || m.machine)
}

// on says whether the host is on, as it is for users.
func (w *Weeks) on(m member, d weekday) bool {
	return m.there(d, w.plan.stream(fmt.Sprintf("day %d", d.index), m.name, "sessions"))
}
