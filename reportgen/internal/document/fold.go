package document

// FoldStart opens a part that a reader unfolds; FoldEnd closes it. They come in
// pairs and do not nest.
type FoldStart struct{ Summary string }

// FoldEnd closes what FoldStart opened.
type FoldEnd struct{}

func (FoldStart) block() {}
func (FoldEnd) block()   {}
