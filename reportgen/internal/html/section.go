package html

import "github.com/flowbook/flowbook/reportgen/internal/document"

// section is a section of the first depth with all that is below it, or what
// stands before the first of them.
type section struct {
	*document.Heading // nil before the first
	Blocks            []document.Block
}

// sections cuts the body at headings of the first depth. One within a fold
// opens none, since a fold is one element.
func sections(blocks []document.Block) []section {
	var all []section
	folded := false
	for _, b := range blocks {
		h, ok := b.(*document.Heading)
		if ok && h.Depth == 1 && !folded {
			all = append(all, section{Heading: h})
		} else if len(all) == 0 {
			all = append(all, section{})
		}
		switch b.(type) {
		case document.FoldStart:
			folded = true
		case document.FoldEnd:
			folded = false
		}
		last := &all[len(all)-1]
		last.Blocks = append(last.Blocks, b)
	}
	return all
}

// Name is the section's number and title.
func (s section) Name() string {
	if s.Heading == nil {
		return ""
	}
	name := s.Heading.Text.Plain()
	if s.Number != "" {
		name = s.Number + " " + name
	}
	return name
}
