package html

import "github.com/flowbook/flowbook/reportgen/render/doc"

// tocDepth is how deep the table of contents goes.
const tocDepth = 2

// entry is a line of the table of contents with what is below it.
type entry struct {
	*doc.Heading
	Title    string
	Children []*entry
}

// Contents is the table of contents as a tree.
func (p *page) Contents() []*entry {
	root := &entry{}
	for _, h := range p.Headings() {
		if h.Depth > tocDepth {
			continue
		}
		parent := root
		for range h.Depth - 1 {
			if n := len(parent.Children); n > 0 {
				parent = parent.Children[n-1]
			}
		}
		parent.Children = append(parent.Children, &entry{Heading: h, Title: h.Text.Plain()})
	}
	return root.Children
}

// level is the HTML heading level of a depth: the title of the page is h1.
func level(depth int) int { return min(depth+1, 6) }
