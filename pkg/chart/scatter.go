package chart

import (
	"errors"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/flowbook/flowbook/pkg/frame"
)

// Scatter draws a point for each row at columns x and y of numbers. Column label
// names the points, or is "". An axis is logarithmic if its largest value is far above
// the median. Points of different values of [By] have different colours and shapes.
// Rows without one of the numbers are counted below the figure.
func Scatter(f frame.Frame, x, y, label string, options ...Option) *Figure {
	fig, err := scatter(f, x, y, label, settingsOf(options))
	if err != nil {
		return failed("scatter", f, err)
	}
	return fig
}

func scatter(f frame.Frame, x, y, label string, o settings) (*Figure, error) {
	at, err := frame.Floats(f, x)
	if err != nil {
		return nil, err
	}
	heights, err := frame.Floats(f, y)
	if err != nil {
		return nil, err
	}
	groups, others, err := groupsOf(f, rowNumbers(f), y, o, mostGroups)
	if err != nil {
		return nil, err
	}
	s := &scatterPlotter{f: f, label: label, o: o, x: newScale(frame.Describe(x), at, true, false), y: newScale(frame.Describe(y), heights, true, false), groups: groups, at: at, heights: heights}
	if label != "" {
		if s.names, err = namesOf(f, label); err != nil {
			return nil, err
		}
	}
	missing := 0
	for i := range at {
		if _, _, ok := s.place(i); !ok {
			missing++
		}
	}
	if missing == f.Nrow() {
		return nil, errors.New("no row has both numbers; display a sentence instead")
	}
	p := newPlot()
	key := newLegend(groups, o, true)
	key.sign = glyphSample
	s.x.wholeDay().set(&p.X, 0.02, 0.02, width-80-key.width(), false)
	s.y.set(&p.Y, 0.03, 0.05, 240, true)
	p.X.Label.Text += omitted(others, "series")
	if missing > 0 {
		p.X.Label.Text += fmt.Sprintf(" (%s without a value not drawn)", counted(missing, "row"))
	}
	p.Add(grid(true), grid(false), s, key)
	words := sentences(fmt.Sprintf("Points of %s over %s", frame.Inside(s.y.column.Title), frame.Inside(s.x.column.Title)),
		s.x.column.Title+": "+summaryOf(s.x.column, at), s.y.column.Title+": "+summaryOf(s.y.column, heights), notDrawn(others, "series"))
	return &Figure{Data: f, Alt: words, Width: width, Height: 290, Plots: [][]*plot.Plot{{p}}}, nil
}

// rowNumbers are the positions of rows that stand for themselves.
func rowNumbers(f frame.Frame) []float64 {
	numbers := make([]float64, f.Nrow())
	for i := range numbers {
		numbers[i] = float64(i)
	}
	return numbers
}

// glyphs are the shapes of points of different series.
var glyphs = []draw.GlyphDrawer{
	draw.CircleGlyph{}, polygon{3, math.Pi / 2, 1}, polygon{4, math.Pi / 4, 1},
	polygon{4, 0, 1}, polygon{3, -math.Pi / 2, 1}, polygon{4, math.Pi / 4, 0.45},
}

// scatterPlotter draws the rows of groups; x of a group are numbers of rows.
type scatterPlotter struct {
	f           frame.Frame
	label       string
	o           settings
	x, y        *scale
	groups      []*group
	at, heights []float64
	names       []string
}

func (s *scatterPlotter) place(row int) (x, y float64, ok bool) {
	x, okX := s.x.at(s.at[row])
	y, okY := s.y.at(s.heights[row])
	return x, y, okX && okY
}

// mostPoints is the number of points up to which each answers to a pointer. Of more,
// those under suspicion and the first ones do.
const mostPoints = 1000

// Plot implements plot.Plotter.
func (s *scatterPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	drawn := 0
	for _, above := range []bool{false, true} { // points under suspicion are above the others
		for n, g := range s.groups {
			for _, number := range g.x {
				row := int(number)
				px, py, ok := s.place(row)
				if !ok || s.suspicious(g, row) != above {
					continue
				}
				style := draw.GlyphStyle{Color: transparent(g.line.Color), Radius: 2.6, Shape: glyphs[n%len(glyphs)]}
				if above && !suspicious(g, s.o) {
					style.Color, style.Radius = suspiciousColor, 4
				}
				at := vg.Point{X: x(px), Y: y(py)}
				if drawn++; drawn > mostPoints && !above {
					c.DrawGlyphNoClip(style, at)
					continue
				}
				mark(c, s.marked(g, row), func() { c.DrawGlyphNoClip(style, at) })
			}
		}
	}
}

// suspicious reports whether a row of a group is drawn as suspicious.
func (s *scatterPlotter) suspicious(g *group, row int) bool {
	return suspicious(g, s.o) || s.names != nil && isSuspicious(s.names[row], s.o)
}

// marked returns what the point of a row says.
func (s *scatterPlotter) marked(g *group, row int) marked {
	m := marked{words: fmt.Sprintf("%s: %s, %s: %s", s.x.column.Title, exact(s.x.column, s.at[row]), s.y.column.Title, exact(s.y.column, s.heights[row]))}
	if g.name != "" {
		m.words, m.entity = g.name+", "+m.words, g.entity()
	}
	if s.names != nil {
		m.words, m.entity = s.names[row]+", "+m.words, entityOf(s.label, s.names[row])
	}
	if s.suspicious(g, row) {
		m.words += ", suspicious"
	}
	return m
}

// transparent lets points below others be seen.
func transparent(c color.Color) color.Color { return withAlpha(c, 0xB0) }

// faint is a colour that differs from the full one in greyscale too.
func faint(c color.Color) color.Color { return withAlpha(c, 0x78) }

func withAlpha(c color.Color, alpha uint8) color.Color {
	r, g, b, _ := c.RGBA()
	return color.NRGBA{R: uint8(r >> 8), G: uint8(g >> 8), B: uint8(b >> 8), A: alpha}
}

// polygon is a filled regular polygon, with a corner at an angle.
type polygon struct {
	corners int
	angle   float64
	flat    vg.Length // its height as a share of its width
}

// DrawGlyph implements draw.GlyphDrawer.
func (s polygon) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	var points []vg.Point
	for i := range s.corners {
		sin, cos := math.Sincos(s.angle + 2*math.Pi*float64(i)/float64(s.corners))
		points = append(points, at.Add(vg.Point{X: style.Radius * 1.25 * vg.Length(cos), Y: style.Radius * 1.25 * s.flat * vg.Length(sin)}))
	}
	c.FillPolygon(style.Color, points)
}

// glyphSample draws the shape of a group in a legend.
func glyphSample(c draw.Canvas, i int, g *group, at vg.Point) {
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: g.line.Color, Radius: 3, Shape: glyphs[i%len(glyphs)]}, at)
}
