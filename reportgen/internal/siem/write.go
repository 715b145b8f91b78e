package siem

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/goccy/go-yaml"
)

// Formats returns the formats of [Set.Write].
func Formats() []string { return []string{"table", "yaml", "sigma"} }

// Write writes the rules in a format.
func (s *Set) Write(w io.Writer, format string) error {
	switch format {
	case "table":
		return s.writeTable(w)
	case "yaml":
		return s.writeYAML(w)
	case "sigma":
		return s.writeSigma(w)
	}
	return fmt.Errorf("unknown format %q", format)
}

// writeYAML writes the rules as they are in force, in the form that [Set.Load]
// reads.
func (s *Set) writeYAML(w io.Writer) error { return writeDocuments(w, s.rules, nil) }

// writeSigma writes the enabled rules as Sigma alone, without Flowbook's block.
// A rule that only a disabled correlation counts is left out too.
func (s *Set) writeSigma(w io.Writer) error {
	wanted := map[*Rule]bool{}
	for _, r := range s.visible() {
		if !r.enabled() {
			continue
		}
		wanted[r] = true
		if r.Correlation != nil {
			for _, key := range r.Correlation.Rules {
				if of, ok := s.Rule(key); ok {
					wanted[of] = true
				}
			}
		}
	}
	var rules []*Rule
	for _, r := range s.rules {
		if wanted[r] {
			rules = append(rules, r)
		}
	}
	return writeDocuments(w, rules, func(f yaml.MapItem) bool { return f.Key == "flowbook" })
}

// writeDocuments writes rules without the fields that drop says yes to.
func writeDocuments(w io.Writer, rules []*Rule, drop func(yaml.MapItem) bool) error {
	for i, r := range rules {
		fields := slices.Clone(r.doc.fields)
		if drop != nil {
			fields = slices.DeleteFunc(fields, drop)
		}
		text, err := marshal(fields)
		if err != nil {
			return fmt.Errorf("rule %s: %w", r.key(), err)
		}
		if i > 0 {
			text = append([]byte("---\n"), text...)
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	return nil
}

func marshal(fields yaml.MapSlice) ([]byte, error) {
	return yaml.MarshalWithOptions(fields, yaml.IndentSequence(true), yaml.UseLiteralStyleIfMultiline(true))
}

// writeTable writes the rules as a table.
func (s *Set) writeTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RULE\tENABLED\tLEVEL\tSEVERITY\tEVALUATED BY\tATT&CK\tTITLE")
	for _, r := range s.visible() {
		enabled, by, severity := "yes", "detection", severityScored
		if !r.enabled() {
			enabled = "no"
		}
		if r.Flowbook.Detection == "" {
			by, severity = "rule", severityLevel
		}
		if r.Flowbook.Severity != "" {
			severity = r.Flowbook.Severity
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.key(), enabled, r.Level, severity, by, strings.Join(r.attack(), " "), r.Title)
	}
	return t.Flush()
}
