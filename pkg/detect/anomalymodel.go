package detect

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/profile"
)

// anomalyModel is what the days teach of hosts and their changes.
type anomalyModel struct {
	features      []feature
	lasting       []feature      // those that a host has without a baseline day; they come first
	usual         profile.Counts // bytes of the baseline's median host
	typical       []float64      // features of the baseline's median host, as reports print them
	shift         []float64      // how the median host of the network moved
	level, change scatter        // the baseline's hosts; the changes of hosts that are there on both days
	changes       bool           // there are enough of these

	k                       float64 // sensitivity
	levelLimit, changeLimit float64 // distances that are unusual
}

// learnAnomaly learns from the hosts of both days; it is false where the baseline
// day has too few, or no distance is unusual at a sensitivity of k. All that it
// learns are order statistics, so that the order of the hosts does not matter.
func learnAnomaly(before, after map[netip.Addr]*hostDay, k float64) (m anomalyModel, ok bool) {
	m.k, m.features = k, features()
	m.lasting = m.features[:slices.IndexFunc(m.features, func(f feature) bool { return f.fresh })]
	old := slices.Collect(maps.Values(before))
	m.usual = usualBytes(old)
	var was, is, changes [][]float64
	for _, h := range old {
		was = append(was, h.point(m.lasting, m.usual))
	}
	for src, now := range after {
		is = append(is, now.point(m.lasting, m.usual))
		if h := before[src]; h != nil {
			changes = append(changes, m.changeOf(now, h))
		}
	}
	if m.level, ok = scatterOf(was); !ok {
		return m, false
	}
	for j, v := range medians(is) {
		m.shift = append(m.shift, v-m.level.centre[j])
	}
	for _, f := range m.lasting {
		var values []float64
		for _, h := range old {
			values = append(values, f.of(h))
		}
		m.typical = append(m.typical, median(slices.Sorted(slices.Values(values))))
	}
	m.levelLimit = m.level.limit(k)
	if m.change, m.changes = scatterOf(changes); m.changes {
		m.changeLimit = m.change.limit(k)
	}
	return m, !math.IsInf(m.levelLimit, 0)
}

// changeOf is the change from one day to another. Features that count new
// contacts are changes by themselves.
func (m anomalyModel) changeOf(now, old *hostDay) []float64 {
	x := now.point(m.features, m.usual)
	for j, v := range old.point(m.lasting, m.usual) {
		x[j] -= v
	}
	return x
}

// judge compares a host's day with its baseline day, or with the baseline's hosts
// if old is nil. It returns false if there is nothing to compare with.
func (m anomalyModel) judge(now, old *hostDay) (HostChange, bool) {
	c := HostChange{Counts: now.Counts, Fresh: now.fresh, during: now.span, Newcomer: old == nil}
	level := now.point(m.lasting, m.usual)
	for j := range level {
		level[j] -= m.shift[j]
	}
	apart, moved := m.rising(m.level, level)
	c.Apart = m.level.excess(apart, m.levelLimit)
	if old == nil {
		c.Distance, c.Limit, c.excess = apart, m.levelLimit, c.Apart
		c.Features = m.moved(moved, now, nil)
		return c.rounded(), true
	}
	if !m.changes {
		return c, false
	}
	c.Distance, moved = m.rising(m.change, m.changeOf(now, old), m.nearer(level, old)...)
	c.Limit, c.excess = m.changeLimit, m.change.excess(c.Distance, m.changeLimit)
	c.Features = m.moved(moved, now, old)
	beyond := 0
	for _, f := range c.Features {
		if math.Abs(f.Deviation) >= m.k {
			beyond++
		}
	}
	c.plain = beyond >= several && c.Apart >= 1 && m.change.far(c.Distance, m.k)
	return c.rounded(), true
}

func (c HostChange) rounded() HostChange {
	c.Distance, c.Limit, c.Apart = round3(c.Distance), round3(c.Limit), round3(c.Apart)
	return c
}

// nearer lists the features in which a host's day, given as its lasting
// features without what the network did more of, lies nearer to the median host
// than the host's baseline day did.
func (m anomalyModel) nearer(level []float64, old *hostDay) []int {
	var nearer []int
	for j, was := range old.point(m.lasting, m.usual) {
		if math.Abs(level[j]-m.level.centre[j]) < math.Abs(was-m.level.centre[j]) {
			nearer = append(nearer, j)
		}
	}
	return nearer
}

// rising is the distance of a point in a scatter, or that of the same point
// without what it has less of and without the features left out where that is
// smaller, and how far each of its coordinates lies from the middle.
func (m anomalyModel) rising(c scatter, x []float64, without ...int) (distance float64, deviations []float64) {
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
func (m anomalyModel) moved(deviations []float64, now, old *hostDay) []Moved {
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

func (m anomalyModel) thresholds() []Threshold {
	threshold := func(name string, c scatter, limit float64, of string) Threshold {
		return Threshold{Name: name, Value: limit, Unit: "robust standard deviations",
			From: fmt.Sprintf("%s with %d features: median distance %.3g; at least the distance that chance explains among so many hosts",
				plural(int64(c.distances.n), "host")+of, len(c.centre), unlogDistance(c.distances.median))}
	}
	ts := []Threshold{threshold("distance of a day from the hosts of the baseline day", m.level, m.levelLimit, " of the baseline day")}
	if m.changes {
		ts = append(ts, threshold("distance of a change from the changes of other hosts", m.change, m.changeLimit, " active on both days"))
	}
	return ts
}
