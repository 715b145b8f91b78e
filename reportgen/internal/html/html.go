// Package html writes a document as one HTML page that requests nothing, as a
// site of such pages, or as the page that a browser prints.
//
// Styles, scripts and pictures are part of the page. A content security policy
// enforces this in the browser: nothing is loaded, and only the page's own script,
// identified by its hash, runs. On a site, the script may load the search index. The
// page can be read without the script, which adds search, themes, a marker for the
// current section, sortable tables that can be copied and saved as CSV, figures in
// full size and buttons that copy code.
//
// Content of notebooks is made safe in one of four ways: html/template escapes text,
// package svg copies the drawing elements of SVG, package tex generates MathML, and
// document.Sanitizer removes unsafe HTML and balances the rest. HTML of a trusted
// notebook is only balanced; the policy then has the hashes of its scripts, and
// still nothing is loaded.
package html

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/yuin/goldmark/renderer"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/entity"
	"github.com/flowbook/flowbook/reportgen/internal/language"
)

//go:embed templates
var templates embed.FS

//go:embed assets/report.css
var stylesheet string

//go:embed assets/math.css
var mathStyle string

// mathFont has the characters that grow, such as brackets. Browsers use it if there is
// no font for mathematics.
//
//go:embed assets/math.woff2
var mathFont []byte

//go:embed assets/print.css
var printStyle string

//go:embed assets/report.js
var script string

// Write writes the document as a page.
func Write(w io.Writer, d *document.Document) error {
	return newPage(d).write(w)
}

// page is the data of the templates: a document, or a part of it.
type page struct {
	*document.Document
	Sections []section
	Notes    []*document.Note
	Front    bool // holds the title page
	Back     bool // holds references and provenance
	Site     *sitePage
	Print    *Print

	outline outline // of the whole document
	prose   renderer.Renderer
	highlighter
	sanitizer *document.Sanitizer
	trusted   trusted
	formulas  bool // the document has formulas
	images    bool // vector pictures are elements of their own, not part of the page
	words     *language.Words
	entities  *entity.Index           // of the whole document
	named     map[*entity.Entity]bool // on this page; set when its text is written
	complete  bool                    // no name is added any more
}

// newPage is a page with the whole document.
func newPage(d *document.Document) *page {
	p := &page{
		Document: d, Sections: sections(d.Blocks), Notes: d.Notes, Front: true, Back: true,
		outline: outlineOf(d), sanitizer: document.NewSanitizer(), entities: entity.Find(d),
	}
	p.trust(d.All())
	p.formulas = hasFormula(d)
	return p
}

func (p *page) write(w io.Writer) error {
	source, err := p.source()
	if err != nil {
		return err // write nothing rather than part of a page
	}
	_, err = w.Write(source)
	return err
}

// source is the page's HTML.
func (p *page) source() ([]byte, error) {
	t, err := p.templates()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "page", p); err != nil {
		return nil, fmt.Errorf("HTML: %w", err)
	}
	source, err := p.withEntities(b.String(), func() (string, error) {
		var cards strings.Builder
		err := t.ExecuteTemplate(&cards, "cards", p)
		return cards.String(), err
	})
	return []byte(source), err
}

// Summary returns the title page and the summary of a document as HTML without a head,
// styles and script, whose pictures are elements of their own.
func Summary(d *document.Document) (string, error) {
	p := newPage(d)
	p.Print = &Print{}
	p.images = true
	t, err := p.templates()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, name := range []string{"title", "summary"} {
		if err := t.ExecuteTemplate(&b, name, p); err != nil {
			return "", fmt.Errorf("HTML: %w", err)
		}
	}
	return b.String(), nil
}

// templates returns the templates of the page.
func (p *page) templates() (*template.Template, error) {
	p.prose, p.words = newProseRenderer(p), language.Of(p.Lang)
	t, err := template.New("").Funcs(template.FuncMap{
		"text": p.text, "line": p.line, "note": p.note, "output": p.output, "picture": p.picture, "wide": wide, "vectorSize": vectorSize, "code": p.highlighter.highlight,
		"spans": spans, "level": level, "lower": strings.ToLower, "classes": classes, "href": p.href, "say": p.words.Say, "failed": p.words.Failed, "warnings": p.words.Warnings, "pageOf": p.pageOf,
		"construct": func(document.Block) (template.HTML, error) { return "", nil },
		"contents":  func() (template.HTML, error) { return "", nil },
		"place":     p.placeName,
		"keepUnits": document.KeepUnits,
		"link":      func(destination string) string { return string(p.within([]byte(destination))) },
	}).ParseFS(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	t.Funcs(template.FuncMap{
		"construct": func(b document.Block) (template.HTML, error) { return execute(t, b) },
		"contents":  func() (template.HTML, error) { return p.tableOfContents(t) },
	})
	return t, nil
}

// execute renders a block with the template of its kind.
func execute(t *template.Template, b document.Block) (template.HTML, error) {
	var name string
	switch b := b.(type) {
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
	case *document.Tab:
		name = "tab"
	case document.TabsEnd:
		return "</section></div>\n", nil
	case *document.Box:
		name = "box"
	case document.BoxEnd:
		if b.Folded {
			return "</div></details>\n", nil
		}
		return "</div>\n", nil
	case document.FoldStart:
		name = "foldstart"
	case document.FoldEnd:
		// html/template does not accept half of an element.
		return "</div></details>\n", nil
	default:
		return "", fmt.Errorf("HTML: no form for %T", b)
	}
	var buf bytes.Buffer
	err := t.ExecuteTemplate(&buf, name, b)
	return template.HTML(buf.String()), err
}

// Heading returns the title of the report, or a default.
func (p *page) Heading() string {
	if p.Title != "" {
		return p.Title
	}
	return language.Of(p.Lang).Say("Report")
}

// ScriptWords returns what the script says, as JSON; "" in English.
func (p *page) ScriptWords() (string, error) {
	words := p.words.Script()
	if words == nil {
		return "", nil
	}
	text, err := json.Marshal(words)
	return string(text), err
}

// output returns an HTML output.
func (p *page) output(h *document.HTML) template.HTML {
	// pandas writes empty headers, which a screen reader would announce.
	source := strings.ReplaceAll(p.fragment(&h.Fragment, h.Trusted), "<th></th>", "<td></td>")
	return template.HTML(document.Balance(source))
}

// fragment returns the HTML of a fragment, which may leave elements open. Markup is
// sanitized again unless it is trusted: a document may come from a file.
func (p *page) fragment(f *document.Fragment, trusted bool) string {
	var b strings.Builder
	for _, piece := range f.Pieces {
		switch {
		case piece.Picture != nil && (!trusted || piece.Markup == ""):
			b.WriteString(string(embedded(piece.Picture)))
		case piece.Link != nil:
			tag := "<a"
			if destination := p.within([]byte(piece.Link.Destination)); len(destination) > 0 {
				tag += document.Escaped("href", string(destination))
			}
			tag += piece.Link.Attributes + ">"
			if !trusted {
				tag = p.sanitizer.Tags(tag)
			}
			b.WriteString(tag)
		case piece.Formula != nil:
			b.WriteString(formula(piece.Formula.MathML, piece.Formula.TeX))
		case trusted:
			b.WriteString(piece.Markup)
		default:
			b.WriteString(p.sanitizer.Tags(piece.Markup))
		}
	}
	return b.String()
}
