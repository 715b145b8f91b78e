package render

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// resolve points every reference and every link within the report at what it
// names.
func (b *builder) resolve() {
	seen := map[ast.Node]bool{}
	for _, t := range b.texts {
		_ = ast.Walk(t.Root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if !entering || seen[n] {
				return ast.WalkContinue, nil
			}
			switch n := n.(type) {
			case *document.CrossRef:
				seen[n] = true
				b.crossRef(t, n)
			case *ast.Link:
				seen[n] = true
				b.link(t, n)
			}
			return ast.WalkContinue, nil
		})
	}
	b.anchorCells()
}

func (b *builder) crossRef(t located, n *document.CrossRef) {
	if n.Target = b.anchors.labels[n.Label]; n.Target != nil {
		return
	}
	if document.LabelKind(n.Label) != document.KindCell {
		b.unresolved(t.where, t.Line(n.Offset), "@%s: no figure, table or section has this label", n.Label)
		return
	}
	target, err := b.cell(t.where.Notebook, n.Label)
	switch {
	case err != nil:
		b.unresolved(t.where, t.Line(n.Offset), "@%s: %v", n.Label, err)
	case target == nil:
		b.unresolved(t.where, t.Line(n.Offset), "@%s: no cell has this label, or the id %s", n.Label, strings.TrimPrefix(n.Label, cellPrefix))
	}
	n.Target = target
}

// unresolved is a problem, unless a cell failed: what it did not make cannot
// be referred to, and the failure is already told.
func (b *builder) unresolved(where document.Origin, line int, format string, args ...any) {
	if b.failed {
		b.warn(where, line, format, args...)
		return
	}
	b.problem(where, line, format, args...)
}

// link turns a link to an anchor, or to another notebook of the report, into
// one to the section or the cell there. Where it has no text, as in MyST, it gets
// the name of what it leads to. Other links stay as written.
func (b *builder) link(t located, n *ast.Link) {
	u, err := url.Parse(string(n.Destination))
	if err != nil || u.Scheme != "" || u.Host != "" {
		return
	}
	target := b.anchors.notebooks[path.Base(u.Path)]
	if u.Path != "" && target == nil {
		return
	}
	if u.Fragment != "" {
		notebook := t.where.Notebook
		if u.Path != "" {
			notebook = path.Base(u.Path)
		}
		if target = b.anchor(u.Fragment); target == nil {
			if target, err = b.cell(notebook, u.Fragment); err != nil {
				b.unresolved(t.where, 0, "dead link to %q: %v", n.Destination, err)
				return
			}
		}
	}
	if target == nil {
		b.unresolved(t.where, 0, "dead link to %q: no section, figure, table or cell has this anchor", n.Destination)
		return
	}
	n.Destination = []byte("#" + target.ID)
	if n.FirstChild() == nil {
		n.AppendChild(n, ast.NewString([]byte(target.Name())))
	}
}

// anchor finds an anchor as written, and as Jupyter spells it, with the
// heading's capitals.
func (b *builder) anchor(fragment string) *document.Target {
	if t := b.anchors.labels[fragment]; t != nil {
		return t
	}
	if t := b.anchors.slugs[fragment]; t != nil {
		return t
	}
	slug := strings.ToLower(fragment)
	if t := b.anchors.slugs[slug]; t != nil {
		return t
	}
	for _, h := range b.doc.Headings() {
		if document.Slug(h.Text.Plain()) == document.Slug(fragment) {
			return b.anchors.at(h.ID)
		}
	}
	return nil
}

func (a *anchors) at(id string) *document.Target {
	if t := a.slugs[id]; t != nil {
		return t
	}
	return a.labels[id]
}

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
		b.problem(where, 0, "the label %q is already used by another cell of the notebook; choose another", label)
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
		return nil, fmt.Errorf("ambiguous: it names %s and %s; link to one as [](%s#%s)", p.where, found[1].where, p.where.Notebook, name)
	}
	if !p.shown {
		return nil, fmt.Errorf("%s has nothing in the report", p.where)
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
