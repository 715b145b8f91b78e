package chart

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/flowbook/flowbook/pkg/frame"
)

// barPlotter draws groups of horizontal bars with the value at the end of each.
// Unlike gonum's BarChart, it supports a logarithmic axis, on which bars start at
// the low end, and reserves space for the captions at the ends of bars. Row i is
// at Y = -i.
type barPlotter struct {
	series     []trace
	suspicious []bool
	label      string   // the column of names
	names      []string // of rows
	value      string   // the column of values, of either day
	log        bool
	low, high  float64   // the X axis
	zero       float64   // where bars start
	small      bool      // see Small
	room       vg.Length // for bars and their captions
	note       string    // printed in the row below the last bar
}

// logFrom is the ratio of the largest value to the median from which the axis of
// two days is logarithmic. On a linear axis, half of the bars would be shorter
// than a twentieth of it.
const logFrom = 20

func newBarPlotter(ss []trace, suspicious []bool) *barPlotter {
	b := &barPlotter{series: ss, suspicious: suspicious}
	var positive []float64
	for _, s := range ss {
		for _, v := range s.values {
			if v > 0 {
				positive = append(positive, v)
			} else if v < b.low {
				b.low = v
			}
		}
	}
	slices.Sort(positive)
	if n := len(positive); n > 0 {
		b.high = positive[n-1]
		b.log = len(ss) > 1 && b.low == 0 && b.high >= logFrom*positive[n/2]
	}
	switch {
	case b.log:
		// Half a decade below the least value leaves its bar visible.
		b.low = math.Pow(10, math.Floor(math.Log10(positive[0])-0.3))
		b.zero = b.low
	case b.low == b.high:
		b.high = 1
	}
	return b
}

// position returns the middle of a bar and its thickness in rows.
func (b *barPlotter) position(row, s int) (y, thick float64) {
	thick = 0.76 / float64(len(b.series))
	return -float64(row) + 0.38 - thick*(float64(s)+0.5), thick
}

// caption returns the text at the end of a bar. In the first row it names the day.
func (b *barPlotter) caption(row, s int) string {
	c := b.series[s]
	words := c.Unit.Short(c.values[row])
	if len(b.series) > 1 && row == 0 {
		words += " " + c.Day
	}
	switch {
	case b.marked(row, s) && b.small:
		words += " *"
	case b.marked(row, s):
		words += ", suspicious"
	}
	return words
}

// marked reports whether a bar is drawn as suspicious. Of two days, it is that of
// the test day.
func (b *barPlotter) marked(row, s int) bool { return b.suspicious[row] && s == len(b.series)-1 }

// ends returns the ends of a bar on the X axis. Its caption is at the right one.
func (b *barPlotter) ends(v float64) (left, right float64) {
	if math.IsNaN(v) {
		v = b.zero
	}
	return math.Max(math.Min(v, b.zero), b.low), math.Max(v, b.zero)
}

// Plot implements plot.Plotter.
func (b *barPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := textStyle(ink, text.XLeft, text.YCenter)
	style.YAlign = level(style)
	for s := range b.series {
		for row, v := range b.series[s].values {
			mid, thick := b.position(row, s)
			left, right := b.ends(v)
			from, to := x(left), x(right)
			fill := colorOf(b.series[s].Day)
			if b.marked(row, s) {
				fill = suspiciousColor
			}
			m := marked{entity: entityOf(b.label, b.names[row]), words: b.names[row]}
			if len(b.series) > 1 {
				m.words += ", " + b.series[s].Day
			}
			m.words += ": " + exact(frame.Describe(b.value), v)
			mark(c, m, func() {
				if to > from {
					c.FillPolygon(fill, rectangle(from, y(mid-thick/2), to, y(mid+thick/2)))
				}
				c.FillText(style, vg.Point{X: to + gap, Y: y(mid)}, b.caption(row, s))
			})
		}
	}
	if b.note != "" {
		style.Color = pale
		c.FillText(style, vg.Point{X: x(b.zero) + gap, Y: y(-float64(len(b.suspicious)))}, b.note)
	}
}

// GlyphBoxes implements plot.GlyphBoxer. It reserves the space of the caption that
// leaves the least room for bars. Of several, gonum would choose the one that reaches
// farthest before there is space for any.
func (b *barPlotter) GlyphBoxes(p *plot.Plot) []plot.GlyphBox {
	style := textStyle(ink, text.XLeft, text.YCenter)
	var tightest plot.GlyphBox
	least := math.Inf(1)
	for s := range b.series {
		for row, v := range b.series[s].values {
			_, right := b.ends(v)
			at, wide := p.X.Norm(right), gap+style.Width(b.caption(row, s))
			if room := float64(b.room-wide) / math.Max(at, 1e-9); room < least {
				least = room
				tightest = plot.GlyphBox{X: at, Rectangle: vg.Rectangle{Max: vg.Point{X: wide}}}
			}
		}
	}
	return []plot.GlyphBox{tightest}
}
