// Package html writes a document as one HTML page that requests nothing, as a
// site of such pages, or as the page that a browser prints.
//
// Style and script are in the page, pictures too. A content security policy
// says the same to the browser: nothing may be loaded, and only the page's own
// script, by its hash, may run; on a site that script may load the texts of the
// other pages once somebody searches. The page reads well without the script, which
// adds search, the choice of theme, the section that is being read, sortable
// tables that can be copied and saved as CSV, figures in full size and buttons
// that copy code.
//
// Whatever a notebook holds passes one of four gates: html/template escapes
// text, package svg copies pictures, package tex sets formulas, and sanitised
// HTML is parsed and written anew so that no tag of it stays open
// (document.Sanitizer). HTML of a trusted notebook is only written anew; the policy
// then names the hashes of its scripts, and still lets nothing be loaded.
package html

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/yuin/goldmark/renderer"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

//go:embed templates
var templates embed.FS

//go:embed assets/report.css
var stylesheet string

//go:embed assets/print.css
var printStyle string

//go:embed assets/report.js
var script string

// Write writes the document as a page. It returns an error where w does, or
// where a text cannot be rendered.
func Write(w io.Writer, d *document.Document) error {
	return newPage(d).write(w)
}

// page is what the templates see: a document, or a part of it.
type page struct {
	*document.Document
	Sections []section
	Notes    []*document.Note
	Front    bool // holds the title page
	Back     bool // holds references and provenance
	Site     *place
	Print    *Print

	outline   outline // of the whole document
	prose     renderer.Renderer
	sanitizer *document.Sanitizer
	trusted   trusted
}

// newPage is a page with the whole document.
func newPage(d *document.Document) *page {
	p := &page{
		Document: d, Sections: sections(d.Blocks), Notes: d.Notes, Front: true, Back: true,
		outline: outlineOf(d), sanitizer: document.NewSanitizer(),
	}
	p.trusted.add(d.Blocks)
	return p
}

func (p *page) write(w io.Writer) error {
	source, err := p.source()
	if err != nil {
		return err // a page that is written in part looks like one that is whole
	}
	_, err = w.Write(source)
	return err
}

// source is the page's HTML.
func (p *page) source() ([]byte, error) {
	p.prose = newProseRenderer(p)
	t, err := template.New("").Funcs(template.FuncMap{
		"text": p.text, "line": p.line, "note": p.note, "output": p.output, "picture": picture, "wide": wide, "code": highlight,
		"spans": spans, "level": level, "classes": classes, "href": p.href, "pageOf": p.pageOf,
		"construct": func(document.Block) (template.HTML, error) { return "", nil },
	}).ParseFS(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	t.Funcs(template.FuncMap{"construct": func(b document.Block) (template.HTML, error) { return execute(t, b) }})
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "page", p); err != nil {
		return nil, fmt.Errorf("HTML: %w", err)
	}
	return b.Bytes(), nil
}

// execute renders a block with the template that bears its construct's name.
func execute(t *template.Template, b document.Block) (template.HTML, error) {
	var name string
	switch b.(type) {
	case *document.Heading:
		name = "heading"
	case document.Prose:
		name = "prose"
	case *document.Code:
		name = "code"
	case *document.Stream:
		name = "stream"
	case *document.Failure:
		name = "failure"
	case *document.Cell:
		name = "cell"
	case *document.Figure:
		name = "figure"
	case *document.Table:
		name = "table"
	case *document.HTML:
		name = "html"
	case document.FoldStart:
		name = "foldstart"
	case document.FoldEnd:
		// Half of an element is no template: html/template checks that they balance.
		return "</div></details>\n", nil
	default:
		return "", fmt.Errorf("HTML: no form for %T", b)
	}
	var buf bytes.Buffer
	err := t.ExecuteTemplate(&buf, name, b)
	return template.HTML(buf.String()), err
}

// Byline is the authors and the date in one line.
func (p *page) Byline() string {
	byline := strings.Join(p.Authors, ", ")
	switch {
	case p.Date == "":
		return byline
	case byline == "":
		return p.Date
	}
	return byline + " · " + p.Date
}

// Heading is the title of the report, which no page may be without.
func (p *page) Heading() string {
	if p.Title != "" {
		return p.Title
	}
	return "Report"
}

// output is an HTML output, sanitised unless its notebook is trusted.
func (p *page) output(h *document.HTML) template.HTML {
	if h.Trusted {
		return template.HTML(document.Balance(h.Source))
	}
	return template.HTML(p.sanitizer.Fragment(h.Source))
}
