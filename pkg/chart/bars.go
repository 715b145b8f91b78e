package chart

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strings"
	"unicode"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"

	"github.com/flowbook/flowbook/pkg/frame"
)

// Bars draws horizontal bars. There is a row for each row of f, named by column
// label and sorted by the first of values, and one plot for each of values, side
// by side. The bars of two days are drawn in the same row on one axis, which is
// logarithmic if most bars would be too short to compare otherwise. The value is
// printed at the end of each bar.
func Bars(f frame.Frame, label string, values []string, options ...Option) *Figure {
	o := settingsOf(options)
	b, err := newBars(f, label, values, o)
	if err != nil {
		return failed("bars", f, err)
	}
	fig := &Figure{Data: b.shown, Alt: b.alt(), Width: b.width, Plots: make([][]*plot.Plot, 1)}
	for i, value := range values {
		p := b.plot(i, value)
		if i == 0 {
			b.nameRows(p)
			fig.left = b.labelWidth()
		} else {
			p.Y.Tick.Marker = plot.ConstantTicks(nil)
		}
		fig.Plots[0] = append(fig.Plots[0], p)
	}
	rows := rowHeight * vg.Length(len(b.labels))
	if len(b.panels[0]) > 1 {
		rows = rows * 9 / 5
	}
	if b.others > 0 {
		rows += rowHeight
	}
	fig.Height = rows + 40
	return fig
}

// barRows are the rows that Bars draws, with one or two series for each value.
type barRows struct {
	shown      frame.Frame
	label      string   // the column of names
	names      []string // in that column
	labels     []string // as drawn
	suspicious []bool
	panels     [][]trace
	others     int // number of rows left out
	width      vg.Length
	rest       []string // summary of the rows left out, for each panel
}

func newBars(f frame.Frame, label string, values []string, o settings) (*barRows, error) {
	if f.Err == nil && f.Nrow() == 0 {
		return nil, errNoRows
	}
	if len(values) == 0 {
		return nil, errors.New("no column of values")
	}
	first, err := seriesOf(f, values[0], o.day)
	if err != nil {
		return nil, err
	}
	order := sortRows(first, f.Nrow())
	top := cmp.Or(o.top, 20)
	shown := f.Subset(order[:min(top, len(order))])
	b := &barRows{shown: shown, label: label, others: f.Nrow() - shown.Nrow(), width: o.width()}
	if b.labels, err = namesOf(shown, label); err != nil {
		return nil, err
	}
	for _, l := range b.labels {
		b.suspicious = append(b.suspicious, slices.Contains(o.suspicious, l))
	}
	b.names = slices.Clone(b.labels)
	if err := b.name(o.beside); err != nil {
		return nil, err
	}
	for _, v := range values {
		ss, err := seriesOf(shown, v, o.day)
		if err != nil {
			return nil, err
		}
		b.panels = append(b.panels, ss)
		rest := ""
		if b.others > 0 {
			left, err := seriesOf(f.Subset(order[top:]), v, "")
			if err != nil {
				return nil, err
			}
			if o.small {
				left[len(left)-1].Day = "" // the day does not fit
			}
			rest = summary(left)
		}
		b.rest = append(b.rest, rest)
	}
	return b, nil
}

// name adds the text of a column to the row labels.
func (b *barRows) name(column string) error {
	if column == "" {
		return nil
	}
	names, err := frame.Strings(b.shown, column)
	if err != nil {
		return err
	}
	for i, n := range names {
		if n != "" {
			b.labels[i] += " " + n
		}
	}
	return nil
}

// sortRows orders rows by the largest of their values, largest first.
func sortRows(ss []trace, n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	most := func(r int) float64 {
		m := math.Inf(-1)
		for _, s := range ss {
			if v := s.values[r]; v > m {
				m = v
			}
		}
		return m
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(most(b), most(a)) })
	return order
}

// summary summarizes rows that are not drawn: by their sum, or by the largest if
// the unit cannot be summed.
func summary(ss []trace) string {
	s := ss[len(ss)-1]
	if s.Unit == frame.Count || s.Unit == frame.Bytes {
		sum := 0.0
		for _, v := range s.values {
			sum += v
		}
		words := "together " + s.Unit.Short(sum)
		if s.Day != "" {
			words += " (" + s.Day + ")"
		}
		return words
	}
	return "each at most " + s.Unit.Short(slices.Max(s.values))
}

// alt describes the bars: the first rows and their values.
func (b *barRows) alt() string {
	var titles, rows []string
	for _, ss := range b.panels {
		for _, s := range ss {
			titles = append(titles, frame.Inside(s.Title))
		}
	}
	for row := range b.names[:min(3, len(b.names))] {
		var values []string
		for _, ss := range b.panels {
			for _, s := range ss {
				values = append(values, s.Unit.Format(s.values[row]))
			}
		}
		rows = append(rows, b.names[row]+": "+strings.Join(values, ", "))
	}
	if more := len(b.names) - len(rows); more > 0 {
		rows = append(rows, counted(more, "other bar"))
	}
	return sentences("Bars of "+strings.Join(titles, ", ")+" by "+frame.Inside(frame.Describe(b.label).Title), append(rows, notDrawn(b.others, "row"))...)
}

// plot draws one panel without the names of its rows.
func (b *barRows) plot(panel int, value string) *plot.Plot {
	p := newPlot()
	bars := newBarPlotter(b.panels[panel], b.suspicious)
	bars.small, bars.room = b.width < width, (b.width-b.labelWidth())/vg.Length(len(b.panels))
	bars.note, bars.label, bars.names, bars.value = b.rest[panel], b.label, b.names, value
	column := frame.Describe(value)
	p.X.Tick.Marker = linearTicks(column.Unit, b.tickCount(bars))
	if bars.log {
		p.X.Scale = plot.LogScale{}
		most := 6
		if bars.small {
			most = 1
		}
		p.X.Tick.Marker = logTicks(column.Unit, most)
	}
	p.X.Label.Text = axisTitle(column, bars.log)
	p.Add(grid(true), bars)
	p.X.Min, p.X.Max = bars.low, bars.high
	p.Y.Min, p.Y.Max = 0.5-float64(len(b.labels)), 0.5
	if b.others > 0 {
		p.Y.Min--
	}
	return p
}

// tickCount returns the number of ticks whose labels fit into a panel without
// overlap, beside the row labels and the captions of bars.
func (b *barRows) tickCount(bars *barPlotter) int {
	var captions vg.Length
	style := textStyle(ink, text.XLeft, text.YCenter)
	for s := range bars.series {
		for row := range bars.series[s].values {
			captions = max(captions, style.Width(bars.caption(row, s)))
		}
	}
	const perTick = 50
	free := (b.width-b.labelWidth())/vg.Length(len(b.panels)) - captions
	return max(1, min(6, int(free/perTick)))
}

// rowNames returns the row labels as they are drawn, with one for the rest.
func (b *barRows) rowNames() []string {
	most := 42 // a longer name would leave no space for its bar
	if b.width < width {
		most = 16
	}
	var names []string
	for _, l := range b.labels {
		names = append(names, shortenTo(l, most))
	}
	switch {
	case b.others == 1:
		names = append(names, "1 other")
	case b.others > 1:
		names = append(names, frame.Count.Format(float64(b.others))+" others")
	}
	return names
}

// nameRows sets the names of rows at the Y axis.
func (b *barRows) nameRows(p *plot.Plot) {
	var ticks []plot.Tick
	for i, n := range b.rowNames() {
		ticks = append(ticks, plot.Tick{Value: -float64(i), Label: n})
	}
	p.Y.Tick.Marker = plot.ConstantTicks(ticks)
}

// labelWidth returns the width of the names of rows.
func (b *barRows) labelWidth() vg.Length {
	style := textStyle(ink, text.XRight, text.YCenter)
	var w vg.Length
	for _, n := range b.rowNames() {
		w = max(w, style.Width(n))
	}
	return w + 2*gap
}

// shorten truncates a name that would leave no space for its bar.
func shorten(s string) string { return shortenTo(s, 42) }

func shortenTo(s string, most int) string {
	s = plainText(s)
	if r := []rune(s); len(r) > most { // names often differ at the end only
		end := most / 3
		return string(r[:most-1-end]) + "…" + string(r[len(r)-end:])
	}
	return s
}

// plainText replaces characters that XML does not allow: names come from untrusted
// databases.
func plainText(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\uFFFE' || r == '\uFFFF' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}
