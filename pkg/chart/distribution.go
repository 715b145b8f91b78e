package chart

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/flowbook/flowbook/pkg/frame"
)

// Histogram draws how the values of a column are distributed, as the number of rows
// in bins of equal width: as outlines of the two days of a comparison or of the values
// of [By]. The width follows Freedman and Diaconis ("On the histogram as a density
// estimator", 1981), with 5 to 40 bins. Bins of values far above their median are of
// equal width on a logarithmic axis, with a bin for zero. Missing values are counted
// below the figure. The Data of the figure are the bins.
func Histogram(f frame.Frame, value string, options ...Option) *Figure {
	fig, err := histogram(f, value, settingsOf(options))
	if err != nil {
		return failed("histogram", f, err)
	}
	return fig
}

// distribution is the values of a column, in groups, on a common scale.
type distribution struct {
	*scale
	groups          []*group
	others, missing int
}

func newDistribution(f frame.Frame, value string, o settings) (*distribution, error) {
	groups, others, err := groupsOf(f, rowNumbers(f), value, o, mostGroups)
	if err != nil {
		return nil, err
	}
	all := values(groups, ys)
	d := &distribution{newScale(groups[0].value, all, true, false), groups, others, len(all) - len(finite(all))}
	if d.missing == len(all) {
		return nil, fmt.Errorf("column %q: no values; display a sentence instead", value)
	}
	return d, nil
}

// setX sets the axis of values, and says what is not drawn.
func (d *distribution) setX(a *plot.Axis, length vg.Length) {
	d.set(a, 0.01, 0.01, length, false)
	a.Label.Text += omitted(d.others, "series")
	if d.missing > 0 {
		a.Label.Text += fmt.Sprintf(" (%s missing)", counted(d.missing, "value"))
	}
}

func (d *distribution) alt(kind string) string {
	var parts []string
	for _, g := range d.groups {
		words := summaryOf(g.value, g.y)
		if g.name != "" {
			words = g.name + ": " + words
		}
		parts = append(parts, words)
	}
	return sentences(kind+" of "+frame.Inside(d.column.Title), append(parts, notDrawn(d.others, "series"))...)
}

func histogram(f frame.Frame, value string, o settings) (*Figure, error) {
	d, err := newDistribution(f, value, o)
	if err != nil {
		return nil, err
	}
	edges := d.edges()
	bins := binsOf(d, edges)
	p := newPlot()
	key := newLegend(d.groups, o, len(d.groups) == 1)
	d.setX(&p.X, width-80-key.width())
	p.X.Min, p.X.Max = edges[0], edges[len(edges)-1]
	if d.zero {
		p.X.Min = d.low - 0.3
	}
	rows := frame.Describe("rows")
	newScale(rows, values(bins, ys), false, true).set(&p.Y, 0, 0.06, 170, true)
	p.Add(grid(false))
	for _, b := range bins {
		p.Add(&binPlotter{b, d, edges, len(bins) == 1})
	}
	p.Add(key)
	return &Figure{Data: d.binFrame(bins, edges), Alt: d.alt("Histogram"), Width: width, Height: 220, Plots: [][]*plot.Plot{{p}}}, nil
}

// edges returns the edges of bins, as positions.
func (d *distribution) edges() []float64 {
	var at []float64
	for _, v := range finite(values(d.groups, ys)) {
		if p, ok := d.at(v); ok && !(d.log && v == 0) {
			at = append(at, p)
		}
	}
	slices.Sort(at)
	lo, hi := at[0], at[len(at)-1]
	if lo == hi {
		return []float64{d.lo, (d.lo*2 + d.hi) / 3, (d.lo + d.hi*2) / 3, d.hi}
	}
	step := 2 * (quantile(at, 0.75) - quantile(at, 0.25)) / math.Cbrt(float64(len(at)))
	step = min(max(step, (hi-lo)/40), (hi-lo)/5)
	whole := !d.log && (d.column.Unit == frame.Count || d.column.Unit == frame.Plain || d.column.Unit == frame.Hour)
	if whole {
		step = max(1, math.Round(step))
	} else if !d.log {
		step = roundStep(step * 0.75)
	}
	start := math.Floor(lo/step) * step
	var edges []float64
	for i := 0.0; len(edges) == 0 || edges[len(edges)-1] <= hi; i++ {
		edges = append(edges, start+i*step)
	}
	return edges
}

// bin returns the number of a value's bin: -1 for zero on a logarithmic scale.
func (d *distribution) bin(v float64, edges []float64) int {
	at, _ := d.at(v)
	if d.log && v == 0 {
		return -1
	}
	i, found := slices.BinarySearch(edges, at)
	if !found {
		i--
	}
	return min(max(i, 0), len(edges)-2)
}

// binsOf counts the values of groups: x are the numbers of bins, y the counts.
func binsOf(d *distribution, edges []float64) []*group {
	var all []*group
	for _, g := range d.groups {
		b := &group{name: g.name, by: g.by, value: frame.Describe("rows"), line: g.line}
		for i := -1; i < len(edges)-1; i++ {
			b.x, b.y = append(b.x, float64(i)), append(b.y, 0)
		}
		for _, v := range finite(g.y) {
			b.y[d.bin(v, edges)+1]++
		}
		all = append(all, b)
	}
	return all
}

// limits returns the values at the ends of a bin.
func (d *distribution) limits(bin int, edges []float64) (from, to float64) {
	if bin < 0 {
		return 0, 0
	}
	from, to = edges[bin], edges[bin+1]
	if d.log {
		from, to = math.Pow(10, from), math.Pow(10, to)
	}
	return from, to
}

// binFrame returns the bins as rows.
func (d *distribution) binFrame(bins []*group, edges []float64) frame.Frame {
	var from, to, rows []float64
	var names [][]string
	for _, b := range bins {
		for i, n := range b.y {
			if i == 0 && !d.zero {
				continue
			}
			lo, hi := d.limits(i-1, edges)
			from, to, rows = append(from, lo), append(to, hi), append(rows, n)
			names = append(names, []string{b.name})
		}
	}
	out := frame.Frame{}
	if bins[0].name != "" {
		out = frame.Texts([]string{"series"}, names...)
	}
	return frame.WithFloats(frame.WithFloats(frame.WithFloats(out, d.column.Name+"_from", from), d.column.Name+"_to", to), "rows", rows)
}

// binPlotter draws the bins of a group, filled if they are the only ones.
type binPlotter struct {
	bins   *group
	d      *distribution
	edges  []float64
	filled bool
}

// Plot implements plot.Plotter.
func (b *binPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var outline []vg.Point
	for i, n := range b.bins.y {
		if i == 0 && !b.d.zero {
			continue
		}
		bin := i - 1
		left, right := x(b.d.low-0.22), x(b.d.low+0.22)
		words := "zero"
		if bin >= 0 {
			left, right = x(b.edges[bin]), x(b.edges[bin+1])
			from, to := b.d.limits(bin, b.edges)
			words = "from " + b.d.column.Unit.Format(from) + " to below " + b.d.column.Unit.Format(to)
		}
		if b.bins.name != "" {
			words = b.bins.name + ", " + words
		}
		mark(c, marked{entity: b.bins.entity(), words: words + ": " + counted(int(n), "row")}, func() {
			if b.filled {
				c.FillPolygon(b.bins.line.Color, rectangle(left+0.5, y(0), right-0.5, y(n)))
			} else {
				c.FillPolygon(hit, rectangle(left, y(0), right, y(n)))
			}
		})
		if bin < 0 && !b.filled {
			c.StrokeLines(b.bins.line, []vg.Point{{X: left, Y: y(0)}, {X: left, Y: y(n)}, {X: right, Y: y(n)}, {X: right, Y: y(0)}})
			continue
		}
		outline = append(outline, vg.Point{X: left, Y: y(n)}, vg.Point{X: right, Y: y(n)})
	}
	if !b.filled && len(outline) > 0 {
		first, last := outline[0], outline[len(outline)-1]
		outline = append([]vg.Point{{X: first.X, Y: y(0)}}, append(outline, vg.Point{X: last.X, Y: y(0)})...)
		c.StrokeLines(b.bins.line, outline)
	}
}
