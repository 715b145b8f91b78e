package typst

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// fragment converts HTML of a notebook: text, tables, lists, pictures and links. Layout
// is lost.
func (w *writer) fragment(f *document.Fragment) string {
	return strings.TrimSpace(w.convert(f, false))
}

// inlineFragment converts HTML in running text. It is often half of an element, so that
// only its text counts.
func (w *writer) inlineFragment(f *document.Fragment) string {
	return w.convert(f, true)
}

// placeholder is the element that stands for a picture or a formula.
const placeholder = "flowbook-piece"

// parse returns the nodes of a fragment. Placeholders have the index of their piece.
func parse(f *document.Fragment) []*html.Node {
	var b strings.Builder
	for i, p := range f.Pieces {
		switch {
		case p.Picture != nil, p.Formula != nil:
			fmt.Fprintf(&b, "<%s n=%d></%s>", placeholder, i, placeholder)
		case p.Link != nil:
			b.WriteString("<a" + document.Escaped("href", p.Link.Destination) + ">")
		default:
			b.WriteString(p.Markup)
		}
	}
	nodes, err := html.ParseFragment(strings.NewReader(b.String()), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		return nil // it cannot be read; nothing is lost that a reader could see
	}
	return nodes
}

func (w *writer) convert(f *document.Fragment, inline bool) string {
	c := converter{w, f.Pieces, inline}
	var b strings.Builder
	for _, n := range parse(f) {
		b.WriteString(c.node(n))
	}
	return b.String()
}

// converter converts the nodes of one fragment.
type converter struct {
	w      *writer
	pieces []document.Piece
	inline bool
}

var spaces = regexp.MustCompile(`\s+`)

func (c converter) children(n *html.Node) string {
	var b strings.Builder
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		b.WriteString(c.node(child))
	}
	return b.String()
}

func (c converter) node(n *html.Node) string {
	if n.Type == html.TextNode {
		return escape(spaces.ReplaceAllString(n.Data, " "))
	}
	if n.Type != html.ElementNode {
		return ""
	}
	switch n.Data {
	case "style", "script", "template", "head", "noscript":
		return ""
	case placeholder:
		return c.piece(n) + c.children(n)
	case "br":
		return " \\\n"
	case "b", "strong":
		return "#strong[" + c.children(n) + "]"
	case "i", "em", "cite", "var":
		return "#emph[" + c.children(n) + "]"
	case "s", "del", "strike":
		return "#strike[" + c.children(n) + "]"
	case "u", "ins":
		return "#underline[" + c.children(n) + "]"
	case "sub", "sup":
		return "#" + map[string]string{"sub": "sub", "sup": "super"}[n.Data] + "[" + c.children(n) + "]"
	case "code", "kbd", "samp", "tt":
		return "#raw(" + quoted(content(n)) + ")"
	case "a":
		return c.w.linkTo(document.Attribute(n.Attr, "href"), c.children(n))
	}
	if c.inline {
		return c.children(n)
	}
	return c.block(n)
}

// piece converts the picture or formula of a placeholder.
func (c converter) piece(n *html.Node) string {
	i, err := strconv.Atoi(document.Attribute(n.Attr, "n"))
	if err != nil || i < 0 || i >= len(c.pieces) {
		return ""
	}
	switch p := c.pieces[i]; {
	case p.Picture != nil:
		return "#box(" + c.w.picture(p.Picture) + ")"
	case p.Formula != nil:
		return formula(p.Formula.MathML, p.Formula.TeX, p.Formula.Display)
	}
	return ""
}

// block converts an element that is not in running text.
func (c converter) block(n *html.Node) string {
	switch n.Data {
	case "pre":
		return "\n\n" + rawBlock("", strings.Trim(text(n), "\n")) + "\n\n"
	case "table":
		return "\n\n" + c.table(n) + "\n\n"
	case "ul", "ol":
		var items []string
		for _, li := range elements(n) {
			items = append(items, "["+strings.TrimSpace(c.children(li))+"]")
		}
		if len(items) == 0 {
			return ""
		}
		return fmt.Sprintf("\n\n#%s(\n  %s,\n)\n\n", map[string]string{"ul": "list", "ol": "enum"}[n.Data], strings.Join(items, ",\n  "))
	case "h1", "h2", "h3", "h4", "h5", "h6", "summary", "dt", "caption":
		return "\n\n#strong[" + c.children(n) + "]\n\n"
	case "hr":
		return "\n\n#line(length: 100%, stroke: 0.4pt)\n\n"
	case "p", "div", "section", "article", "details", "blockquote", "figure", "figcaption", "dl", "dd", "center", "header", "footer", "main":
		return "\n\n" + c.children(n) + "\n\n"
	}
	return c.children(n)
}

// table converts a table. A cell that spans rows or columns is printed once. A table that is wider than the page is split.
func (c converter) table(n *html.Node) string {
	var rows, plain [][]string
	header := false
	var taken []int // in how many further rows a cell above takes a column
	for at, tr := range rowsOf(n) {
		var row, said []string
		add := func(text, words string, down int) {
			if len(row) == len(taken) {
				taken = append(taken, 0)
			}
			taken[len(row)] = max(taken[len(row)], down)
			row, said = append(row, text), append(said, words)
		}
		for _, cell := range elements(tr) {
			if cell.Data != "td" && cell.Data != "th" {
				continue
			}
			for len(row) < len(taken) && taken[len(row)] > 0 {
				add("", "", 0)
			}
			header = header || at == 0 && cell.Data == "th"
			inner := converter{c.w, c.pieces, true}
			across, down := span(cell, "colspan", maxColumns-len(row)), span(cell, "rowspan", maxRows)
			add(strings.TrimSpace(inner.children(cell)), strings.TrimSpace(text(cell)), down)
			for range across - 1 {
				add("", "", down)
			}
		}
		for i := range taken { // cells of this row count it themselves
			taken[i] = max(taken[i]-1, 0)
		}
		rows, plain = append(rows, row), append(plain, said)
	}
	return splitTable(rows, nil, header, columnWidths(plain), maxWidth)
}

// A cell may span rows down to maxRows, and columns up to the maxColumns-th of its table: the
// few bytes of a span ask for as many cells.
const maxRows, maxColumns = 1000, 200

func span(cell *html.Node, name string, most int) int {
	n, err := strconv.Atoi(document.Attribute(cell.Attr, name))
	if err != nil {
		return 1
	}
	return max(min(n, most), 1)
}

// rowsOf returns the rows of a table, but not of tables within it.
func rowsOf(n *html.Node) []*html.Node {
	var rows []*html.Node
	for _, c := range elements(n) {
		switch c.Data {
		case "tr":
			rows = append(rows, c)
		case "thead", "tbody", "tfoot":
			rows = append(rows, rowsOf(c)...)
		}
	}
	return rows
}

// text returns the text of a node with its line breaks.
func text(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(text(c))
	}
	return b.String()
}
