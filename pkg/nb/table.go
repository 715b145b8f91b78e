package nb

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/flowbook/flowbook/pkg/frame"
)

// mimeResource is the type of a tabular data resource
// (https://specs.frictionlessdata.io/tabular-data-resource/).
const mimeResource = "application/vnd.dataresource+json"

// field is a column of a table, as in a tabular data resource.
type field struct {
	Name  string `json:"name"`
	Type  string `json:"type"` // string, integer or number; entity of names, severity of severities
	Title string `json:"title"`
}

// table holds the values of a frame and the text of each cell.
type table struct {
	fields []field
	data   []map[string]any
	text   [][]string
}

func newTable(f frame.Frame, d *display) (*table, error) {
	names := d.columns
	if names == nil {
		names = f.Names()
	}
	t := &table{data: make([]map[string]any, f.Nrow()), text: make([][]string, f.Nrow())}
	for i := range t.data {
		t.data[i] = map[string]any{}
	}
	for _, name := range names {
		if err := t.add(f, name, d); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// add appends one column. NaN becomes null.
func (t *table) add(f frame.Frame, name string, d *display) error {
	words, err := frame.Strings(f, name)
	if err != nil {
		return err
	}
	column := frame.Describe(name)
	c := field{Name: name, Type: "string", Title: cmp.Or(d.titles[name], column.Title)}
	switch {
	case column.Entity:
		c.Type = "entity"
	case name == "severity":
		c.Type = "severity"
	}
	numbers, err := frame.Floats(f, name)
	if err == nil {
		c.Type = frame.TypeOf(f, name)
	}
	format := column.Unit.Format
	if own, ok := d.formats[name]; ok {
		if c.isText() {
			return fmt.Errorf("column %q: nb.Format does not apply to text", name)
		}
		format = own
	}
	for i := range t.data {
		switch {
		case c.isText():
			t.data[i][name] = words[i]
			if column.Entity && frame.Unknown(words[i]) {
				t.data[i][name] = nil
			}
			t.text[i] = append(t.text[i], words[i])
		case math.IsNaN(numbers[i]) || math.IsInf(numbers[i], 0):
			t.data[i][name] = nil
			t.text[i] = append(t.text[i], "–")
		default:
			t.data[i][name] = numbers[i]
			if c.Type == "integer" {
				t.data[i][name] = json.Number(words[i]) // exact beyond 2⁵³ too
			}
			t.text[i] = append(t.text[i], format(numbers[i]))
		}
	}
	t.fields = append(t.fields, c)
	return nil
}

// resource returns the table as a tabular data resource in JSON. It has the text of
// each cell in addition to the values.
func (t *table) resource() (string, error) {
	b, err := json.Marshal(map[string]any{
		"schema": map[string]any{"fields": t.fields},
		"data":   t.data,
		"text":   t.text,
	})
	if err != nil {
		return "", fmt.Errorf("encode the table as JSON: %w", err)
	}
	return string(b), nil
}

// html returns the table as HTML, for Jupyter.
func (t *table) html(caption string) string {
	var b strings.Builder
	b.WriteString("<table>\n")
	if caption != "" {
		fmt.Fprintf(&b, "<caption>%s</caption>\n", html.EscapeString(caption))
	}
	b.WriteString("<thead>\n<tr>")
	for _, c := range t.fields {
		fmt.Fprintf(&b, "<th%s>%s</th>", c.align(), html.EscapeString(c.Title))
	}
	b.WriteString("</tr>\n</thead>\n<tbody>\n")
	for _, row := range t.text {
		b.WriteString("<tr>")
		for i, words := range row {
			fmt.Fprintf(&b, "<td%s>%s</td>", t.fields[i].align(), html.EscapeString(words))
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody>\n</table>")
	return b.String()
}

// isText reports whether the values are words, not numbers.
func (c field) isText() bool { return c.Type != "integer" && c.Type != "number" }

func (c field) align() string {
	if c.isText() {
		return ` style="text-align:left"`
	}
	return ` style="text-align:right"`
}

// plain returns the table as columns of plain text.
func (t *table) plain() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for i, c := range t.fields {
		fmt.Fprint(w, c.Title, ending(i, len(t.fields)))
	}
	for _, row := range t.text {
		for i, words := range row {
			fmt.Fprint(w, words, ending(i, len(row)))
		}
	}
	_ = w.Flush() // a strings.Builder takes everything
	return strings.TrimRight(b.String(), "\n")
}

func ending(i, n int) string {
	if i == n-1 {
		return "\n"
	}
	return "\t"
}
