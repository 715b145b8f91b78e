package compare

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	goldmarkhtml "github.com/yuin/goldmark/renderer/html"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// pageItem is one thing that a reader of a report sees: a heading, a paragraph, a
// table, a figure or a piece of code.
type pageItem struct {
	kind    string // "heading", "text", "table", "figure", "code"
	section string // the heading above it
	caption string // of a table or figure: "Table 2.1 Services"
	text    string // what is compared
	rows    [][]string
}

// key is the same for two items that say the same.
func (i pageItem) key() string { return i.kind + "\x00" + i.caption + "\x00" + i.text }

// readPage reads the report in dir as its readers do: report.md, else index.html,
// else the pages of site/.
func readPage(dir string) ([]pageItem, error) {
	src, err := os.ReadFile(filepath.Join(dir, "report.md"))
	if err != nil {
		if src, err = os.ReadFile(filepath.Join(dir, "index.html")); err != nil {
			return readSite(filepath.Join(dir, "site"))
		}
		return parsePage(src, dir)
	}
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(goldmarkhtml.WithUnsafe()))
	var page bytes.Buffer
	if err := md.Convert(src, &page); err != nil {
		return nil, fmt.Errorf("report.md: %w", err)
	}
	return parsePage(page.Bytes(), dir)
}

// readSite reads the pages of a site from index.html on, each of which links to the
// next.
func readSite(dir string) ([]pageItem, error) {
	var items []pageItem
	read := map[string]bool{}
	for name := "index.html"; filepath.IsLocal(name) && !read[name]; {
		read[name] = true
		src, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		root, err := html.Parse(bytes.NewReader(src))
		if err != nil {
			return nil, err
		}
		p := &pageReader{dir: dir}
		p.walk(root)
		items = append(items, p.items...)
		name = ""
		for n := range root.Descendants() {
			if n.DataAtom == atom.A && attr(n, "rel") == "next" {
				name = attr(n, "href")
			}
		}
	}
	return items, nil
}

// parsePage reads HTML. Pictures in files are read from dir.
func parsePage(src []byte, dir string) ([]pageItem, error) {
	root, err := html.Parse(bytes.NewReader(src))
	if err != nil {
		return nil, err
	}
	p := &pageReader{dir: dir}
	p.walk(root)
	return p.items, nil
}

type pageReader struct {
	dir     string
	items   []pageItem
	section string
	caption string // seen before the table or figure that it belongs to
}

// captionNumber is what a caption begins with, in bold.
var captionNumber = regexp.MustCompile(`^(Table|Figure) [0-9A-Z]+(?:\.[0-9]+)*$`)

// isCaption reports whether a paragraph of Markdown is a caption, and of what.
func isCaption(n *html.Node) (of string, ok bool) {
	first := n.FirstChild
	if first == nil || first.DataAtom != atom.Strong {
		return "", false
	}
	m := captionNumber.FindStringSubmatch(textOf(first))
	if m == nil {
		return "", false
	}
	return m[1], true
}

// isEntry reports whether a line is one of the contents, which say what the
// headings say.
func isEntry(n *html.Node) bool {
	c := n.FirstChild
	return n.DataAtom == atom.Li && c != nil && c.DataAtom == atom.A && strings.HasPrefix(attr(c, "href"), "#")
}

func (p *pageReader) walk(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode {
			p.element(c)
		}
	}
}

func (p *pageReader) element(n *html.Node) {
	switch n.DataAtom {
	case atom.Head, atom.Script, atom.Style, atom.Nav, atom.Template, atom.Button, atom.Summary:
		return // no content of the report
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		p.section = textOf(n)
		if last := n.LastChild; last != nil && attr(last, "class") == "anchor" {
			p.section = strings.TrimSpace(strings.TrimSuffix(p.section, textOf(last)))
		}
		p.add(pageItem{kind: "heading", text: p.section})
	case atom.Figure:
		p.figure(n)
	case atom.Table:
		p.table(n, p.caption)
		p.caption = ""
	case atom.Img:
		p.picture(n)
	case atom.Svg:
		p.add(pageItem{kind: "figure", caption: p.caption, text: rendered(n)})
		p.caption = ""
	case atom.Pre:
		p.add(pageItem{kind: "code", text: strings.TrimSpace(rawText(n))})
	case atom.P, atom.Li, atom.Dt, atom.Dd, atom.Blockquote, atom.Figcaption:
		p.prose(n)
	default:
		p.walk(n)
	}
}

// prose is a paragraph, and what stands in it besides text.
func (p *pageReader) prose(n *html.Node) {
	text := textOf(n)
	if of, ok := isCaption(n); ok {
		p.caption = text
		// A figure's caption may stand below it.
		if last := len(p.items) - 1; of == "Figure" && last >= 0 && p.items[last].kind == "figure" && p.items[last].caption == "" {
			p.items[last].caption, p.caption = text, ""
		}
	} else if isEntry(n) {
		for c := n.FirstChild.NextSibling; c != nil; c = c.NextSibling {
			p.walk(c) // the list below
		}
		return
	} else if text != "" && !hasBlock(n) {
		p.add(pageItem{kind: "text", text: text})
		for img := range n.Descendants() {
			if img.DataAtom == atom.Img {
				p.picture(img)
			}
		}
		return
	}
	p.walk(n)
}

func hasBlock(n *html.Node) bool {
	for d := range n.Descendants() {
		switch d.DataAtom {
		case atom.P, atom.Table, atom.Pre, atom.Ul, atom.Ol, atom.Li, atom.Figure:
			return true
		}
	}
	return false
}

func (p *pageReader) figure(n *html.Node) {
	caption := ""
	for d := range n.Descendants() {
		if d.DataAtom == atom.Figcaption {
			caption = textOf(d)
		}
	}
	p.caption = caption
	for d := range n.Descendants() {
		switch d.DataAtom {
		case atom.Table:
			p.table(d, caption)
		case atom.Img:
			p.picture(d)
			p.caption = caption
		case atom.Svg:
			p.add(pageItem{kind: "figure", caption: caption, text: rendered(d)})
		}
	}
	p.caption = ""
}

func (p *pageReader) table(n *html.Node, caption string) {
	var rows [][]string
	for tr := range n.Descendants() {
		if tr.DataAtom != atom.Tr {
			continue
		}
		var row []string
		for c := tr.FirstChild; c != nil; c = c.NextSibling {
			if c.DataAtom == atom.Td || c.DataAtom == atom.Th {
				row = append(row, textOf(c))
			}
		}
		rows = append(rows, row)
	}
	var text strings.Builder
	for _, row := range rows {
		fmt.Fprintln(&text, strings.Join(row, "\t"))
	}
	p.add(pageItem{kind: "table", caption: caption, text: text.String(), rows: rows})
}

// picture is a figure in a file below the report, or in the page itself.
func (p *pageReader) picture(n *html.Node) {
	src, alt := attr(n, "src"), attr(n, "alt")
	text := src
	if name := path.Clean(src); filepath.IsLocal(name) {
		if b, err := os.ReadFile(filepath.Join(p.dir, filepath.FromSlash(name))); err == nil {
			text = string(b)
			if !strings.HasSuffix(name, ".svg") {
				text = fmt.Sprintf("%x", sha256.Sum256(b))
			}
		}
	}
	p.add(pageItem{kind: "figure", caption: p.caption, text: alt + "\n" + text})
	p.caption = ""
}

func (p *pageReader) add(i pageItem) {
	i.section = p.section
	p.items = append(p.items, i)
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// textOf is the text of a node on one line.
func textOf(n *html.Node) string { return strings.Join(strings.Fields(rawText(n)), " ") }

func rawText(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode && (d.Parent == nil || d.Parent.DataAtom != atom.Style && d.Parent.DataAtom != atom.Script) {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func rendered(n *html.Node) string {
	var b bytes.Buffer
	// A buffer takes what is written, and a node that was parsed can be written.
	_ = html.Render(&b, n)
	return b.String()
}
