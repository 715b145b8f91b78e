package render

import (
	"net/url"
	"path"
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
		b.unresolved(t.where, t.Line(n.Offset), "@%s refers to nothing: no figure, table or section has that label", n.Label)
		return
	}
	target, err := b.cell(t.where.Notebook, n.Label)
	switch {
	case err != nil:
		b.unresolved(t.where, t.Line(n.Offset), "@%s refers to nothing: %v", n.Label, err)
	case target == nil:
		b.unresolved(t.where, t.Line(n.Offset), "@%s refers to nothing: no cell has that label, or the id %s", n.Label, strings.TrimPrefix(n.Label, cellPrefix))
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
				b.unresolved(t.where, 0, "the link to %q leads nowhere: %v", n.Destination, err)
				return
			}
		}
	}
	if target == nil {
		b.unresolved(t.where, 0, "the link to %q leads nowhere: no section, figure, table or cell has that anchor", n.Destination)
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
