package document

import (
	"slices"

	"github.com/yuin/goldmark/ast"
)

// Fragment is HTML of a notebook in pieces. Package render removes everything that is
// not safe, unless the HTML is trusted.
type Fragment struct {
	Pieces []Piece
}

// HasFormula reports whether a piece is a formula.
func (f *Fragment) HasFormula() bool {
	return slices.ContainsFunc(f.Pieces, func(p Piece) bool { return p.Formula != nil })
}

// Piece is a part of a fragment. Exactly one of its fields is set, except that a picture of trusted HTML also has the
// element's markup, which a page shows instead.
type Piece struct {
	Markup  string   // tags and text; an element may begin in one piece and end in another
	Picture *Picture // in place of an <img>, <svg>, <video> or <audio>
	Link    *Anchor  // the start tag of an <a>
	Formula *Formula
}

// Anchor is the start tag of an <a>.
type Anchor struct {
	Destination string // "" for an anchor without href; #id within the report
	Attributes  string // other attributes, escaped, each with a space before it
}

// InlineHTML is raw HTML in running text. It replaces goldmark's RawHTML.
type InlineHTML struct {
	ast.BaseInline
	Fragment
}

// KindInlineHTML is the node kind of InlineHTML.
var KindInlineHTML = ast.NewNodeKind("InlineHTML")

// Kind returns KindInlineHTML.
func (*InlineHTML) Kind() ast.NodeKind { return KindInlineHTML }

// Dump prints the node for goldmark's debugging.
func (h *InlineHTML) Dump(source []byte, level int) { ast.DumpHelper(h, source, level, nil, nil) }

// BlockHTML is a block of raw HTML. It replaces goldmark's HTMLBlock.
type BlockHTML struct {
	ast.BaseBlock
	Fragment
}

// KindBlockHTML is the node kind of BlockHTML.
var KindBlockHTML = ast.NewNodeKind("BlockHTML")

// Kind returns KindBlockHTML.
func (*BlockHTML) Kind() ast.NodeKind { return KindBlockHTML }

// Dump prints the node for goldmark's debugging.
func (h *BlockHTML) Dump(source []byte, level int) { ast.DumpHelper(h, source, level, nil, nil) }
