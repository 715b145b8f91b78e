// Package html writes a document as one HTML page that requests nothing.
//
// Style and script are in the page, pictures too. A content security policy
// says the same to the browser: nothing may be loaded, and only the page's own
// script, by its hash, may run. The page reads well without the script, which
// adds the choice of theme, the section that is being read, sortable tables
// and their data as CSV.
//
// Whatever a notebook holds passes one of three gates: html/template escapes
// text, package svg copies pictures, and sanitised HTML is parsed and written
// anew so that no tag of it stays open (doc.Sanitizer).
package html

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/yuin/goldmark/renderer"

	"github.com/flowbook/flowbook/reportgen/render/doc"
)

//go:embed templates
var templates embed.FS

//go:embed assets/report.css
var stylesheet string

//go:embed assets/report.js
var script string

// Write writes the document as a page. It returns an error where w does, or
// where a text cannot be rendered.
func Write(w io.Writer, d *doc.Document) error {
	p := &page{Document: d, prose: newProseRenderer(), sanitizer: doc.NewSanitizer()}
	t, err := template.New("").Funcs(template.FuncMap{
		"text": p.text, "line": p.line, "note": p.note, "output": p.output, "picture": picture, "wide": wide, "code": highlight,
		"spans": spans, "level": level, "construct": func(doc.Block) (template.HTML, error) { return "", nil },
	}).ParseFS(templates, "templates/*.html")
	if err != nil {
		return err
	}
	t.Funcs(template.FuncMap{"construct": func(b doc.Block) (template.HTML, error) { return execute(t, b) }})
	// A page that is written in part looks like one that is whole.
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "page", p); err != nil {
		return fmt.Errorf("HTML: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// page is what the templates see.
type page struct {
	*doc.Document
	prose     renderer.Renderer
	sanitizer *doc.Sanitizer
}

// execute renders a block with the template that bears its construct's name.
func execute(t *template.Template, b doc.Block) (template.HTML, error) {
	var name string
	switch b.(type) {
	case *doc.Heading:
		name = "heading"
	case doc.Prose:
		name = "prose"
	case *doc.Code:
		name = "code"
	case *doc.Stream:
		name = "stream"
	case *doc.Failure:
		name = "failure"
	case *doc.Figure:
		name = "figure"
	case *doc.Table:
		name = "table"
	case *doc.HTML:
		name = "html"
	case doc.FoldStart:
		name = "foldstart"
	case doc.FoldEnd:
		// Half of an element is no template: html/template checks that they balance.
		return "</div></details>\n", nil
	default:
		return "", fmt.Errorf("no template for %T", b)
	}
	var buf bytes.Buffer
	err := t.ExecuteTemplate(&buf, name, b)
	return template.HTML(buf.String()), err
}

// Style and Script are the page's own, as html/template may insert them.
func (p *page) Style() template.CSS { return template.CSS(stylesheet) }
func (p *page) Script() template.JS { return template.JS(script) }

// Policy is the content security policy. Style attributes are allowed, since
// pictures carry them; style sheets and scripts only by their hash.
func (p *page) Policy() string {
	return strings.Join([]string{
		"default-src 'none'",
		"base-uri 'none'",
		"form-action 'none'",
		"img-src data:",
		"style-src 'unsafe-inline'",
		"style-src-elem " + hash(stylesheet),
		"style-src-attr 'unsafe-inline'",
		"script-src " + hash(script),
	}, "; ")
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Byline is the authors and the date in one line.
func (p *page) Byline() string {
	parts := append([]string{}, p.Authors...)
	byline := strings.Join(parts, ", ")
	switch {
	case p.Date == "":
		return byline
	case byline == "":
		return p.Date
	}
	return byline + " · " + p.Date
}

// Heading is the title of the page, which no page may be without.
func (p *page) Heading() string {
	if p.Title != "" {
		return p.Title
	}
	return "Report"
}

// output is an HTML output, sanitised.
func (p *page) output(h *doc.HTML) template.HTML {
	return template.HTML(p.sanitizer.Fragment(h.Source))
}
