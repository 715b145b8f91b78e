package doc

// Table is rows of text under named columns.
type Table struct {
	Origin
	ID      string
	Number  string // "3.3"; "" without a caption
	Caption *Text  // nil for none
	Columns []Column
	Rows    [][]Value
}

func (*Table) block() {}

// Column is a column of a table.
type Column struct {
	Title   string
	Numeric bool // aligned right
}

// Value is a cell of a table: what is printed, and what it stands for.
type Value struct {
	Text string
	Raw  string // as in the data; sorting and downloads use it
}
