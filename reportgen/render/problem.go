package render

import (
	"fmt"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// Warning reports an imperfection of a notebook or of its report.
type Warning struct {
	Where document.Origin
	Line  int // of the cell's source, from 1; 0 for the whole cell
	Text  string
}

// String returns the warning with its place.
func (w Warning) String() string { return at(w.Where, w.Line) + ": " + w.Text }

// Problem is a fault of a notebook that makes the report wrong.
type Problem struct {
	Where document.Origin
	Line  int // of the cell's source, from 1; 0 for the whole cell
	Text  string
}

// Error returns the problem with its place.
func (p *Problem) Error() string { return at(p.Where, p.Line) + ": " + p.Text }

func at(where document.Origin, line int) string {
	if line == 0 {
		return where.String()
	}
	return fmt.Sprintf("%s, line %d", where, line)
}

func (b *builder) problem(where document.Origin, line int, format string, args ...any) {
	b.problems = append(b.problems, &Problem{where, line, fmt.Sprintf(format, args...)})
}

// warnOnce warns of something that a notebook may do in many cells. Only the first
// cell is named, with the number of others. The key distinguishes warnings.
func (b *builder) warnOnce(where document.Origin, key, format string, args ...any) {
	if first := b.repeated[key]; first != nil {
		first.cells[where] = true
		return
	}
	b.repeated[key] = &repeatedWarning{at: len(b.warnings), cells: map[document.Origin]bool{where: true}}
	b.warn(where, 0, format, args...)
}

// repeatedWarning is a warning that may concern several cells.
type repeatedWarning struct {
	at    int // its index
	cells map[document.Origin]bool
}

// countRepeated adds the number of cells to warnings that concern several.
func (b *builder) countRepeated() {
	for _, r := range b.repeated {
		switch n := len(r.cells) - 1; {
		case n == 1:
			b.warnings[r.at].Text += " (also in another cell)"
		case n > 1:
			b.warnings[r.at].Text += fmt.Sprintf(" (also in %d other cells)", n)
		}
	}
}

func (b *builder) warn(where document.Origin, line int, format string, args ...any) {
	b.warnings = append(b.warnings, Warning{where, line, fmt.Sprintf(format, args...)})
}
