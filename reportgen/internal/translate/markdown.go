package translate

import (
	"regexp"
	"strings"
)

// marker matches what begins a block of Markdown on its line: a heading, an item of a list
// or a quotation.
var marker = regexp.MustCompile(`^\s*(?:#{1,6}\s+|(?:[-*+]|\d{1,9}[.)])\s+|>\s?|\[\^[^\]]+\]:\s*|:\s+)+`)

// attributes matches the attributes at the end of a heading or caption.
var attributes = regexp.MustCompile(`\s*\{[#.][^{}]*\}\s*$`)

// fence matches the line that opens or closes a block of code or a formula, or a div.
var fence = regexp.MustCompile("^\\s*(?:(`{3,}|~{3,})|(\\$\\$)|:{3,})")

// Markdown translates the blocks of a source: paragraphs, headings, items of lists, and
// cells of tables. Code, formulas and HTML remain as they are.
func (t *Translator) Markdown(source string) string {
	if !t.catalog {
		return source
	}
	m := markdown{translator: t}
	for line := range strings.Lines(source) {
		m.line(strings.TrimRight(line, "\r\n"))
	}
	m.flush()
	return strings.TrimSuffix(m.b.String(), "\n")
}

// markdown is the state between two lines.
type markdown struct {
	translator *Translator
	b          strings.Builder
	marker     string   // of the open block
	lines      []string // of the open block, without the marker
	open       string   // the fence of the open code or formula; "" for none
}

func (m *markdown) line(line string) {
	trimmed := strings.TrimSpace(line)
	f := fence.FindStringSubmatch(line)
	switch {
	case m.open != "":
		m.write(line)
		if strings.HasPrefix(trimmed, m.open) || m.open == "$$" && strings.HasSuffix(trimmed, "$$") {
			m.open = ""
		}
	case f != nil && f[1]+f[2] != "":
		m.flush()
		m.write(line)
		m.open = f[1] + f[2]
		if m.open == "$$" && len(trimmed) > 2 && strings.Contains(trimmed[2:], "$$") {
			m.open = ""
		}
	case f != nil, trimmed == "", strings.HasPrefix(trimmed, "<") && len(m.lines) == 0:
		m.flush()
		m.write(line)
	case strings.HasPrefix(trimmed, "|") && strings.HasSuffix(trimmed, "|"):
		m.flush()
		m.row(trimmed)
	case marker.MatchString(line):
		m.flush()
		m.marker = marker.FindString(line)
		m.lines = []string{line[len(m.marker):]}
	default:
		m.lines = append(m.lines, line)
	}
}

func (m *markdown) write(line string) { m.b.WriteString(line + "\n") }

// flush writes the open block.
func (m *markdown) flush() {
	if len(m.lines) == 0 {
		return
	}
	text := strings.Join(m.lines, "\n")
	end := attributes.FindString(text)
	inner := strings.TrimSuffix(text, end)
	if as := m.translator.Text(inner); as != oneLine(inner) {
		text = as + end
	}
	m.write(m.marker + text)
	m.marker, m.lines = "", nil
}

// row writes a row of a table.
func (m *markdown) row(line string) {
	cells := strings.Split(strings.Trim(line, "|"), "|")
	for i, cell := range cells {
		text := strings.TrimSpace(cell)
		if as := m.translator.Value(text); as != text {
			cells[i] = " " + as + " "
		}
	}
	m.write("|" + strings.Join(cells, "|") + "|")
}
