package chart

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/flowbook/flowbook/pkg/frame"
)

// Hours draws a value over the hours of the day as steps, with one line for each
// day. The frame must have a column "hour", with a row for each hour. An hour without a
// row counts as zero if the value is a count or bytes. A missing value interrupts a line.
func Hours(f frame.Frame, value string, options ...Option) *Figure {
	fig, err := hours(f, value, settingsOf(options))
	if err != nil {
		return failed("hours", f, err)
	}
	return fig
}

func hours(f frame.Frame, value string, o settings) (*Figure, error) {
	if f.Err == nil && f.Nrow() == 0 {
		return nil, errNoRows
	}
	ss, err := seriesOf(f, value, o.day)
	if err != nil {
		return nil, err
	}
	at, err := wholeHours(f, ss)
	if err != nil {
		return nil, err
	}
	p := newPlot()
	column := frame.Describe(value)
	every, height, ticks := 3, vg.Length(210), 5
	if o.small {
		every, height, ticks = 8, 155, 4
	}
	p.X.Tick.Marker = dayTicks(every)
	p.X.Label.Text = "Time of day"
	p.Y.Label.Text = axisTitle(frame.Column{Title: column.Title + " per hour", Unit: column.Unit}, false)
	p.Y.Tick.Marker = linearTicks(column.Unit, ticks)
	p.Add(grid(false))
	least, peak := 0.0, 0.0
	l := &lines{f: f, x: frame.Describe("hour")}
	for _, s := range ss {
		g := &group{name: s.Day, value: frame.Describe(value), x: at, y: s.values}
		l.groups = append(l.groups, g)
		parts, err := steps(at, s)
		if err != nil {
			return nil, err
		}
		p.Add(parts...)
		for _, v := range finite(s.values) {
			least, peak = min(least, v), max(peak, v)
		}
	}
	if len(ss) == 2 {
		p.Add(dayLabels(at, ss, every))
	}
	p.Add(&hourMarks{l})
	p.X.Min, p.X.Max = 0, 24
	if least == 0 {
		peak = orOne(peak)
	}
	p.Y.Min, p.Y.Max = least*1.08, peak*1.08
	return &Figure{Data: f, Alt: l.alt("Steps"), Width: o.width(), Height: height, Plots: [][]*plot.Plot{{p}}}, nil
}

// hourMarks are the values of each hour, for pointers.
type hourMarks struct{ *lines }

// Plot implements plot.Plotter.
func (h *hourMarks) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	for i, at := range h.groups[0].x {
		words := h.format(at)
		for _, g := range h.groups {
			if g.name != "" && len(h.groups) > 1 {
				words += ", " + g.name
			}
			words += ": " + exact(g.value, g.y[i])
		}
		mark(c, marked{words: words}, func() {
			c.FillPolygon(hit, rectangle(x(at), c.Min.Y, x(at+1), c.Max.Y))
		})
	}
}

// orOne returns peak, or 1 if it is 0, since an axis needs a length.
func orOne(peak float64) float64 {
	if peak == 0 {
		return 1
	}
	return peak
}

// wholeHours returns the 24 hours of the day, and sets the values of series to those of
// each hour.
func wholeHours(f frame.Frame, ss []trace) ([]float64, error) {
	hours, err := frame.Floats(f, "hour")
	if err != nil {
		return nil, err
	}
	row := map[float64]int{}
	for i, h := range hours {
		if !(h >= 0 && h < 24) || h != math.Trunc(h) {
			return nil, fmt.Errorf("column \"hour\", row %d: %g is not an hour, 0 to 23", i+1, h)
		}
		if first, ok := row[h]; ok {
			return nil, fmt.Errorf("column \"hour\": rows %d and %d are of the same hour; group the rows first, as frame.By(f, \"hour\") does", first+1, i+1)
		}
		row[h] = i
	}
	at := make([]float64, 24)
	for k := range ss {
		values := make([]float64, len(at))
		for h := range at {
			at[h] = float64(h)
			if i, ok := row[at[h]]; ok {
				values[h] = ss[k].values[i]
			} else if u := ss[k].Unit; u != frame.Count && u != frame.Bytes {
				values[h] = math.NaN()
			}
		}
		ss[k].values = values
	}
	return at, nil
}

// steps returns lines with a constant value for the hour that starts at each point,
// from one missing value to the next.
func steps(at []float64, s trace) ([]plot.Plotter, error) {
	var parts []plot.Plotter
	var xy plotter.XYs
	for i, v := range s.values {
		if math.IsNaN(v) {
			continue
		}
		xy = append(xy, plotter.XY{X: at[i], Y: v})
		if i+1 < len(at) && !math.IsNaN(s.values[i+1]) {
			continue
		}
		line, err := plotter.NewLine(append(xy, plotter.XY{X: at[i] + 1, Y: v}))
		if err != nil {
			return nil, err
		}
		line.StepStyle = plotter.PostStep
		line.LineStyle = draw.LineStyle{Color: colorOf(s.Day), Width: 1.8}
		parts, xy = append(parts, line), nil
	}
	return parts, nil
}

// dayLabels returns the names of two lines, at the hour in which they are farthest
// apart: above the upper line and below the lower line. A label is up to wide hours wide.
func dayLabels(at []float64, ss []trace, wide int) *notes {
	best, apart := -1, -1.0
	for i := range at {
		d := math.Abs(ss[0].values[i] - ss[1].values[i])
		// Labels at the edges of the day would run out of the figure.
		if d > apart && at[i] >= float64(wide)/2 && at[i] <= 23-float64(wide)/2 {
			best, apart = i, d
		}
	}
	if best < 0 {
		return &notes{}
	}
	upper, lower := ss[0].values, ss[1].values
	above, below := ss[0].Day, ss[1].Day
	if lower[best] > upper[best] {
		upper, lower, above, below = lower, upper, below, above
	}
	// A label must not overlap the adjacent steps.
	from, to := max(0, best-wide/2), min(len(at), best+wide/2+1)
	return &notes{
		{x: at[best] + 0.5, y: slices.Max(finite(upper[from:to])), words: above, style: textStyle(ink, text.XCenter, text.YBottom), up: gap / 2},
		{x: at[best] + 0.5, y: slices.Min(finite(lower[from:to])), words: below, style: textStyle(ink, text.XCenter, text.YTop), up: -gap},
	}
}

// note is text at a point of the data.
type note struct {
	x, y  float64
	words string
	style text.Style
	right vg.Length // offset
	up    vg.Length // offset
}

// notes is a plotter of text at points of the data.
type notes []note

// Plot implements plot.Plotter.
func (ns *notes) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, n := range *ns {
		c.FillText(n.style, vg.Point{X: x(n.x) + n.right, Y: y(n.y) + n.up}, n.words)
	}
}

// GlyphBoxes implements plot.GlyphBoxer. It reserves the space of the text.
func (ns *notes) GlyphBoxes(p *plot.Plot) []plot.GlyphBox {
	var boxes []plot.GlyphBox
	for _, n := range *ns {
		boxes = append(boxes, plot.GlyphBox{
			X: p.X.Norm(n.x), Y: p.Y.Norm(n.y),
			Rectangle: n.style.Rectangle(n.words).Add(vg.Point{X: n.right, Y: n.up}),
		})
	}
	return boxes
}
