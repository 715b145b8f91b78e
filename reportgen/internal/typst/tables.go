package typst

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

func (w *writer) table(t *document.Table) string {
	var body string
	if len(t.Parts) > 0 {
		var parts []string
		for _, p := range t.Parts {
			caption := "(" + p.Letter + ")"
			if p.Caption != nil {
				caption += " " + w.inlines(p.Caption.Root, p.Caption.Source)
			}
			parts = append(parts, fmt.Sprintf("[#block[%s\n%s]%s]", caption, w.grid(p.Table), w.label(p.ID)))
		}
		across := t.Across
		if across == 0 {
			across = 1
		}
		body = fmt.Sprintf("grid(columns: (1fr,) * %d, gutter: 10pt, %s)", across, strings.Join(parts, ", "))
	} else {
		body = strings.TrimPrefix(w.grid(t), "#")
	}
	source := w.captioned("table", "Table", t.Number, t.Caption, body, t.ID)
	if short(t) {
		return "#[\n#show figure: set block(breakable: false)\n" + source + "\n]"
	}
	return source
}

// short reports whether a table is kept on one page.
func short(t *document.Table) bool {
	const rows, characters = 12, 1500
	n := 0
	for _, row := range t.Rows {
		for _, v := range row {
			n += utf8.RuneCountInString(v.Text)
		}
	}
	return t.Body == nil && len(t.Parts) == 0 && len(t.Rows) <= rows && n <= characters
}

// maxWidth is the number of characters of the widest table that is printed upright.
const maxWidth = 125

// turnedWidth is the number of characters of the widest table that a page in landscape takes.
const turnedWidth = 190

// tableWidth returns the number of characters in the widest cells of all columns.
func tableWidth(t *document.Table) int {
	sum := 0
	for _, width := range columnWidths(plainCells(t)) {
		sum += width
	}
	return sum
}

// plainCells returns the titles of a table and the texts of its rows.
func plainCells(t *document.Table) [][]string {
	var rows [][]string
	titles := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		titles[i] = c.Title
	}
	rows = append(rows, titles)
	for _, row := range t.Rows {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = v.Text
		}
		rows = append(rows, cells)
	}
	return rows
}

// columnWidths returns the number of characters in the widest cell of each column. Long text, and the titles in the first
// row, are broken into lines.
func columnWidths(rows [][]string) []int {
	var widths []int
	for at, row := range rows {
		for i, text := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			n := min(utf8.RuneCountInString(text), 40)
			if at == 0 {
				n = 0
				for word := range strings.FieldsSeq(text) {
					n = max(n, utf8.RuneCountInString(word))
				}
			}
			widths[i] = max(widths[i], n+2)
		}
	}
	return widths
}

// splitTable returns rows of cells as one table, or as several below each other if the columns are together wider than a
// page. Each begins with the first column.
func splitTable(rows [][]string, aligns []string, header bool, widths []int, page int) string {
	var parts []string
	for _, group := range columnGroups(widths, page) {
		pick := func(row []string) []string {
			var picked []string
			for _, i := range group {
				if i < len(row) {
					picked = append(picked, row[i])
				}
			}
			return picked
		}
		var part [][]string
		for _, row := range rows {
			part = append(part, pick(row))
		}
		parts = append(parts, table(part, pick(aligns), header))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "#[\n" + strings.Join(parts, "\n\n") + "\n]"
}

// columnGroups divides columns into groups that a page takes.
func columnGroups(widths []int, page int) [][]int {
	groups := [][]int{nil}
	sum := 0
	for i, width := range widths {
		if last := len(groups) - 1; sum+width > page && len(groups[last]) > 1 {
			groups, sum = append(groups, []int{0}), widths[0]
		}
		last := len(groups) - 1
		groups[last] = append(groups[last], i)
		sum += width
	}
	return groups
}

// grid returns the rows of a table.
func (w *writer) grid(t *document.Table) string {
	if t.Body != nil {
		if n := tableNode(t.Body.Root); n != nil {
			return w.proseTable(n, t.Body.Source)
		}
		return w.nodes(t.Body.Root, t.Body.Source)
	}
	header, aligns := make([]string, len(t.Columns)), make([]string, len(t.Columns))
	for i, c := range t.Columns {
		header[i] = w.title(t, i)
		if c.Numeric {
			aligns[i] = "right"
		}
	}
	rows := [][]string{header}
	for _, row := range t.Rows {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = escape(v.Text)
		}
		rows = append(rows, cells)
	}
	if len(t.Rows) == 0 {
		rows = append(rows, []string{escape(w.words.Say("No rows."))})
	}
	return splitTable(rows, aligns, true, columnWidths(plainCells(t)), turnedWidth)
}

// title returns the title of a column, in lines as short as its values if the table is as wide as the page: Typst would break
// the values of other columns instead.
func (w *writer) title(t *document.Table, column int) string {
	const pageWidth, line = 85, 12 // characters
	full, widest := 0, line
	for i, c := range t.Columns {
		width := 0
		for _, row := range t.Rows {
			width = max(width, utf8.RuneCountInString(row[i].Text))
		}
		if i == column {
			widest = max(widest, width)
		}
		full += max(width, utf8.RuneCountInString(c.Title)) + 2
	}
	var lines []string
	length := 0
	for word := range strings.FieldsSeq(t.Columns[column].Title) {
		n := utf8.RuneCountInString(word)
		if len(lines) > 0 && (full <= pageWidth || length+1+n <= widest) {
			lines[len(lines)-1] += " " + escape(word)
			length += 1 + n
			continue
		}
		lines, length = append(lines, escape(word)), n
	}
	return strings.Join(lines, " \\ ")
}

// tableNode returns the Markdown table in a text.
func tableNode(root ast.Node) *east.Table {
	if t, ok := root.(*east.Table); ok {
		return t
	}
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		if t, ok := n.(*east.Table); ok {
			return t
		}
	}
	return nil
}

// longCell is the number of bytes from which on a cell may be broken between pages, since it could be longer than one.
const longCell = 600

// table returns rows of cells. The first row may be a header, which is repeated on
// each page. Rows are filled up to the longest.
func table(rows [][]string, aligns []string, header bool) string {
	columns := 0
	for _, row := range rows {
		columns = max(columns, len(row))
	}
	if columns == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "#table(\n  columns: %d, align: (", columns)
	for i := range columns {
		align := "left"
		if i < len(aligns) && aligns[i] != "" {
			align = aligns[i]
		}
		b.WriteString(align + ", ")
	}
	b.WriteString("),\n")
	for i, row := range rows {
		var cells []string
		for j := range columns {
			text := ""
			if j < len(row) {
				text = row[j]
			}
			if i == 0 && header {
				text = "#strong[" + text + "]"
			}
			if text = "[" + text + "]"; len(text) > longCell {
				text = "table.cell(breakable: true)" + text
			}
			cells = append(cells, text)
		}
		line := strings.Join(cells, ", ")
		if i == 0 && header {
			line = "table.header(" + line + ")"
		}
		b.WriteString("  " + line + ",\n")
	}
	b.WriteString(")")
	return b.String()
}
