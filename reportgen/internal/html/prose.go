package html

import (
	"bytes"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// newProseRenderer returns a goldmark renderer for the nodes of package document that
// sanitizes raw HTML tag by tag.
func newProseRenderer(p *page) renderer.Renderer {
	markdown := goldmark.New(
		goldmark.WithExtensions(extension.GFM, extension.Footnote),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(&nodes{p}, 100)), html.WithWriter(proseWriter{html.DefaultWriter})),
	)
	return markdown.Renderer()
}

// proseWriter writes text that is not broken between a number and its unit.
type proseWriter struct{ html.Writer }

// Write implements html.Writer.
func (w proseWriter) Write(out util.BufWriter, source []byte) {
	w.Writer.Write(out, []byte(document.KeepUnits(string(source))))
}

func (p *page) render(t *document.Text, root ast.Node) (string, error) {
	var b bytes.Buffer
	if err := p.prose.Render(&b, t.Source, root); err != nil {
		return "", err
	}
	return b.String(), nil
}

// text renders Markdown blocks.
func (p *page) text(t *document.Text) (template.HTML, error) {
	s, err := p.render(t, t.Root)
	return template.HTML(document.Balance(s)), err
}

// line renders the inline content of a heading or caption.
func (p *page) line(t *document.Text) (template.HTML, error) {
	var b strings.Builder
	for n := t.Root.FirstChild(); n != nil; n = n.NextSibling() {
		s, err := p.render(t, n)
		if err != nil {
			return "", err
		}
		b.WriteString(s)
	}
	return template.HTML(document.Balance(b.String())), nil
}

// note renders a footnote as an item of the list of notes.
func (p *page) note(n *document.Note) (template.HTML, error) {
	s, err := p.render(n.Text, n.Root)
	return template.HTML(document.Balance(s)), err
}

// nodes renders the nodes that goldmark does not, or that are rendered differently.
type nodes struct{ page *page }

// RegisterFuncs implements renderer.NodeRenderer.
func (r *nodes) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(document.KindCrossRef, r.crossRef)
	reg.Register(document.KindImage, r.picture)
	reg.Register(document.KindMath, r.math)
	reg.Register(document.KindEquationNode, r.equation)
	reg.Register(document.KindCitation, r.citation)
	reg.Register(document.KindAlert, r.alert)
	reg.Register(document.KindAlertTitle, r.alertTitle)
	reg.Register(ast.KindLink, r.link)
	reg.Register(ast.KindImage, r.lostImage)
	reg.Register(ast.KindHeading, r.heading)
	reg.Register(document.KindBlockHTML, r.htmlBlock)
	reg.Register(document.KindInlineHTML, r.inlineHTML)
	reg.Register(ast.KindFencedCodeBlock, r.fencedCode)
	reg.Register(east.KindTable, r.table)
	reg.Register(east.KindTableCell, r.tableCell)
}

func (r *nodes) crossRef(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	ref := n.(*document.CrossRef)
	if !entering {
		return ast.WalkContinue, nil
	}
	text := template.HTMLEscapeString(ref.Printed(r.page.words))
	if ref.Target == nil {
		fmt.Fprintf(w, `<span class="missing">%s</span>`, text)
		return ast.WalkContinue, nil
	}
	// Do not break the line between a figure and its number.
	text = strings.Replace(text, " ", "\u00a0", 1)
	fmt.Fprintf(w, `<a class="ref" href="%s">%s</a>`, template.HTMLEscapeString(r.page.href(ref.Target.ID)), text)
	return ast.WalkContinue, nil
}

// alert renders an alert, or the element that opens and closes if it is folded.
func (r *nodes) alert(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	a := n.(*document.Alert)
	tag, attributes := "div", ` role="note"`
	if a.Folded {
		tag, attributes = "details", ""
	}
	if a.Folded && a.Expanded {
		attributes = " open"
	}
	if !entering {
		_, err := fmt.Fprintf(w, "</%s>\n", tag)
		return ast.WalkContinue, err
	}
	fmt.Fprintf(w, "<%s class=\"alert %s\"%s>\n", tag, strings.ToLower(a.Name), attributes)
	name := template.HTMLEscapeString(r.page.words.Say(a.Name))
	_, titled := n.FirstChild().(*document.AlertTitle)
	switch {
	case a.Folded && titled:
		fmt.Fprintf(w, "<summary class=\"alert-name\">%s: ", name)
	case a.Folded:
		fmt.Fprintf(w, "<summary class=\"alert-name\">%s</summary>\n", name)
	default:
		fmt.Fprintf(w, "<p class=\"alert-name\">%s</p>\n", name)
	}
	return ast.WalkContinue, nil
}

// alertTitle renders the title of an alert, which is part of the summary of a folded one.
func (r *nodes) alertTitle(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	a, ok := n.Parent().(*document.Alert)
	start, end := "<p><strong>", "</strong></p>\n"
	if ok && a.Folded {
		start, end = "", "</summary>\n"
	}
	if !entering {
		start = end
	}
	_, err := w.WriteString(start)
	return ast.WalkContinue, err
}

func (r *nodes) picture(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		_, _ = w.WriteString(string(embedded(n.(*document.Image).Picture)))
	}
	return ast.WalkSkipChildren, nil
}

// lostImage renders the alt text of an image that cannot be shown.
func (r *nodes) lostImage(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		fmt.Fprintf(w, `<span class="missing">%s</span>`, template.HTMLEscapeString("["+document.PlainNode(n, source)+"]"))
	}
	return ast.WalkSkipChildren, nil
}

// heading renders a heading within a block quote or list, which opens no section.
func (r *nodes) heading(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	tag := fmt.Sprintf("h%d>", min(n.(*ast.Heading).Level+2, 6))
	if entering {
		tag = "<" + tag
	} else {
		tag = "</" + tag + "\n"
	}
	_, err := w.WriteString(tag)
	return ast.WalkContinue, err
}

func (r *nodes) htmlBlock(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		_, _ = w.WriteString(r.page.fragment(&n.(*document.BlockHTML).Fragment, false))
	}
	return ast.WalkSkipChildren, nil
}

func (r *nodes) inlineHTML(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		_, _ = w.WriteString(r.page.fragment(&n.(*document.InlineHTML).Fragment, false))
	}
	return ast.WalkSkipChildren, nil
}

func (r *nodes) fencedCode(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		block := n.(*ast.FencedCodeBlock)
		code := r.page.highlight(string(block.Language(source)), string(block.Lines().Value(source)))
		fmt.Fprintf(w, "<pre class=\"code\" tabindex=\"0\" role=\"group\" aria-label=\"%s\"><code>%s</code></pre>\n", r.page.words.Say("Code"), code)
	}
	return ast.WalkSkipChildren, nil
}

// table renders a Markdown table in a box that scrolls instead of the page.
func (r *nodes) table(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
	tag := fmt.Sprintf("<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"%s\"><table>\n", r.page.words.Say("Table"))
	if !entering {
		tag = "</tbody></table></div>\n"
	}
	_, err := w.WriteString(tag)
	return ast.WalkContinue, err
}

// tableCell renders a cell of a Markdown table. Short ones, such as dates, are not broken between lines.
func (r *nodes) tableCell(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	tag := "td"
	if n.Parent().Kind() == east.KindTableHeader {
		tag = "th"
	}
	if !entering {
		_, err := w.WriteString("</" + tag + ">\n")
		return ast.WalkContinue, err
	}
	attributes := ""
	if align := n.(*east.TableCell).Alignment; align != east.AlignNone {
		attributes = fmt.Sprintf(` style="text-align:%s"`, align)
	}
	if tag == "td" && utf8.RuneCountInString(document.PlainNode(n, source)) <= shortText {
		attributes += ` class="short"`
	}
	_, err := w.WriteString("<" + tag + attributes + ">")
	return ast.WalkContinue, err
}

// math renders a formula in running text. Its MathML comes from package tex.
func (r *nodes) math(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		m := n.(*document.Math)
		_, _ = w.WriteString(formula(m.MathML, m.TeX))
	}
	return ast.WalkSkipChildren, nil
}

// equation renders a formula on a line of its own, with its number at the right.
func (r *nodes) equation(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	e := n.(*document.Equation)
	id, number := "", ""
	if e.ID != "" {
		id = fmt.Sprintf(` id="%s"`, template.HTMLEscapeString(e.ID))
	}
	if e.Number != "" {
		number = fmt.Sprintf(`<span class="number">(%s)</span>`, e.Number)
	}
	fmt.Fprintf(w, "<div class=\"equation\"%s><div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"%s\">%s</div>%s</div>\n", id, r.page.words.Say("Formula"), formula(e.MathML, e.TeX), number)
	return ast.WalkSkipChildren, nil
}

// formula returns the MathML, or the source if it is invalid TeX.
func formula(mathML, source string) string {
	if mathML == "" {
		return `<code class="missing">` + template.HTMLEscapeString(source) + "</code>"
	}
	return mathML
}

// citation renders the numbers of the works, linked to the list of references.
func (r *nodes) citation(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	c := n.(*document.Citation)
	if !c.Resolved() {
		text := template.HTMLEscapeString(c.Source)
		if !c.Bare {
			text = `<span class="missing">` + text + "</span>"
		}
		_, err := w.WriteString(text)
		return ast.WalkSkipChildren, err
	}
	for i, work := range c.Works {
		if i > 0 {
			_, _ = w.WriteString(", ")
		}
		fmt.Fprintf(w, `<a class="ref" href="%s">%s</a>`, template.HTMLEscapeString(r.page.href(work.Reference.ID)), template.HTMLEscapeString(work.Printed()))
	}
	return ast.WalkSkipChildren, nil
}

// link renders a link as goldmark does, except that a link within the report may lead
// to another page of the site.
func (r *nodes) link(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	link := n.(*ast.Link)
	if !entering {
		_, err := w.WriteString("</a>")
		return ast.WalkContinue, err
	}
	destination := r.page.within(link.Destination)
	if destination == nil && len(link.Destination) > 0 {
		_, err := w.WriteString("<a>")
		return ast.WalkContinue, err
	}
	_, _ = w.WriteString(`<a href="`)
	// Entities may hide a script: they are resolved first.
	if resolved := util.URLEscape(destination, true); !html.IsDangerousURL(resolved) {
		_, _ = w.Write(util.EscapeHTML(resolved))
	}
	_ = w.WriteByte('"')
	if link.Title != nil {
		_, _ = w.WriteString(` title="`)
		html.DefaultWriter.Write(w, link.Title)
		_ = w.WriteByte('"')
	}
	return ast.WalkContinue, w.WriteByte('>')
}

// hasFormula reports whether a text of the document has a formula.
func hasFormula(d *document.Document) bool {
	found := slices.ContainsFunc(d.All(), func(b document.Block) bool {
		h, ok := b.(*document.HTML)
		return ok && h.HasFormula()
	})
	for _, t := range texts(d) {
		if t == nil || found {
			continue
		}
		_ = ast.Walk(t.Root, func(n ast.Node, _ bool) (ast.WalkStatus, error) {
			switch n := n.(type) {
			case *document.Math, *document.Equation:
				found = true
			case *document.BlockHTML:
				found = n.HasFormula()
			case *document.InlineHTML:
				found = n.HasFormula()
			}
			if found {
				return ast.WalkStop, nil
			}
			return ast.WalkContinue, nil
		})
	}
	return found
}

// texts lists the texts of the document, or nil in place of a missing one.
func texts(d *document.Document) []*document.Text {
	texts := []*document.Text{d.Abstract}
	for _, n := range d.Notes {
		texts = append(texts, n.Text)
	}
	for _, b := range d.All() {
		switch b := b.(type) {
		case document.Prose:
			texts = append(texts, b.Text)
		case *document.Heading:
			texts = append(texts, b.Text)
		case *document.Tab:
			texts = append(texts, b.Title)
		case *document.Box:
			texts = append(texts, b.Title)
		case *document.Code:
			texts = append(texts, b.Caption)
		case *document.Figure:
			texts = append(texts, b.Caption)
			for _, part := range b.Parts {
				texts = append(texts, part.Caption)
			}
		case *document.Table:
			texts = append(texts, b.Caption, b.Body)
			for _, part := range b.Parts {
				texts = append(texts, part.Caption, part.Table.Body)
			}
		}
	}
	return texts
}
