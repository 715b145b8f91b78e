package chart

import (
	"math"
	"slices"
	"strconv"

	"github.com/dustin/go-humanize"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/frame"
)

// scale places the values of a column on an axis. A logarithmic scale places the
// exponents of values, and zero at a point of its own below the smallest one.
type scale struct {
	column frame.Column
	log    bool
	low    float64 // the position of zero on a logarithmic scale
	zero   bool    // the scale has zero
	lo, hi float64 // the ends of the axis, as positions
}

// skewed is the ratio of the largest value to the median from which a scale of
// positive values is logarithmic.
const skewed = 50

// newScale returns a scale for all finite values. A scale of quantities that are
// drawn from zero, such as bars and areas, has zero at an end.
func newScale(column frame.Column, values []float64, mayLog, fromZero bool) *scale {
	s := &scale{column: column}
	var all []float64
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		s.lo, s.hi = 0, 1
		return s
	}
	slices.Sort(all)
	lo, hi := all[0], all[len(all)-1]
	if mayLog && lo >= 0 && logarithmic(column.Unit) {
		positive := all[slices.IndexFunc(append(all, 1), func(v float64) bool { return v > 0 }):]
		if n := len(positive); n > 0 && hi >= skewed*positive[n/2] {
			s.log, s.zero = true, lo == 0
			s.lo, s.hi = math.Log10(positive[0]), math.Log10(hi)
			s.low = math.Floor(s.lo) - 0.6
			if s.zero {
				s.lo = s.low
			}
			return s
		}
	}
	if fromZero {
		lo, hi = min(lo, 0), max(hi, 0)
	}
	if lo == hi { // an axis needs a length
		pad := max(math.Abs(lo)*0.1, tick(column.Unit))
		if lo != 0 || !fromZero {
			lo -= pad
		}
		hi += pad
		if all[0] >= 0 {
			lo = max(lo, 0)
		}
	}
	if least := 10 * float64(flow.Second); column.Unit == frame.Clock && hi-lo < least { // times are not labelled in parts of seconds
		lo = max(0, (lo+hi-least)/2)
		hi = lo + least
	}
	s.lo, s.hi = lo, hi
	return s
}

// tick is the least distance of values of a unit that is worth an axis.
func tick(u frame.Unit) float64 {
	if u == frame.Clock {
		return float64(flow.Second)
	}
	return 1
}

// logarithmic reports whether values of a unit can be on a logarithmic scale. Times
// of day and names, such as ports, cannot.
func logarithmic(u frame.Unit) bool {
	switch u {
	case frame.Count, frame.Bytes, frame.Ratio, frame.Seconds, frame.Duration, frame.Times:
		return true
	}
	return false
}

// at returns the position of a value, and false if it has none.
func (s *scale) at(v float64) (float64, bool) {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return 0, false
	case !s.log:
		return v, true
	case v > 0:
		return math.Log10(v), true
	}
	return s.low, v == 0
}

// set sets an axis to the scale, with space at its ends as a share of its length,
// and with ticks whose labels fit into that length.
func (s *scale) set(a *plot.Axis, before, after float64, length vg.Length, vertical bool) {
	span := s.hi - s.lo
	a.Min, a.Max = s.lo-before*span, s.hi+after*span
	if a.Min == a.Max { // a single value on a logarithmic scale
		a.Min, a.Max = a.Min-0.5, a.Max+0.5
	}
	a.Label.Text = axisTitle(s.column, s.log)
	var ticks []plot.Tick
	for want := 8; want > 0; want-- {
		ticks = s.ticks(a.Min, a.Max, want)
		var room vg.Length
		for _, t := range ticks {
			if vertical {
				room += 2 * textSize
			} else {
				room += a.Tick.Label.Width(t.Label) + 2*textSize
			}
		}
		if room <= length {
			break
		}
	}
	a.Tick.Marker = plot.ConstantTicks(ticks)
}

// ticks returns about want ticks between two positions.
func (s *scale) ticks(lo, hi float64, want int) []plot.Tick {
	var ticks []plot.Tick
	switch {
	case s.log:
		first, last := math.Ceil(lo-1e-9), math.Floor(hi+1e-9)
		if s.zero {
			ticks = append(ticks, plot.Tick{Value: s.low, Label: "0"})
			first = math.Ceil(s.low)
		}
		every := math.Ceil((last - first + 1) / float64(want))
		for e := first; e <= last; e += max(1, every) {
			ticks = append(ticks, plot.Tick{Value: e, Label: tickLabel(s.column.Unit, math.Pow(10, e))})
		}
		if len(ticks) == 0 {
			ticks = append(ticks, plot.Tick{Value: lo, Label: tickLabel(s.column.Unit, math.Pow(10, lo))})
		}
		return ticks
	case s.column.Unit == frame.Clock:
		return clockTicks(lo, hi, want, float64(flow.Second))
	case s.column.Unit == frame.Hour:
		return clockTicks(lo, hi, want, 1.0/3600)
	case s.column.Unit == frame.Plain:
		u := scale{column: frame.Column{Unit: frame.Count}}
		ticks = u.ticks(lo, hi, want)
		for i, t := range ticks {
			ticks[i].Label = strconv.FormatFloat(t.Value, 'f', -1, 64)
		}
		return ticks
	}
	ticks = linearTicks(s.column.Unit, want).Ticks(lo, hi)
	for i := 1; i < len(ticks); i++ {
		if ticks[i].Label == ticks[i-1].Label { // three digits do not distinguish them
			for i, t := range ticks {
				ticks[i].Label = humanize.Commaf(t.Value)
			}
			break
		}
	}
	return ticks
}

// clockTicks returns ticks at round times of day. A position of second
// is one second after midnight.
func clockTicks(lo, hi float64, want int, second float64) []plot.Tick {
	steps := []float64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400}
	if second < 1 { // hours have no minutes
		steps = steps[12:]
	}
	step := steps[len(steps)-1]
	for _, s := range steps {
		if (hi-lo)/second/s <= float64(want) {
			step = s
			break
		}
	}
	var ticks []plot.Tick
	for i := math.Ceil(lo/second/step - 1e-9); i*step*second <= hi+1e-9; i++ {
		if i < 0 || i*step > 86400 {
			continue
		}
		label := frame.Clock.Format(i * step * float64(flow.Second))
		if step >= 60 {
			label = label[:len("09:29")]
		}
		ticks = append(ticks, plot.Tick{Value: i * step * second, Label: label})
	}
	return ticks
}

// wholeDay widens a scale of times that covers most of a day to all of it.
func (s *scale) wholeDay() *scale {
	day := map[frame.Unit]float64{frame.Clock: float64(flow.Day), frame.Hour: 24}[s.column.Unit]
	if day > 0 && s.hi-s.lo > day*3/4 && s.lo >= 0 && s.hi <= day {
		s.lo, s.hi = 0, day
	}
	return s
}
