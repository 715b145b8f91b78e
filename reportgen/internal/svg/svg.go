// Package svg sanitizes untrusted SVG: it keeps only the parts that draw.
//
// [Parse] reads SVG as XML and copies elements, attributes and style properties of an
// allow list. Scripts, event handlers, animations and references to anything outside
// the picture are removed. The result is written in two ways: [Image.Standalone] for a
// file, and [Image.Inline] for the body of an HTML page, in which identifiers are made
// unique and neutral colours follow the page's theme.
//
// HTML sanitizers are not suitable: they change the case of names, and SVG's names
// (viewBox, clipPath, linearGradient) are case-sensitive in a file.
package svg

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// namespace is the XML namespace of SVG.
const namespace = "http://www.w3.org/2000/svg"

// maxDepth bounds the nesting of elements, so that writing a hostile picture
// cannot exhaust the stack.
const maxDepth = 256

// Image is a sanitized SVG picture.
type Image struct {
	root *element
	// Dropped lists the elements and attributes that were removed, sorted and
	// without duplicates.
	Dropped []string
	// Styled reports whether the picture has a style sheet. Its rules would apply
	// to a whole page, so such a picture is embedded as an image.
	Styled bool
}

// Subjects returns the hosts, owners and countries that the marks of the picture show, in
// order, each once.
func (img *Image) Subjects() []string {
	var names []string
	var walk func(*element)
	walk = func(e *element) {
		for _, a := range e.attrs {
			if subjects[a.name] && !slices.Contains(names, a.value) {
				names = append(names, a.value)
			}
		}
		for _, child := range e.children {
			if inner, ok := child.(*element); ok {
				walk(inner)
			}
		}
	}
	walk(img.root)
	return names
}

type element struct {
	name     string
	attrs    []attr
	children []any // *element or string
}

type attr struct{ name, value string }

// Parse reads an SVG document. It returns an error if the data is not well-formed XML,
// if its root is not <svg>, if elements nest deeper than 256, or if it draws more than
// a million elements, counting repetitions by references.
func Parse(data []byte) (*Image, error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	d.CharsetReader = func(label string, r io.Reader) (io.Reader, error) {
		if strings.EqualFold(label, "us-ascii") || strings.EqualFold(label, "ascii") {
			return r, nil
		}
		return nil, fmt.Errorf("unsupported encoding %q; use UTF-8", label)
	}
	p := parser{decoder: d, dropped: map[string]bool{}}
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("no <svg> element")
		}
		if err != nil {
			return nil, fmt.Errorf("not well-formed: %w", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if localName(start.Name) != "svg" {
			return nil, fmt.Errorf("the root element is <%s>, not <svg>", start.Name.Local)
		}
		root, err := p.element(start, "svg", 0)
		if err != nil {
			return nil, err
		}
		if err := checkDrawn(root); err != nil {
			return nil, err
		}
		img := &Image{root: root, Styled: p.styled, Dropped: slices.Sorted(maps.Keys(p.dropped))}
		img.ensureViewBox()
		return img, nil
	}
}

// localName is the name of an element or attribute without a prefix that
// means SVG; a name with any other prefix is in another language and is "".
func localName(n xml.Name) string {
	if n.Space == "" || n.Space == "svg" {
		return n.Local
	}
	return ""
}

type parser struct {
	decoder *xml.Decoder
	dropped map[string]bool
	styled  bool
}

// element reads the element that start opens, to its end, under the given name.
func (p *parser) element(start xml.StartElement, name string, depth int) (*element, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("elements nest deeper than %d", maxDepth)
	}
	e := &element{name: name}
	for _, a := range start.Attr {
		p.attribute(e, a)
	}
	for {
		token, err := p.decoder.RawToken()
		if err != nil {
			return nil, fmt.Errorf("<%s> is not closed: %w", e.name, err)
		}
		switch t := token.(type) {
		case xml.EndElement:
			if t.Name != start.Name {
				return nil, fmt.Errorf("<%s> is closed by </%s>", start.Name.Local, t.Name.Local)
			}
			return e, nil
		case xml.CharData:
			p.text(e, string(t))
		case xml.StartElement:
			if err := p.child(e, t, depth+1); err != nil {
				return nil, err
			}
		}
	}
}

// child reads a child element and appends it to parent if it is allowed.
func (p *parser) child(parent *element, start xml.StartElement, depth int) error {
	name := localName(start.Name)
	switch {
	case name == "a", name == "switch":
		// A link or a choice adds nothing to a printed figure: what it wraps stays.
		name = "g"
		if textual[parent.name] {
			name = "tspan"
		}
		child, err := p.element(start, name, depth)
		if err != nil {
			return err
		}
		child.attrs = nil
		parent.children = append(parent.children, child)
		return nil
	case name == "style" || elements[name]:
		child, err := p.element(start, name, depth)
		if err != nil {
			return err
		}
		if name != "style" || p.styleSheet(child) {
			parent.children = append(parent.children, child)
		}
		return nil
	}
	if name != "" && name != "metadata" {
		p.dropped["<"+name+">"] = true
	}
	// Read to the element's end and ignore its content.
	skipped := parser{decoder: p.decoder, dropped: map[string]bool{}}
	_, err := skipped.element(start, name, depth)
	return err
}

func (p *parser) styleSheet(e *element) bool {
	sheet := strings.Join(e.texts(), "")
	if strings.TrimSpace(sheet) == "" {
		return false
	}
	if !safeStyle(sheet) {
		p.dropped["<style>"] = true
		return false
	}
	p.styled = true
	return true
}

func (p *parser) text(e *element, s string) {
	// Text between shapes is not drawn.
	if textual[e.name] {
		e.children = append(e.children, s)
	}
}

func (p *parser) attribute(e *element, a xml.Attr) {
	name := a.Name.Local
	switch {
	case name == "xmlns" || a.Name.Space == "xmlns" || a.Name.Space == "xml":
		return
	case name == "href" && (a.Name.Space == "" || a.Name.Space == "xlink"):
		if !safeReference(e.name, a.Value) {
			p.dropped[e.name+" href"] = true
			return
		}
	case a.Name.Space != "":
		return
	case subjects[name]:
		// It is data, which no page interprets.
	case name == "style":
		a.Value = p.declarations(a.Value)
		if a.Value == "" {
			return
		}
	case !attributes[name] || !safeValue(a.Value):
		if !harmless(name) {
			p.dropped[e.name+" "+name] = true
		}
		return
	}
	if !slices.ContainsFunc(e.attrs, func(b attr) bool { return b.name == name }) {
		e.attrs = append(e.attrs, attr{name, a.Value})
	}
}

// declarations keeps the style declarations that are presentation attributes
// under another spelling.
func (p *parser) declarations(style string) string {
	var kept []string
	for declaration := range strings.SplitSeq(style, ";") {
		property, value, ok := strings.Cut(declaration, ":")
		property, value = strings.ToLower(strings.TrimSpace(property)), strings.TrimSpace(value)
		if !ok || value == "" {
			continue
		}
		if !attributes[property] && !styleOnly[property] || !safeValue(value) {
			ground := property == "background" && value == "#fff" // of pictures for editors; a page has its own
			if !strings.HasPrefix(property, "-") && !harmless(property) && !ground {
				p.dropped["style "+property] = true
			}
			continue
		}
		kept = append(kept, property+":"+value)
	}
	return strings.Join(kept, ";")
}

func (e *element) attr(name string) string {
	for _, a := range e.attrs {
		if a.name == name {
			return a.value
		}
	}
	return ""
}

func (e *element) texts() []string {
	var texts []string
	for _, c := range e.children {
		if s, ok := c.(string); ok {
			texts = append(texts, s)
		}
	}
	return texts
}
