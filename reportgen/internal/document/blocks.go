package document

import (
	"strings"
	"unicode"

	"github.com/flowbook/flowbook/reportgen/internal/svg"
	"github.com/flowbook/flowbook/reportgen/internal/terminal"
)

// Heading opens a section. The depth is that of the report: a notebook's first
// heading has depth 1, whatever its number of hashes.
type Heading struct {
	Depth  int
	Number string // "2", "2.1"; "" where it is unnumbered
	ID     string // unique in the document
	Text   *Text
}

func (*Heading) block() {}

// Slug is a heading's text as GitHub makes an anchor of it: lower case, spaces
// to hyphens, other punctuation gone.
func Slug(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(strings.TrimSpace(text)) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

// HTML is an output of text/html without a caption, as the notebook
// holds it: a writer passes it through a Sanitizer.
type HTML struct {
	Origin
	Source  string
	Trusted bool // printed as it is
}

func (*HTML) block() {}

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

// Cell is the place at which a cell begins that the report refers to. It prints
// nothing itself.
type Cell struct {
	Origin
	ID string // the anchor
}

func (*Cell) block() {}

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

// FoldStart opens a part that a reader unfolds; FoldEnd closes it. They come in
// pairs and do not nest.
type FoldStart struct{ Summary string }

// FoldEnd closes what FoldStart opened.
type FoldEnd struct{}

func (FoldStart) block() {}
func (FoldEnd) block()   {}

// Figure is a picture, numbered where it has a caption.
type Figure struct {
	Origin
	ID      string   // the anchor: the label, or one made from the number
	Number  string   // "2.1"; "" without a caption
	Caption *Text    // nil for none
	Picture *Picture // nil where there are Parts
	Parts   []*Part
	Columns int    // how many Parts stand side by side; 0 for as many as fit
	Data    *Table // what the figure draws; nil where the output does not say
}

// Part is one of several pictures under one number, "(a)".
type Part struct {
	ID      string
	Letter  string
	Caption *Text // nil for none
	Picture *Picture
}

func (*Figure) block() {}

// Picture is an image and the words that stand for it.
type Picture struct {
	Alt    string
	Vector *svg.Image // nil for a bitmap
	Media  string     // of a bitmap: image/png, image/jpeg, image/gif, image/webp
	Data   []byte     // of a bitmap
	Name   string     // a file name without extension, unique in the document
}

// Extension is the file name extension of the picture's format, with its dot.
func (p *Picture) Extension() string {
	if p.Vector != nil {
		return ".svg"
	}
	switch p.Media {
	case "image/jpeg":
		return ".jpg"
	case "image/gif":
		return ".gif"
	case "image/webp":
		return ".webp"
	}
	return ".png"
}
