package html

import (
	"fmt"
	"io"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// Print holds the options of the printed form.
type Print struct {
	// Pages maps anchors to page numbers, for the table of contents. They are
	// known only after a first printing.
	Pages map[string]int
}

// WritePrint writes the document as the page that a browser prints: with a
// title page, running heads, and page numbers in the contents.
func WritePrint(w io.Writer, d *document.Document, o Print) error {
	p := newPage(d)
	p.Print = &o
	return p.write(w)
}

// pageOf returns the page number of an anchor; "" if unknown.
func (p *page) pageOf(id string) string {
	if p.Print == nil || p.Print.Pages[id] == 0 {
		return ""
	}
	return fmt.Sprint(p.Print.Pages[id])
}

// PageName returns the CSS page name of the section with the given index, which the
// running heads refer to.
func (p *page) PageName(i int) string { return fmt.Sprintf("section%d", i) }

// runningHeads returns CSS that prints the report's title at the top left of each page
// and the section's at the top right. Pages whose name ends in wide are in landscape: see
// fit.js of package pdf.
func (p *page) runningHeads() string {
	var b strings.Builder
	fmt.Fprintf(&b, "@page { @top-left { content: %s; } }\n@page wide { size: A4 landscape; }\n", cssString(p.Heading()))
	for i, s := range p.Sections {
		fmt.Fprintf(&b, "@page %[1]s, %[1]s-wide { @top-right { content: %[2]s; } }\n@page %[1]s-wide { size: A4 landscape; }\n", p.PageName(i), cssString(s.Name()))
	}
	fmt.Fprintf(&b, "@page :first { @top-left { content: none; } }\n")
	return b.String()
}

// cssString returns s as a CSS string that is safe within a style element.
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
