package findings

import (
	"fmt"
	"io"
	"strings"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/reportgen/internal/console"
)

// WriteCoverage writes the records of coverage beside findings in a format: to w after a
// table and after JSON, in the same format, and else as a table to aside.
func WriteCoverage(w, aside io.Writer, list []detect.Coverage, format string) error {
	switch format {
	case FormatJSON:
		return writeCoverageJSON(w, list)
	case formatTable:
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
		return writeCoverageTable(w, list)
	}
	return writeCoverageTable(aside, list)
}

func writeCoverageJSON(w io.Writer, list []detect.Coverage) error {
	for _, c := range list {
		if err := writeLine(w, c); err != nil {
			return err
		}
	}
	return nil
}

func writeCoverageTable(w io.Writer, list []detect.Coverage) error {
	t := newTable(w)
	fmt.Fprintln(t, "RULE\tRAN\tDAYS\tHOSTS\tWHAT IT COULD NOT SEE")
	for _, c := range list {
		ran := "yes"
		if !c.Ran {
			ran = "no"
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%s\n", console.Escape(c.Rule), ran, c.Days, c.Hosts, console.Escape(c.Reason))
	}
	return t.Flush()
}

// CoverageLines returns lines that say how many rules ran and what they could not see.
func CoverageLines(list []detect.Coverage) []string {
	days, hosts := 0, 0
	for _, c := range list {
		days, hosts = max(days, c.Days), max(hosts, c.Hosts)
	}
	history := "no history"
	if days > 0 {
		history = fmt.Sprintf("learned from %d days and %d hosts", days, hosts)
	}
	limits, ran := detect.Limits(list)
	lines := []string{fmt.Sprintf("coverage: %d of %d rules ran, %s", ran, len(list), strings.Replace(history, " 1 days", " 1 day", 1))}
	for _, l := range limits {
		did := ""
		if !l.Ran {
			did = " did not run"
		}
		lines = append(lines, fmt.Sprintf("coverage: %s%s: %s", strings.Join(l.Rules, ", "), did, l.Reason))
	}
	return lines
}
