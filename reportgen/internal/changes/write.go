package changes

import (
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/markdown"
)

// The formats of [Write].
const (
	FormatText     = "text"
	FormatMarkdown = "md"
	FormatJSON     = "json"
)

// Formats returns the names of the formats.
func Formats() []string { return []string{FormatText, FormatMarkdown, FormatJSON} }

// maxNamed is the number of entities that a line names.
const maxNamed = 3

// Write writes the changes as text, Markdown or one JSON object a line.
func Write(w io.Writer, list []Change, format string) error {
	if format == FormatJSON {
		return writeJSON(w, list)
	}
	var b strings.Builder
	if len(list) == 0 {
		b.WriteString("No findings above info on either day.\n")
	}
	for _, kind := range kinds() {
		writeKind(&b, list, kind, format)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeJSON(w io.Writer, list []Change) error {
	for _, c := range list {
		line, err := console.EncodeJSON(c, "")
		if err != nil {
			return err
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// writeKind writes the changes of one kind under a heading.
func writeKind(b *strings.Builder, list []Change, kind Kind, format string) {
	var of []Change
	n := 0
	for _, c := range list {
		if c.Kind == kind {
			of = append(of, c)
			n += len(c.Entities)
		}
	}
	if len(of) == 0 {
		return
	}
	heading := fmt.Sprintf("%s: %d", strings.ToUpper(string(kind[:1]))+string(kind[1:]), n)
	if format == FormatMarkdown {
		fmt.Fprintf(b, "### %s\n\n| Entity | Rule | Severity | Since | What happened |\n|---|---|---|---|---|\n", heading)
		for _, c := range of {
			fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", entities(c.Entities), markdown.Escape(c.Rule), severities(c), markdown.Escape(c.Since), markdown.Escape(console.Escape(c.text())))
		}
		b.WriteByte('\n')
		return
	}
	fmt.Fprintln(b, heading)
	for _, c := range of {
		since := ""
		if c.Since != "" {
			since = ", since " + console.Escape(c.Since)
		}
		fmt.Fprintf(b, "  %s: %s, %s%s: %s\n", entities(c.Entities), console.Escape(c.Rule), severities(c), since, console.Escape(c.text()))
	}
}

// text returns the summary, and the reason why a finding is unseen.
func (c Change) text() string {
	if c.Kind == Unseen {
		return fmt.Sprintf("the rule did not run (%s); before: %s", c.Reason, c.Summary)
	}
	return c.Summary
}

// severities returns the severity, and the earlier one if it was another.
func severities(c Change) string {
	if c.Before != "" && c.After != "" && c.Before != c.After {
		return fmt.Sprintf("%s (was %s)", c.After, c.Before)
	}
	if c.Kind == Gone || c.Kind == Unseen {
		return "was " + string(c.severity())
	}
	return string(c.severity())
}

// entities names up to maxNamed entities.
func entities(list []netip.Addr) string {
	var names []string
	for _, a := range list[:min(len(list), maxNamed)] {
		names = append(names, a.String())
	}
	s := strings.Join(names, ", ")
	if more := len(list) - maxNamed; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return console.Escape(s)
}

// noteOn returns that gone findings may only be unseen, or "" if that cannot be.
func noteOn(after Day, list []Change) string {
	for _, c := range list {
		if c.Kind == Gone && after.Coverage == nil {
			return "the second day has no coverage records: a finding that is gone may only be unseen; run detect with --coverage"
		}
	}
	return ""
}
