package html

import (
	"fmt"
	"io"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// Print is what the printed form of a report has and the page does not.
type Print struct {
	// Pages are the numbers of the pages on which anchors stand. They are known
	// only after a first printing; without them the contents have none.
	Pages map[string]int
}

// WritePrint writes the document as the page that a browser prints: with a
// title page, running heads, and page numbers in the contents.
func WritePrint(w io.Writer, d *document.Document, o Print) error {
	p := newPage(d)
	p.Print = &o
	return p.write(w)
}

// pageOf is the number of the page on which an anchor is printed, "" where that
// is not known.
func (p *page) pageOf(id string) string {
	if p.Print == nil || p.Print.Pages[id] == 0 {
		return ""
	}
	return fmt.Sprint(p.Print.Pages[id])
}

// PageName is the name of the pages of the section with the given index, which
// the running heads are bound to.
func (p *page) PageName(i int) string { return fmt.Sprintf("section%d", i) }

// runningHeads puts the report's title on the left of each page's head and the
// section's on the right.
func (p *page) runningHeads() string {
	var b strings.Builder
	fmt.Fprintf(&b, "@page { @top-left { content: %s; } }\n", cssString(p.Heading()))
	for i, s := range p.Sections {
		if s.Heading != nil {
			fmt.Fprintf(&b, "@page %s { @top-right { content: %s; } }\n", p.PageName(i), cssString(s.Name()))
		}
	}
	fmt.Fprintf(&b, "@page :first { @top-left { content: none; } }\n")
	return b.String()
}

// cssString is a text as a string of CSS, which ends neither the string nor the
// style element.
func cssString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		if r < ' ' || strings.ContainsRune(`"\<>&`, r) {
			fmt.Fprintf(&b, "\\%x ", r)
		} else {
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
