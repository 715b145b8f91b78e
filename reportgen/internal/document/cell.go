package document

// Cell is the place at which a cell begins that the report refers to. It prints
// nothing itself.
type Cell struct {
	Origin
	ID string // the anchor
}

func (*Cell) block() {}
