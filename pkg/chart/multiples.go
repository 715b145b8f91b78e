package chart

import (
	"cmp"
	"fmt"

	"gonum.org/v1/plot/vg"

	"github.com/flowbook/flowbook/pkg/frame"
)

// Multiples draws column y over column x in a small plot of its own for each value of
// column by, all with the same axes, so that they can be compared: three to a row, the
// largest sum first. Of more than 12 ([Top]), the others are counted below the figure.
func Multiples(f frame.Frame, by, x, y string, options ...Option) *Figure {
	o := settingsOf(options)
	o.by = by
	l, err := newLines(f, x, y, o, cmp.Or(o.top, 12))
	if err != nil {
		return failed("multiples", f, err)
	}
	const columns = 3
	panel := (width - 28) / columns
	column := l.groups[0].value
	up := newScale(column, values(l.groups, ys), false, fromZero(column.Unit))
	fig := &Figure{Data: f, Alt: l.alt("Small plots"), Width: width}
	for i, g := range l.groups {
		p := newPlot()
		g.line.Dashes, g.line.Color, g.line.Width = nil, testColor, 1.3
		if suspicious(g, o) {
			g.line.Color = suspiciousColor
		}
		p.Title.Text = g.title(o, 22)
		p.Title.TextStyle.Font, p.Title.TextStyle.Color, p.Title.Padding = p.X.Tick.Label.Font, ink, gap
		l.setX(&p.X, panel-50)
		up.set(&p.Y, 0.02, 0.06, 64, true)
		if i%columns > 0 {
			p.Y.Label.Text = ""
		}
		if i < len(l.groups)-columns {
			p.X.Label.Text = " "
		}
		if i%columns == 0 {
			fig.Plots = append(fig.Plots, nil)
		}
		p.Add(grid(false), &linePlotter{g}, &lineMarks{g, l})
		row := &fig.Plots[len(fig.Plots)-1]
		*row = append(*row, p)
	}
	if l.others > 0 {
		last := fig.Plots[len(fig.Plots)-1][0]
		last.X.Label.Text += fmt.Sprintf(" (%d others not drawn)", l.others)
	}
	fig.Height = vg.Length(len(fig.Plots))*120 + 14
	return fig
}
