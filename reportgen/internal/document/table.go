package document

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/flowbook/flowbook/reportgen/internal/console"
)

// Table is a table of text, or several such tables under one number.
type Table struct {
	Origin
	ID      string
	Number  string // "3.3"; "" without a caption
	Caption *Text  // nil for none
	Columns []Column
	Rows    [][]Value
	Body    *Text        // a Markdown table, instead of Columns and Rows; nil for none
	Parts   []*TablePart // if any, there are no Columns and Rows
	Across  int          // number of Parts in a row; 0 for as many as fit
}

func (*Table) block() {}

// Records returns the titles and rows of a table for a file of CSV, and its rows as objects of JSON. They hold the data of
// the cells, not what is printed. In CSV, a spreadsheet finds no formula ([console.Inert]).
func (t *Table) Records() (records [][]string, objects []map[string]any) {
	var titles []string
	for i, c := range t.Columns {
		title := c.Title
		if title == "" || slices.Contains(titles, title) {
			title = strings.TrimSpace(fmt.Sprintf("%s %d", title, i+1)) // a key of its own
		}
		titles = append(titles, title)
	}
	records = append(records, inert(titles))
	objects = []map[string]any{}
	for _, row := range t.Rows {
		var record []string
		object := map[string]any{}
		for i, v := range row {
			number := json.Number(v.Raw)
			_, err := number.Float64()
			switch {
			case v.Raw == "":
				object[titles[i]] = nil
			case err == nil && json.Valid([]byte(v.Raw)):
				object[titles[i]] = number
			default:
				object[titles[i]] = v.Raw
			}
			record = append(record, v.Raw)
		}
		records, objects = append(records, inert(record)), append(objects, object)
	}
	return records, objects
}

func inert(record []string) []string {
	cells := make([]string, len(record))
	for i, s := range record {
		cells[i] = console.Inert(s)
	}
	return cells
}

// TablePart is one of several tables under one number, "(a)".
type TablePart struct {
	ID      string
	Letter  string
	Caption *Text // nil for none
	Table   *Table
}

// Column is a column of a table.
type Column struct {
	Title   string
	Numeric bool   // aligned right
	Kind    string // KindEntity, KindSeverity or ""
}

// The kinds of columns, which are the types of fields of a data resource.
const (
	KindEntity   = "entity"   // names of hosts, addresses, owners or countries; null if unknown
	KindSeverity = "severity" // of a finding about the first entity of its row
)

// Value is a cell of a table.
type Value struct {
	Text string // as printed
	Raw  string // as in the data; used for sorting and downloads
}

// resource is a tabular data resource
// (https://specs.frictionlessdata.io/tabular-data-resource/) with the printed
// text of each cell beside the data, row by row.
type resource struct {
	Schema struct {
		Fields []struct {
			Name  string `json:"name"`
			Type  string `json:"type"`
			Title string `json:"title"`
		} `json:"fields"`
	} `json:"schema"`
	Data []map[string]json.RawMessage `json:"data"`
	Text [][]string                   `json:"text"`
}

// ResourceTable reads an application/vnd.dataresource+json as decoded from a
// notebook: an object, or a string with its JSON, since the GoNB kernel does not send
// nested values. It returns an error if there are no fields, if a field's name is
// empty or a duplicate, or if the text does not match the data.
func ResourceTable(value any) (*Table, error) {
	encoded, err := jsonText(value)
	if err != nil {
		return nil, err
	}
	if s, ok := value.(string); ok {
		encoded = []byte(s)
	}
	var r resource
	if err := json.Unmarshal(encoded, &r); err != nil {
		return nil, err
	}
	if len(r.Schema.Fields) == 0 {
		return nil, errors.New("schema.fields is empty")
	}
	if r.Text != nil && len(r.Text) != len(r.Data) {
		return nil, fmt.Errorf("text has %d rows, but data has %d", len(r.Text), len(r.Data))
	}
	t := &Table{}
	names := map[string]bool{}
	for i, f := range r.Schema.Fields {
		if f.Name == "" || names[f.Name] {
			return nil, fmt.Errorf("schema.fields[%d]: the name %q is empty or a duplicate", i, f.Name)
		}
		names[f.Name] = true
		title := f.Title
		if title == "" {
			title = f.Name
		}
		c := Column{Title: title, Numeric: f.Type == "integer" || f.Type == "number"}
		if f.Type == KindEntity || f.Type == KindSeverity {
			c.Kind = f.Type
		}
		t.Columns = append(t.Columns, c)
	}
	for i, data := range r.Data {
		row := make([]Value, len(r.Schema.Fields))
		if r.Text != nil && len(r.Text[i]) != len(row) {
			return nil, fmt.Errorf("text[%d] has %d columns, but the schema has %d", i, len(r.Text[i]), len(row))
		}
		for j, f := range r.Schema.Fields {
			row[j].Raw = rawText(data[f.Name])
			row[j].Text = row[j].Raw
			if r.Text != nil {
				row[j].Text = r.Text[i][j]
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

// rawText returns a JSON value as text: a string without quotes, null as "".
func rawText(value json.RawMessage) string {
	var s *string
	if len(value) == 0 {
		return ""
	}
	if json.Unmarshal(value, &s) == nil {
		if s == nil {
			return ""
		}
		return strings.TrimSpace(*s)
	}
	return string(value)
}

func jsonText(value any) ([]byte, error) {
	if s, ok := value.(string); ok {
		return []byte(s), nil
	}
	return json.Marshal(value)
}

// maxSpan bounds colspan.
const maxSpan = 100

// HTMLTable reads the first <table> of an HTML output, such as a data frame of
// pandas. A column is numeric if each of its cells that is not empty begins
// with a number. It returns an error if there is no table.
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

// addRow adds a <tr>, to the header if it is at the start and has only <th>.
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
			if header {
				row[len(row)-1].Text = text // the title of a group of columns
			}
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

// setHeader names the columns. A second header row, as pandas writes it for a named
// index, fills empty titles and extends others.
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

// square extends every row to the width of the widest.
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

// Attribute returns the value of an attribute of an element; "" if it has none.
func Attribute(attributes []html.Attribute, name string) string {
	for _, a := range attributes {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
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
	if v, err := strconv.Atoi(Attribute(n.Attr, "colspan")); err == nil {
		return min(max(v, 1), maxSpan)
	}
	return 1
}
