package chart

import (
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

// Heatmap draws the sums of column value as cells: one column for each value of x and
// one row for each value of y, such as hours by host or hours by day. Hours of x have
// all 24 columns. Rows of dates and numbers are in their order, other rows have the
// largest sum first. The darker a cell, the larger its value, with steps in equal
// ratios if the largest value is far above the median. A cell without rows stays
// empty, and one whose values are missing has a dash. The Data of the figure are the
// cells.
func Heatmap(f frame.Frame, x, y, value string, options ...Option) *Figure {
	fig, err := heatmap(f, x, y, value, settingsOf(options))
	if err != nil {
		return failed("heatmap", f, err)
	}
	return fig
}

// mostColumns is the number of columns that are wide enough for a pointer.
const mostColumns = 60

func heatmap(f frame.Frame, x, y, value string, o settings) (*Figure, error) {
	if f.Err == nil && f.Nrow() == 0 {
		return nil, errNoRows
	}
	m, err := newCells(f, x, y, value, o)
	if err != nil {
		return nil, err
	}
	if len(m.columns) > mostColumns {
		return nil, fmt.Errorf("column %q: %d different values, at most %d can be drawn; group them first, such as by hour", x, len(m.columns), mostColumns)
	}
	h := &heatPlotter{cells: m, o: o, value: frame.Describe(value)}
	var all []float64
	for _, row := range m.sums {
		all = append(all, finite(row)...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("column %q: no values; display a sentence instead", value)
	}
	h.scale = newScale(h.value, all, true, true)
	p := newPlot()
	var names, columns []plot.Tick
	for i, n := range m.rows {
		name := shortenTo(n, 32)
		if isSuspicious(n, o) {
			name += ", suspicious"
		}
		names = append(names, plot.Tick{Value: -float64(i), Label: name})
	}
	every := 1
	for i := 0; i < len(m.columns); i += every {
		if i == 0 {
			var room vg.Length
			for _, c := range m.columns {
				room = max(room, p.X.Tick.Label.Width(shortenTo(c, 16))+textSize)
			}
			labels := vg.Length(0)
			for _, t := range names {
				labels = max(labels, p.Y.Tick.Label.Width(t.Label))
			}
			every = max(1, int(math.Ceil(float64(room/((width-labels-30)/vg.Length(len(m.columns)))))))
			if frame.Describe(x).Unit == frame.Hour && every > 1 {
				every = 3 * ((every + 2) / 3)
			}
		}
		columns = append(columns, plot.Tick{Value: float64(i), Label: shortenTo(m.columns[i], 16)})
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.ConstantTicks(columns), plot.ConstantTicks(names)
	p.X.Label.Text = axisTitle(frame.Describe(x), false) + omitted(m.others, "row")
	p.Add(h)
	p.X.Min, p.X.Max = -0.5, float64(len(m.columns))-0.5
	p.Y.Min, p.Y.Max = 0.5-float64(len(m.rows)), 2 // the legend is above the cells
	return &Figure{Data: m.frame(value), Alt: h.alt(), Width: width, Height: vg.Length(len(m.rows))*16 + 16*1.5 + 40, Plots: [][]*plot.Plot{{p}}}, nil
}

// heatPlotter draws cells, row i at Y = -i.
type heatPlotter struct {
	*cells
	*scale
	o     settings
	value frame.Column
}

// shade returns the colour of a value: more of one colour on the page's ground, so
// that it is darker on a light page and brighter on a dark one. Negative values have
// another.
func (h *heatPlotter) shade(v float64) color.Color {
	at, _ := h.at(v)
	lo, hi := h.lo, h.hi
	base := testColor
	if !h.log {
		lo, hi = 0, max(math.Abs(lo), math.Abs(hi))
		if at < 0 {
			at, base = -at, groupColors[1].(color.RGBA)
		}
	}
	share := 1.0
	if hi > lo {
		share = (at - lo) / (hi - lo)
	}
	return color.NRGBA{R: base.R, G: base.G, B: base.B, A: uint8(math.Round(255 * (0.2 + 0.8*min(1, max(0, share)))))}
}

// Plot implements plot.Plotter.
func (h *heatPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for r, row := range h.sums {
		for k, v := range row {
			left, right := x(float64(k)-0.5)+0.5, x(float64(k)+0.5)-0.5
			low, high := y(-float64(r)-0.5)+0.5, y(-float64(r)+0.5)-0.5
			if math.IsNaN(v) && !h.missing[r][k] {
				continue
			}
			words := h.rows[r] + ", " + h.columns[k] + ": " + exact(h.value, v)
			mark(c, marked{entity: entityOf(h.y, h.rows[r]), words: words}, func() {
				switch {
				case math.IsNaN(v):
					c.FillPolygon(hit, rectangle(left, low, right, high))
					c.StrokeLine2(draw.LineStyle{Color: pale, Width: 1}, left+2, (low+high)/2, right-2, (low+high)/2)
				case v == 0:
					drawZero(c, left, low, right, high)
				default:
					c.FillPolygon(h.shade(v), rectangle(left, low, right, high))
					if v < 0 { // for greyscale
						mid := (left + right) / 2
						c.StrokeLine2(draw.LineStyle{Color: ink, Width: 1}, mid-2.5, (low+high)/2, mid+2.5, (low+high)/2)
					}
				}
			})
		}
	}
	h.legend(c, y(1.1))
}

// drawZero draws a cell of nothing as an outline: there was something to count.
func drawZero(c draw.Canvas, left, low, right, high vg.Length) {
	c.FillPolygon(hit, rectangle(left, low, right, high))
	c.StrokeLines(draw.LineStyle{Color: rule, Width: 0.5}, append(rectangle(left, low, right, high), vg.Point{X: left, Y: low}))
}

// legend draws what shades mean, at the right.
func (h *heatPlotter) legend(c draw.Canvas, y vg.Length) {
	style := textStyle(ink, text.XRight, text.YCenter)
	style.YAlign = level(style)
	at := c.Max.X
	ticks := h.ticks(h.lo, h.hi, 4)
	if h.log || len(ticks) < 2 {
		ticks = []plot.Tick{{Value: h.lo}, {Value: (h.lo + h.hi) / 2}, {Value: h.hi}}
		for i, t := range ticks {
			v := t.Value
			if h.log {
				v = math.Pow(10, v)
				if h.zero && i == 0 {
					v = 0
				}
			}
			ticks[i].Label = tickLabel(h.value.Unit, v)
		}
	}
	for i, t := range slices.Backward(ticks) {
		v := t.Value
		if h.log {
			v = math.Pow(10, v)
		}
		c.FillText(style, vg.Point{X: at, Y: y}, t.Label)
		at -= style.Width(t.Label) + gap
		if v == 0 || h.log && h.zero && i == 0 {
			drawZero(c, at-12, y-5, at, y+5)
		} else {
			c.FillPolygon(h.shade(v), rectangle(at-12, y-5, at, y+5))
		}
		at -= 12 + 2*gap
	}
	style.Color = pale
	c.FillText(style, vg.Point{X: at, Y: y}, axisTitle(h.value, h.log))
}

func (h *heatPlotter) alt() string {
	var most float64
	where, n := "", 0
	for r, row := range h.sums {
		for k, v := range row {
			if math.IsNaN(v) {
				continue
			}
			if n++; where == "" || v > most {
				most, where = v, h.rows[r]+", "+h.columns[k]
			}
		}
	}
	return sentences(fmt.Sprintf("Heatmap of %s by %s and %s, %s by %s", frame.Inside(h.value.Title), frame.Inside(frame.Describe(h.y).Title), frame.Inside(frame.Describe(h.x).Title),
		counted(len(h.rows), "row"), counted(len(h.columns), "column")),
		fmt.Sprintf("%s, the largest %s (%s)", counted(n, "cell"), h.value.Unit.Format(most), where), notDrawn(h.others, "row"))
}
