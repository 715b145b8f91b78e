package render

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/language"
)

// resolve sets the target of every reference and of every link within the report.
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
	for _, l := range b.links {
		if l.Destination != "" {
			l.Destination, _ = b.destination(l.where, l.Destination)
		}
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

// unresolved reports a dead reference. It is only a warning if a cell failed: its
// missing outputs cannot be referred to.
func (b *builder) unresolved(where document.Origin, line int, format string, args ...any) {
	if b.failed {
		b.warn(where, line, format, args...)
		return
	}
	b.problem(where, line, format, args...)
}

// rawLink is a link in raw HTML.
type rawLink struct {
	*document.Anchor
	where document.Origin
}

// link resolves a Markdown link. A link without text, as in MyST, gets the name of its
// target.
func (b *builder) link(t located, n *ast.Link) {
	destination, target := b.destination(t.where, string(n.Destination))
	n.Destination = []byte(destination)
	if target != nil && n.FirstChild() == nil {
		n.AppendChild(n, ast.NewString([]byte(target.Name(language.Of(b.doc.Lang)))))
	}
}

// destination points a link to an anchor, or to another notebook of the report, to the
// section or cell there. Other links are kept.
func (b *builder) destination(where document.Origin, link string) (string, *document.Target) {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "" || u.Host != "" {
		return link, nil
	}
	target := b.anchors.notebooks[path.Base(u.Path)]
	if u.Path != "" && target == nil {
		return b.localLink(where, link, u.Path), nil
	}
	if u.Path == "" && (u.Fragment == "" || u.Fragment == "top") {
		return "#top", nil
	}
	if u.Fragment != "" {
		notebook := where.Notebook
		if u.Path != "" {
			notebook = path.Base(u.Path)
		}
		if target = b.anchor(notebook, u.Fragment); target == nil {
			if target, err = b.cell(notebook, u.Fragment); err != nil {
				b.unresolved(where, 0, "dead link to %q: %v", link, err)
				return link, nil
			}
		}
	}
	if target == nil {
		b.unresolved(where, 0, "dead link to %q: no section, figure, table or cell has this anchor", link)
		return link, nil
	}
	return "#" + target.ID, target
}

// anchor finds an anchor as written, and in Jupyter's form, which keeps the case of the
// heading.
func (b *builder) anchor(notebook, fragment string) *document.Target {
	if t := b.anchors.labels[fragment]; t != nil {
		return t
	}
	if t := b.anchors.slugs[fragment]; t != nil {
		return t
	}
	for _, key := range []string{notebook + "#" + fragment, "#" + fragment} {
		if t := b.anchors.raw[key]; t != nil {
			return t
		}
	}
	if t := b.anchors.labels[document.EquationLabel(fragment)]; t != nil {
		return t // MyST's {math} has labels without a prefix
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

// cellTarget is a cell that references may name by its label or id.
type cellTarget struct {
	where  document.Origin
	label  string
	first  int // the index of its first block
	shown  bool
	target *document.Target // nil until something refers to the cell
}

// cellPrefix is what references to cells begin with.
const cellPrefix = "cell-"

// addCell records a cell whose blocks start at the index first.
func (b *builder) addCell(where document.Origin, label string, first int) {
	if label != "" && slices.ContainsFunc(b.cells, func(p *cellTarget) bool { return p.label == label && p.where.Notebook == where.Notebook }) &&
		document.LabelKind(label) == document.KindCell {
		b.problem(where, 0, "the label %q is already used by another cell of the notebook; choose another", label)
	}
	b.cells = append(b.cells, &cellTarget{where: where, label: label, first: first, shown: len(b.doc.Blocks) > first})
}

// named reports whether a reference or the fragment of a link names the cell:
// @cell-load is the cell with the label cell-load, or with the label or id load.
func (p *cellTarget) named(name string) bool {
	short := strings.TrimPrefix(name, cellPrefix)
	return slices.ContainsFunc([]string{p.label, p.where.CellID}, func(s string) bool { return s != "" && (s == name || s == short) })
}

// cell returns the target of a name: a cell of the notebook, or else the only cell of
// the report with that name. It returns nil, without an error, if there is none.
func (b *builder) cell(notebook, name string) (*document.Target, error) {
	var found []*cellTarget
	for _, p := range b.cells {
		if p.named(name) {
			found = append(found, p)
		}
	}
	if here := slices.IndexFunc(found, func(p *cellTarget) bool { return p.where.Notebook == notebook }); here >= 0 {
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

// targetOf returns the heading at the start of the cell, else the cell.
func (b *builder) targetOf(p *cellTarget, name string) *document.Target {
	if h, ok := b.doc.Blocks[p.first].(*document.Heading); ok {
		return b.anchors.at(h.ID)
	}
	return &document.Target{
		Kind: document.KindCell, Where: p.where,
		ID:    b.anchors.unique(cellPrefix + document.Slug(strings.TrimPrefix(name, cellPrefix))),
		Title: fmt.Sprintf("cell %d of %s", p.where.Cell, p.where.Notebook),
	}
}

// anchorCells inserts an anchor before each cell that is referred to.
func (b *builder) anchorCells() {
	for _, p := range slices.Backward(b.cells) {
		if p.target != nil && p.target.Kind == document.KindCell {
			b.doc.Blocks = slices.Insert(b.doc.Blocks, p.first, document.Block(&document.Cell{Origin: p.where, ID: p.target.ID}))
		}
	}
}
