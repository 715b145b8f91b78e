package detect

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/profile"
)

// RuleHostAnomaly is the id of the rule of Anomaly.
const RuleHostAnomaly = "host-anomaly"

// HostChange is how one internal host's test day differs from its baseline day,
// or from other hosts' where it has none, and the evidence of a host-anomaly
// finding.
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
	Before    float64 `json:"before"`    // on its baseline day; the median host's where it has none
	After     float64 `json:"after"`     // on the test day
	Deviation float64 `json:"deviation"` // robust standard deviations from how the hosts' feature changed, or from the hosts' own
	Text      string  `json:"text"`      // the same for people, such as "flows 404 (102)"
}

// AnomalyResult is how much the internal hosts changed.
type AnomalyResult struct {
	Hosts      []HostChange // of the test day, most changed first
	Thresholds []Threshold
	Findings   []Finding
}

// movedFrom is the deviation from which a feature is told: less is nothing that
// hosts do not do every day.
const movedFrom = 2

// farther is how many times the way from the median distance to the limit a
// change must go, on a logarithmic scale, to be medium: what no rule has a name
// for must be plainer to see than what one has.
const farther = 1.5

// several is how many features must lie beyond the sensitivity, each by itself,
// for a change to be medium. One film moves two, the bytes received and their
// quotient with those sent; who changes hands moves more.
const several = 3

// Anomaly finds internal hosts whose day differs from their baseline day as no
// other host's does, whatever it is that differs.
//
// A day of a host is a dozen features (see features). Of hosts with a baseline
// day the changes from it are compared with each other, as a cloud of points:
// the robust Mahalanobis distance says how far a change lies from those that
// most hosts went through, so that what the whole network did more of on the
// day is nobody's anomaly. What a host did less of does not count, nor what it
// does more like the others than before. A distance is
// unusual beyond what the distances of all hosts teach, and beyond what chance
// gives so many hosts: that is low. It is medium, and never more, where the
// distance is half as far again from the median one, on a logarithmic scale,
// several features moved far by themselves, and the day itself lies beyond those
// of the baseline's hosts too. A host without a baseline day is compared with
// the baseline's hosts, but for what the network did more of, and is low at
// most, for new devices are often unlike others.
func Anomaly(in Input) AnomalyResult {
	baseline, test := in.days()
	at, k := in.places(), in.sensitivity()
	s := baseline.standing(at)
	before, after := baseline.habits(s, at, false), test.habits(s, at, true)
	m, ok := learnAnomaly(before, after)
	if !ok || math.IsInf(m.level.limit(k), 0) { // no distance is unusual at such a sensitivity
		return AnomalyResult{}
	}
	r := AnomalyResult{Thresholds: m.thresholds(k)}
	for src, now := range after {
		if c, ok := m.judge(now, before[src], k); ok {
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

// anomalyModel is what the days teach of hosts and their changes.
type anomalyModel struct {
	features []feature
	usual    profile.Counts // bytes of the baseline's median host
	typical  []float64      // features of the baseline's median host, as people read them
	shift    []float64      // how the median host of the network moved
	level    cloud          // the baseline's hosts
	change   cloud          // changes of hosts that are there on both days
	changes  bool           // there are enough of them
}

// learnAnomaly learns from the hosts of both days; it is false where the baseline
// day has too few. All that it learns are order statistics, so that the order of
// the hosts does not matter.
func learnAnomaly(before, after map[netip.Addr]*habits) (m anomalyModel, ok bool) {
	m.features = features()
	old := slices.Collect(maps.Values(before))
	m.usual = usualBytes(old)
	var was, is, changes [][]float64
	for _, h := range old {
		was = append(was, h.point(m.lasting(), m.usual))
	}
	for src, now := range after {
		is = append(is, now.point(m.lasting(), m.usual))
		if h := before[src]; h != nil {
			changes = append(changes, m.changeOf(now, h))
		}
	}
	if m.level, ok = cloudOf(was); !ok {
		return m, false
	}
	for j, v := range medians(is) {
		m.shift = append(m.shift, v-m.level.centre[j])
	}
	for _, f := range m.lasting() {
		var values []float64
		for _, h := range old {
			values = append(values, f.of(h))
		}
		m.typical = append(m.typical, median(slices.Sorted(slices.Values(values))))
	}
	m.change, m.changes = cloudOf(changes)
	return m, true
}

// lasting returns the features that a host has whether or not it has a baseline
// day; they come first.
func (m anomalyModel) lasting() []feature {
	n := slices.IndexFunc(m.features, func(f feature) bool { return f.fresh })
	return m.features[:n]
}

// changeOf is the change from one day to another. Features of what is new are
// changes by themselves.
func (m anomalyModel) changeOf(now, old *habits) []float64 {
	x := now.point(m.features, m.usual)
	for j, v := range old.point(m.lasting(), m.usual) {
		x[j] -= v
	}
	return x
}

// judge compares a host's day with its baseline day, or where old is nil with
// the baseline's hosts. It is false where there is nothing to compare with.
func (m anomalyModel) judge(now, old *habits, k float64) (HostChange, bool) {
	c := HostChange{Counts: now.Counts, Fresh: now.fresh, during: now.span, Newcomer: old == nil}
	level := now.point(m.lasting(), m.usual)
	for j := range level {
		level[j] -= m.shift[j]
	}
	apart, moved := m.rising(m.level, level)
	c.Apart = m.level.excess(apart, k)
	if old == nil {
		c.Distance, c.Limit, c.excess = apart, m.level.limit(k), m.level.excess(apart, k)
		c.Features = m.moved(moved, now, nil)
		return c.rounded(), true
	}
	if !m.changes {
		return c, false
	}
	c.Distance, moved = m.rising(m.change, m.changeOf(now, old), m.nearer(level, old)...)
	c.Limit, c.excess = m.change.limit(k), m.change.excess(c.Distance, k)
	c.Features = m.moved(moved, now, old)
	beyond := 0
	for _, f := range c.Features {
		if math.Abs(f.Deviation) >= k {
			beyond++
		}
	}
	c.plain = beyond >= several && c.Apart >= 1 && m.change.far(c.Distance, k)
	return c.rounded(), true
}

func (c HostChange) rounded() HostChange {
	c.Distance, c.Limit, c.Apart = round3(c.Distance), round3(c.Limit), round3(c.Apart)
	return c
}

// nearer lists the features in which a host's day, given as its lasting
// features without what the network did more of, lies nearer to the median host
// than the host's baseline day did.
func (m anomalyModel) nearer(level []float64, old *habits) []int {
	var nearer []int
	for j, was := range old.point(m.lasting(), m.usual) {
		if math.Abs(level[j]-m.level.centre[j]) < math.Abs(was-m.level.centre[j]) {
			nearer = append(nearer, j)
		}
	}
	return nearer
}

// rising is the distance of a point in a cloud, or that of the same point
// without what it has less of and without the features left out where that is
// smaller, and how far each of its coordinates lies from the middle.
func (m anomalyModel) rising(c cloud, x []float64, without ...int) (distance float64, deviations []float64) {
	z := c.standard(x)
	deviations = make([]float64, len(x))
	up := slices.Clone(z)
	for j := range x {
		deviations[j] = (x[j] - c.centre[j]) / c.scale[j]
		if deviations[j] < 0 && !m.features[j].fewer || slices.Contains(without, j) {
			deviations[j], up[j] = 0, 0
		}
	}
	return min(c.distance(z), c.distance(up)), deviations
}

// moved lists the features that moved, farthest first.
func (m anomalyModel) moved(deviations []float64, now, old *habits) []Moved {
	list := []Moved{}
	for j, d := range deviations {
		if math.Abs(d) < movedFrom {
			continue
		}
		f := m.features[j]
		one := Moved{Name: f.name, After: f.of(now), Deviation: round3(d)}
		switch {
		case old == nil:
			one.Before = m.typical[j]
		case !f.fresh:
			one.Before = f.of(old)
		}
		one.Text = fmt.Sprintf("%s %s (%s)", f.name, f.text(one.After), f.text(one.Before))
		list = append(list, one)
	}
	slices.SortStableFunc(list, func(a, b Moved) int { return cmp.Compare(math.Abs(b.Deviation), math.Abs(a.Deviation)) })
	return list
}

func (m anomalyModel) thresholds(k float64) []Threshold {
	threshold := func(name string, c cloud, of string) Threshold {
		return Threshold{Name: name, Value: c.limit(k), Unit: "robust standard deviations",
			From: fmt.Sprintf("%s: %d with %d features, median distance %.3g; and what chance gives so many",
				of, c.distances.n, len(c.centre), unlogDistance(c.distances.median))}
	}
	ts := []Threshold{threshold("distance of a day from the baseline's hosts", m.level, "hosts of the baseline day")}
	if m.changes {
		ts = append(ts, threshold("distance of a change from other hosts' changes", m.change, "hosts that are there on both days"))
	}
	return ts
}

// named lowers the findings on hosts for which another rule has an alert to
// info, and says which: what a rule names is no longer what no rule names.
func (r *AnomalyResult) named(others []Finding) {
	by := map[string][]string{}
	for _, f := range others {
		if f.Severity.Alert() && !slices.Contains(by[f.Entity], f.Rule) {
			by[f.Entity] = append(by[f.Entity], f.Rule)
		}
	}
	for i, c := range r.Hosts {
		r.Hosts[i].NamedBy = slices.Sorted(slices.Values(by[c.Src.String()]))
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		c := f.Evidence.(HostChange)
		if c.NamedBy = slices.Sorted(slices.Values(by[f.Entity])); len(c.NamedBy) > 0 {
			f.Evidence = c
			f.Summary += "; explained by " + strings.Join(c.NamedBy, " and ")
			f.capped(Info)
		}
	}
	sortFindings(r.Findings)
}

// finding reports a host with an excess of 1 or more.
func (c HostChange) finding() Finding {
	score := scoreOf(c.excess / farther)
	f := Finding{Rule: RuleHostAnomaly, Entity: c.Src.String(), Severity: severityOf(score), Score: score,
		Attack: []string{}, Summary: c.summary(), Evidence: c, Window: c.during.window()}
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
		parts = append(parts, "no single feature, but how they go together")
	}
	than := "changed as no other host did (in brackets its baseline day)"
	if c.Newcomer {
		than = "is new, and unlike the other hosts (in brackets the median one)"
	}
	return fmt.Sprintf("%s: %s; distance %.1f, unusual from %.1f", than, strings.Join(parts, ", "), c.Distance, c.Limit)
}
