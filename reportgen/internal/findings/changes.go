package findings

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"

	"github.com/flowbook/flowbook/pkg/changes"
	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/markdown"
)

// The formats of [WriteChanges].
const (
	FormatText     = "text"
	FormatMarkdown = "md"
)

// ChangeFormats returns the names of the formats.
func ChangeFormats() []string { return []string{FormatText, FormatMarkdown, FormatJSON} }

// ReadFile reads a file as [detect.ReadFindings] does, or stdin if path is "-".
func ReadFile(path string, stdin io.Reader) (detect.Result, error) {
	if path == "-" {
		return detect.ReadFindings("standard input", stdin)
	}
	f, err := os.Open(path)
	if err != nil {
		return detect.Result{}, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return detect.Result{}, fmt.Errorf("%s: a folder; want a file of findings, the output of reportgen detect --format json", path)
	}
	return detect.ReadFindings(path, f)
}

// CompareFiles compares the findings in two files, which [ReadFile] reads. The note
// says what a reader must know about the comparison; it is empty if there is nothing.
func CompareFiles(before, after string, stdin io.Reader) (list []changes.Change, note string, err error) {
	var days [2]detect.Result
	for i, name := range []string{before, after} {
		if days[i], err = ReadFile(name, stdin); err != nil {
			return nil, "", err
		}
	}
	list = changes.Compare(days[0], days[1])
	return list, noteOn(days[1], list), nil
}

// maxNamed is the number of entities that a line names.
const maxNamed = 3

// WriteChanges writes changes as text, Markdown or one JSON object a line.
func WriteChanges(w io.Writer, list []changes.Change, format string) error {
	if format == FormatJSON {
		for _, c := range list {
			if err := writeLine(w, c); err != nil {
				return err
			}
		}
		return nil
	}
	var b strings.Builder
	if len(list) == 0 {
		b.WriteString("No findings above info on either day.\n")
	}
	for _, kind := range changes.Kinds() {
		writeKind(&b, list, kind, format)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeKind writes the changes of one kind under a heading.
func writeKind(b *strings.Builder, list []changes.Change, kind changes.Kind, format string) {
	var of []changes.Change
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
	heading := Heading(kind, n)
	if format == FormatMarkdown {
		fmt.Fprintf(b, "### %s\n\n| Entity | Rule | Severity | Since | What happened |\n|---|---|---|---|---|\n", heading)
		for _, c := range of {
			fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", entities(c.Entities), markdown.Escape(c.Rule), severities(c), markdown.Escape(c.Since), markdown.Escape(console.Escape(c.Text())))
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
		fmt.Fprintf(b, "  %s: %s, %s%s: %s\n", entities(c.Entities), console.Escape(c.Rule), severities(c), since, console.Escape(c.Text()))
	}
}

// Heading returns the heading of n changes of a kind, such as "New: 3".
func Heading(kind changes.Kind, n int) string {
	return fmt.Sprintf("%s: %d", strings.ToUpper(string(kind[:1]))+string(kind[1:]), n)
}

// severities returns the severity, and the earlier one if it was another.
func severities(c changes.Change) string {
	if c.Before != "" && c.After != "" && c.Before != c.After {
		return fmt.Sprintf("%s (was %s)", c.After, c.Before)
	}
	if c.Kind == changes.Gone || c.Kind == changes.Unseen {
		return "was " + string(c.Severity())
	}
	return string(c.Severity())
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
func noteOn(after detect.Result, list []changes.Change) string {
	for _, c := range list {
		if c.Kind == changes.Gone && after.Outcomes == nil {
			return "the second day has no coverage records: a finding that is gone may only be unseen; run detect with --coverage"
		}
	}
	return ""
}
