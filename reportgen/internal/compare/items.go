package compare

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/terminal"
	"github.com/flowbook/flowbook/reportgen/internal/volatile"
)

// item is a part of a document that is compared as one: a block, a paragraph of prose, or a part of the title page or of
// the appendix.
type item struct {
	kind    string   // what a reader calls it: text, heading, table, figure, code, …
	section string   // the heading above it
	id      string   // the label of a figure, table or listing
	name    string   // "Table 1.1 Services", or "" without a number
	text    string   // what a reader reads, if it is a text
	said    []string // the fields that are in name and text
	table   *document.Table
	figure  *document.Figure
	fields  map[string]any // all of it, except for the cell that it comes from
	key     string         // the same for equal items
}

// collector makes the items of a document.
type collector struct {
	section string
	items   []item
	err     error
}

// collect returns the items of a document in the order in which a reader meets them.
func collect(d *document.Document) ([]item, error) {
	c := &collector{}
	for _, f := range []struct{ name, value string }{
		{"title", d.Title}, {"subtitle", d.Subtitle}, {"authors", strings.Join(d.AuthorNames(), ", ")}, {"date", d.Date}, {"language", d.Lang},
	} {
		if f.value != "" {
			c.add(item{kind: f.name, text: f.value}, nil)
		}
	}
	if d.Abstract != nil {
		c.prose(d.Abstract)
	}
	if len(d.Summary) > 0 {
		c.section = "Summary"
	}
	for _, b := range d.All() {
		c.block(b)
	}
	c.section = "Footnotes"
	for _, n := range d.Notes {
		text := fmt.Sprintf("%d %s", n.Number, strings.TrimSpace(n.Plain()))
		c.part(item{kind: "footnote", text: text, said: []string{"number", "text"}}, n)
	}
	c.section = "References"
	for _, r := range d.References {
		text := fmt.Sprintf("[%d] %s “%s” %s %s %s", r.Number, r.Authors, r.Title, r.Container, r.Details, r.Link)
		c.part(item{kind: "reference", text: text, said: []string{"number", "authors", "title", "container", "details", "link"}}, r)
	}
	c.section = "How this report was made"
	for _, f := range d.Provenance {
		c.part(item{kind: "entry", text: f.Name + ": " + f.Value, said: []string{"name", "value"}}, f)
	}
	for _, w := range d.Warnings {
		c.add(item{kind: "warning", text: w}, nil)
	}
	for _, p := range d.Parameters {
		c.part(item{kind: "code", text: p.Source, said: []string{"source"}}, p)
	}
	return c.items, c.err
}

// add adds an item whose content is also given as JSON, or only by its text if that is nil.
func (c *collector) add(i item, content []byte) {
	i.section = c.section
	if content == nil {
		i.text = volatile.Text(i.text)
		i.key = i.kind + "\x00" + i.text
		c.items = append(c.items, i)
		return
	}
	if err := json.Unmarshal(content, &i.fields); err != nil && c.err == nil {
		c.err = err
	}
	normalize(i.fields)
	i.text = volatile.Text(i.text)
	key, err := json.Marshal(i.fields) // with sorted keys
	if err != nil && c.err == nil {
		c.err = err
	}
	i.key = string(key)
	c.items = append(c.items, i)
}

// normalize removes from JSON the cell that a construct comes from, which no reader sees, and volatile text.
func normalize(v any) {
	forgetCells(v)
	normalizeStrings(v)
}

func forgetCells(v any) {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "origin")
		delete(v, "where")
		for _, value := range v {
			forgetCells(value)
		}
	case []any:
		for _, value := range v {
			forgetCells(value)
		}
	}
}

// normalizeStrings removes what is volatile.
func normalizeStrings(v any) {
	switch v := v.(type) {
	case map[string]any:
		if children, ok := v["children"].([]any); ok {
			v["children"] = joinTexts(children)
		}
		for name, value := range v {
			if text, ok := value.(string); ok {
				v[name] = normalized(name, text)
			} else {
				normalizeStrings(value)
			}
		}
	case []any:
		for _, value := range v {
			normalizeStrings(value)
		}
	}
}

// joinTexts joins the text nodes of one line, which the parser of Markdown splits where a construct might begin.
func joinTexts(nodes []any) []any {
	plain := func(n any) (map[string]any, bool) {
		fields, ok := n.(map[string]any)
		return fields, ok && fields["kind"] == "text" && fields["raw"] == nil
	}
	var all []any
	for _, n := range nodes {
		if len(all) > 0 {
			before, ok := plain(all[len(all)-1])
			after, also := plain(n)
			if ok && also && before["break"] == nil {
				joined := maps.Clone(after)
				a, _ := before["text"].(string)
				b, _ := after["text"].(string)
				joined["text"] = a + b
				all[len(all)-1] = joined
				continue
			}
		}
		all = append(all, n)
	}
	return all
}

// normalized is the value of a field of a document without what is volatile.
func normalized(name, value string) string {
	switch name {
	case "markup", "vector":
		return volatile.Markup(value)
	case "attributes":
		return volatile.Identifiers(volatile.Text(value))
	case "text", "raw", "value", "source", "lines":
		return volatile.Text(value)
	}
	return value
}

// part adds a part of the document.
func (c *collector) part(i item, part any) {
	content, err := document.EncodePart(part)
	if err != nil && c.err == nil {
		c.err = err
	}
	c.add(i, content)
}

func (c *collector) block(b document.Block) {
	i := item{kind: document.KindOf(b), said: []string{"caption", "number"}}
	switch b := b.(type) {
	case document.Prose:
		c.prose(b.Text)
		return
	case *document.Cell:
		i.kind, i.text, i.said = "anchor", b.ID, []string{"id"}
	case *document.Heading:
		i.text, i.said = strings.TrimSpace(b.Number+" "+b.Text.Plain()), []string{"number", "text", "id"}
		c.section = i.text
	case *document.Tab:
		i.text, i.said = b.Title.Plain(), []string{"title", "id"}
	case *document.Box:
		i.text, i.said = strings.TrimSpace(b.Name+" "+b.Title.Plain()), []string{"name", "title"}
	case *document.Table:
		i.id, i.name, i.table = b.ID, name("Table", b.Number, b.Caption), b
		i.said = append(i.said, "columns", "rows", "parts")
	case *document.Figure:
		i.id, i.name, i.figure = b.ID, name("Figure", b.Number, b.Caption), b
		i.said = append(i.said, "picture", "parts", "data")
	case *document.Code:
		i.id, i.name, i.text = b.ID, name("Listing", b.Number, b.Caption), b.Source
		i.said = append(i.said, "source")
	case *document.Stream:
		i.kind, i.text, i.said = "output", terminal.Plain(b.Spans), []string{"spans"}
		if b.Stderr {
			i.kind = "error output"
		}
	case *document.Failure:
		i.text, i.said = b.Name+": "+b.Value, []string{"name", "value", "trace", "anchor"}
	case *document.HTML:
		i.kind, i.text, i.said = "output", fragmentText(b.Fragment), []string{"fragment"}
	}
	c.part(i, b)
}

// name is what a reader calls a numbered construct.
func name(kind, number string, caption *document.Text) string {
	if number == "" {
		return ""
	}
	if caption == nil {
		return kind + " " + number
	}
	return kind + " " + number + " " + caption.Plain()
}

// prose adds a text paragraph by paragraph.
func (c *collector) prose(t *document.Text) {
	for n := t.Root.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.List:
			for i := n.FirstChild(); i != nil; i = i.NextSibling() {
				c.node("list item", i, t.Source)
			}
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			c.node("code", n, t.Source)
		case *document.Equation:
			c.node("equation", n, t.Source)
		case *east.Table:
			c.node("table", n, t.Source)
		default:
			c.node("text", n, t.Source)
		}
	}
}

func (c *collector) node(kind string, n ast.Node, source []byte) {
	i := item{kind: kind, said: []string{"children", "lines"}}
	switch n := n.(type) {
	case *east.Table:
		i.table = proseTable(n, source)
	case *document.Equation:
		i.text, i.said = n.TeX, []string{"tex", "mathML"}
	case *document.BlockHTML:
		i.text, i.said = fragmentText(n.Fragment), []string{"pieces"}
	default:
		i.text = document.PlainNode(n, source)
		if n.Type() != ast.TypeInline && n.IsRaw() {
			i.text = string(n.Lines().Value(source))
		}
	}
	content, err := document.EncodeNode(n, source)
	if err != nil && c.err == nil {
		c.err = err
	}
	c.add(i, content)
}

// proseTable is a table that was written in Markdown.
func proseTable(n *east.Table, source []byte) *document.Table {
	t := &document.Table{}
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		var values []document.Value
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			text := document.PlainNode(cell, source)
			values = append(values, document.Value{Text: text, Raw: text})
		}
		if row.Kind() != east.KindTableHeader {
			t.Rows = append(t.Rows, values)
			continue
		}
		for _, v := range values {
			t.Columns = append(t.Columns, document.Column{Title: v.Text})
		}
	}
	return t
}
