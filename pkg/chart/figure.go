// Package chart draws figures from frames in a common style.
//
// Each function takes a [frame.Frame] and the names of its columns, and returns a
// [Figure]. [frame.Describe] gives the titles of axes and the units of values. A
// column of one day ("flows") is drawn as one series. If the frame has the column
// for two days instead ("baseline_flows" and "test_flows", see [frame.Compare]),
// both are drawn on one axis.
//
//	hours := frame.Compare(frame.Hours(normal), frame.Hours(today), "hour", "flows")
//	svg, err := chart.Hours(hours, "flows").SVG()
//
// [Bars], [Hours], [HalfHours] and [Strips] are for reports of a day. The others are
// for looking around in any frame, such as the result of a query: [Line], [Area],
// [Scatter], [Histogram], [ECDF], [Boxes], [Heatmap], [Timeline], [Graph] and
// [Multiples]. They choose units, ticks and linear or logarithmic scales by the data,
// and say in the figure what they leave out.
//
// In SVG, each mark is a group with its exact values as title, and with the host,
// owner or country that it shows in data-entity (and data-peer, of a pair). Browsers
// and Jupyter show the title; the page of a report also finds the same host in other
// figures and tables.
//
// A figure without rows is an error. Display a sentence instead.
package chart

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/flowbook/flowbook/pkg/frame"
)

// Figure is a drawing of one or more plots that share rows or an axis.
type Figure struct {
	Data          frame.Frame    // the rows drawn, in their order, or the summary that is drawn of them
	Alt           string         // the figure in words, computed from the data
	Width, Height vg.Length      // in points
	Plots         [][]*plot.Plot // by row; they can be changed before the figure is drawn

	left vg.Length // width of the row labels, in the first plot of each row only
	err  error     // set if there is nothing to draw
}

var errNoRows = errors.New("no rows to draw; display a sentence instead")

// failed returns the figure of a chart that cannot be drawn.
func failed(chart string, f frame.Frame, err error) *Figure {
	return &Figure{Data: f, err: fmt.Errorf("%s: %w", chart, err)}
}

// SVG returns the figure as an SVG document. The same data gives the same bytes.
// Text is not converted to outlines.
func (f *Figure) SVG() ([]byte, error) {
	if f.err != nil { // there is no size for a canvas
		return nil, fmt.Errorf("chart: %w", f.err)
	}
	canvas := newSVGCanvas(f.Width, f.Height)
	if err := f.Draw(draw.New(canvas)); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return nil, fmt.Errorf("chart: write SVG: %w", err)
	}
	return f.tidy(canvas.grouped(out.Bytes()))
}

// Draw draws the figure on a canvas of any format of gonum/plot, such as PDF.
// Package png writes PNG. It is an error if there is nothing to draw.
func (f *Figure) Draw(c draw.Canvas) error {
	if f.err != nil {
		return fmt.Errorf("chart: %w", f.err)
	}
	const between vg.Length = 14
	rows := vg.Length(len(f.Plots))
	height := (c.Max.Y - c.Min.Y - between*(rows-1)) / rows
	var cols vg.Length
	for _, row := range f.Plots {
		cols = max(cols, vg.Length(len(row)))
	}
	for r, row := range f.Plots {
		top := c.Max.Y - vg.Length(r)*(height+between)
		w := (c.Max.X - c.Min.X - f.left - between*(cols-1)) / cols
		for i, p := range row {
			cell := c
			cell.Min.X = c.Min.X + f.left + vg.Length(i)*(w+between)
			cell.Max.X = cell.Min.X + w
			if i == 0 {
				cell.Min.X -= f.left
			}
			cell.Min.Y, cell.Max.Y = top-height, top
			p.Draw(cell)
		}
	}
	return nil
}

// tidy replaces the head of a document of vgsvg: sizes are in CSS pixels, there is
// no XML declaration, which a page cannot contain, and there are fallback fonts.
// Arial and Helvetica have the widths of Liberation Sans.
func (f *Figure) tidy(svg []byte) ([]byte, error) {
	_, rest, ok := bytes.Cut(svg, []byte("<svg"))
	if ok {
		_, rest, ok = bytes.Cut(rest, []byte(">\n"))
	}
	if !ok {
		return nil, errors.New("chart: the SVG writer wrote no svg element")
	}
	w, h := f.Width.Points(), f.Height.Points()
	head := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.5g %.5g">`+"\n",
		w*4/3, h*4/3, w, h)
	rest = bytes.ReplaceAll(rest, []byte("\n\tstyle="), []byte(" style="))
	rest = bytes.ReplaceAll(rest,
		[]byte("font-family:Liberation Sans;font-variant:normal;font-weight:normal;font-style:normal;"),
		[]byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;"))
	return append([]byte(head), rest...), nil
}

// trace is a column of numbers to draw.
type trace struct {
	frame.Column
	values []float64
}

// seriesOf returns the series of a value: the column itself, as that of a day, or
// the columns of both days if the frame compares two days.
func seriesOf(f frame.Frame, value, day string) ([]trace, error) {
	names := []string{value}
	if !frame.Has(f, value) && frame.Has(f, frame.BaselineDay+"_"+value) {
		names = []string{frame.BaselineDay + "_" + value, frame.TestDay + "_" + value}
	}
	var all []trace
	for _, n := range names {
		vs, err := numbersOf(f, n)
		if err != nil {
			return nil, err
		}
		t := trace{frame.Describe(n), vs}
		if len(names) == 1 {
			t.Day = day
		}
		all = append(all, t)
	}
	return all, nil
}

// numbersOf returns the numbers of a column. An infinite one, such as a ratio to zero, has
// no place on an axis, so it counts as missing.
func numbersOf(f frame.Frame, column string) ([]float64, error) {
	vs, err := frame.Floats(f, column)
	for i, v := range vs {
		if math.IsInf(v, 0) {
			vs[i] = math.NaN()
		}
	}
	return vs, err
}

// noName is drawn for an empty name.
const noName = "(none)"

// namesOf returns the texts of a column.
func namesOf(f frame.Frame, column string) ([]string, error) {
	names, err := frame.Strings(f, column)
	for i, n := range names {
		names[i] = cmp.Or(n, noName)
	}
	return names, err
}
