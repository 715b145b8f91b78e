// Package terminal reads text that was written for a terminal: what is left on
// the screen after carriage returns and backspaces, and in which colours.
//
//	spans := terminal.Parse("\x1b[31mred\x1b[0m plain") // {"red", [red]}, {" plain", nil}
package terminal

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Span is a run of text in one style.
type Span struct {
	Text       string
	Classes    []string // bold, faint, italic, underline, strike, red, bright-red, …; nil for plain
	Color      string   // "#rrggbb" of a colour that has no class; "" for none
	Background string   // "#rrggbb"; "" for none
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
		span := style.span(text)
		if n := len(spans); n > 0 && span.Color == spans[n-1].Color && span.Background == spans[n-1].Background &&
			slices.Equal(spans[n-1].Classes, span.Classes) {
			spans[n-1].Text += text
			return
		}
		spans = append(spans, span)
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

// Rewritten returns what a terminal shows of text whose lines return to their beginning
// (\r), as those of progress bars do, or go back by a character (\b). Text after a
// carriage return overwrites the line character by character. The colours of such lines
// and all ends of lines are kept.
func Rewritten(text string) string {
	if !strings.ContainsAny(text, "\r\b") {
		return text
	}
	var b strings.Builder
	colors := ""
	for line := range strings.Lines(text) {
		body, end := line, ""
		if cut, ok := strings.CutSuffix(body, "\n"); ok {
			body, end = cut, "\n"
		}
		if cut := strings.TrimRight(body, "\r"); cut != body {
			body, end = cut, "\r"+end
		}
		if !strings.ContainsAny(body, "\r\b") {
			colors = colorsAfter(body, colors)
			b.WriteString(body + end)
			continue
		}
		var cells []cell
		cells, colors = overwrite(body, colors)
		last := ""
		for _, c := range cells {
			if c.colors != last {
				b.WriteString("\x1b[0m" + c.colors)
				last = c.colors
			}
			b.WriteRune(c.char)
		}
		if last != colors {
			b.WriteString("\x1b[0m" + colors)
		}
		b.WriteString(end)
	}
	return b.String()
}

// cell is a character of a line and the colour sequences since the last reset.
type cell struct {
	char   rune
	colors string
}

// overwrite returns the characters of a line after its carriage returns, backspaces and
// erasures, and the colours at its end.
func overwrite(line, colors string) ([]cell, string) {
	var cells []cell
	at := 0
	show := func(text string) {
		for _, r := range text {
			switch {
			case r == '\r':
				at = 0
			case r == '\b':
				if at > 0 { // as in JupyterLab, the character is erased
					at--
					cells = slices.Delete(cells, at, at+1)
				}
			case at < len(cells):
				cells[at] = cell{r, colors}
				at++
			default:
				cells = append(cells, cell{r, colors})
				at++
			}
		}
	}
	last := 0
	for _, m := range escape.FindAllStringSubmatchIndex(line, -1) {
		show(line[last:m[0]])
		last = m[1]
		if m[4] < 0 {
			continue
		}
		switch line[m[4]:m[5]] {
		case "m":
			colors = colorsAfter(line[m[0]:m[1]], colors)
		case "K":
			switch line[m[2]:m[3]] {
			case "", "0":
				cells = cells[:at]
			case "2":
				cells, at = nil, 0
			}
		}
	}
	show(line[last:])
	return cells, colors
}

// colorsAfter returns the colour sequences since the last reset, after text.
func colorsAfter(text, colors string) string {
	for _, m := range escape.FindAllStringSubmatchIndex(text, -1) {
		if m[4] < 0 || text[m[4]:m[5]] != "m" {
			continue
		}
		switch parameters := text[m[2]:m[3]]; {
		case strings.Trim(parameters, "0;") == "":
			colors = ""
		case strings.HasPrefix(parameters, "0;"):
			colors = text[m[0]:m[1]]
		case len(colors) < 200:
			colors += text[m[0]:m[1]]
		default:
			colors = text[m[0]:m[1]]
		}
	}
	return colors
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
	bold, faint, italic, underline, strike, inverse bool
	foreground, background                          color
}

// color is a colour by number, of the 16 that a theme can set, or by value.
type color struct {
	number int // from 1; 0 for none
	value  string
}

// palette is the value of the 16 basic colours, as in JupyterLab.
var palette = [16]string{
	"#3e424d", "#e75c58", "#00a250", "#ddb62b", "#208ffb", "#d160c4", "#60c6c8", "#c5c1b4",
	"#282c36", "#b22b31", "#007427", "#b27d12", "#0065ca", "#a03196", "#258f8f", "#a1a6b2",
}

// hex is the value of a colour; "" for none.
func (c color) hex() string {
	if c.number > 0 {
		return palette[c.number-1]
	}
	return c.value
}

// span returns text in the style.
func (s *style) span(text string) Span {
	span := Span{Text: text, Color: s.foreground.value, Background: s.background.hex()}
	foreground := s.foreground
	if s.inverse {
		span.Background, span.Color = cmp.Or(s.foreground.hex(), "#3e424d"), s.background.hex()
		foreground = color{}
	}
	class := ""
	if foreground.number > 0 {
		class = [8]string{"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"}[(foreground.number-1)%8]
		if foreground.number > 8 {
			class = "bright-" + class
		}
	}
	for _, f := range []struct {
		on   bool
		name string
	}{{s.bold, "bold"}, {s.faint, "faint"}, {s.italic, "italic"}, {s.underline, "underline"}, {s.strike, "strike"}, {class != "", class}} {
		if f.on {
			span.Classes = append(span.Classes, f.name)
		}
	}
	return span
}

// apply changes the style by the parameters of one sequence.
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
		switch n {
		case 38:
			i += s.foreground.extended(codes[i+1:])
		case 48:
			i += s.background.extended(codes[i+1:])
		default:
			s.set(n)
		}
	}
}

// set changes the style by one code.
func (s *style) set(n int) {
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
	case n == 7:
		s.inverse = true
	case n == 9:
		s.strike = true
	case n == 22:
		s.bold, s.faint = false, false
	case n == 23:
		s.italic = false
	case n == 24:
		s.underline = false
	case n == 27:
		s.inverse = false
	case n == 29:
		s.strike = false
	case n >= 30 && n <= 39, n >= 90 && n <= 97:
		s.foreground.set(n - 30)
	case n >= 40 && n <= 49, n >= 100 && n <= 107:
		s.background.set(n - 40)
	}
}

// set sets a colour by a code without the offset of the foreground or background.
func (c *color) set(n int) {
	switch {
	case n <= 7:
		*c = color{number: n + 1}
	case n == 9:
		*c = color{} // the default colour
	case n >= 60:
		*c = color{number: n - 60 + 9} // a bright colour
	}
}

// extended sets a colour of the 256-colour or 24-bit palette and returns the number
// of codes that it used.
func (c *color) extended(codes []string) int {
	if len(codes) == 0 {
		return 0
	}
	if codes[0] == "2" {
		var parts [3]int
		for i := range parts {
			if i+1 < len(codes) {
				parts[i], _ = strconv.Atoi(codes[i+1]) // what is not a number is 0
			}
		}
		*c = color{value: rgb(parts[0], parts[1], parts[2])}
		return min(4, len(codes))
	}
	if codes[0] != "5" || len(codes) < 2 {
		return 1
	}
	n, err := strconv.Atoi(codes[1])
	switch {
	case err != nil || n < 0 || n > 255:
	case n < 16:
		*c = color{number: n + 1}
	case n < 232:
		level := func(i int) int {
			if i == 0 {
				return 0
			}
			return 55 + 40*i
		}
		*c = color{value: rgb(level((n-16)/36), level((n-16)/6%6), level((n-16)%6))}
	default:
		grey := 8 + 10*(n-232)
		*c = color{value: rgb(grey, grey, grey)}
	}
	return 2
}

// rgb is a colour by its parts, which are limited to a byte.
func rgb(r, g, b int) string {
	return fmt.Sprintf("#%02x%02x%02x", min(max(r, 0), 255), min(max(g, 0), 255), min(max(b, 0), 255))
}
