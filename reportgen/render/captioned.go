package render

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// captioned adds the figure or table that a block of Markdown is in Quarto: an image with
// a label in a paragraph of its own, or a table followed by ": caption {#tbl-x}". It
// returns false for other blocks. next is the block after those that were added.
func (b *builder) captioned(where document.Origin, t *document.Text, n ast.Node, next *ast.Node) bool {
	switch n := n.(type) {
	case *ast.Paragraph:
		image, ok := n.FirstChild().(*document.Image)
		labelled, known := b.labelled[image]
		if !ok || !known || image.NextSibling() != nil {
			return false
		}
		said := caption{label: labelled.label, caption: labelled.caption.Plain()}
		figure := &document.Figure{Origin: where, Picture: image.Picture, Caption: labelled.caption}
		if strings.TrimSpace(said.caption) == "" {
			figure.Caption = nil
		}
		figure.ID, figure.Number = b.numbered(&cell{where: where}, document.KindFigure, said)
		image.Picture.Name = figure.ID
		b.inlines(located{labelled.caption, where})
		b.texts = append(b.texts, located{labelled.caption, where})
		b.add(figure)
		return true
	case *east.Table:
		paragraph, ok := n.NextSibling().(*ast.Paragraph)
		if !ok {
			return false
		}
		m := tableCaption.FindStringSubmatch(strings.TrimSpace(string(paragraph.Lines().Value(t.Source))))
		if m == nil {
			return false
		}
		*next = paragraph.NextSibling()
		root := ast.NewDocument()
		root.AppendChild(root, n)
		body := &document.Text{Source: t.Source, Root: root}
		b.texts = append(b.texts, located{body, where})
		b.numberedTable(&cell{where: where}, &document.Table{Body: body}, caption{kind: document.KindTable, label: m[2], caption: strings.Join(strings.Fields(m[1]), " ")})
		return true
	}
	return false
}

// tableCaption matches the caption of a table as Pandoc has it.
var tableCaption = regexp.MustCompile(`(?s)^(?:Table)?: +(.+?)\s*(?:\{#(tbl-[^\s{}]+)[^{}]*\})?$`)
