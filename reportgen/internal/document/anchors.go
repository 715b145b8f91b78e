package document

import "github.com/yuin/goldmark/ast"

// Anchors returns the anchors of blocks and of their content.
func Anchors(blocks []Block) []string {
	var ids []string
	for _, b := range blocks {
		switch b := b.(type) {
		case *Heading:
			ids = append(ids, b.ID)
		case *Tab:
			ids = append(ids, b.ID)
		case *Figure:
			ids = append(ids, b.ID)
			for _, part := range b.Parts {
				ids = append(ids, part.ID)
			}
		case *Cell:
			ids = append(ids, b.ID)
		case *Table:
			ids = append(ids, b.ID)
			for _, part := range b.Parts {
				ids = append(ids, part.ID)
			}
		case *Code:
			ids = append(ids, b.ID)
		case *Failure:
			ids = append(ids, b.Anchor)
		case Prose:
			_ = ast.Walk(b.Root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
				if e, ok := n.(*Equation); ok && entering && e.ID != "" {
					ids = append(ids, e.ID)
				}
				return ast.WalkContinue, nil
			})
		}
	}
	return ids
}
