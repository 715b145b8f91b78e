package nb

import (
	_ "embed"
	"fmt"
	"html"
	"strings"

	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/flowbook/flowbook/pkg/frame"
)

// The script and the style of grids.
var (
	//go:embed grid.js
	gridScript string
	//go:embed grid.css
	gridStyle string
)

const (
	// shownRows is the number of rows of a grid that are shown at first, and of a table
	// without a limit of its own in a report.
	shownRows = 20
	// gridRows is the number of rows that a grid holds: more would make a notebook of
	// many megabytes.
	gridRows = 5000
)

// gridData returns a frame as a grid for Jupyter, which sorts, filters and shows
// all rows. Without scripts, as on GitHub, its first rows are a plain table.
func gridData(f frame.Frame, d *display) (*protocol.DisplayData, error) {
	all := f.Nrow()
	t, err := newTable(frame.Head(f, gridRows), d)
	if err != nil {
		return nil, err
	}
	limit := shownRows
	if d.most > 0 {
		limit = d.most
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<div class="flowbook-grid" data-limit="%d"`, limit)
	if all > gridRows {
		fmt.Fprintf(&b, ` data-rest="%s"`, Count(all-gridRows))
	}
	fmt.Fprintf(&b, ">\n<style>\n%s</style>\n", gridStyle)
	b.WriteString(`<div class="flowbook-bar" hidden><input type="search" placeholder="Filter" aria-label="Filter rows by words">` +
		`<button type="button"></button><span role="status"></span></div>` + "\n")
	b.WriteString(`<div class="flowbook-rows" tabindex="0" role="region" aria-label="Rows">` + "\n<table>\n")
	if d.captionText != "" {
		fmt.Fprintf(&b, "<caption>%s</caption>\n", html.EscapeString(d.captionText))
	}
	b.WriteString("<thead>\n<tr>")
	for _, c := range t.fields {
		fmt.Fprintf(&b, "<th%s>%s</th>", c.class(), html.EscapeString(c.Title))
	}
	b.WriteString("</tr>\n</thead>\n<tbody>\n")
	for i, row := range t.text {
		if i < limit {
			b.WriteString("<tr>")
		} else {
			b.WriteString("<tr hidden>")
		}
		for k, words := range row {
			c := t.fields[k]
			fmt.Fprintf(&b, "<td%s%s>%s</td>", c.class(), c.sortKey(t.data[i]), html.EscapeString(words))
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody>\n</table>\n</div>\n")
	if all > limit {
		fmt.Fprintf(&b, "<noscript>The first %s of %s.</noscript>\n", Count(limit), N(all, "row"))
	}
	fmt.Fprintf(&b, "<script>\n%s</script>\n</div>", gridScript)
	return &protocol.DisplayData{Data: map[protocol.MIMEType]any{
		protocol.MIMETextHTML:  b.String(),
		protocol.MIMETextPlain: t.head(limit).plain() + cut(limit, all),
	}}, nil
}

// cut says how many rows are not shown.
func cut(shown, all int) string {
	if all <= shown {
		return ""
	}
	return fmt.Sprintf("\nThe first %s of %s.", Count(shown), N(all, "row"))
}

// class is the class of a column's cells.
func (c field) class() string {
	if c.isText() {
		return ""
	}
	return ` class="n"`
}

// sortKey is the value of a number, by which its rows are sorted.
func (c field) sortKey(row map[string]any) string {
	if c.isText() {
		return ""
	}
	if row[c.Name] == nil {
		return ` data-v=""`
	}
	return fmt.Sprintf(` data-v="%v"`, row[c.Name])
}

// head returns the table with its first n rows.
func (t *table) head(n int) *table {
	n = min(n, len(t.text))
	return &table{fields: t.fields, data: t.data[:n], text: t.text[:n]}
}
