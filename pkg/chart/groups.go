package chart

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/flowbook/flowbook/pkg/frame"
)

// mostGroups is the number of series that readers can distinguish.
const mostGroups = 6

// group is a series of points.
type group struct {
	name  string // "" for the only one
	by    string // the column of the name
	value frame.Column
	line  draw.LineStyle
	x, y  []float64
}

// groupColors are the colours of series that are not days: as dark as their
// contrast to light and dark pages needs. Dashes distinguish lines without colour.
var (
	groupColors = []color.Color{
		testColor, color.RGBA{R: 0xB8, G: 0x78, B: 0x00, A: 0xFF}, color.RGBA{R: 0x00, G: 0x9E, B: 0x73, A: 0xFF},
		color.RGBA{R: 0xB8, G: 0x60, B: 0x98, A: 0xFF}, color.RGBA{R: 0x30, G: 0x98, B: 0xD0, A: 0xFF}, color.RGBA{R: 0x80, G: 0x80, B: 0x80, A: 0xFF},
	}
	groupDashes = [][]vg.Length{nil, {6, 2}, {2, 2}, {8, 2, 2, 2}, {4, 2, 1, 2, 1, 2}, {1, 2}}
)

// groupsOf divides the values of a column: into the two days of a comparison, or by
// the column [By], largest sum first. Of more than most, it returns the largest, those
// under suspicion first, and the number of the others. At are the positions of rows.
func groupsOf(f frame.Frame, at []float64, y string, o settings, most int) (groups []*group, others int, err error) {
	if f.Err == nil && f.Nrow() == 0 {
		return nil, 0, errNoRows
	}
	traces, err := seriesOf(f, y, o.day)
	if err != nil {
		return nil, 0, err
	}
	if o.by == "" {
		for _, t := range traces {
			g := &group{value: frame.Describe(y), x: at, y: t.values, line: draw.LineStyle{Color: colorOf(t.Day), Width: 1.8}}
			if len(traces) > 1 {
				g.name = t.Day
			}
			groups = append(groups, g)
		}
		return groups, 0, nil
	}
	if len(traces) > 1 {
		return nil, 0, fmt.Errorf("column %q: a comparison of two days cannot be divided by %q; draw one day", y, o.by)
	}
	names, err := namesOf(f, o.by)
	if err != nil {
		return nil, 0, err
	}
	index := map[string]*group{}
	for i, n := range names {
		g := index[n]
		if g == nil {
			g = &group{name: n, by: o.by, value: frame.Describe(y)}
			index[n] = g
			groups = append(groups, g)
		}
		g.x, g.y = append(g.x, at[i]), append(g.y, traces[0].values[i])
	}
	slices.SortStableFunc(groups, func(a, b *group) int {
		return cmp.Or(-compareBool(suspicious(a, o), suspicious(b, o)), cmp.Compare(b.size(), a.size()))
	})
	if len(groups) > most {
		groups, others = groups[:most], len(groups)-most
	}
	for i, g := range groups {
		g.line = draw.LineStyle{Color: groupColors[i%len(groupColors)], Width: 1.8, Dashes: groupDashes[i%len(groupDashes)]}
		if suspicious(g, o) {
			g.line.Color = suspiciousColor
		}
	}
	return groups, others, nil
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func suspicious(g *group, o settings) bool { return g.by != "" && isSuspicious(g.name, o) }

func isSuspicious(name string, o settings) bool { return slices.Contains(o.suspicious, name) }

// title is the name of a group as it is drawn.
func (g *group) title(o settings, most int) string {
	name := shortenTo(g.name, most)
	if suspicious(g, o) {
		name += ", suspicious"
	}
	return name
}

// size is the sum of a group's absolute values.
func (g *group) size() float64 {
	sum := 0.0
	for _, v := range g.y {
		if !math.IsNaN(v) {
			sum += math.Abs(v)
		}
	}
	return sum
}

// entity is the host, owner or country that a group is about.
func (g *group) entity() string { return entityOf(g.by, g.name) }

// words are the values of a point.
func (g *group) words(x frame.Column, at, v float64) string {
	words := x.Unit.Format(at) + ": " + exact(g.value, v)
	if x.Unit == frame.Count || x.Unit == frame.Plain || x.Unit == frame.Bytes || x.Unit == frame.Ratio {
		words = x.Title + " " + words
	}
	if g.name != "" {
		words = g.name + ", " + words
	}
	return words
}

// legend is a plotter that lists the groups at the right edge, each with a piece
// of its line.
type legend struct {
	groups []*group
	o      settings
	sign   func(c draw.Canvas, i int, g *group, at vg.Point) // draws the sample of a group
}

// The length of the sample of a line in a legend, and the most characters of a name.
const (
	sample      = vg.Length(14)
	legendNames = 24
)

// newLegend returns a legend, or one that is not drawn if there is only one group.
func newLegend(groups []*group, o settings, filled bool) *legend {
	if len(groups) == 1 && groups[0].name == "" {
		groups = nil
	}
	l := &legend{groups: groups, o: o, sign: lineSample}
	if filled {
		l.sign = areaSample
	}
	return l
}

func lineSample(c draw.Canvas, _ int, g *group, at vg.Point) {
	c.StrokeLine2(g.line, at.X-sample/2, at.Y, at.X+sample/2, at.Y)
}

func areaSample(c draw.Canvas, _ int, g *group, at vg.Point) {
	c.FillPolygon(g.line.Color, rectangle(at.X-sample/2, at.Y-3, at.X+sample/2, at.Y+3))
}

// Plot implements plot.Plotter.
func (l *legend) Plot(c draw.Canvas, _ *plot.Plot) {
	style := textStyle(ink, text.XLeft, text.YCenter)
	style.YAlign = level(style)
	for i, g := range l.groups {
		y := c.Max.Y - vg.Length(i)*rowHeight - rowHeight/2
		x := c.Max.X + 2*gap
		mark(c, marked{entity: g.entity(), words: g.name}, func() {
			l.sign(c, i, g, vg.Point{X: x + sample/2, Y: y})
			c.FillText(style, vg.Point{X: x + sample + gap, Y: y}, g.title(l.o, legendNames))
		})
	}
}

// GlyphBoxes implements plot.GlyphBoxer. It reserves the space of the legend.
func (l *legend) GlyphBoxes(*plot.Plot) []plot.GlyphBox {
	width := vg.Length(0)
	for _, g := range l.groups {
		width = max(width, textStyle(ink, text.XLeft, text.YCenter).Width(g.title(l.o, legendNames)))
	}
	if width == 0 {
		return nil
	}
	return []plot.GlyphBox{{X: 1, Y: 0.5, Rectangle: vg.Rectangle{Max: vg.Point{X: 2*gap + sample + gap + width + gap}}}}
}

// legendWidth is the space that the legend takes.
func (l *legend) width() vg.Length {
	boxes := l.GlyphBoxes(nil)
	if len(boxes) == 0 {
		return 0
	}
	return boxes[0].Rectangle.Max.X
}

// omitted says how many series or rows are not drawn.
func omitted(others int, what string) string {
	if others == 0 {
		return ""
	}
	return " (" + counted(others, "other "+what) + " not drawn)"
}
