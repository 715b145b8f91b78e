// Package terminal reads text that was written for a terminal: what is left on
// the screen after carriage returns and backspaces, and in which colours.
//
//	spans := terminal.Parse("\x1b[31mred\x1b[0m plain") // {"red", [red]}, {" plain", nil}
package terminal

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Span is a run of text in one style.
type Span struct {
	Text    string
	Classes []string // bold, faint, italic, underline, red, bright-red, …; nil for plain
}

// escape matches control sequences (CSI), operating system commands (OSC) and
// two-character escapes, as ECMA-48 defines them.
var escape = regexp.MustCompile("\x1b(?:\\[([0-9;:?<=>]*)[\\x20-\\x2f]*([\\x40-\\x7e])|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)|[\\x20-\\x2f]*[\\x30-\\x7e])")

// Parse splits text into spans of one style. Each line is shown as it ended, see
// [Rewritten]; cursor movements and control characters are left out.
func Parse(s string) []Span {
	var spans []Span
	var style style
	add := func(text string) {
		text = printable(text)
		if text == "" {
			return
		}
		classes := style.classes()
		if n := len(spans); n > 0 && slices.Equal(spans[n-1].Classes, classes) {
			spans[n-1].Text += text
			return
		}
		spans = append(spans, Span{text, classes})
	}
	s = Rewritten(lineEnds.ReplaceAllString(s, "\n"))
	last := 0
	for _, m := range escape.FindAllStringSubmatchIndex(s, -1) {
		add(s[last:m[0]])
		last = m[1]
		if m[4] >= 0 && s[m[4]:m[5]] == "m" {
			style.apply(s[m[2]:m[3]])
		}
	}
	add(s[last:])
	return spans
}

// Plain is the spans' text without styles.
func Plain(spans []Span) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.Text)
	}
	return b.String()
}

var lineEnds = regexp.MustCompile("\r+\n")

// Rewritten is what a terminal shows of text whose lines return to their beginning
// (\r), as those of progress bars do, or go back by a character (\b). Escape
// sequences and the ends of lines are kept.
func Rewritten(text string) string {
	if !strings.ContainsAny(text, "\r\b") {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		body, end := line, ""
		if cut, ok := strings.CutSuffix(body, "\n"); ok {
			body, end = cut, "\n"
		}
		if cut, ok := strings.CutSuffix(body, "\r"); ok {
			body, end = cut, "\r"+end
		}
		b.WriteString(erased(body[strings.LastIndexByte(body, '\r')+1:] + end))
	}
	return b.String()
}

// erased removes the character before each backspace.
func erased(line string) string {
	if !strings.Contains(line, "\b") {
		return line
	}
	var kept []rune
	for _, r := range line {
		if n := len(kept); r == '\b' && n > 0 && kept[n-1] != '\n' {
			kept = kept[:n-1]
			continue
		}
		kept = append(kept, r)
	}
	return string(kept)
}

// printable removes control characters other than tab and newline, which HTML
// forbids.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, s)
}

// style is the state set by "select graphic rendition" sequences.
type style struct {
	bold, faint, italic, underline bool
	color                          string
}

func (s *style) classes() []string {
	var c []string
	for _, f := range []struct {
		on   bool
		name string
	}{{s.bold, "bold"}, {s.faint, "faint"}, {s.italic, "italic"}, {s.underline, "underline"}, {s.color != "", s.color}} {
		if f.on {
			c = append(c, f.name)
		}
	}
	return c
}

// colors are the eight basic colours by number.
func colors() [8]string {
	return [8]string{"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"}
}

// apply changes the style by the parameters of one sequence. Backgrounds are
// ignored: text on them may be unreadable in the page's theme.
func (s *style) apply(parameters string) {
	codes := strings.FieldsFunc(parameters, func(r rune) bool { return r == ';' || r == ':' })
	if len(codes) == 0 {
		codes = []string{"0"}
	}
	for i := 0; i < len(codes); i++ {
		n, err := strconv.Atoi(codes[i])
		if err != nil {
			return
		}
		switch {
		case n == 0:
			*s = style{}
		case n == 1:
			s.bold = true
		case n == 2:
			s.faint = true
		case n == 3:
			s.italic = true
		case n == 4:
			s.underline = true
		case n == 22:
			s.bold, s.faint = false, false
		case n == 23:
			s.italic = false
		case n == 24:
			s.underline = false
		case n >= 30 && n <= 37:
			s.color = colors()[n-30]
		case n == 39:
			s.color = ""
		case n >= 90 && n <= 97:
			s.color = "bright-" + colors()[n-90]
		case n == 38 || n == 48:
			i += s.extended(n == 38, codes[i+1:])
		}
	}
}

// extended sets a colour of the 256-colour or 24-bit palette and returns the number
// of codes that it used. Only the first sixteen have a name that a theme can set.
func (s *style) extended(foreground bool, codes []string) int {
	if len(codes) == 0 {
		return 0
	}
	if codes[0] == "2" {
		return min(4, len(codes))
	}
	if codes[0] != "5" || len(codes) < 2 {
		return 1
	}
	n, err := strconv.Atoi(codes[1])
	switch {
	case !foreground || err != nil || n < 0:
	case n < 8:
		s.color = colors()[n]
	case n < 16:
		s.color = "bright-" + colors()[n-8]
	default:
		s.color = ""
	}
	return 2
}
