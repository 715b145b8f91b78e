package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape returns a value from an input as it may be shown on a terminal, in a
// cell of a table or on a line of its own: control characters (line breaks and
// tabs among them), bidirectional overrides, and bytes that are not UTF-8 are
// written as Go writes them in a string, such as \x1b or \u202e. So is what begins a
// command for a pipeline, since results are printed there too.
func Escape(s string) string { return noCommand(escape(s, "")) }

// Cell returns a value from an input as the text of a CSV cell on standard output: escaped, and inert.
func Cell(s string) string { return Inert(Escape(s)) }

// formula matches where a spreadsheet may take a text for a formula: at its beginning, and after what separates cells
// and rows in the CSV of other countries. White space and invisible characters may precede it, and spreadsheets of East
// Asia know the signs in full width.
var formula = regexp.MustCompile(`(^|[;\t\r\n])([\x00-\x08\x0b\x0c\x0e-\x20\x7f-\x9f\p{Z}\p{Cf}]*[=+\-@\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}])`)

// Inert returns a text for a CSV cell in which a spreadsheet finds no formula: an apostrophe precedes what it would
// execute. Numbers stay as they are. Buttons on the page of a report do the same (report.js in package html).
func Inert(s string) string {
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return s
	}
	return formula.ReplaceAllString(s, "$1'$2")
}

// escapeText escapes a text that may have several lines.
func escapeText(s string) string {
	return command.ReplaceAllString(escape(strings.ReplaceAll(s, "\r\n", "\n"), "\n\t"), `\x23#$1[`)
}

// command matches what Azure Pipelines and GitHub Actions take for a command
// anywhere in a line; lineCommand what GitHub Actions takes for one that is the line, and
// no address.
var (
	command     = regexp.MustCompile(`##(vso|)\[`)
	lineCommand = regexp.MustCompile(`^\s*::([A-Za-z].*::)`)
)

// noCommand returns a line that no pipeline takes for a command.
func noCommand(line string) string {
	return lineCommand.ReplaceAllString(command.ReplaceAllString(line, `\x23#$1[`), `\x3a:$1`)
}

// escapeLines returns a message as lines; all but the first are marked
// as continuations.
func escapeLines(text string) string {
	var b strings.Builder
	for i, line := range strings.Split(strings.TrimRight(escapeText(text), "\n"), "\n") {
		if i > 0 {
			b.WriteString("  | ")
		} else {
			line = noCommand(line)
		}
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return b.String()
}

// annotation returns the workflow command of GitHub Actions that shows text as an
// annotation of a kind: error or warning. The text cannot end the command.
func annotation(kind, text string) string {
	text = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(strings.TrimRight(escapeText(text), "\n"))
	return "::" + kind + " title=reportgen::" + text + "\n"
}

// escape escapes what is unsafe in s, except for the characters in keep.
func escape(s, keep string) string {
	if !strings.ContainsFunc(s, unsafe) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case !unsafe(r) || strings.ContainsRune(keep, r):
			b.WriteString(s[:size])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < utf8.RuneSelf:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		s = s[size:]
	}
	return b.String()
}

// unsafe reports whether a terminal may act on r or show what follows it in
// another order: control characters, line and paragraph separators, and the
// characters that Unicode's bidirectional algorithm (UAX #9) defines.
func unsafe(r rune) bool {
	switch {
	case unicode.IsControl(r), r == '\u2028', r == '\u2029':
		return true
	}
	return unicode.Is(unicode.Bidi_Control, r)
}

// EscapeJSON returns JSON in which the characters that [Escape] escapes, as far as
// JSON allows them in strings, are written as \u escapes. The value is the same.
func EscapeJSON(text []byte) []byte {
	text = command.ReplaceAll(text, []byte(`\u0023#$1[`))
	if !bytes.ContainsFunc(text, unsafe) {
		return text
	}
	var b bytes.Buffer
	for _, r := range string(text) {
		switch {
		case r == '\n' || r == '\t' || r == '\r' || !unsafe(r): // between values
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes()
}

// EncodeJSON returns a value as JSON that ends with a line feed, escaped as by
// [EscapeJSON]. Without an indent, it is one line.
func EncodeJSON(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	err := enc.Encode(v)
	return EscapeJSON(b.Bytes()), err
}

// Writer returns a writer for lines of results on standard output. It escapes what
// [Escape] escapes, except for line breaks and tabs: values that may hold those must
// be escaped one by one.
func Writer(w io.Writer) io.Writer { return escapingWriter{w} }

type escapingWriter struct{ w io.Writer }

func (e escapingWriter) Write(p []byte) (int, error) {
	if _, err := io.WriteString(e.w, escapeText(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
