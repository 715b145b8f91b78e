package html

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// indexFile is the search index of a site. It is a script since a page that is opened
// from a file may load no other kind of file.
const indexFile = "search.js"

// searchText is a text of the search index.
type searchText struct {
	file    string
	anchor  string // the nearest at or above the text
	heading string // above the text
	text    string
}

// MarshalJSON writes a list, which is smaller than an object.
func (f searchText) MarshalJSON() ([]byte, error) {
	return json.Marshal([]string{f.file, f.anchor, f.heading, f.text})
}

// siteIndex returns the search index as a script. encoding/json escapes the characters
// that a script must not contain.
func siteIndex(texts []searchText) ([]byte, error) {
	list, err := json.Marshal(texts)
	if err != nil {
		return nil, fmt.Errorf("search index: %w", err)
	}
	return slices.Concat([]byte("var reportIndex = "), list, []byte(";\n")), nil
}

// textsOf returns the texts of a page block by block, as the page's script collects
// them.
func textsOf(file string, source []byte) ([]searchText, error) {
	// The contents are not searched, and are most of a page if there are many.
	if before, rest, ok := bytes.Cut(source, []byte(`<nav id="contents"`)); ok {
		if _, after, ok := bytes.Cut(rest, []byte("</nav>")); ok {
			source = slices.Concat(before, after)
		}
	}
	root, err := nethtml.Parse(bytes.NewReader(source))
	if err != nil {
		return nil, fmt.Errorf("search index: %s: %w", file, err)
	}
	r := indexReader{file: file}
	for n := range root.Descendants() {
		if n.DataAtom == atom.Main || n.DataAtom == atom.Header {
			r.walk(n)
		}
	}
	return r.texts, nil
}

type indexReader struct {
	file, anchor, heading string
	texts                 []searchText
}

func (r *indexReader) walk(n *nethtml.Node) {
	for c := range n.ChildNodes() {
		if c.Type != nethtml.ElementNode {
			continue
		}
		id := document.Attribute(c.Attr, "id")
		if document.Attribute(c.Attr, "class") == "part" {
			id = r.anchor // the caption of all parts follows the last of them
		}
		r.anchor = cmp.Or(document.Attribute(c.Attr, "id"), r.anchor)
		switch c.DataAtom {
		case atom.Svg, atom.Script, atom.Style:
			continue
		}
		if document.Attribute(c.Attr, "class") == "entities" {
			continue // what they repeat is found where it comes from
		}
		switch c.DataAtom {
		case atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
			r.heading = searched(c)
			r.add(c)
		case atom.P, atom.Li, atom.Dd, atom.Blockquote, atom.Figcaption, atom.Tr, atom.Pre:
			if holdsBlocks(c) {
				r.walk(c)
			} else if document.Attribute(c.Attr, "class") != "steps" {
				r.add(c)
			}
		default:
			r.walk(c)
		}
		r.anchor = cmp.Or(id, r.anchor)
	}
}

func (r *indexReader) add(n *nethtml.Node) {
	if text := searched(n); text != "" {
		r.texts = append(r.texts, searchText{r.file, r.anchor, r.heading, text})
	}
}

// holdsBlocks reports whether the element contains blocks that are indexed themselves.
func holdsBlocks(n *nethtml.Node) bool {
	for d := range n.Descendants() {
		switch d.DataAtom {
		case atom.P, atom.Li, atom.Tr, atom.Pre:
			return true
		}
	}
	return false
}

// searched returns the text of an element on one line, with a space between the cells
// of a row and without a heading's link to itself.
func searched(n *nethtml.Node) string {
	var b strings.Builder
	var walk func(*nethtml.Node)
	walk = func(n *nethtml.Node) {
		for c := range n.ChildNodes() {
			switch {
			case c.Type == nethtml.TextNode:
				b.WriteString(c.Data)
			case document.Attribute(c.Attr, "class") != "anchor":
				walk(c)
				if c.DataAtom == atom.Td || c.DataAtom == atom.Th {
					b.WriteByte(' ')
				}
			}
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}
