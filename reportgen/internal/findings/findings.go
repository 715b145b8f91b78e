// Package findings writes the findings of a day as a table, CSV or JSON lines.
//
// Names in findings, such as owners of addresses, come from databases. What a
// terminal would act on is escaped, and CSV cells that a spreadsheet would take
// for formulas begin with an apostrophe.
package findings

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/console"
)

// The formats of [Write].
const (
	formatTable = "table" // the devices, the findings above info, and the number of others
	FormatJSON  = "json"  // one finding a line
	formatCSV   = "csv"   // a header and one finding a line; evidence is JSON
)

// Formats returns the names of the formats.
func Formats() []string { return []string{formatTable, FormatJSON, formatCSV} }

// Write writes findings in a format.
func Write(w io.Writer, r detect.Result, format string) error {
	switch format {
	case formatTable:
		return writeTable(w, r)
	case FormatJSON:
		return writeJSON(w, r)
	case formatCSV:
		return writeCSV(w, r)
	}
	return fmt.Errorf("unknown format %q", format)
}

func writeJSON(w io.Writer, r detect.Result) error {
	for _, f := range r.Findings {
		if err := writeLine(w, f); err != nil {
			return err
		}
	}
	return nil
}

// writeLine writes a value as one line of JSON.
func writeLine(w io.Writer, v any) error {
	line, err := console.EncodeJSON(v, "")
	if err == nil {
		_, err = w.Write(line)
	}
	return err
}

func writeCSV(w io.Writer, r detect.Result) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"rule", "entity", "severity", "score", "attack", "summary", "first", "last", "evidence"}}
	for _, f := range r.Findings {
		evidence, err := json.Marshal(f.Evidence)
		if err != nil {
			return err
		}
		rows = append(rows, []string{console.Cell(f.Rule), console.Cell(f.Entity.String()), string(f.Severity), strconv.FormatFloat(f.Score, 'g', -1, 64),
			console.Cell(strings.Join(f.Attack, " ")), console.Cell(f.Summary), f.Window[0].String(), f.Window[1].String(), string(console.EscapeJSON(evidence))})
	}
	return out.WriteAll(rows)
}

func writeTable(w io.Writer, r detect.Result) error {
	infos := 0
	devices, findings := newTable(w), newTable(w)
	fmt.Fprintln(devices, "DEVICE\tSEVERITY\tSCORE\tRULES")
	for _, d := range r.Devices {
		var rules []string
		for _, f := range d.Findings {
			if rule := console.Escape(f.Rule); !slices.Contains(rules, rule) {
				rules = append(rules, rule)
			}
		}
		fmt.Fprintf(devices, "%s\t%s\t%.3f\t%s\n", console.Escape(d.Entity.String()), d.Severity, d.Score, strings.Join(rules, ", "))
	}
	fmt.Fprintln(findings, "RULE\tENTITY\tSEVERITY\tSCORE\tFROM\tTO\tSUMMARY")
	for _, f := range r.Findings {
		if f.Severity == detect.Info {
			infos++
			continue
		}
		fmt.Fprintf(findings, "%s\t%s\t%s\t%.3f\t%s\t%s\t%s\n", console.Escape(f.Rule), console.Escape(f.Entity.String()), f.Severity, f.Score,
			clock(f.Window[0]), clock(f.Window[1]), console.Escape(f.Summary))
	}
	var err error
	if len(r.Devices) == 0 {
		_, err = fmt.Fprintln(w, "No findings above info.")
	} else if err = devices.Flush(); err == nil {
		if _, err = fmt.Fprintln(w); err == nil {
			err = findings.Flush()
		}
	}
	if err == nil && infos > 0 {
		_, err = fmt.Fprintf(w, "\n%d more at severity info; --format json or csv lists them.\n", infos)
	}
	return err
}

func newTable(w io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(w, 0, 0, 2, ' ', 0) }

// clock returns a time to the minute.
func clock(t flow.Time) string { return fmt.Sprintf("%02d:%02d", t.Hour(), t/flow.Minute%60) }
