package typst

import (
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// nodes returns the block children of a node.
func (w *writer) nodes(parent ast.Node, source []byte) string {
	var all []string
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		all = append(all, w.node(n, source))
	}
	return document.JoinBlocks(all)
}

// node returns a block of prose.
func (w *writer) node(n ast.Node, source []byte) string {
	switch n := n.(type) {
	case *ast.Paragraph:
		text := w.inlines(n, source)
		if _, introduces := n.NextSibling().(*ast.List); introduces && strings.HasSuffix(text, ":") {
			return "#block(sticky: true)[" + text + "]"
		}
		return text
	case *ast.TextBlock:
		return w.inlines(n, source)
	case *ast.Heading:
		if w.inlines(n, source) == "" {
			return ""
		}
		return fmt.Sprintf("#heading(level: %d, outlined: false, bookmarked: false)[%s]", min(n.Level+1, 6), w.inlines(n, source))
	case *ast.Blockquote:
		return "#quote(block: true)[\n" + w.nodes(n, source) + "\n]"
	case *document.Alert:
		return fmt.Sprintf("#note(%s)[\n%s\n]", quoted(w.words.Say(n.Name)), w.nodes(n, source))
	case *document.AlertTitle:
		return "#strong[" + w.inlines(n, source) + "]"
	case *ast.List:
		return w.list(n, source)
	case *ast.FencedCodeBlock:
		return rawBlock(string(n.Language(source)), string(n.Lines().Value(source)))
	case *ast.CodeBlock:
		return rawBlock("", string(n.Lines().Value(source)))
	case *ast.ThematicBreak:
		return "#line(length: 100%, stroke: 0.4pt)"
	case *document.BlockHTML:
		return w.fragment(&n.Fragment)
	case *document.Equation:
		return w.equation(n)
	case *east.Table:
		return w.proseTable(n, source)
	case *ast.LinkReferenceDefinition, *east.FootnoteBacklink:
		return ""
	}
	return w.unknown(n)
}

func (w *writer) list(l *ast.List, source []byte) string {
	var items []string
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		items = append(items, "["+w.nodes(item, source)+"]")
	}
	call := "list("
	if l.IsOrdered() {
		call = fmt.Sprintf("enum(start: %d, ", l.Start)
	}
	return fmt.Sprintf("#%stight: %t,\n  %s,\n)", call, l.IsTight, strings.Join(items, ",\n  "))
}

func (w *writer) proseTable(t *east.Table, source []byte) string {
	var rows [][]string
	for row := t.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			cells = append(cells, w.inlines(cell, source))
		}
		rows = append(rows, cells)
	}
	aligns := make([]string, len(t.Alignments))
	for i, a := range t.Alignments {
		aligns[i] = map[east.Alignment]string{east.AlignRight: "right", east.AlignCenter: "center"}[a]
	}
	return table(rows, aligns, true)
}

// inlines returns the inline children of a node.
func (w *writer) inlines(parent ast.Node, source []byte) string {
	var b strings.Builder
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		b.WriteString(w.inline(n, source))
	}
	return strings.TrimSpace(b.String())
}

func (w *writer) inline(n ast.Node, source []byte) string {
	switch n := n.(type) {
	case *ast.Text:
		text := escape(string(util.UnescapePunctuations(util.ResolveEntityNames(util.ResolveNumericReferences(n.Segment.Value(source))))))
		switch {
		case n.HardLineBreak():
			text += " \\\n"
		case n.SoftLineBreak():
			text += "\n"
		}
		return text
	case *ast.String:
		return escape(string(n.Value))
	case *ast.CodeSpan:
		return "#raw(" + quoted(document.PlainNode(n, source)) + ")"
	case *ast.Emphasis:
		name := "emph"
		if n.Level > 1 {
			name = "strong"
		}
		return "#" + name + "[" + w.inlines(n, source) + "]"
	case *ast.Link:
		return w.linkTo(string(n.Destination), w.inlines(n, source))
	case *ast.Image:
		return escape("[" + document.PlainNode(n, source) + "]")
	case *ast.AutoLink:
		return w.linkTo(string(n.URL(source)), escape(string(n.Label(source))))
	case *document.InlineHTML:
		return w.inlineFragment(&n.Fragment)
	case *east.Strikethrough:
		return "#strike[" + w.inlines(n, source) + "]"
	case *east.TaskCheckBox:
		if n.IsChecked {
			return "☑ "
		}
		return "☐ "
	case *east.FootnoteLink:
		return w.footnote(n.Index)
	case *east.FootnoteBacklink, *ast.RawHTML:
		return ""
	}
	return w.own(n)
}

// own returns an inline construct that CommonMark and GitHub do not have.
func (w *writer) own(n ast.Node) string {
	switch n := n.(type) {
	case *document.CrossRef:
		if n.Target == nil {
			return "#strong[" + escape(n.Printed(w.words)) + "]"
		}
		return w.link(n.Target.ID, strings.Replace(escape(n.Printed(w.words)), " ", "~", 1))
	case *document.Image:
		return "#box(" + w.picture(n.Picture) + ")"
	case *document.Math:
		return formula(n.MathML, n.TeX, n.Display)
	case *document.Citation:
		return w.citation(n)
	}
	return w.unknown(n)
}

func (w *writer) citation(c *document.Citation) string {
	if !c.Resolved() {
		return escape(c.Source)
	}
	var all []string
	for _, work := range c.Works {
		all = append(all, w.link(work.Reference.ID, escape(work.Printed())))
	}
	return strings.Join(all, ", ")
}

// footnote returns a note at its first mention, and a mark at later ones. Notes within
// notes are marks too.
func (w *writer) footnote(number int) string {
	n := w.notes[number]
	if n == nil || w.noted[number] || w.depth > 0 {
		return fmt.Sprintf("#super[%d]", number)
	}
	w.noted[number] = true
	w.depth++
	defer func() { w.depth-- }()
	return "#footnote[" + w.nodes(n.Root, n.Source) + "]"
}

// link returns a link to an anchor of the document, or only its text if there is none.
func (w *writer) link(id, text string) string {
	if w.known != nil && !w.known[id] {
		return text
	}
	w.linked[id] = true
	return fmt.Sprintf("#link(label(%s))[%s]", quoted(id), text)
}

// linkTo returns a link to an address. An address that paper cannot use, such as of a
// file, is left out.
func (w *writer) linkTo(destination, text string) string {
	if id, ok := strings.CutPrefix(destination, "#"); ok {
		return w.link(id, text)
	}
	for _, scheme := range []string{"http://", "https://", "mailto:"} {
		if strings.HasPrefix(strings.ToLower(destination), scheme) {
			return fmt.Sprintf("#link(%s)[%s]", quoted(destination), text)
		}
	}
	return text
}

// equation returns a formula on a line of its own.
func (w *writer) equation(e *document.Equation) string {
	body := formula(e.MathML, e.TeX, true)
	inner, isFormula := strings.CutSuffix(body, "]")
	if e.Number == "" || !isFormula {
		return body
	}
	body = inner + w.label(e.ID) + "]"
	return fmt.Sprintf("#[#set math.equation(numbering: (..n) => %s)\n%s]", quoted("("+e.Number+")"), body)
}
