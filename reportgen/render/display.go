package render

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/pkg/units"
	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// The MIME types of tables and of Markdown.
const (
	mimeResource = "application/vnd.dataresource+json"
	mimeMarkdown = "text/markdown"
	mimeHTML     = "text/html"
	mimePlain    = "text/plain"
	mimeSVG      = "image/svg+xml"
	mimeLaTeX    = "text/latex"
	mimeJSON     = "application/json"
	mimeScript   = "application/javascript"
)

// bitmaps returns the bitmap types that browsers and GitHub show.
func bitmaps() []string { return []string{"image/png", "image/jpeg", "image/gif", "image/webp"} }

// caption is the caption of an output or a cell.
type caption struct {
	kind                document.Kind
	label, caption, alt string
}

// display adds a display_data or execute_result output in its richest format.
func (b *builder) display(c *cell, o *nbformat.Output) {
	said, ok := b.metadata(c, o)
	if b.tooLarge(c, o) || onlyGlued(o) {
		return
	}
	switch {
	case o.Data[mimeMissing] != nil:
		b.missing(c, text(o, mimeMissing))
		b.stream(c, false, text(o, mimePlain))
	case ok && b.standsIn(o, said):
		b.standIn(c, said)
		b.markdown(c.where, text(o, mimeMarkdown), nil)
	case ok && said.kind == document.KindTable:
		b.table(c, o, said)
	case o.Data[mimeWidget] != nil && b.widget(c, o):
	case !ok && !c.captioned() && text(o, mimeHTML) == "" && b.latex(c.where, text(o, mimeLaTeX)):
	case ok && said.kind == document.KindFigure, hasPicture(o):
		b.figure(c, o, said)
	case showsMarkdown(c, o, ok):
		b.markdownOutput(c, text(o, mimeMarkdown))
	case o.Data[mimeResource] != nil, c.tableCaptioned() && text(o, mimeHTML) != "":
		b.table(c, o, said)
	default:
		b.other(c, o)
	}
}

// showsMarkdown reports whether an output is shown as Markdown. Of Markdown and HTML, JupyterLab shows HTML.
func showsMarkdown(c *cell, o *nbformat.Output, captioned bool) bool {
	return text(o, mimeMarkdown) != "" && (text(o, mimeHTML) == "" || captioned || c.tableCaptioned())
}

// other adds an output that is neither a figure nor a table nor Markdown.
func (b *builder) other(c *cell, o *nbformat.Output) {
	plain := text(o, mimePlain)
	switch {
	case text(o, mimeHTML) != "":
		b.add(&document.HTML{Origin: c.where, Fragment: b.fragment(c.where, text(o, mimeHTML), nil, c.trusted), Trusted: c.trusted})
	case playable(o) != "":
		b.play(c, o, playable(o))
	case o.Data[mimeJSON] != nil:
		b.jsonTree(c.where, o.Data[mimeJSON])
	case o.Data[mimeWidget] != nil:
		b.missing(c, "a widget, whose state is not in the notebook")
	case o.Data[mimeScript] != nil:
		b.missing(c, "a script ("+mimeScript+"), which a report does not run")
	case text(o, mimeLaTeX) != "" && representation.MatchString(plain):
		b.warnOnce(c.where, "LaTeX", "LaTeX that is not a formula is shown as its source")
		b.stream(c, false, text(o, mimeLaTeX))
	case plain != "":
		if others := otherTypes(o); len(others) > 0 {
			b.warnOnce(c.where, "types "+strings.Join(others, ","), "an output is shown as plain text only: no support for %s", strings.Join(others, ", "))
		}
		b.stream(c, false, plain)
	case len(o.Data) > 0:
		b.missing(c, "no supported MIME type ("+strings.Join(slices.Sorted(maps.Keys(o.Data)), ", ")+")")
	}
}

// otherTypes returns the MIME types of an output that have more than its plain text.
func otherTypes(o *nbformat.Output) []string {
	var all []string
	for _, mime := range slices.Sorted(maps.Keys(o.Data)) {
		if mime != mimePlain && mime != mimeLaTeX && mime != mimeWidget {
			all = append(all, mime)
		}
	}
	return all
}

// markdownOutput adds an output of Markdown. With tbl-cap, its first table is the
// cell's table.
func (b *builder) markdownOutput(c *cell, source string) {
	first := len(b.doc.Blocks)
	b.markdown(c.where, source, nil)
	if !c.tableCaptioned() || len(c.tblParts) == 0 && c.tables > 0 {
		return
	}
	for i := first; i < len(b.doc.Blocks); i++ {
		prose, ok := b.doc.Blocks[i].(document.Prose)
		if !ok {
			continue
		}
		before, table, after := cutTable(prose.Text)
		if table == nil {
			continue
		}
		rest := slices.Clone(b.doc.Blocks[i+1:])
		b.doc.Blocks = b.doc.Blocks[:i]
		if before != nil {
			b.addProse(c.where, before)
		}
		b.numberedTable(c, &document.Table{Body: table}, caption{})
		if after != nil {
			b.addProse(c.where, after)
		}
		b.add(rest...)
		return
	}
}

func (b *builder) addProse(where document.Origin, t *document.Text) {
	b.texts = append(b.texts, located{t, where})
	b.add(document.Prose{Text: t})
}

// cutTable splits a text at its first table. A part without blocks is nil.
func cutTable(t *document.Text) (before, table, after *document.Text) {
	part := func(nodes []ast.Node) *document.Text {
		if len(nodes) == 0 {
			return nil
		}
		root := ast.NewDocument()
		for _, n := range nodes {
			root.AppendChild(root, n)
		}
		return &document.Text{Source: t.Source, Root: root}
	}
	var nodes []ast.Node
	for n := t.Root.FirstChild(); n != nil; n = n.NextSibling() {
		nodes = append(nodes, n)
	}
	at := slices.IndexFunc(nodes, func(n ast.Node) bool { return n.Kind() == east.KindTable })
	if at < 0 {
		return nil, nil, nil
	}
	return part(nodes[:at]), part(nodes[at : at+1]), part(nodes[at+1:])
}

// captioned reports whether the cell has options of a figure.
func (c *cell) captioned() bool {
	return len(c.figCaptions)+len(c.subCaptions) > 0 || document.LabelKind(c.label) == document.KindFigure
}

// tableCaptioned reports whether the cell has options of a table.
func (c *cell) tableCaptioned() bool { return c.tblCaption != "" || len(c.tblParts) > 0 }

// tooLarge reports an output that exceeds maxOutput.
func (b *builder) tooLarge(c *cell, o *nbformat.Output) bool {
	for _, mime := range slices.Sorted(maps.Keys(o.Data)) {
		if s := text(o, mime); len(s) > maxOutput && mime != mimePlain {
			b.warn(c.where, 0, "an output is omitted: its %s is %s, the limit is %s", mime, units.Bytes(int64(len(s))), units.Bytes(maxOutput))
			b.stream(c, true, fmt.Sprintf("[an output of %s is omitted]", units.Bytes(int64(len(s)))))
			return true
		}
	}
	return false
}

// standsIn reports whether the output is a sentence instead of the figure or table
// that its label names, since there is nothing to show.
func (b *builder) standsIn(o *nbformat.Output, said caption) bool {
	if text(o, mimeMarkdown) == "" || said.kind == document.KindFigure && hasPicture(o) {
		return false
	}
	return said.kind == document.KindFigure || o.Data[mimeResource] == nil && text(o, mimeHTML) == ""
}

// standIn makes references to such a figure or table refer to its section.
func (b *builder) standIn(c *cell, said caption) {
	if said.label == "" || b.section == nil {
		return
	}
	if first := b.anchors.labels[said.label]; first != nil {
		b.taken(c.where, 0, said.label, first)
		return
	}
	b.anchors.labels[said.label] = b.section
}

func text(o *nbformat.Output, mime string) string {
	s, _ := o.Data[mime].(string)
	return s
}

// metadata reads the caption under the output's metadata key reportgen.
func (b *builder) metadata(c *cell, o *nbformat.Output) (caption, bool) {
	m, ok := o.Metadata["reportgen"].(map[string]any)
	if s, isText := o.Metadata["reportgen"].(string); isText {
		// The GoNB kernel does not send nested values: the object is JSON text.
		ok = json.Unmarshal([]byte(s), &m) == nil
	}
	if !ok {
		if _, present := o.Metadata["reportgen"]; present {
			b.problem(c.where, 0, "output metadata reportgen: not a JSON object; it must have kind, label, caption and alt")
		}
		return caption{}, false
	}
	field := func(name string) string {
		switch v := m[name].(type) {
		case nil:
			return ""
		case string:
			return v
		default:
			b.problem(c.where, 0, "output metadata reportgen.%s: %v is not a string", name, v)
			return ""
		}
	}
	said := caption{label: field("label"), caption: field("caption"), alt: field("alt")}
	switch kind := field("kind"); kind {
	case "figure":
		said.kind = document.KindFigure
	case "table":
		said.kind = document.KindTable
	default:
		b.problem(c.where, 0, "output metadata reportgen.kind: %q is neither figure nor table", kind)
		return caption{}, false
	}
	return said, true
}

func (b *builder) figure(c *cell, o *nbformat.Output, said caption) {
	if len(c.subCaptions) > 0 && said.kind == "" {
		b.part(c, o)
		return
	}
	if said.kind == "" {
		said = c.figureCaption()
	}
	if said.alt == "" {
		said.alt = cmp.Or(outputAlt(o), c.cellAlt)
	}
	if said.alt == "" {
		b.problem(c.where, 0, "%s has no alt text; %s", describe("a figure", said), b.altHint())
	}
	picture, err := b.bundlePicture(c.where, o, said.alt)
	if err != nil {
		b.problem(c.where, 0, "%s cannot be shown: %v", describe("a figure", said), err)
		return
	}
	figure := &document.Figure{Origin: c.where, Picture: picture, Caption: b.line(c.where, said.caption)}
	figure.ID, figure.Number = b.numbered(c, document.KindFigure, said)
	picture.Name = figure.ID
	sizeOf(picture, o)
	if o.Data[mimeResource] != nil {
		if figure.Data, err = document.ResourceTable(o.Data[mimeResource]); err != nil {
			b.problem(c.where, 0, "%s: invalid data: %v", describe("a figure", said), err)
		}
		b.translateTable(figure.Data)
	}
	b.add(figure)
}

func (b *builder) table(c *cell, o *nbformat.Output, said caption) {
	t, err := rows(o)
	if err != nil {
		c.tables++
		b.problem(c.where, 0, "%s cannot be printed: %v", describe("a table", said), err)
		return
	}
	if o.Data[mimeResource] != nil || b.options.Translator.Complete() {
		b.translateTable(t)
	}
	b.numberedTable(c, t, said)
}

// numberedTable adds a table with its caption, or the next caption of the cell's options.
func (b *builder) numberedTable(c *cell, t *document.Table, said caption) {
	if len(c.tblParts) > 0 && said.kind == "" {
		b.tablePart(c, t)
		return
	}
	if said.kind == "" && c.tblCaption != "" && c.tables == 0 {
		said = caption{label: tableLabel(c), caption: c.tblCaption}
	}
	c.tables++
	t.Origin, t.Caption = c.where, b.line(c.where, said.caption)
	t.ID, t.Number = b.numbered(c, document.KindTable, said)
	b.add(t)
}

// rows returns the table of an output.
func rows(o *nbformat.Output) (*document.Table, error) {
	if o.Data[mimeResource] != nil {
		return document.ResourceTable(o.Data[mimeResource])
	}
	return document.HTMLTable(text(o, mimeHTML))
}

// tableLabel returns the cell's label if it is for a table.
func tableLabel(c *cell) string {
	kind := document.LabelKind(c.label)
	if kind == document.KindCell || kind != document.KindTable && len(c.figCaptions) > 0 {
		return ""
	}
	return c.label
}

// figureLabel returns the cell's label if it is for a figure.
func figureLabel(c *cell) string {
	if kind := document.LabelKind(c.label); kind == document.KindTable || kind == document.KindCell {
		return ""
	}
	return c.label
}

// numbered returns the anchor and number of a figure or table, which has a number only
// if it has a caption.
func (b *builder) numbered(c *cell, kind document.Kind, said caption) (id, number string) {
	target := &document.Target{Kind: kind, Where: c.where}
	if said.caption != "" {
		number = b.numbers.next(kind)
		target.Number = number
	}
	switch {
	case said.label == "":
	case number == "" && kind == document.KindListing:
		b.problem(c.where, 0, "the label %q is on a cell without lst-cap; add one, so that the listing is numbered", said.label)
	case number == "":
		b.problem(c.where, 0, "the label %q is on a %s without a caption; add one, so that it is numbered", said.label, strings.ToLower(string(kind)))
	default:
		id = b.label(c.where, 0, said.label, target)
	}
	if id == "" {
		id = strings.ToLower(string(kind))
		if number != "" {
			id += "-" + strings.ReplaceAll(number, ".", "-")
		}
		id = b.anchors.unique(id)
	}
	return id, number
}

// figureCaption returns the next caption of the cell's options.
func (c *cell) figureCaption() caption {
	i := c.figures
	c.figures++
	said := caption{}
	if i < len(c.figCaptions) {
		said.caption = c.figCaptions[i]
	}
	if i < len(c.figAlts) {
		said.alt = c.figAlts[i]
	}
	if label := figureLabel(c); label != "" && said.caption != "" {
		said.label = label
		if c.several && len(c.figCaptions) > 1 {
			said.label += "-" + strconv.Itoa(i+1)
		}
	}
	return said
}

func describe(what string, said caption) string {
	switch {
	case said.label != "":
		return what + " (" + said.label + ")"
	case said.caption != "":
		return what + " (“" + said.caption + "”)"
	}
	return what
}
