package report

import (
	"fmt"
	"html"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/entity"
	"github.com/flowbook/flowbook/reportgen/internal/language"
	"github.com/flowbook/flowbook/reportgen/internal/svg"
)

// found returns how many hosts, owners or countries a report has findings about. It is -1 if
// none of its tables is about findings, or no cell ran.
func (w written) found() int {
	if w.document == nil {
		return -1
	}
	found := -1
	for _, t := range w.document.Tables() {
		for _, c := range t.Columns {
			if c.Kind == document.KindSeverity {
				found = 0
			}
		}
	}
	if found < 0 {
		return found
	}
	for _, e := range entity.Find(w.document).Entities {
		if len(e.Rows) > 0 && e.Rows[0].Finding {
			found++
		}
	}
	return found
}

// The size of a trend line in CSS pixels.
const (
	trendWidth, trendHeight = 720, 140
	trendMargin             = 24
)

// trend returns a figure with the number of findings of each report in order, or nil if fewer
// than two reports have such a number.
func trend(all []written, words *language.Words) *document.Figure {
	var names []string
	var values []int
	for _, w := range all {
		if n := w.found(); n >= 0 {
			names, values = append(names, w.Name), append(values, n)
		}
	}
	if len(values) < 2 {
		return nil
	}
	most := 1
	for _, v := range values {
		most = max(most, v)
	}
	data := &document.Table{Columns: []document.Column{{Title: words.Say("Report")}, {Title: words.Say("Findings"), Numeric: true}}}
	var line, marks strings.Builder
	label := func(x, y float64, anchor, text string) {
		fmt.Fprintf(&marks, `<text x="%.1f" y="%.1f" font-size="11" font-family="Liberation Sans, Arial, sans-serif" text-anchor="%s">%s</text>`, x, y, anchor, html.EscapeString(text))
	}
	label(trendMargin, trendHeight-4, "start", names[0])
	label(trendWidth-trendMargin, trendHeight-4, "end", names[len(names)-1])
	for i, v := range values {
		x := trendMargin + float64(i)*(trendWidth-2*trendMargin)/float64(len(values)-1)
		y := trendHeight - trendMargin - float64(v)*(trendHeight-2*trendMargin)/float64(most)
		fmt.Fprintf(&line, "%.1f,%.1f ", x, y)
		fmt.Fprintf(&marks, `<g><title>%s: %d</title><path d="M%.1f,%.1fm-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0" fill="#0072b2"/></g>`, html.EscapeString(names[i]), v, x, y)
		if v == most || i == 0 || i == len(values)-1 {
			label(x, y-9, "middle", fmt.Sprint(v))
		}
		number := fmt.Sprint(v)
		data.Rows = append(data.Rows, []document.Value{{Text: names[i], Raw: names[i]}, {Text: number, Raw: number}})
	}
	source := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d"><polyline fill="none" stroke="#0072b2" stroke-width="1.5" points="%[3]s"/>%[4]s</svg>`,
		trendWidth, trendHeight, strings.TrimSpace(line.String()), marks.String())
	img, err := svg.Parse([]byte(source))
	if err != nil {
		return nil // a name that XML cannot hold
	}
	caption := words.Say("Findings")
	return &document.Figure{
		ID: "fig-trend", Number: "1", Caption: document.NewParser().ParseLine(caption), Data: data,
		Picture: &document.Picture{Vector: img, Name: "trend", Alt: fmt.Sprintf("%s: %s %d, %s %d", caption, names[0], values[0], names[len(names)-1], values[len(values)-1])},
	}
}
