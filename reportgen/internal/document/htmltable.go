package document

import (
	"errors"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxSpan bounds colspan, which costs a hostile table nothing to state.
const maxSpan = 100

// HTMLTable reads the first <table> of an HTML output, such as a data frame of
// pandas. A column is numeric where each of its cells that holds something
// begins with a number. It returns an error where there is no table.
func HTMLTable(source string) (*Table, error) {
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return nil, err
	}
	table := find(root, atom.Table)
	if table == nil {
		return nil, errors.New("no <table> in the text/html output")
	}
	t := &Table{}
	for n := range table.Descendants() {
		if n.Type == html.ElementNode && n.DataAtom == atom.Tr {
			t.addRow(n)
		}
	}
	for len(t.Columns) == 0 && len(t.Rows) > 0 {
		// A table without a header takes its first row for one.
		t.setHeader(t.Rows[0])
		t.Rows = t.Rows[1:]
	}
	t.square()
	for j := range t.Columns {
		t.Columns[j].Numeric = t.numeric(j)
	}
	return t, nil
}

func find(root *html.Node, a atom.Atom) *html.Node {
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.DataAtom == a {
			return n
		}
	}
	return nil
}

// addRow appends a <tr>: to the header while it has only <th>, else to the rows.
func (t *Table) addRow(tr *html.Node) {
	var row []Value
	header := len(t.Rows) == 0
	for c := range tr.ChildNodes() {
		if c.Type != html.ElementNode || c.DataAtom != atom.Td && c.DataAtom != atom.Th {
			continue
		}
		header = header && c.DataAtom == atom.Th
		text := textOf(c)
		row = append(row, Value{text, text})
		for range spanOf(c) - 1 {
			row = append(row, Value{})
		}
	}
	switch {
	case len(row) == 0:
	case header:
		t.setHeader(row)
	default:
		t.Rows = append(t.Rows, row)
	}
}

// setHeader names the columns; a second row of headings, as pandas writes for
// a named index, fills what the first left open.
func (t *Table) setHeader(row []Value) {
	for j, v := range row {
		switch {
		case j >= len(t.Columns):
			t.Columns = append(t.Columns, Column{Title: v.Text})
		case t.Columns[j].Title == "":
			t.Columns[j].Title = v.Text
		case v.Text != "" && v.Text != t.Columns[j].Title:
			t.Columns[j].Title += " " + v.Text
		}
	}
}

// square gives every row as many cells as the widest.
func (t *Table) square() {
	width := len(t.Columns)
	for _, row := range t.Rows {
		width = max(width, len(row))
	}
	for len(t.Columns) < width {
		t.Columns = append(t.Columns, Column{})
	}
	for i := range t.Rows {
		t.Rows[i] = append(t.Rows[i], make([]Value, width-len(t.Rows[i]))...)
	}
}

func (t *Table) numeric(column int) bool {
	some := false
	for _, row := range t.Rows {
		s := strings.ReplaceAll(row[column].Text, ",", "")
		if s == "" || s == "NaN" || s == "—" {
			continue
		}
		first, _, _ := strings.Cut(s, " ")
		if _, err := strconv.ParseFloat(strings.TrimSuffix(first, "%"), 64); err != nil {
			return false
		}
		some = true
	}
	return some
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		switch {
		case c.Type == html.TextNode:
			b.WriteString(c.Data)
		case c.DataAtom == atom.Br:
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func spanOf(n *html.Node) int {
	for _, a := range n.Attr {
		if a.Key == "colspan" {
			v, err := strconv.Atoi(a.Val)
			if err == nil {
				return min(max(v, 1), maxSpan)
			}
		}
	}
	return 1
}
