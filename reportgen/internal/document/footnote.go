package document

import (
	east "github.com/yuin/goldmark/extension/ast"

	"github.com/yuin/goldmark/ast"
)

// Note is a footnote. Its text's root is goldmark's footnote node.
type Note struct {
	*Text
	Number int
}

// TakeNotes takes the footnotes out of a parsed text and numbers them and the
// references to them from the one after last.
func TakeNotes(t *Text, last int) []*Note {
	var notes []*Note
	_ = ast.Walk(t.Root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *east.FootnoteLink:
			n.Index += last
		case *east.FootnoteBacklink:
			n.Index += last
		case *east.Footnote:
			n.Index += last
			notes = append(notes, &Note{&Text{t.Source, n}, n.Index})
		}
		return ast.WalkContinue, nil
	})
	if list, ok := t.Root.LastChild().(*east.FootnoteList); ok {
		t.Root.RemoveChild(t.Root, list)
	}
	return notes
}
