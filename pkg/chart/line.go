package chart

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/flowbook/flowbook/pkg/frame"
)

// Line draws column y over column x as lines: one for each value of [By], or for each
// day of a comparison. Points are drawn in order of x, which may also be text, such
// as dates, in order of their first rows. A missing value interrupts a line. Only the
// six largest series are drawn, those under suspicion first.
func Line(f frame.Frame, x, y string, options ...Option) *Figure {
	o := settingsOf(options)
	fig, err := newLines(f, x, y, o, mostGroups)
	if err != nil {
		return failed("line", f, err)
	}
	return fig.draw("Lines")
}

// lines are the series of a figure over a common axis.
type lines struct {
	f      frame.Frame
	o      settings
	x      frame.Column
	names  []string // the values of x, if they are text
	groups []*group
	others int
}

func newLines(f frame.Frame, x, y string, o settings, most int) (*lines, error) {
	l := &lines{f: f, o: o, x: frame.Describe(x)}
	at, names, err := positions(f, x)
	if err != nil {
		return nil, err
	}
	l.names = names
	if l.groups, l.others, err = groupsOf(f, at, y, o, most); err != nil {
		return nil, err
	}
	for _, g := range l.groups {
		order := make([]int, len(g.x))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(g.x[a], g.x[b]) })
		at, values := make([]float64, 0, len(order)), make([]float64, 0, len(order))
		for _, i := range order {
			if !math.IsNaN(g.x[i]) {
				at, values = append(at, g.x[i]), append(values, g.y[i])
			}
		}
		g.x, g.y = at, values
	}
	return l, nil
}

// positions returns the positions of rows on the axis of a column: its numbers, or of
// texts their places in order of their first rows, and the texts.
func positions(f frame.Frame, x string) (at []float64, names []string, err error) {
	texts, err := namesOf(f, x)
	if err != nil {
		return nil, nil, err
	}
	if frame.TypeOf(f, x) != "string" {
		at, err = frame.Floats(f, x)
		return at, nil, err
	}
	places := map[string]int{}
	for _, t := range texts {
		if _, ok := places[t]; !ok {
			places[t] = len(names)
			names = append(names, t)
		}
		at = append(at, float64(places[t]))
	}
	return at, names, nil
}

// values returns all values of x or of y.
func values(groups []*group, of func(*group) []float64) []float64 {
	var all []float64
	for _, g := range groups {
		all = append(all, of(g)...)
	}
	return all
}

func xs(g *group) []float64 { return g.x }
func ys(g *group) []float64 { return g.y }

// fromZero reports whether values of a unit are drawn from zero on.
func fromZero(u frame.Unit) bool {
	return u == frame.Count || u == frame.Bytes || u == frame.Share || u == frame.Seconds || u == frame.Duration
}

// setX sets the axis of x.
func (l *lines) setX(a *plot.Axis, length vg.Length) {
	newScale(l.x, values(l.groups, xs), false, false).wholeDay().set(a, 0.01, 0.01, length, false)
	a.Label.Text = axisTitle(l.x, false)
	if l.names == nil {
		return
	}
	every, room := 1, vg.Length(0)
	for _, n := range l.names {
		room += a.Tick.Label.Width(shortenTo(n, 16)) + 2*textSize
	}
	if room > length {
		every = int(math.Ceil(float64(room / length)))
	}
	var ticks []plot.Tick
	for i := 0; i < len(l.names); i += every {
		ticks = append(ticks, plot.Tick{Value: float64(i), Label: shortenTo(l.names[i], 16)})
	}
	a.Tick.Marker = plot.ConstantTicks(ticks)
	if len(l.names) == 1 {
		a.Min, a.Max = -1, 1
	}
}

// draw draws the lines as a figure.
func (l *lines) draw(kind string) *Figure {
	p := newPlot()
	key := newLegend(l.groups, l.o, false)
	l.setX(&p.X, width-80-key.width())
	column := l.groups[0].value
	newScale(column, values(l.groups, ys), false, fromZero(column.Unit)).set(&p.Y, 0.02, 0.06, 170, true)
	p.X.Label.Text += omitted(l.others, "series")
	p.Add(grid(false))
	for _, g := range slices.Backward(l.groups) { // the first ones above the others
		p.Add(&linePlotter{g})
	}
	for _, g := range l.groups {
		p.Add(&lineMarks{g, l})
	}
	p.Add(key)
	return &Figure{Data: l.f, Alt: l.alt(kind), Width: width, Height: 220, Plots: [][]*plot.Plot{{p}}}
}

// format formats a value of x.
func (l *lines) format(at float64) string {
	if l.names != nil {
		return l.names[int(at)]
	}
	return l.x.Unit.Format(at)
}

// linePlotter draws a line that missing values interrupt.
type linePlotter struct{ g *group }

// mostMarks is the number of points of a series up to which each answers to a
// pointer. Of more, the extremes of each part of the series do.
const mostMarks = 200

// Plot implements plot.Plotter.
func (lp *linePlotter) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	g := lp.g
	var part []vg.Point
	flush := func() {
		switch {
		case len(part) == 1:
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: g.line.Color, Radius: 2, Shape: draw.CircleGlyph{}}, part[0])
		case len(part) > 1:
			c.StrokeLines(g.line, part)
		}
		part = nil
	}
	for i, v := range g.y {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			flush()
			continue
		}
		part = append(part, vg.Point{X: x(g.x[i]), Y: y(v)})
	}
	flush()
}

// lineMarks are the values of a line, for pointers and keyboards.
type lineMarks struct {
	g *group
	l *lines
}

// Plot implements plot.Plotter.
func (m *lineMarks) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	g := m.g
	for _, i := range extremes(g.y, mostMarks) {
		words := g.words(m.l.x, g.x[i], g.y[i])
		if m.l.names != nil {
			words = m.l.names[int(g.x[i])] + ": " + exact(g.value, g.y[i])
			if g.name != "" {
				words = g.name + ", " + words
			}
		}
		mark(c, marked{entity: g.entity(), words: words}, func() {
			at := vg.Point{X: x(g.x[i]), Y: y(g.y[i])}
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: hit, Radius: 4, Shape: draw.CircleGlyph{}}, at)
		})
	}
}

// extremes returns the indices of finite values: all, or of more than most the
// smallest and largest of each of most/2 parts.
func extremes(values []float64, most int) []int {
	var all []int
	for i, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			all = append(all, i)
		}
	}
	if len(all) <= most {
		return all
	}
	var some []int
	parts := most / 2
	for k := range parts {
		part := all[k*len(all)/parts : (k+1)*len(all)/parts]
		least := slices.MinFunc(part, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
		largest := slices.MaxFunc(part, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
		some = append(some, min(least, largest))
		if least != largest {
			some = append(some, max(least, largest))
		}
	}
	return some
}
