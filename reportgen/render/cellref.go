package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// place is where a cell stands in the report, which references may name by the
// cell's label or id.
type place struct {
	where  document.Origin
	label  string
	first  int // the index of its first block
	shown  bool
	target *document.Target // nil until something refers to the cell
}

// cellPrefix is what references to cells begin with.
const cellPrefix = "cell-"

// placed notes where the cell stands whose blocks are those from first on.
func (b *builder) placed(where document.Origin, label string, first int) {
	if label != "" && slices.ContainsFunc(b.places, func(p *place) bool { return p.label == label && p.where.Notebook == where.Notebook }) &&
		document.LabelKind(label) == document.KindCell {
		b.problem(where, 0, "the label %q is taken by another cell of the notebook: give this one another", label)
	}
	b.places = append(b.places, &place{where: where, label: label, first: first, shown: len(b.doc.Blocks) > first})
}

// named reports whether a reference or the fragment of a link means the cell:
// @cell-load is the cell with the label cell-load, or with the label or id load.
func (p *place) named(name string) bool {
	short := strings.TrimPrefix(name, cellPrefix)
	return slices.ContainsFunc([]string{p.label, p.where.CellID}, func(s string) bool { return s != "" && (s == name || s == short) })
}

// cell is what a name of a cell refers to: a cell of the notebook, or else the one
// cell of the report that is named so. It is nil, without an error, where there is
// none.
func (b *builder) cell(notebook, name string) (*document.Target, error) {
	var found []*place
	for _, p := range b.places {
		if p.named(name) {
			found = append(found, p)
		}
	}
	if here := slices.IndexFunc(found, func(p *place) bool { return p.where.Notebook == notebook }); here >= 0 {
		found = found[here : here+1]
	}
	if len(found) == 0 {
		return nil, nil
	}
	p := found[0]
	if len(found) > 1 {
		return nil, fmt.Errorf("%s and %s are both called so: link to one as [](%s#%s)", p.where, found[1].where, p.where.Notebook, name)
	}
	if !p.shown {
		return nil, fmt.Errorf("the report shows nothing of %s", p.where)
	}
	if p.target == nil {
		p.target = b.targetOf(p, name)
	}
	return p.target, nil
}

// targetOf is the heading that the cell begins with, else the cell.
func (b *builder) targetOf(p *place, name string) *document.Target {
	if h, ok := b.doc.Blocks[p.first].(*document.Heading); ok {
		return b.anchors.at(h.ID)
	}
	return &document.Target{
		Kind: document.KindCell, Where: p.where,
		ID:    b.anchors.unique(cellPrefix + document.Slug(strings.TrimPrefix(name, cellPrefix))),
		Title: fmt.Sprintf("cell %d of %s", p.where.Cell, p.where.Notebook),
	}
}

// anchorCells puts an anchor before each cell that something refers to.
func (b *builder) anchorCells() {
	for _, p := range slices.Backward(b.places) {
		if p.target != nil && p.target.Kind == document.KindCell {
			b.doc.Blocks = slices.Insert(b.doc.Blocks, p.first, document.Block(&document.Cell{Origin: p.where, ID: p.target.ID}))
		}
	}
}
