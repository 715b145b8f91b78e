package chart

import (
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/flowbook/flowbook/pkg/frame"
)

// ECDF draws the empirical distribution function of a column: for each value, the
// share of rows that have at most that value. There is one curve for each day of a
// comparison, or for each value of [By]. Unlike a histogram, it has no bins to choose.
// The axis is logarithmic if the largest value is far above the median.
func ECDF(f frame.Frame, value string, options ...Option) *Figure {
	o := settingsOf(options)
	d, err := newDistribution(f, value, o)
	if err != nil {
		return failed("ECDF", f, err)
	}
	p := newPlot()
	key := newLegend(d.groups, o, false)
	d.setX(&p.X, width-80-key.width())
	share := frame.Column{Title: "Share of rows", Unit: frame.Share}
	newScale(share, []float64{0, 1}, false, true).set(&p.Y, 0, 0.02, 170, true)
	p.Add(grid(true), grid(false))
	for _, g := range d.groups {
		p.Add(&ecdfPlotter{g, d, share})
	}
	p.Add(key)
	return &Figure{Data: f, Alt: d.alt("Cumulative distribution"), Width: width, Height: 220, Plots: [][]*plot.Plot{{p}}}
}

// ecdfPlotter draws the steps of a distribution function.
type ecdfPlotter struct {
	g     *group
	d     *distribution
	share frame.Column
}

// Plot implements plot.Plotter.
func (e *ecdfPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	known := finite(e.g.y)
	slices.Sort(known)
	at := []vg.Point{{X: c.Min.X, Y: y(0)}}
	var ends []int // the last row of each value
	below := 0.0
	for i, v := range known {
		if i+1 < len(known) && known[i+1] == v {
			continue
		}
		px, _ := e.d.at(v)
		to := float64(i+1) / float64(len(known))
		at = append(at, vg.Point{X: x(px), Y: y(below)}, vg.Point{X: x(px), Y: y(to)})
		below = to
		ends = append(ends, i)
	}
	if len(known) == 0 {
		return
	}
	at = append(at, vg.Point{X: c.Max.X, Y: y(1)})
	c.StrokeLines(e.g.line, at)
	every := max(1, len(ends)/mostMarks)
	for k, i := range ends {
		if k%every != 0 && k != len(ends)-1 {
			continue
		}
		px, _ := e.d.at(known[i])
		to := float64(i+1) / float64(len(known))
		words := e.share.Unit.Format(to) + " have at most " + exact(e.g.value, known[i])
		if e.g.name != "" {
			words = e.g.name + ", " + words
		}
		mark(c, marked{entity: e.g.entity(), words: words}, func() {
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: hit, Radius: 4, Shape: draw.CircleGlyph{}}, vg.Point{X: x(px), Y: y(to)})
		})
	}
}
