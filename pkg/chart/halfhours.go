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

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/frame"
)

// slotHours is the length of a half hour on an axis of hours.
const slotHours = 0.5

// HalfHours draws values of one host by half hour, as plots one above the other
// with a common time axis: as columns, or as points for ratios. The frame must have
// a column "timestamp" with the start of each half hour. NaN is not drawn. The host
// is drawn as suspicious if [Suspicious] contains it (column "src_ip").
func HalfHours(f frame.Frame, values []string, options ...Option) *Figure {
	fig, err := halfHours(f, values, settingsOf(options))
	if err != nil {
		return failed("half hours", f, err)
	}
	return fig
}

func halfHours(f frame.Frame, values []string, o settings) (*Figure, error) {
	rows, err := stripsOf(f, "src_ip", values, o)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 {
		return nil, fmt.Errorf("%d hosts in the frame, want 1; use Strips", len(rows))
	}
	fig := &Figure{Data: f, Alt: stripsAlt("Half hours of "+rows[0].name, rows[:1], values, 0), Width: width, Height: vg.Length(len(values))*84 + 30}
	for i, value := range values {
		column := frame.Describe(value)
		p := newPlot()
		p.X.Tick.Marker = dayTicks(3)
		p.Y.Tick.Marker = linearTicks(column.Unit, 4)
		p.Y.Label.Text = axisTitle(column, false)
		if i == len(values)-1 {
			p.X.Label.Text = "Time of day, half hour by half hour, of " + shorten(rows[0].name)
			if rows[0].suspicious {
				p.X.Label.Text += ", suspicious"
			}
		} else {
			p.X.Tick.Marker = unlabelled(dayTicks(3))
			p.Add(margin(p.X.Tick.Label.Width("24:00")))
		}
		strip := &stripPlotter{rows: []stripRow{rows[0]}, value: i, column: column, label: "src_ip", points: column.Unit == frame.Ratio, scale: 1}
		p.Add(grid(false), strip)
		p.X.Min, p.X.Max = 0, 24
		p.Y.Min, p.Y.Max = 0, orOne(rows[0].peak(i))*1.1
		fig.Plots = append(fig.Plots, []*plot.Plot{p})
	}
	alignLeft(fig.Plots)
	return fig, nil
}

// alignLeft aligns the left edges of plots above each other: it pads those whose
// tick labels are narrower than the widest.
func alignLeft(rows [][]*plot.Plot) {
	widths := make([]vg.Length, len(rows))
	var most vg.Length
	for i, row := range rows {
		p := row[0]
		for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
			widths[i] = max(widths[i], p.Y.Tick.Label.Width(t.Label))
		}
		most = max(most, widths[i])
	}
	for i, row := range rows {
		row[0].Y.Padding += most - widths[i]
	}
}

// Strips draws a value of several hosts by half hour, as a strip of columns for
// each host, with a common scale. The frame must have the columns "timestamp", the
// start of the half hour, and label, the name of the strip. Strips are in the order
// of their first rows. The sum of the day is printed at the end of each strip.
func Strips(f frame.Frame, label, value string, options ...Option) *Figure {
	o := settingsOf(options)
	rows, err := stripsOf(f, label, []string{value}, o)
	if err != nil {
		return failed("strips", f, err)
	}
	others := max(0, len(rows)-cmp.Or(o.top, 20))
	rows = rows[:len(rows)-others]
	column := frame.Describe(value)
	p := newPlot()
	p.X.Tick.Marker = dayTicks(3)
	p.X.Label.Text = "Time of day, half hour by half hour"
	strip := &stripPlotter{rows: rows, column: column, label: label, scale: 1}
	var names []plot.Tick
	var sums notes
	for i, r := range rows {
		strip.scale = min(strip.scale, 0.82/orOne(r.peak(0)))
		names = append(names, plot.Tick{Value: 0.35 - float64(i), Label: shorten(r.name)})
		words := column.Unit.Short(r.sum(0))
		if column.Unit == frame.Count {
			words += " " + column.Name
		}
		if r.suspicious {
			words += ", suspicious" // for greyscale
		}
		sums = append(sums, note{x: 24, y: 0.35 - float64(i), words: words, right: gap, style: textStyle(ink, text.XLeft, text.YCenter)})
	}
	p.Y.Tick.Marker = plot.ConstantTicks(names)
	p.Add(grid(true), strip, &sums)
	p.X.Min, p.X.Max = 0, 24
	p.Y.Min, p.Y.Max = 1-float64(len(rows)), 1
	p.X.Label.Text += omitted(others, "row")
	return &Figure{Data: f, Alt: stripsAlt("Half hours by "+frame.Inside(frame.Describe(label).Title), rows, []string{value}, others), Width: width, Height: vg.Length(len(rows))*30 + 40, Plots: [][]*plot.Plot{{p}}}
}

// margin is a plotter that draws nothing. It reserves the space of a tick label of
// this width at the end of the X axis, so that a plot without labels is as wide as
// the one with labels below it. Gonum reserves no such space at the start.
type margin vg.Length

// Plot implements plot.Plotter.
func (margin) Plot(draw.Canvas, *plot.Plot) {}

// GlyphBoxes implements plot.GlyphBoxer.
func (m margin) GlyphBoxes(*plot.Plot) []plot.GlyphBox {
	space := vg.Rectangle{Min: vg.Point{X: -vg.Length(m) / 2}, Max: vg.Point{X: vg.Length(m) / 2}}
	return []plot.GlyphBox{{X: 1, Rectangle: space}}
}

// stripRow is the half hours of one host.
type stripRow struct {
	name       string
	suspicious bool
	at         []float64   // hours
	values     [][]float64 // by value column
}

func (r stripRow) peak(value int) float64 {
	peak := 0.0
	for _, v := range r.values[value] {
		if v > peak {
			peak = v
		}
	}
	return peak
}

func (r stripRow) sum(value int) float64 {
	sum := 0.0
	for _, v := range r.values[value] {
		if !math.IsNaN(v) {
			sum += v
		}
	}
	return sum
}

// stripsOf groups rows by name.
func stripsOf(f frame.Frame, label string, values []string, o settings) ([]stripRow, error) {
	if f.Err == nil && f.Nrow() == 0 {
		return nil, errNoRows
	}
	names, err := namesOf(f, label)
	if err != nil {
		return nil, err
	}
	times, err := frame.Floats(f, flow.ColTime)
	if err != nil {
		return nil, err
	}
	var rows []stripRow
	index := map[string]int{}
	for i, n := range names {
		r, ok := index[n]
		if !ok {
			r = len(rows)
			index[n] = r
			rows = append(rows, stripRow{name: n, suspicious: slices.Contains(o.suspicious, n), values: make([][]float64, len(values))})
		}
		rows[r].at = append(rows[r].at, times[i]/float64(flow.Hour))
	}
	for v, value := range values {
		all, err := numbersOf(f, value)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(all, func(v float64) bool { return v < 0 }); i >= 0 {
			return nil, fmt.Errorf("column %q, row %d: negative value %g; use Line", value, i+1, all[i])
		}
		for i, n := range names {
			r := &rows[index[n]]
			r.values[v] = append(r.values[v], all[i])
		}
	}
	return rows, nil
}

// stripPlotter draws the half hours of hosts, row i from Y = -i upwards.
type stripPlotter struct {
	rows   []stripRow
	value  int
	column frame.Column
	label  string  // the column of the rows' names
	points bool    // points instead of columns
	scale  float64 // height in rows of a value of 1
}

// Plot implements plot.Plotter.
func (s *stripPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	const least vg.Length = 6
	x, y := p.Transforms(&c)
	for i, r := range s.rows {
		var fill color.Color = testColor
		if r.suspicious {
			fill = suspiciousColor
		}
		base := -float64(i)
		for k, v := range r.values[s.value] {
			if math.IsNaN(v) || v <= 0 {
				continue
			}
			top := y(base + v*s.scale)
			words := r.name + ", " + frame.Hour.Format(r.at[k]) + ": " + exact(s.column, v)
			mark(c, marked{entity: entityOf(s.label, r.name), words: words}, func() {
				if s.points {
					c.DrawGlyph(draw.GlyphStyle{Color: fill, Radius: 2, Shape: draw.CircleGlyph{}},
						vg.Point{X: x(r.at[k] + slotHours/2), Y: top})
					return
				}
				left, right, bottom := x(r.at[k]), x(r.at[k]+slotHours)-1, y(base)
				if top < bottom+least { // too thin to point at
					c.FillPolygon(hit, rectangle(left, bottom, right, bottom+least))
				}
				c.FillPolygon(fill, rectangle(left, bottom, right, top))
			})
		}
	}
}

// stripsAlt describes strips: the sum and the largest half hour of each value.
func stripsAlt(what string, rows []stripRow, values []string, others int) string {
	var parts []string
	for _, r := range rows[:min(5, len(rows))] {
		for i, value := range values {
			c := frame.Describe(value)
			words := r.name + ", " + frame.Inside(c.Title) + ": at most " + c.Unit.Format(r.peak(i)) + " in a half hour"
			if c.Unit == frame.Count || c.Unit == frame.Bytes {
				words += ", " + c.Unit.Format(r.sum(i)) + " in all"
			}
			parts = append(parts, words)
		}
	}
	if more := len(rows) - 5; more > 0 {
		parts = append(parts, counted(more, "other row"))
	}
	return sentences(what, append(parts, notDrawn(others, "row"))...)
}
