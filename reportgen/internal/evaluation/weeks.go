package evaluation

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/reportgen/internal/synth"
)

// weeksWorld is a synthetic organisation over several days.
type weeksWorld struct {
	seed        uint64
	hosts, days int
	flows       int // of a host on a working day
}

// weeksWorlds are the organisations that are measured. Their seeds are not those of
// the other worlds; the second half was drawn after most of the detections had been
// written. The large ones have fewer days and flows, so that all take a minute or two
// on two cores.
func weeksWorlds() []weeksWorld {
	return []weeksWorld{
		{301, 20, 28, 400}, {302, 20, 21, 200}, {303, 60, 28, 200}, {304, 60, 21, 400},
		{305, 200, 21, 150}, {306, 200, 14, 300}, {307, 1000, 12, 60},
		{9101, 40, 16, 150}, {9102, 120, 14, 200}, {9103, 400, 12, 100},
		{9104, 1500, 10, 50}, {9105, 25, 21, 300}, {9106, 90, 21, 120},
	}
}

// firstJudgedDay is the first day that counts: the eighth, since the first week
// is there to learn from.
const firstJudgedDay = 7

// weeksOutcome is how detections did on a world, from the eighth day on.
type weeksOutcome struct {
	weeksWorld
	history          bool
	cases, found     int // attacks on days on which they are active
	right            int // of these, found by the rule that they are planted for or with evidence of their destinations
	onsets, onsetsOn int // attacks that begin on a judged day, and those found on it
	hostDays         int // of hosts that are never planted
	alerted          int // of these, with an alert
	outside          int // alerts of external addresses that are not the destination of an attack
	missed           map[string]int
	wrong            map[string]int
}

// measureWeeks measures every world with and without a history.
func measureWeeks(ctx context.Context, worlds []weeksWorld, progress func(string)) ([]weeksOutcome, error) {
	var all []weeksOutcome
	for _, w := range slices.Backward(worlds) { // the largest first
		with, without, err := w.measure(ctx)
		if err != nil {
			return nil, fmt.Errorf("seed %d: %w", w.seed, err)
		}
		all = append(all, with, without)
	}
	slices.SortStableFunc(all, func(a, b weeksOutcome) int { return cmp.Compare(a.seed, b.seed) })
	progress(fmt.Sprintf("measured %d organisations over weeks", len(worlds)))
	return all, nil
}

// measure judges the days of a world, several at once.
func (w weeksWorld) measure(ctx context.Context) (with, without weeksOutcome, err error) {
	s, err := synth.NewWeeks(synth.WeeksOptions{Seed: w.seed, Hosts: w.hosts, Days: w.days, Flows: w.flows * w.hosts})
	if err != nil {
		return with, without, err
	}
	lookup, err := openGeo(s)
	if err != nil {
		return with, without, err
	}
	defer func() { err = errors.Join(err, lookup.Close()) }()
	days := make([]detect.Day, s.Len())
	run := func(from int, each func(i int)) error {
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(runtime.GOMAXPROCS(0))
		for i := from; i < len(days); i++ {
			g.Go(func() error {
				if ctx.Err() == nil {
					each(i)
				}
				return ctx.Err()
			})
		}
		return g.Wait()
	}
	if err := run(0, func(i int) { days[i] = detect.Day{Date: s.Date(i), Profile: profileOf(s.Day(i))} }); err != nil {
		return with, without, err
	}
	truth := newWeeksTruth(s.Truth())
	outcomes := make([][2]weeksOutcome, len(days))
	if err := run(firstJudgedDay, func(i int) {
		in := detect.Input{Test: days[i].Profile, TestDate: days[i].Date, Geo: lookup}
		outcomes[i][1] = truth.judge(i, in)
		in.History = days[max(0, i-28):i]
		outcomes[i][0] = truth.judge(i, in)
	}); err != nil {
		return with, without, err
	}
	with, without = newWeeksOutcome(w, true), newWeeksOutcome(w, false)
	for _, o := range outcomes[firstJudgedDay:] {
		with.add(o[0])
		without.add(o[1])
	}
	return with, without, lookup.Err()
}

// openGeo opens the databases of an organisation.
func openGeo(s *synth.Weeks) (*geo.Lookup, error) {
	open := func(name string, write func(io.Writer) error) (*geo.DB, error) {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			return nil, err
		}
		return geo.OpenBytes(name, b.Bytes())
	}
	country, err := open("country.mmdb", s.WriteCountryDB)
	if err != nil {
		return nil, err
	}
	owner, err := open("asn.mmdb", s.WriteOwnerDB)
	if err != nil {
		return nil, err
	}
	return geo.New(country, owner)
}

func newWeeksOutcome(w weeksWorld, history bool) weeksOutcome {
	return weeksOutcome{weeksWorld: w, history: history, missed: map[string]int{}, wrong: map[string]int{}}
}

func (o *weeksOutcome) add(day weeksOutcome) {
	o.cases, o.found, o.right = o.cases+day.cases, o.found+day.found, o.right+day.right
	o.onsets, o.onsetsOn = o.onsets+day.onsets, o.onsetsOn+day.onsetsOn
	o.hostDays, o.alerted, o.outside = o.hostDays+day.hostDays, o.alerted+day.alerted, o.outside+day.outside
	for what, n := range day.missed {
		o.missed[what] += n
	}
	for what, n := range day.wrong {
		o.wrong[what] += n
	}
}

// weeksTruth is a truth by day and entity.
type weeksTruth struct {
	days    []synth.DayTruth
	onset   map[ruleEntity]int
	planted map[netip.Addr]bool // on any day, destinations included
	kinds   map[netip.Addr]string
}

func newWeeksTruth(t synth.WeeksTruth) weeksTruth {
	w := weeksTruth{days: t.Days, onset: map[ruleEntity]int{}, planted: map[netip.Addr]bool{}, kinds: map[netip.Addr]string{}}
	for i, d := range t.Days {
		for _, p := range d.Planted {
			w.planted[p.Entity] = true
			for _, peer := range p.Peers {
				if !flow.Private.Contains(peer) {
					w.planted[peer] = true
				}
			}
			key := ruleEntity{p.Rule, p.Entity.String()}
			if _, ok := w.onset[key]; !ok {
				w.onset[key] = i
			}
		}
	}
	for _, b := range t.Benign {
		w.kinds[b.Entity] = b.Kind
	}
	return w
}

// judge runs the detections on the i-th day.
func (t weeksTruth) judge(i int, in detect.Input) weeksOutcome {
	o := newWeeksOutcome(weeksWorld{}, false)
	findings := detect.All(in).Findings
	for _, p := range t.days[i].Planted {
		l := label{entity: p.Entity, peers: p.Peers}
		found, right := false, false
		for _, f := range findings {
			if !f.Severity.Alert() || !slices.Contains(f.Entities(), p.Entity) {
				continue
			}
			found = true
			if f.Rule == p.Rule || l.explains(f, f.Addresses(), func(a netip.Addr) netip.Addr { return a }) {
				right = true
			}
		}
		onset := t.onset[ruleEntity{p.Rule, p.Entity.String()}]
		o.cases++
		if found {
			o.found++
		}
		if right {
			o.right++
		}
		if onset == i {
			o.onsets++
			if found {
				o.onsetsOn++
			}
		}
		if !found {
			when := "later"
			if onset == i {
				when = "on the first day"
			}
			o.missed[p.Rule+" "+when]++
		}
	}
	t.judgeBenign(&o, findings, in)
	return o
}

// judgeBenign counts the alerts on hosts that are not attacked, and the days of
// such hosts.
func (t weeksTruth) judgeBenign(o *weeksOutcome, findings []detect.Finding, in detect.Input) {
	alerted := map[netip.Addr]bool{}
	for _, f := range findings {
		for _, part := range partsOf(f) {
			a := part.Entity
			if !part.Severity.Alert() || t.planted[a] || alerted[a] {
				continue
			}
			alerted[a] = true
			if !flow.Private.Contains(a) {
				o.outside++
			} else {
				o.alerted++
			}
			o.wrong[part.Rule+" ("+cmp.Or(t.kinds[a], "ordinary")+")"]++
		}
	}
	for _, h := range in.Test.Hosts {
		if flow.Private.Contains(h.Addr) && !t.planted[h.Addr] {
			o.hostDays++
		}
	}
}

const weeksIntroduction = `
## Weeks of organisations

Synthetic organisations over two to four weeks, with working days and weekends, hosts and services
that come and go, jobs of the night, the week and the month, and attacks that begin on the eighth
day or later, go on, change their destination or stop. Each day from the eighth on is compared with
all days before it, those under attack among them, and then judged alone. An attack is found on a day
if its host has an alert, and right if the rule or the destinations are those of the attack.
Benign are hosts and days of hosts that are never attacked. The targets with a history are a recall of
0.95, the same on the first day of an attack, and at most 0.3 % of benign hosts alerted a day; without, 0.8 and 1 %.
Without a history, a scanner of the organisation scans, and on weekends of small networks so few hosts are on that
programs, devices and backups have nothing to be compared with: these are most of the false alarms.

On weeks of other organisations, from two generators that share nothing with this one, the targets are not met: of 443 attacks
and days 0.871 are found, of 150 first days 0.800, and 0.36 % of 8,122 benign hosts and days have an alert, 0.13 % with outside
clients. Of 57 misses

- 24 are command channels with a period of one to eight hours. An office host is on for nine hours, so that these make one to
  eight calls a day, and one to four on the first day. Four even gaps are needed: three vary by 5 % or less by chance in one
  of 400 cases.
- 12 are tunnels and generated names. Some ask for up to 140 names a day, and RITA counts from 100 names of a domain on; the
  others ask up to 700 times in logs without names, where that is within what hosts vary by.
- 7 are other beacons. Six began late in the day: those of an hour and 20 calls are found.
- 6 are 6 to 40 flows to a new country, as many as users exchange with one that few contact.
- 3 are behind a content delivery network in a log without names, where other hosts use the same addresses.
- 5 are others: two long connections to a hosting company that the host knew, a scan of seven addresses, a swarm of half an
  hour, and a port scan that is named but not by its target.

Of the 29 false alarms, 13 are a program that a single user uses, which flows do not distinguish from a command channel, 9
are uploads beyond a user's habits, three are the first hosts of a rollout, two a job at the end of the month and two visits to
a new country. Without a history, 0.71 of 69 attacks on 20 days of networks with 4 to 206 hosts are found, and 1.33 % of 981
hosts have an alert: half of the networks have fewer than 20 hosts, too few to show which rhythms are ordinary.

`

// writeWeeks writes the table of the organisations over weeks as Markdown.
func writeWeeks(w io.Writer, outcomes []weeksOutcome) {
	fmt.Fprint(w, weeksIntroduction)
	t := markdownTable{head: []string{"seed", "hosts", "days", "history", "active", "found", "recall", "right", "first days", "recall", "benign", "alerted", "share", "outside"}}
	sums := map[bool]*weeksOutcome{}
	for _, history := range []bool{true, false} {
		sum := newWeeksOutcome(weeksWorld{}, history)
		sums[history] = &sum
	}
	row := func(seed, hosts, days string, o weeksOutcome) {
		t.add(seed, hosts, days, map[bool]string{true: "all days before", false: "none"}[o.history], fmt.Sprint(o.cases), fmt.Sprint(o.found),
			quotient{o.found, o.cases}.String(), quotient{o.right, o.cases}.String(), fmt.Sprint(o.onsets), quotient{o.onsetsOn, o.onsets}.String(),
			fmt.Sprint(o.hostDays), fmt.Sprint(o.alerted), percentOf(o.alerted, o.hostDays), fmt.Sprint(o.outside))
	}
	for _, o := range outcomes {
		row(fmt.Sprint(o.seed), fmt.Sprint(o.hosts), fmt.Sprint(o.days), o)
		sums[o.history].add(o)
	}
	row("all", "", "", *sums[true])
	row("all", "", "", *sums[false])
	t.write(w)
	for _, history := range []bool{true, false} {
		fmt.Fprintf(w, "\nFaults with a history of %s:\n\n", map[bool]string{true: "all days before", false: "no day"}[history])
		for _, what := range slices.Sorted(maps.Keys(sums[history].missed)) {
			fmt.Fprintf(w, "- missed %d × %s\n", sums[history].missed[what], what)
		}
		for _, what := range slices.Sorted(maps.Keys(sums[history].wrong)) {
			fmt.Fprintf(w, "- false alarm %d × %s\n", sums[history].wrong[what], what)
		}
	}
}
