package email

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

const (
	sans  = "font-family: 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; "
	rule  = "border-bottom: 1px solid #d8d8dd; "
	mono  = "font-family: Consolas, Menlo, monospace; font-size: 13px; "
	muted = "color: #5a5d66; "
)

// styles are the inlined styles of the elements that a message may have. Other elements
// are replaced by their content.
var styles = map[atom.Atom]string{
	atom.H1: sans + "font-size: 24px; line-height: 1.25; margin: 0 0 8px;",
	atom.H2: sans + "font-size: 19px; line-height: 1.25; margin: 24px 0 8px;",
	atom.H3: sans + "font-size: 17px; line-height: 1.25; margin: 20px 0 8px;",
	atom.H4: sans + "font-size: 16px; margin: 16px 0 8px;",
	atom.H5: sans + "font-size: 15px; margin: 16px 0 8px;",
	atom.H6: sans + "font-size: 15px; margin: 16px 0 8px;",

	atom.P:  "margin: 0 0 12px;",
	atom.Ul: "margin: 0 0 12px; padding-left: 24px;", atom.Ol: "margin: 0 0 12px; padding-left: 24px;", atom.Li: "margin: 0 0 4px;",
	atom.Dl: "margin: 0 0 12px;", atom.Dt: "font-weight: bold;", atom.Dd: "margin: 0 0 4px 24px;",
	atom.Blockquote: muted + "margin: 0 0 12px; padding-left: 12px; border-left: 3px solid #d8d8dd;",
	atom.Table:      sans + "font-size: 14px; line-height: 1.4; border-collapse: collapse; margin: 0 0 16px;",
	atom.Thead:      "", atom.Tbody: "", atom.Tr: "",
	atom.Th:      "text-align: left; vertical-align: bottom; padding: 4px 12px 4px 0; border-bottom: 2px solid #1c1d21;",
	atom.Td:      "text-align: left; vertical-align: top; padding: 4px 12px 4px 0; " + rule,
	atom.Code:    mono,
	atom.Pre:     mono + "background: #f6f6f4; padding: 10px; white-space: pre-wrap; margin: 0 0 12px;",
	atom.A:       "color: #1c4f82;",
	atom.Em:      "",
	atom.Strong:  "",
	atom.Summary: sans + "display: block; font-weight: bold; margin: 0 0 4px;", // nothing in a message can be closed
	atom.Del:     "", atom.Sup: "", atom.Sub: "", atom.B: "", atom.I: "", atom.Bdi: "", atom.Br: "", atom.Span: "",
	atom.Hr:     "border: 0; border-top: 1px solid #d8d8dd; margin: 16px 0;",
	atom.Div:    "",
	atom.Figure: "margin: 0 0 16px;", atom.Figcaption: sans + muted + "font-size: 14px; margin: 4px 0 8px;",
	atom.Img: "max-width: 100%; height: auto; background: #ffffff;",
}

// classes are the inlined styles of the parts of a figure: side by side if there is room.
var classes = map[string]string{
	"part":       "display: inline-block; vertical-align: bottom; max-width: 100%; margin: 0 8px 8px 0;",
	"subcaption": sans + muted + "font-size: 13px; margin: 0;",
}

// dropped are the elements that are omitted with their content.
var dropped = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Template: true, atom.Iframe: true, atom.Object: true, atom.Embed: true, atom.Form: true,
	atom.Button: true, atom.Noscript: true, atom.Title: true, atom.Link: true, atom.Meta: true, atom.Base: true, atom.Svg: true,
}

// message is the HTML of a message while it is written.
type message struct{ pictures []picture }

// inlined returns the HTML of a message, which is a page with inlined styles, and its
// pictures.
func inlined(source string, d *document.Document) (string, []picture, error) {
	context := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}
	nodes, err := html.ParseFragment(strings.NewReader(source), context)
	if err != nil {
		return "", nil, err
	}
	m := &message{}
	body := element(atom.Div, "max-width: 720px; margin: 0 auto; padding: 16px; color: #1c1d21; background: #ffffff; font: 16px/1.5 Georgia, 'Times New Roman', serif;")
	for _, n := range nodes {
		m.copy(body, n)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><title>%s</title></head>\n<body style=\"margin: 0; background: #ffffff;\">\n",
		html.EscapeString(d.Lang), html.EscapeString(strings.Join(strings.Fields(d.Title), " ")))
	if err := html.Render(&b, body); err != nil {
		return "", nil, err
	}
	b.WriteString("\n</body></html>\n")
	return b.String(), m.pictures, nil
}

func element(a atom.Atom, style string) *html.Node {
	n := &html.Node{Type: html.ElementNode, Data: a.String(), DataAtom: a}
	if style != "" {
		n.Attr = []html.Attribute{{Key: "style", Val: style}}
	}
	return n
}

// copy appends what a message shows of a node to its parent there.
func (m *message) copy(parent, n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		parent.AppendChild(&html.Node{Type: html.TextNode, Data: n.Data})
		return
	case n.Type != html.ElementNode || dropped[n.DataAtom]:
		return
	case n.Data == "math":
		parent.AppendChild(&html.Node{Type: html.TextNode, Data: formula(n)})
		return
	case n.DataAtom == atom.Img:
		m.image(parent, n)
		return
	}
	to := parent
	if style, known := styles[n.DataAtom]; known && !(n.DataAtom == atom.A && target(n) == "") {
		to = element(n.DataAtom, cmp.Or(classes[document.Attribute(n.Attr, "class")], aligned(n, style)))
		keep(to, n)
		parent.AppendChild(to)
	}
	for c := range n.ChildNodes() {
		m.copy(to, c)
	}
}

// keep copies the attributes that have a meaning in a message.
func keep(to, from *html.Node) {
	for _, a := range from.Attr {
		switch a.Key {
		case "colspan", "rowspan", "scope", "start", "dir", "lang":
			to.Attr = append(to.Attr, html.Attribute{Key: a.Key, Val: a.Val})
		}
	}
	switch to.DataAtom {
	case atom.A:
		to.Attr = append(to.Attr, html.Attribute{Key: "href", Val: target(from)})
	case atom.Table:
		// Mail programs of old read these.
		to.Attr = append(to.Attr, html.Attribute{Key: "cellpadding", Val: "0"}, html.Attribute{Key: "cellspacing", Val: "0"})
	}
}

// aligned returns the style of a cell with numbers at the right.
func aligned(n *html.Node, style string) string {
	if n.DataAtom != atom.Td && n.DataAtom != atom.Th {
		return style
	}
	if document.Attribute(n.Attr, "class") == "n" || strings.Contains(document.Attribute(n.Attr, "style"), "right") || document.Attribute(n.Attr, "align") == "right" {
		return strings.Replace(style, "text-align: left", "text-align: right", 1)
	}
	return style
}

// target returns where a link leads to from a message; "" for the report's own parts and
// files, which are not with it.
func target(n *html.Node) string {
	u, err := url.Parse(document.Attribute(n.Attr, "href"))
	if err != nil || !slices.Contains([]string{"http", "https", "mailto"}, u.Scheme) {
		return ""
	}
	return u.String()
}

// image adds a picture that is part of the message. Of any other, the alt text remains.
func (m *message) image(parent, n *html.Node) {
	alt := document.Attribute(n.Attr, "alt")
	media, encoded, ok := strings.Cut(strings.TrimPrefix(document.Attribute(n.Attr, "src"), "data:"), ";base64,")
	data, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || !strings.HasPrefix(media, "image/") {
		parent.AppendChild(&html.Node{Type: html.TextNode, Data: alt})
		return
	}
	sum := sha256.Sum256(data)
	p := picture{id: fmt.Sprintf("%x@flowbook", sum[:12]), media: media, data: data}
	if !slices.ContainsFunc(m.pictures, func(other picture) bool { return other.id == p.id }) {
		m.pictures = append(m.pictures, p)
	}
	img := element(atom.Img, styles[atom.Img])
	img.Attr = append(img.Attr, html.Attribute{Key: "src", Val: "cid:" + p.id}, html.Attribute{Key: "alt", Val: alt})
	parent.AppendChild(img)
}

// formula returns the text of a formula, which mail programs cannot draw.
func formula(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}
