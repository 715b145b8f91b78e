package chart

import (
	"math"
	"slices"

	"gonum.org/v1/plot"

	"github.com/flowbook/flowbook/pkg/frame"
)

// linearTicks returns about want ticks, but two at least, at round values of a linear axis.
func linearTicks(u frame.Unit, want int) plot.Ticker {
	return plot.TickerFunc(func(lo, hi float64) []plot.Tick {
		var ticks []plot.Tick
		for more := range 3 { // one tick does not show a scale
			step := roundStep(0.75 * (hi - lo) / float64(want+more))
			if (u == frame.Count || u == frame.Bytes) && hi-lo >= 1 {
				step = max(1, step) // both are whole
			}
			ticks = nil
			for i := math.Ceil(lo / step); i*step <= hi; i++ {
				// Multiplying keeps 0.1·3 from printing as 0.30000000000000004.
				v := math.Round(i*step/step) * step
				ticks = append(ticks, plot.Tick{Value: v, Label: tickLabel(u, v)})
			}
			if n := len(ticks); n > 1 {
				if more > 0 && n > want+1 {
					ticks = ends(ticks)
				}
				break
			}
		}
		return ticks
	})
}

// ends returns the first and the last tick, or zero and the farther one.
func ends(ticks []plot.Tick) []plot.Tick {
	first, last := ticks[0], ticks[len(ticks)-1]
	if zero := slices.IndexFunc(ticks, func(t plot.Tick) bool { return t.Value == 0 }); zero >= 0 {
		if -first.Value > last.Value {
			last = ticks[zero]
		} else {
			first = ticks[zero]
		}
	}
	return []plot.Tick{first, last}
}

// roundStep returns the smallest number of the form 1, 2 or 5 times a power of ten
// that is at least x.
func roundStep(x float64) float64 {
	if !(x > 0) {
		return 1
	}
	p := math.Pow(10, math.Floor(math.Log10(x)))
	for _, m := range []float64{1, 2, 5} {
		if m*p >= x {
			return m * p
		}
	}
	return 10 * p
}

// logTicks returns ticks at powers of ten of a logarithmic axis, about most.
func logTicks(u frame.Unit, most int) plot.Ticker {
	return plot.TickerFunc(func(lo, hi float64) []plot.Tick {
		first, last := math.Ceil(math.Log10(lo)-1e-9), math.Floor(math.Log10(hi)+1e-9)
		every := math.Ceil((last - first + 1) / float64(most))
		if last-first >= 2 { // one tick does not show a scale; closer ones might overlap
			every = min(every, last-first)
		}
		var ticks []plot.Tick
		for e := first; e <= last; e += every {
			v := math.Pow(10, e)
			ticks = append(ticks, plot.Tick{Value: v, Label: tickLabel(u, v)})
		}
		return ticks
	})
}

func tickLabel(u frame.Unit, v float64) string {
	switch {
	case v == 0:
		return "0"
	case u == frame.Ratio, u == frame.Count:
		return frame.SI(v, "")
	}
	return u.Short(v)
}

// dayTicks returns ticks of a day, some hours apart.
func dayTicks(every int) plot.Ticker {
	var ticks []plot.Tick
	for h := 0; h <= 24; h += every {
		label := frame.Hour.Format(float64(h))
		ticks = append(ticks, plot.Tick{Value: float64(h), Label: label})
	}
	return plot.ConstantTicks(ticks)
}

// unlabelled removes the labels of ticks but not their grid lines.
func unlabelled(t plot.Ticker) plot.Ticker {
	return plot.TickerFunc(func(lo, hi float64) []plot.Tick {
		ticks := t.Ticks(lo, hi)
		for i := range ticks {
			ticks[i].Label = ""
		}
		return ticks
	})
}

// axisTitle returns the title of an axis.
func axisTitle(c frame.Column, logarithmic bool) string {
	title := c.Title
	if c.Unit == frame.Bytes {
		title += " (bytes"
		if logarithmic {
			title += ", logarithmic"
		}
		return title + ")"
	}
	if logarithmic {
		title += " (logarithmic)"
	}
	return title
}
