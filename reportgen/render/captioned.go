package render

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// captioned adds the figure or table that a block of Markdown is in Quarto or MyST: a group
// of pictures, an image with a label in a paragraph of its own, or a table followed by
// ": caption {#tbl-x}". It returns false for other blocks. next is the block after those
// that were added.
func (b *builder) captioned(where document.Origin, t *document.Text, n ast.Node, next *ast.Node) bool {
	switch n := n.(type) {
	case *ast.Paragraph:
		image, ok := n.FirstChild().(*document.Image)
		if group := b.grouped[image]; group != nil {
			b.figureOf(where, t, group, n, next)
			return true
		}
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
		if group := document.GroupOf(n); group != nil && group == document.GroupOf(paragraph) {
			m = []string{"", captionSource(t, paragraph), group.Label}
		}
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

// figureOf adds the figure that the paragraphs of a group are, from n on.
func (b *builder) figureOf(where document.Origin, t *document.Text, group *document.Group, n ast.Node, next *ast.Node) {
	said := caption{label: group.Label}
	var pictures []*document.Image
	for ; n != nil; n = n.NextSibling() {
		if document.GroupOf(n) == group {
			said.caption = captionSource(t, n)
			n = n.NextSibling()
			break
		}
		image, ok := n.FirstChild().(*document.Image)
		if !ok || b.grouped[image] != group {
			break
		}
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			if image, ok := c.(*document.Image); ok {
				pictures = append(pictures, image)
			}
		}
	}
	*next = n
	figure := &document.Figure{Origin: where, Caption: b.line(where, said.caption), Columns: group.Columns}
	figure.ID, figure.Number = b.numbered(&cell{where: where}, document.KindFigure, said)
	if target := b.anchors.labels[group.Label]; group.Name != "" && target != nil && b.anchors.slugs[group.Name] == nil {
		b.anchors.slugs[group.Name] = target
	}
	if len(pictures) == 1 {
		figure.Picture = pictures[0].Picture
		figure.Picture.Name = figure.ID
		b.add(figure)
		return
	}
	for i, image := range pictures {
		part := &document.Part{Letter: letter(i), Picture: image.Picture}
		part.ID = b.partID(group.Label, i, document.Target{Kind: document.KindFigure, Number: figure.Number, ID: figure.ID, Where: where})
		if own, ok := b.labelled[image]; ok {
			part.Caption = own.caption
			b.inlines(located{own.caption, where})
			b.texts = append(b.texts, located{own.caption, where})
			if target := b.anchors.labels[group.Label+"-"+strconv.Itoa(i+1)]; target != nil && b.anchors.labels[own.label] == nil {
				b.anchors.labels[own.label] = target
			}
		} else {
			part.Caption = b.line(where, image.Picture.Alt)
		}
		image.Picture.Name = part.ID
		figure.Parts = append(figure.Parts, part)
	}
	b.add(figure)
}

// captionSource is the Markdown of a caption's paragraph.
func captionSource(t *document.Text, n ast.Node) string {
	return strings.Join(strings.Fields(string(n.Lines().Value(t.Source))), " ")
}

// tableCaption matches the caption of a table as Pandoc has it.
var tableCaption = regexp.MustCompile(`(?s)^(?:Table)?: +(.+?)\s*(?:\{#(tbl-[^\s{}]+)[^{}]*\})?$`)
