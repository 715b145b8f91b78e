package chart

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/flowbook/flowbook/pkg/frame"
)

// Boxes draws a box plot of column value for each value of column by, those with the
// largest median first. A box reaches from the first to the third quartile and has a
// line at the median; whiskers reach to the farthest values within 1.5 times its
// length, as Tukey ("Exploratory Data Analysis", 1977) draws them, and values beyond
// are points. The number of values is printed at the end of each row. The Data of the
// figure are the quartiles.
func Boxes(f frame.Frame, by, value string, options ...Option) *Figure {
	fig, err := boxPlot(f, by, value, settingsOf(options))
	if err != nil {
		return failed("boxes", f, err)
	}
	return fig
}

// fiveNumbers summarizes the sorted values of a row.
type fiveNumbers struct {
	name                      string
	suspicious                bool
	values                    []float64
	low, q1, median, q3, high float64
	missing                   int
}

func newFiveNumbers(g *group, o settings) fiveNumbers {
	n := fiveNumbers{name: g.name, suspicious: suspicious(g, o), values: finite(g.y), missing: len(g.y)}
	n.missing -= len(n.values)
	if len(n.values) == 0 {
		return n
	}
	slices.Sort(n.values)
	n.q1, n.median, n.q3 = quantile(n.values, 0.25), quantile(n.values, 0.5), quantile(n.values, 0.75)
	reach := 1.5 * (n.q3 - n.q1)
	inside := slices.DeleteFunc(slices.Clone(n.values), func(v float64) bool { return v < n.q1-reach || v > n.q3+reach })
	n.low, n.high = min(n.q1, inside[0]), max(n.q3, inside[len(inside)-1])
	return n
}

func boxPlot(f frame.Frame, by, value string, o settings) (*Figure, error) {
	o.by = by
	groups, _, err := groupsOf(f, rowNumbers(f), value, o, math.MaxInt)
	if err != nil {
		return nil, err
	}
	var rows []fiveNumbers
	for _, g := range groups {
		rows = append(rows, newFiveNumbers(g, o))
	}
	slices.SortStableFunc(rows, func(a, b fiveNumbers) int {
		return cmp.Or(-compareBool(a.suspicious, b.suspicious), -compareBool(len(a.values) > 0, len(b.values) > 0), cmp.Compare(b.median, a.median))
	})
	shown := rows[:min(len(rows), cmp.Or(o.top, 20))]
	others := len(rows) - len(shown)
	var all []float64
	for _, r := range shown {
		all = append(all, r.values...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("column %q: no values; display a sentence instead", value)
	}
	b := &boxPlotter{rows: shown, by: by, scale: newScale(frame.Describe(value), all, true, false)}
	p := newPlot()
	var names []plot.Tick
	var parts []string
	var counts notes
	var labels vg.Length
	for i, r := range shown {
		name := shortenTo(r.name, 32)
		if r.suspicious {
			name += ", suspicious"
		}
		names = append(names, plot.Tick{Value: -float64(i), Label: name})
		labels = max(labels, p.Y.Tick.Label.Width(name))
		parts = append(parts, r.name+": "+summaryOf(b.column, r.values))
		style := textStyle(pale, text.XLeft, text.YCenter)
		style.YAlign = level(style)
		counts = append(counts, note{y: -float64(i), words: counted(len(r.values), "value"), style: style, right: gap})
	}
	b.set(&p.X, 0.02, 0.02, width-labels-80, false)
	for i := range counts {
		counts[i].x = p.X.Max
	}
	p.X.Label.Text += omitted(others, "row")
	p.Y.Tick.Marker = plot.ConstantTicks(names)
	p.Add(grid(true), b, &counts)
	p.Y.Min, p.Y.Max = 0.5-float64(len(shown)), 0.5
	return &Figure{Data: quartiles(by, shown), Alt: sentences(fmt.Sprintf("Box plots of %s by %s", frame.Inside(b.column.Title), frame.Inside(frame.Describe(by).Title)), append(parts, notDrawn(others, "row"))...),
		Width: width, Height: vg.Length(len(shown))*20 + 40, Plots: [][]*plot.Plot{{p}}}, nil
}

// quartiles returns the summary of rows as a frame.
func quartiles(by string, rows []fiveNumbers) frame.Frame {
	var names [][]string
	columns := map[string][]float64{}
	for _, r := range rows {
		names = append(names, []string{r.name})
		least, most := math.NaN(), math.NaN()
		if n := len(r.values); n > 0 {
			least, most = r.values[0], r.values[n-1]
		} else {
			r.q1, r.median, r.q3 = least, least, least
		}
		for name, v := range map[string]float64{"rows": float64(len(r.values)), "least": least, "first_quartile": r.q1, "median": r.median, "third_quartile": r.q3, "largest": most} {
			columns[name] = append(columns[name], v)
		}
	}
	f := frame.Texts([]string{by}, names...)
	for _, name := range []string{"rows", "least", "first_quartile", "median", "third_quartile", "largest"} {
		f = frame.WithFloats(f, name, columns[name])
	}
	return f
}

// boxPlotter draws boxes, row i at Y = -i.
type boxPlotter struct {
	*scale
	rows []fiveNumbers
	by   string
}

// Plot implements plot.Plotter.
func (b *boxPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	at := func(v float64) vg.Length {
		px, _ := b.at(v)
		return x(px)
	}
	half := (y(0) - y(-1)) * 0.3
	for i, r := range b.rows {
		if len(r.values) == 0 {
			continue
		}
		fill := testColor
		if r.suspicious {
			fill = suspiciousColor
		}
		mid := y(-float64(i))
		line := draw.LineStyle{Color: fill, Width: 1}
		entity := entityOf(b.by, r.name)
		words := fmt.Sprintf("%s: %s, quartiles %s and %s, median %s", r.name, counted(len(r.values), "value"),
			exact(b.column, r.q1), exact(b.column, r.q3), exact(b.column, r.median))
		mark(c, marked{entity: entity, words: words}, func() {
			c.StrokeLine2(line, at(r.low), mid, at(r.q1), mid)
			c.StrokeLine2(line, at(r.q3), mid, at(r.high), mid)
			c.FillPolygon(transparent(fill), rectangle(at(r.q1)-0.5, mid-half, at(r.q3)+0.5, mid+half))
			c.StrokeLine2(draw.LineStyle{Color: ink, Width: 1.6}, at(r.median), mid-half, at(r.median), mid+half)
		})
		drawn := 0
		for _, v := range r.values {
			if v >= r.low && v <= r.high {
				continue
			}
			glyph := draw.GlyphStyle{Color: transparent(fill), Radius: 1.8, Shape: draw.CircleGlyph{}}
			if drawn++; drawn > mostMarks {
				c.DrawGlyphNoClip(glyph, vg.Point{X: at(v), Y: mid})
				continue
			}
			mark(c, marked{entity: entity, words: r.name + ": " + exact(b.column, v)}, func() {
				c.DrawGlyphNoClip(glyph, vg.Point{X: at(v), Y: mid})
			})
		}
	}
}
