package compare

import (
	"fmt"
	"io"
	"strings"

	"github.com/flowbook/flowbook/pkg/changes"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/findings"
	"github.com/flowbook/flowbook/reportgen/internal/markdown"
)

// write writes differences and their cause as text, Markdown or one JSON object a line.
func write(w io.Writer, list []difference, why cause, format string) error {
	switch format {
	case findings.FormatJSON:
		return writeJSON(w, list, why)
	case findings.FormatMarkdown:
		_, err := io.WriteString(w, asMarkdown(list, why))
		return err
	}
	writeText(w, list)
	why.writeText(w)
	return nil
}

// writeText writes differences by section.
func writeText(w io.Writer, list []difference) {
	section := ""
	for _, d := range list {
		if d.Section != section {
			section = d.Section
			fmt.Fprintln(w, section)
		}
		fmt.Fprintf(w, "  %s\n", d)
	}
}

func (c cause) writeText(w io.Writer) {
	if c.sentence != "" {
		fmt.Fprintln(w, c.sentence)
	}
	if len(c.list) > 0 {
		fmt.Fprintln(w, "Because:")
	}
	for _, reason := range c.list {
		fmt.Fprintf(w, "  %s\n", reason)
	}
}

// writeJSON writes a line for each difference, and then for each part of the cause.
func writeJSON(w io.Writer, list []difference, why cause) error {
	var records []any
	for _, d := range list {
		records = append(records, d)
	}
	for _, reason := range why.all() {
		records = append(records, struct {
			Cause string `json:"cause"`
		}{reason})
	}
	for _, r := range records {
		line, err := console.EncodeJSON(r, "")
		if err != nil {
			return err
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

func (c cause) all() []string {
	if c.sentence != "" {
		return []string{c.sentence}
	}
	return c.list
}

// asMarkdown returns differences by kind, as those of findings, and then their cause.
func asMarkdown(list []difference, why cause) string {
	var b strings.Builder
	line := func(s string) string { return markdown.Escape(console.Escape(strings.Join(strings.Fields(s), " "))) }
	for _, kind := range []changes.Kind{changes.New, changed, moved, changes.Gone} {
		rows := ""
		n := 0
		for _, d := range list {
			if d.Kind == kind {
				rows += fmt.Sprintf("| %s | %s |\n", line(d.Section), line(d.What))
				n++
			}
		}
		if n > 0 {
			fmt.Fprintf(&b, "### %s\n\n| Section | What |\n|---|---|\n%s\n", findings.Heading(kind, n), rows)
		}
	}
	b.WriteString("### Cause\n\n")
	for _, reason := range why.all() {
		fmt.Fprintf(&b, "- %s\n", line(reason))
	}
	return b.String()
}
