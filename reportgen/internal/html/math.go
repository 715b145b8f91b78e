package html

import (
	"fmt"
	"html/template"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// math is a formula in running text, which package tex has made safe.
func (r *nodes) math(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		m := n.(*document.Math)
		_, _ = w.WriteString(formula(m.MathML, m.TeX))
	}
	return ast.WalkSkipChildren, nil
}

// equation is a formula on a line of its own, its number at the right.
func (r *nodes) equation(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	e := n.(*document.Equation)
	id, number := "", ""
	if e.ID != "" {
		id = fmt.Sprintf(` id="%s"`, template.HTMLEscapeString(e.ID))
		number = fmt.Sprintf(`<span class="number">(%s)</span>`, e.Number)
	}
	fmt.Fprintf(w, "<div class=\"equation\"%s><div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Formula\">%s</div>%s</div>\n", id, formula(e.MathML, e.TeX), number)
	return ast.WalkSkipChildren, nil
}

// formula is MathML, or the source where TeX did not allow it.
func formula(mathML, source string) string {
	if mathML == "" {
		return `<code class="missing">` + template.HTMLEscapeString(source) + "</code>"
	}
	return mathML
}

// citation is the numbers of the works, each linked to its place in the list.
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

// link is a link as goldmark writes it, except that one within the report may
// lead to another page of its site.
func (r *nodes) link(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	link := n.(*ast.Link)
	if !entering {
		_, err := w.WriteString("</a>")
		return ast.WalkContinue, err
	}
	destination := r.page.within(link.Destination)
	_, _ = w.WriteString(`<a href="`)
	if !html.IsDangerousURL(destination) {
		_, _ = w.Write(util.EscapeHTML(util.URLEscape(destination, true)))
	}
	_ = w.WriteByte('"')
	if link.Title != nil {
		_, _ = w.WriteString(` title="`)
		html.DefaultWriter.Write(w, link.Title)
		_ = w.WriteByte('"')
	}
	return ast.WalkContinue, w.WriteByte('>')
}
