package chart

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/flowbook/flowbook/pkg/frame"
)

// Area draws column y over column x as areas: one for each value of [By], on top of
// each other, largest at the bottom. Series beyond the sixth are added up in one of
// their own. A missing value counts as zero. Negative values cannot be stacked and are
// an error, as is a comparison of two days, which [Line] draws.
func Area(f frame.Frame, x, y string, options ...Option) *Figure {
	fig, err := area(f, x, y, settingsOf(options))
	if err != nil {
		return failed("area", f, err)
	}
	return fig
}

func area(f frame.Frame, x, y string, o settings) (*Figure, error) {
	l, err := newLines(f, x, y, o, math.MaxInt)
	if err != nil {
		return nil, err
	}
	if len(l.groups) > 1 && o.by == "" {
		return nil, fmt.Errorf("column %q: two days are not parts of a whole; use Line", y)
	}
	for _, v := range values(l.groups, ys) {
		if v < 0 {
			return nil, fmt.Errorf("column %q: negative value %g; use Line", y, v)
		}
	}
	words := l.alt("Areas")
	at := slices.Compact(slices.Sorted(slices.Values(values(l.groups, xs))))
	stack := stacked(l.groups, at)
	p := newPlot()
	key := newLegend(stack, o, true)
	l.setX(&p.X, width-80-key.width())
	single := len(at) == 1
	if single { // an area needs a width
		at = append(at, at[0]+max(1, (p.X.Max-p.X.Min)/10))
		for _, g := range stack {
			g.x, g.y = at, append(g.y, g.y[0])
		}
	}
	tops := stack[len(stack)-1].y
	column := l.groups[0].value
	newScale(column, tops, false, true).set(&p.Y, 0, 0.06, 170, true)
	p.Add(grid(false))
	base := make([]float64, len(at))
	for _, g := range stack {
		p.Add(&areaPlotter{g, base, l, single})
		base = g.y
	}
	p.Add(key)
	return &Figure{Data: f, Alt: words, Width: width, Height: 220, Plots: [][]*plot.Plot{{p}}}, nil
}

// stacked returns the sums of groups and those below them at the positions. Groups
// beyond the most that readers can distinguish are one.
func stacked(groups []*group, at []float64) []*group {
	var all []*group
	sums := make([]float64, len(at))
	for i, g := range groups {
		for k, x := range g.x {
			if p, ok := slices.BinarySearch(at, x); ok && !math.IsNaN(g.y[k]) {
				sums[p] += g.y[k]
			}
		}
		if i < mostGroups-1 || len(groups) == mostGroups || i == len(groups)-1 {
			s := &group{name: g.name, by: g.by, value: g.value, line: draw.LineStyle{Color: g.line.Color}, x: at, y: slices.Clone(sums)}
			if others := len(groups) - mostGroups + 1; i >= mostGroups-1 && others > 1 {
				s.name, s.by = fmt.Sprintf("%d others", others), ""
				s.line.Color = color.RGBA{R: 0x99, G: 0x99, B: 0x99, A: 0xFF}
			}
			if len(all)%2 == 1 { // areas of equal lightness would be one in greyscale
				s.line.Color = faint(s.line.Color)
			}
			all = append(all, s)
		}
	}
	return all
}

// areaPlotter draws the area between a group's sums and those below.
type areaPlotter struct {
	g      *group
	base   []float64
	l      *lines
	single bool // the second of two positions is not one of the rows
}

// Plot implements plot.Plotter.
func (a *areaPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var points, top []vg.Point
	for i, at := range a.g.x {
		top = append(top, vg.Point{X: x(at), Y: y(a.g.y[i])})
	}
	points = append(points, top...)
	for i := len(a.g.x) - 1; i >= 0; i-- {
		points = append(points, vg.Point{X: x(a.g.x[i]), Y: y(a.base[i])})
	}
	c.FillPolygon(a.g.line.Color, points)
	c.StrokeLines(draw.LineStyle{Color: a.g.line.Color, Width: 0.5}, top) // a peak may have no width
	for _, i := range extremes(a.g.y, mostMarks) {
		if a.g.y[i] == a.base[i] || i > 0 && a.single {
			continue // nothing to point at
		}
		words := a.l.format(a.g.x[i]) + ": " + exact(a.g.value, a.g.y[i]-a.base[i])
		if a.g.name != "" {
			words = a.g.name + ", " + words
		}
		mark(c, marked{entity: a.g.entity(), words: words}, func() {
			from, to := x(a.g.x[max(0, i-1)]), x(a.g.x[min(len(a.g.x)-1, i+1)])
			mid := x(a.g.x[i])
			c.FillPolygon(hit, rectangle((from+mid)/2, y(a.base[i]), (to+mid)/2, y(a.g.y[i])))
		})
	}
}
