package document

// Code is the source of a cell.
type Code struct {
	Origin
	ID       string // the anchor; "" for none
	Number   string // "2.1"; "" without a caption
	Caption  *Text  // nil for none
	Language string // of the notebook's kernel, in lower case; "" unknown
	Source   string
	Folded   bool
	Summary  string // what a folded cell says; "" for the writer's own word
	Expanded bool   // a folded cell that starts open
}

func (*Code) block() {}

// Parameters is the source of cells that are tagged parameters or
// injected-parameters, with the notebooks where it stands.
type Parameters struct {
	Language  string
	Source    string
	Injected  bool // set for this run, not a default
	Notebooks []string
}
