package execute

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// Error reports the cell that stopped a notebook. Err is a [*kernel.CellError], a
// [*kernel.DiedError], a [*TimeoutError] or the cause of the context.
type Error struct {
	Notebook string
	Cell     int    // from 1, counting every cell of the file; 0: the injected parameters
	ID       string // the cell's id
	Label    string // its Quarto label, if any
	Line     int    // from 1; 0 if it is not known
	Source   string // the text of that line
	Reason   string // Err in a few lines
	Err      error
}

func (e *Error) Unwrap() error { return e.Err }

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: cell %d", e.Notebook, e.Cell)
	if e.Cell == 0 {
		b.Reset()
		fmt.Fprintf(&b, "%s: the injected parameters", e.Notebook)
	}
	switch {
	case e.Label != "":
		fmt.Fprintf(&b, " (%s)", e.Label)
	case e.ID != "" && e.Cell != 0:
		fmt.Fprintf(&b, " (%s)", e.ID)
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, ", line %d", e.Line)
	}
	fmt.Fprintf(&b, ": %s", e.Reason)
	if e.Source != "" {
		fmt.Fprintf(&b, "\n%6d | %s", e.Line, e.Source)
	}
	return b.String()
}

// TimeoutError reports a cell or a run that exceeded its timeout.
type TimeoutError struct {
	What  string // "the cell" or "the whole run"
	Limit time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("%s took longer than %v", e.What, e.Limit)
}

var label = regexp.MustCompile(`(?m)^\s*label:\s*(\S+)\s*$`)

func newError(n *notebook, c *nbformat.Cell, r *kernel.Result, err error) *Error {
	e := &Error{Notebook: n.Name, Cell: n.numbers[c], ID: c.ID, Err: err, Reason: err.Error()}
	head, _ := c.SplitOptions()
	if m := label.FindStringSubmatch(head); m != nil {
		e.Label = m[1]
	}
	var failed *kernel.CellError
	if !errors.As(err, &failed) {
		return e
	}
	e.Reason = reason(failed, r)
	lines := strings.Split(c.Source, "\n")
	if failed.Line >= 1 && failed.Line <= len(lines) {
		e.Line, e.Source = failed.Line, lines[failed.Line-1]
	}
	return e
}

var (
	exitOnly = regexp.MustCompile(`^(?:exit status \d+|signal: .*)$`)
	// Drivers put the line of the cell before that of a program in a stack trace.
	notes = regexp.MustCompile(`\[\[ Cell \[\d+\] Line \d+ \]\] `)
)

const reasonLines = 12

// reason describes a failure: if a program reports only its exit status, by what it
// wrote to stderr.
func reason(f *kernel.CellError, r *kernel.Result) string {
	text := strings.TrimSpace(f.Error())
	if exitOnly.MatchString(text) {
		for _, o := range r.Outputs {
			if o.Type == nbformat.Stream && o.Name == "stderr" {
				said := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(o.Text), text))
				if said != "" {
					text = said
				}
			}
		}
	}
	text = notes.ReplaceAllString(text, "")
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > reasonLines {
		lines = append(lines[:reasonLines], fmt.Sprintf("… and %d more lines in the notebook", len(lines)-reasonLines))
	}
	return strings.Join(lines, "\n")
}

// errorOutput is an output that reports what stopped a cell other than its code.
func errorOutput(err error) *nbformat.Output {
	name := "Interrupted"
	var died *kernel.DiedError
	var late *TimeoutError
	switch {
	case errors.As(err, &died):
		name = "KernelDied"
	case errors.As(err, &late):
		name = "Timeout"
	case errors.Is(err, kernel.ErrInput):
		name = "InputRefused"
	}
	value := err.Error()
	if died != nil {
		// The kernel's log contains times and process numbers.
		value = (&kernel.DiedError{State: died.State}).Error()
	}
	return &nbformat.Output{Type: nbformat.Error, EName: name, EValue: value, Traceback: []string{value}}
}
