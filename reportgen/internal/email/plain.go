package email

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/language"
)

// plain returns the plain text of a message. A row of a table is a paragraph, since mail
// programs wrap long lines.
func plain(d *document.Document) string {
	w := &writer{words: language.Of(d.Lang)}
	w.paragraph(cmp.Or(d.Title, w.words.Say("Report")))
	w.paragraph(d.Subtitle)
	w.paragraph(strings.Join(append(d.AuthorNames(), d.Date), ", "))
	if d.Abstract != nil {
		w.blocks(d.Abstract.Root, d.Abstract.Source, "")
	}
	for _, b := range d.Summary {
		w.block(b)
	}
	return w.b.String()
}

type writer struct {
	b     strings.Builder
	words *language.Words
}

// paragraph adds lines, and an empty line after them.
func (w *writer) paragraph(text string) {
	if text = strings.Trim(text, ", \n"); text != "" {
		w.b.WriteString(text + "\n\n")
	}
}

func (w *writer) block(b document.Block) {
	switch b := b.(type) {
	case document.Prose:
		w.blocks(b.Root, b.Source, "")
	case *document.Figure:
		caption := ""
		if b.Caption != nil {
			caption = b.Caption.Plain()
		}
		name := "[" + strings.TrimSpace(w.words.Say("Figure")+" "+b.Number) + "]"
		if caption != "" {
			name += " " + caption
		}
		if b.Picture != nil && b.Picture.Alt != "" {
			name += ": " + b.Picture.Alt
		}
		w.paragraph(name)
		for _, part := range b.Parts {
			name := "(" + part.Letter + ")"
			if part.Caption != nil {
				name += " " + part.Caption.Plain()
			}
			if part.Picture.Alt != "" {
				name += ": " + part.Picture.Alt
			}
			w.paragraph(name)
		}
	case *document.Table:
		if b.Caption != nil {
			w.paragraph(fmt.Sprintf("%s %s: %s", w.words.Say("Table"), b.Number, b.Caption.Plain()))
		}
		if b.Body != nil {
			w.blocks(b.Body.Root, b.Body.Source, "")
		}
		w.rows(b)
		for _, part := range b.Parts {
			w.rows(part.Table)
		}
	case *document.Tab:
		w.paragraph(b.Title.Plain())
	case *document.Box:
		w.paragraph(strings.TrimSuffix(titled(w.words.Say(b.Name), b.Title.Plain()), ": "))
	case *document.Stream:
		var text strings.Builder
		for _, s := range b.Spans {
			text.WriteString(s.Text)
		}
		w.paragraph(text.String())
	case *document.Failure:
		w.paragraph(w.words.Say("This cell failed") + ": " + b.Name + ": " + b.Value)
	case *document.HTML:
		w.paragraph(w.words.Say("Output") + ": HTML")
	}
}

func (w *writer) rows(t *document.Table) {
	for _, row := range t.Rows {
		var cells []string
		for i, v := range row {
			cells = append(cells, titled(t.Columns[i].Title, v.Text))
		}
		w.row(cells)
	}
}

func titled(title, text string) string {
	if title == "" {
		return text
	}
	return title + ": " + text
}

func (w *writer) row(cells []string) { w.paragraph("* " + strings.Join(cells, "\n  ")) }

// blocks adds the blocks under a node of Markdown.
func (w *writer) blocks(parent ast.Node, source []byte, indent string) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.List:
			w.list(n, source, indent)
		case *east.Table:
			w.table(n, source)
		case *ast.FencedCodeBlock:
			w.paragraph(string(n.Lines().Value(source)))
		case *ast.CodeBlock:
			w.paragraph(string(n.Lines().Value(source)))
		case *ast.Blockquote, *document.Alert:
			w.blocks(n, source, indent)
		case *document.Equation:
			w.paragraph(n.TeX)
		default:
			w.paragraph(document.PlainNode(n, source))
		}
	}
}

func (w *writer) list(l *ast.List, source []byte, indent string) {
	number := l.Start
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "- "
		if l.IsOrdered() {
			mark = fmt.Sprintf("%d. ", number)
			number++
		}
		for n := item.FirstChild(); n != nil; n = n.NextSibling() {
			if inner, ok := n.(*ast.List); ok {
				w.list(inner, source, indent+"  ")
				continue
			}
			w.b.WriteString(indent + mark + document.PlainNode(n, source) + "\n")
			mark = "  "
		}
	}
	if indent == "" {
		w.b.WriteByte('\n')
	}
}

func (w *writer) table(t *east.Table, source []byte) {
	var titles []string
	for row := t.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		for c := row.FirstChild(); c != nil; c = c.NextSibling() {
			text := strings.TrimSpace(document.PlainNode(c, source))
			if i := len(cells); i < len(titles) {
				text = titled(titles[i], text)
			}
			cells = append(cells, text)
		}
		if _, header := row.(*east.TableHeader); header {
			titles = cells
			continue
		}
		w.row(cells)
	}
}
