package chart

import (
	"cmp"
	"errors"
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

// Timeline draws the connections of each value of column label as bars from start to
// end. Column from has the starts, in 1/100 s since midnight. Column to has the ends,
// or durations in 1/100 s if that is its unit; a missing one counts as 0. Rows
// are in order of their first start. Of more than 20 ([Top]), those with the most
// connections are drawn, and those under suspicion. Connections too close to be
// distinguished are drawn as one.
func Timeline(f frame.Frame, label, from, to string, options ...Option) *Figure {
	fig, err := timeline(f, label, from, to, settingsOf(options))
	if err != nil {
		return failed("timeline", f, err)
	}
	return fig
}

// interval is one connection, or several that follow each other closely.
type interval struct {
	from, to float64
	n        int
}

// timeRow is the connections of one label, by start.
type timeRow struct {
	name       string
	suspicious bool
	n          int
	all        []interval
}

func timeline(f frame.Frame, label, from, to string, o settings) (*Figure, error) {
	if f.Err == nil && f.Nrow() == 0 {
		return nil, errNoRows
	}
	rows, missing, err := timeRows(f, label, from, to, o)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errors.New("no row has a start; display a sentence instead")
	}
	slices.SortStableFunc(rows, func(a, b *timeRow) int {
		return cmp.Or(-compareBool(a.suspicious, b.suspicious), cmp.Compare(b.n, a.n))
	})
	others := max(0, len(rows)-cmp.Or(o.top, 20))
	rows = rows[:len(rows)-others]
	slices.SortStableFunc(rows, func(a, b *timeRow) int { return cmp.Compare(a.all[0].from, b.all[0].from) })
	var times []float64
	total := 0
	for _, r := range rows {
		total += r.n
		for _, i := range r.all {
			times = append(times, i.from, i.to)
		}
	}
	t := &timePlotter{rows: rows, label: label, scale: newScale(frame.Column{Title: "Time of day", Unit: frame.Clock}, times, false, false).wholeDay()}
	p := newPlot()
	var names []plot.Tick
	var counts notes
	var labels vg.Length
	style := textStyle(pale, text.XLeft, text.YCenter)
	style.YAlign = level(style)
	for i, r := range rows {
		name := shortenTo(r.name, 36)
		if r.suspicious {
			name += ", suspicious"
		}
		labels = max(labels, p.Y.Tick.Label.Width(name))
		names = append(names, plot.Tick{Value: -float64(i), Label: name})
	}
	t.set(&p.X, 0.005, 0.005, width-labels-80, false)
	for i, r := range rows {
		counts = append(counts, note{x: p.X.Max, y: -float64(i), words: counted(r.n, "connection"), style: style, right: gap})
	}
	p.X.Label.Text = "Time of day" + omitted(others, "row")
	if missing > 0 {
		p.X.Label.Text += fmt.Sprintf(" (%s without a start not drawn)", counted(missing, "connection"))
	}
	p.Y.Tick.Marker = plot.ConstantTicks(names)
	p.Add(grid(true), t, &counts)
	p.Y.Min, p.Y.Max = 0.5-float64(len(rows)), 0.5
	return &Figure{Data: f, Alt: t.alt(total, others), Width: width, Height: vg.Length(len(rows))*16 + 40, Plots: [][]*plot.Plot{{p}}}, nil
}

func timeRows(f frame.Frame, label, from, to string, o settings) (rows []*timeRow, missing int, err error) {
	names, err := namesOf(f, label)
	if err != nil {
		return nil, 0, err
	}
	starts, err := frame.Floats(f, from)
	if err != nil {
		return nil, 0, err
	}
	ends, err := frame.Floats(f, to)
	if err != nil {
		return nil, 0, err
	}
	lasts := frame.Describe(to).Unit == frame.Duration
	index := map[string]*timeRow{}
	for i, n := range names {
		if math.IsNaN(starts[i]) {
			missing++
			continue
		}
		end := ends[i]
		if lasts {
			end += starts[i]
		}
		if math.IsNaN(end) {
			end = starts[i]
		}
		if end < starts[i] {
			return nil, 0, fmt.Errorf("row %d: column %q ends before %q starts", i+1, to, from)
		}
		r := index[n]
		if r == nil {
			r = &timeRow{name: n, suspicious: isSuspicious(n, o)}
			index[n] = r
			rows = append(rows, r)
		}
		r.n++
		r.all = append(r.all, interval{starts[i], end, 1})
	}
	for _, r := range rows {
		slices.SortStableFunc(r.all, func(a, b interval) int {
			return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
		})
	}
	return rows, missing, nil
}

// timePlotter draws rows of intervals, row i at Y = -i.
type timePlotter struct {
	*scale
	rows  []*timeRow
	label string
}

// joined returns the intervals with those joined that are closer than a distance.
func (r *timeRow) joined(distance float64) []interval {
	var all []interval
	for _, i := range r.all {
		if n := len(all); n > 0 && i.from <= all[n-1].to+distance {
			all[n-1].to = max(all[n-1].to, i.to)
			all[n-1].n++
			continue
		}
		all = append(all, i)
	}
	return all
}

// Plot implements plot.Plotter.
func (t *timePlotter) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	point := (p.X.Max - p.X.Min) / float64(c.Max.X-c.Min.X)
	half := (y(0) - y(-1)) * 0.3
	for i, r := range t.rows {
		var fill color.Color = testColor
		if r.suspicious {
			fill = suspiciousColor
		}
		mid := y(-float64(i))
		c.StrokeLine2(draw.LineStyle{Color: rule, Width: 0.5}, c.Min.X, mid, c.Max.X, mid)
		for _, k := range r.joined(point * 1.5) {
			words := r.name + ": " + frame.Clock.Format(k.from)
			if k.to > k.from {
				words += "–" + frame.Clock.Format(min(k.to, float64(flow.Day)-1)) + ", " + lasting(k.to-k.from)
			}
			if k.n > 1 {
				words += ", " + counted(k.n, "connection")
			}
			mark(c, marked{entity: entityOf(t.label, r.name), words: words}, func() {
				from, to := x(k.from), x(k.to)
				c.FillPolygon(fill, rectangle(from-0.6, mid-half, max(to, from)+0.6, mid+half))
			})
		}
	}
}

// lasting formats a duration in 1/100 s.
func lasting(v float64) string {
	switch s := v / float64(flow.Second); {
	case s < 10:
		return fmt.Sprintf("%.2f s", s)
	case s < 120:
		return fmt.Sprintf("%.0f s", s)
	case s < 7200:
		return fmt.Sprintf("%.0f min", s/60)
	default:
		return fmt.Sprintf("%.1f h", s/3600)
	}
}

func (t *timePlotter) alt(total, others int) string {
	first, last := math.Inf(1), math.Inf(-1)
	busiest := t.rows[0]
	for _, r := range t.rows {
		for _, i := range r.all {
			first, last = min(first, i.from), max(last, i.to)
		}
		if r.n > busiest.n {
			busiest = r
		}
	}
	return sentences(fmt.Sprintf("Timeline of %s in %s", counted(total, "connection"), counted(len(t.rows), "row")),
		fmt.Sprintf("the first starts at %s, the last ends at %s", frame.Clock.Format(first), frame.Clock.Format(min(last, float64(flow.Day)-1))),
		fmt.Sprintf("%s has the most: %d", busiest.name, busiest.n), notDrawn(others, "row"))
}
