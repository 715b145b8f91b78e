package render

import (
	"cmp"
	"strconv"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// part adds a picture of a cell with fig-subcap to the cell's figure, as its part (a),
// (b) and so on. @fig-x refers to the figure and @fig-x-1 to its first part.
func (b *builder) part(c *cell, o *nbformat.Output) {
	if c.group == nil {
		said := caption{label: figureLabel(c)}
		if len(c.figCaptions) > 0 {
			said.caption = c.figCaptions[0]
		}
		c.group = &document.Figure{Origin: c.where, Columns: c.columns, Caption: b.line(c.where, said.caption)}
		c.group.ID, c.group.Number = b.numbered(c, document.KindFigure, said)
		b.add(c.group)
	}
	i := len(c.group.Parts)
	said := caption{}
	if i < len(c.subCaptions) {
		said.caption = c.subCaptions[i]
	}
	if i < len(c.figAlts) {
		said.alt = c.figAlts[i]
	}
	if said.alt == "" {
		said.alt = cmp.Or(outputAlt(o), c.cellAlt)
	}
	if said.alt == "" {
		b.problem(c.where, 0, "%s has no alt text; add %s at the top of the cell", describe("a part of a figure", said), b.option(`fig-alt: ["…", "…"]`))
	}
	picture, err := b.bundlePicture(c.where, o, said.alt)
	if err != nil {
		b.problem(c.where, 0, "%s cannot be shown: %v", describe("a part of a figure", said), err)
		return
	}
	part := &document.Part{Letter: letter(i), Caption: b.line(c.where, said.caption), Picture: picture}
	part.ID = b.partID(figureLabel(c), i, document.Target{Kind: document.KindFigure, Number: c.group.Number, ID: c.group.ID, Where: c.where})
	picture.Name = part.ID
	sizeOf(picture, o)
	c.group.Parts = append(c.group.Parts, part)
}

// tablePart adds a table of a cell with tbl-subcap to the cell's table, like part.
func (b *builder) tablePart(c *cell, t *document.Table) {
	if c.grouped == nil {
		said := caption{label: tableLabel(c), caption: c.tblCaption}
		c.grouped = &document.Table{Origin: c.where, Across: c.columns, Caption: b.line(c.where, said.caption)}
		c.grouped.ID, c.grouped.Number = b.numbered(c, document.KindTable, said)
		b.add(c.grouped)
	}
	i := len(c.grouped.Parts)
	said := caption{}
	if i < len(c.tblParts) {
		said.caption = c.tblParts[i]
	}
	part := &document.TablePart{Letter: letter(i), Caption: b.line(c.where, said.caption), Table: t}
	part.ID = b.partID(tableLabel(c), i, document.Target{Kind: document.KindTable, Number: c.grouped.Number, ID: c.grouped.ID, Where: c.where})
	c.grouped.Parts = append(c.grouped.Parts, part)
}

// partID returns the anchor of a part of target. If the whole has a label and a number,
// the part can be referred to.
func (b *builder) partID(label string, i int, target document.Target) string {
	nth := "-" + strconv.Itoa(i+1)
	target.ID = b.anchors.unique(target.ID + nth)
	if label != "" && target.Number != "" {
		target.Number += letter(i)
		b.anchors.labels[label+nth] = &target
	}
	return target.ID
}

// letter returns a, b, … z, aa, ab and so on.
func letter(i int) string {
	s := string(rune('a' + i%26))
	if i >= 26 {
		return letter(i/26-1) + s
	}
	return s
}
