package svg

import (
	"fmt"
	"strings"
)

// maxDrawn bounds the elements that a picture draws, counting what its references
// repeat: ten groups of ten references each to the next would draw ten thousand
// million, which no browser ends.
const maxDrawn = 1_000_000

// counter counts what elements draw.
type counter struct {
	ids   map[string]*element
	drawn map[*element]int // -1 while it is counted: a cycle draws nothing more
}

// checkDrawn returns an error where the picture draws more than maxDrawn elements.
func checkDrawn(root *element) error {
	c := counter{ids: map[string]*element{}, drawn: map[*element]int{}}
	c.collect(root)
	if c.count(root) > maxDrawn {
		return fmt.Errorf("draws more than %d elements through references", maxDrawn)
	}
	return nil
}

func (c *counter) collect(e *element) {
	for _, a := range e.attrs {
		if a.name == "id" && c.ids[a.value] == nil {
			c.ids[a.value] = e
		}
	}
	for _, child := range e.children {
		if child, ok := child.(*element); ok {
			c.collect(child)
		}
	}
}

// count is how many elements the element draws, maxDrawn + 1 for more than that.
func (c *counter) count(e *element) int {
	if n, ok := c.drawn[e]; ok {
		return max(n, 0)
	}
	c.drawn[e] = -1
	n := 1
	for _, child := range e.children {
		if child, ok := child.(*element); ok {
			n = min(n+c.count(child), maxDrawn+1)
		}
	}
	for _, a := range e.attrs {
		for _, id := range references(a) {
			if target := c.ids[id]; target != nil {
				n = min(n+c.count(target), maxDrawn+1)
			}
		}
	}
	c.drawn[e] = n
	return n
}

// references are the identifiers that an attribute refers to.
func references(a attr) []string {
	if a.name == "href" {
		id, ok := strings.CutPrefix(strings.TrimSpace(a.value), "#")
		if !ok {
			return nil
		}
		return []string{id}
	}
	var ids []string
	for rest := a.value; ; {
		_, after, found := strings.Cut(rest, "url(")
		if !found {
			return ids
		}
		inner, tail, _ := strings.Cut(after, ")")
		ids = append(ids, strings.TrimPrefix(strings.Trim(inner, " \t\r\n\"'"), "#"))
		rest = tail
	}
}
