package document

// Stream is what a cell wrote to its standard output or error.
type Stream struct {
	Origin
	Stderr bool
	Spans  []Span
}

func (*Stream) block() {}

// Failure is the error that ended a cell.
type Failure struct {
	Origin
	Anchor   string // unique in the document
	Name     string
	Value    string
	Trace    []Span
	Expected bool // the cell is tagged raises-exception, or says error: true
}

func (*Failure) block() {}
