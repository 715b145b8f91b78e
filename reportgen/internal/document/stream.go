package document

import "github.com/flowbook/flowbook/reportgen/internal/terminal"

// Stream is what a cell wrote to its standard output or error.
type Stream struct {
	Origin
	Stderr bool
	Spans  []terminal.Span
}

func (*Stream) block() {}

// Failure is the error that ended a cell.
type Failure struct {
	Origin
	Anchor   string // unique in the document
	Name     string
	Value    string
	Trace    []terminal.Span
	Expected bool // the cell is tagged raises-exception, or says error: true
}

func (*Failure) block() {}
