package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/flowbook/flowbook/pkg/detect"
)

// writeCoverageJSON writes one object a rule and line.
func writeCoverageJSON(w io.Writer, list []detect.Coverage) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, c := range list {
		if err := enc.Encode(c); err != nil {
			return err
		}
	}
	return nil
}

// writeCoverageTable writes a table for people.
func writeCoverageTable(w io.Writer, list []detect.Coverage) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RULE\tRAN\tDAYS\tHOSTS\tWHAT IT COULD NOT SEE")
	for _, c := range list {
		ran := "yes"
		if !c.Ran {
			ran = "no"
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%s\n", c.Rule, ran, c.Days, c.Hosts, c.Reason)
	}
	return t.Flush()
}

// coverageLine sums up in one line what was looked at.
func coverageLine(list []detect.Coverage) string {
	ran, days, hosts := 0, 0, 0
	byReason := map[string][]string{}
	var reasons []string
	for _, c := range list {
		if c.Ran {
			ran++
		}
		days, hosts = max(days, c.Days), max(hosts, c.Hosts)
		if c.Reason == "" {
			continue
		}
		reason := c.Reason
		if !c.Ran {
			reason = "not run: " + reason
		}
		if byReason[reason] == nil {
			reasons = append(reasons, reason)
		}
		byReason[reason] = append(byReason[reason], c.Rule)
	}
	history := "no history"
	if days > 0 {
		history = fmt.Sprintf("learned from %d days and %d hosts", days, hosts)
	}
	s := fmt.Sprintf("coverage: %d of %d rules ran, %s", ran, len(list), strings.Replace(history, " 1 days", " 1 day", 1))
	for _, reason := range reasons {
		s += fmt.Sprintf("; %s: %s", strings.Join(byReason[reason], ", "), reason)
	}
	return s
}
