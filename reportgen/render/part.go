package render

import (
	"strconv"

	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render/doc"
)

// part adds a picture of a cell with fig-subcap to the one figure that they
// make, Figure 2.1 (a), (b) and so on. @fig-x refers to the figure and @fig-x-1
// to its first part.
func (b *builder) part(c *cell, o *nbformat.Output) {
	if c.group == nil {
		said := caption{label: c.label}
		if len(c.figCaptions) > 0 {
			said.caption = c.figCaptions[0]
		}
		c.group = &doc.Figure{Origin: c.where, Columns: c.columns, Caption: b.line(c.where, said.caption)}
		c.group.ID, c.group.Number = b.numbered(c, doc.KindFigure, said)
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
		b.problem(c.where, 0, "%s has no alt text: say what each part shows with //| fig-alt: [\"…\", \"…\"]", describe("a part of a figure", said))
	}
	picture, err := b.bundlePicture(c.where, o, said.alt)
	if err != nil {
		b.problem(c.where, 0, "%s cannot be shown: %v", describe("a part of a figure", said), err)
		return
	}
	part := &doc.Part{Letter: letter(i), Caption: b.line(c.where, said.caption), Picture: picture}
	part.ID = b.anchors.unique(c.group.ID + "-" + strconv.Itoa(i+1))
	if c.label != "" && c.group.Number != "" {
		b.anchors.labels[c.label+"-"+strconv.Itoa(i+1)] = &doc.Target{
			Kind: doc.KindFigure, Number: c.group.Number + part.Letter, ID: part.ID, Where: c.where,
		}
	}
	picture.Name = part.ID
	c.group.Parts = append(c.group.Parts, part)
}

// letter is a, b, … z, aa, ab and so on.
func letter(i int) string {
	s := string(rune('a' + i%26))
	if i >= 26 {
		return letter(i/26-1) + s
	}
	return s
}
