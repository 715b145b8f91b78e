package nb

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// Markdown is text that is already Markdown. [Prose], [Caption] and [Otherwise]
// insert it as it is; they escape every other argument.
type Markdown string

// Prose displays Markdown with computed values. The format is Markdown, and its
// verbs are those of fmt.Sprintf. Arguments are data, such as a name from a
// database: they are escaped as by [Text], unless they are of type Markdown.
func Prose(format string, args ...any) { send(markdown(markdownf(format, args))) }

func markdown(source string) *protocol.DisplayData {
	return &protocol.DisplayData{Data: map[protocol.MIMEType]any{protocol.MIMETextMarkdown: source}}
}

// Text returns Markdown that prints s and nothing else: a name such as
// "[x](y)", "@fig-x" or "$5" becomes no link, reference or formula. Line breaks
// become spaces.
func Text(s string) Markdown {
	s = strings.Join(strings.Fields(s), " ")
	return Markdown(markup.ReplaceAllStringFunc(s, func(m string) string {
		switch {
		case m == "<":
			return "&lt;"
		case m == ">":
			return "&gt;"
		case m == `\`:
			return "&#92;" // notebooks may write formulas between escaped parentheses
		case m[0] == '&':
			return "&amp;" + m[1:]
		case m == "://":
			return `\://`
		case m[0] == '_':
			return strings.Repeat(`\_`, len(m))
		}
		// Of a list marker, a rule or the www. of an address, the last character.
		body := strings.TrimRight(m, " ")
		return body[:len(body)-1] + `\` + body[len(body)-1:] + m[len(body):]
	}))
}

// markup matches what Markdown, with the extensions of GitHub and of reports,
// does not print as it is: punctuation that opens a construct anywhere, addresses
// that become links, and markers of lists, headings and rules at the start.
var markup = regexp.MustCompile("[\\\\`*\\[\\]<>|~$@]|&[#\\w]+;|\\b_+|_+\\b|://|(?i:\\bwww\\.)" +
	`|^(?:\d{1,9}[.)]|[-+])(?:$| )|^#{1,6}(?:$| )|^[=-]+$`)

// markdownf formats Markdown. Arguments that are not Markdown are escaped.
func markdownf(format string, args []any) string {
	escaped := make([]any, len(args))
	for i, arg := range args {
		switch arg.(type) {
		case Markdown, bool, int, int64, uint, uint16, uint32, uint64, float64:
			escaped[i] = arg
		default:
			escaped[i] = data{arg}
		}
	}
	return textf(format, escaped)
}

// data is an argument that is escaped when it has been formatted.
type data struct{ value any }

// Format implements fmt.Formatter.
func (d data) Format(f fmt.State, verb rune) {
	s := fmt.Sprintf(fmt.FormatString(f, verb), d.value)
	_, _ = io.WriteString(f, string(Text(s))) // a fmt.State returns no error
}

// twoStops are the full stop of a name and that of the sentence after it.
var twoStops = regexp.MustCompile(`([^./\s])\.\.(\s|$)`)

// textf formats text. A name that ends with a full stop, as "S.A." does, ends the
// sentence with it.
func textf(format string, args []any) string {
	if len(args) == 0 {
		return format
	}
	return twoStops.ReplaceAllString(fmt.Sprintf(format, args...), "$1.$2")
}
