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

func (b *builder) warn(where document.Origin, line int, format string, args ...any) {
	b.warnings = append(b.warnings, Warning{where, line, fmt.Sprintf(format, args...)})
}
