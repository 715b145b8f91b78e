// Package answers implements the command reportgen query: its flags, and its results
// as a table, CSV, JSON lines or Parquet.
//
// A table is for readers: bytes have prefixes and times are written as 10:30:00. The
// other formats have the numbers themselves, in the units of flow files. Unknown
// values are empty in tables and CSV, and null in JSON and Parquet.
package answers

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/query"
	"github.com/flowbook/flowbook/pkg/units"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// formats are the names of the formats. The last is that of [query.Table.Encode],
// which package nb reads.
var formats = []string{"table", "csv", "json", "parquet", "encoded"}

// write writes a result in a format.
func write(w io.Writer, t *query.Table, format string) error {
	switch format {
	case "table":
		return writeText(w, t)
	case "csv":
		return writeCSV(w, t)
	case "json":
		return writeJSON(w, t)
	case "parquet":
		return flowfile.WriteTable(w, t)
	case "encoded":
		return t.Encode(w)
	}
	return fmt.Errorf("unknown format %q", format)
}

// writeText writes columns that are as wide as their values, numbers to the right.
func writeText(w io.Writer, t *query.Table) error {
	texts := make([][]string, len(t.Columns))
	for i := range t.Columns {
		c := &t.Columns[i]
		texts[i] = append(texts[i], c.Name)
		for row := range t.Len() {
			texts[i] = append(texts[i], formatted(c, row))
		}
		if c.Texts == nil {
			alignRight(texts[i])
		}
	}
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for row := range t.Len() + 1 {
		for i := range texts {
			end := "\t"
			if i == len(texts)-1 {
				end = "\n"
			}
			fmt.Fprint(out, texts[i][row], end)
		}
	}
	return out.Flush()
}

func alignRight(texts []string) {
	width := 0
	for _, s := range texts {
		width = max(width, utf8.RuneCountInString(s))
	}
	for i, s := range texts {
		texts[i] = strings.Repeat(" ", width-utf8.RuneCountInString(s)) + s
	}
}

// formatted returns a value for readers.
func formatted(c *query.TableColumn, row int) string {
	var v float64
	switch {
	case c.Texts != nil:
		return console.Escape(c.Texts[row])
	case c.Ints != nil:
		v = float64(c.Ints[row])
	default:
		v = c.Floats[row]
	}
	if math.IsNaN(v) {
		return ""
	}
	switch c.Unit {
	case query.Bytes:
		return units.SI(v, "B")
	case query.Clock:
		return flow.Time(v).String()[:len("10:30:00")]
	case query.Hundredths:
		return (time.Duration(math.Round(v)) * 10 * time.Millisecond).String()
	}
	count := c.Name == query.ColFlows || strings.HasSuffix(c.Name, query.ColPackets) || strings.HasPrefix(c.Name, string(query.Distinct)+"_")
	if count && c.Ints != nil {
		return humanize.Comma(c.Ints[row])
	}
	return plain(c, row)
}

// plain returns a value as it is; unknown ones are empty.
func plain(c *query.TableColumn, row int) string {
	switch {
	case c.Texts != nil:
		return c.Texts[row]
	case c.Ints != nil:
		return strconv.FormatInt(c.Ints[row], 10)
	case math.IsNaN(c.Floats[row]):
		return ""
	}
	return strconv.FormatFloat(c.Floats[row], 'f', -1, 64)
}

func writeCSV(w io.Writer, t *query.Table) error {
	out := csv.NewWriter(w)
	record := make([]string, len(t.Columns))
	for i := range t.Columns {
		record[i] = t.Columns[i].Name
	}
	if err := out.Write(record); err != nil {
		return err
	}
	for row := range t.Len() {
		for i := range t.Columns {
			record[i] = plain(&t.Columns[i], row)
			if t.Columns[i].Texts != nil {
				record[i] = console.Cell(record[i])
			}
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// writeJSON writes an object a line, with the columns in their order.
func writeJSON(w io.Writer, t *query.Table) error {
	out := bufio.NewWriter(w)
	names := make([][]byte, len(t.Columns))
	for i := range t.Columns {
		names[i], _ = json.Marshal(t.Columns[i].Name) // a string always is JSON
	}
	for row := range t.Len() {
		for i := range t.Columns {
			c := &t.Columns[i]
			_ = out.WriteByte("{,"[min(i, 1)])
			_, _ = out.Write(names[i])
			_ = out.WriteByte(':')
			value := plain(c, row)
			if c.Texts != nil {
				text, _ := json.Marshal(value)
				value = string(console.EscapeJSON(text))
			} else if value == "" {
				value = "null"
			}
			_, _ = out.WriteString(value)
		}
		if _, err := out.WriteString("}\n"); err != nil {
			return err
		}
	}
	return out.Flush() // which returns the first error of all
}
