package document

// Table is rows of text under named columns, or several such tables under one
// number.
type Table struct {
	Origin
	ID      string
	Number  string // "3.3"; "" without a caption
	Caption *Text  // nil for none
	Columns []Column
	Rows    [][]Value
	Parts   []*TablePart // where there are any, the table has no columns and rows itself
	Across  int          // how many Parts stand side by side; 0 for as many as fit
}

func (*Table) block() {}

// TablePart is one of several tables under one number, "(a)".
type TablePart struct {
	ID      string
	Letter  string
	Caption *Text // nil for none
	Table   *Table
}

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
