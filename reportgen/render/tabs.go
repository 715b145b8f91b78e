package render

import (
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// division is a set of tabs, or another div of Quarto, that has begun, perhaps in an earlier cell.
type division struct {
	*document.Mark
	where document.Origin
	line  int
	level int  // of the headings that begin tabs, in Quarto; 0 before the first
	begun bool // there is a tab, or it is a box
}

// mark begins or ends what a mark is for.
func (b *builder) mark(t located, m *document.Mark) {
	line := t.Line(m.Offset)
	switch m.What {
	case document.MarkBox:
		title := ast.NewTextBlock()
		document.MoveChildren(m, title)
		b.box(located{&document.Text{Source: t.Source, Root: title}, t.where}, m, line)
	case document.MarkTabs, document.MarkDiv:
		b.divisions = append(b.divisions, &division{Mark: m, where: t.where, line: line})
	case document.MarkTab:
		if d := b.tabs(); d != nil {
			title := ast.NewTextBlock()
			document.MoveChildren(m, title)
			b.tab(d, located{&document.Text{Source: t.Source, Root: title}, t.where}, line, "", m.Sync)
			return
		}
		b.warn(t.where, line, "%s is not in a tab-set: its content is shown as ordinary text", shorten([]byte(m.Written)))
	case document.MarkEnd:
		if len(b.divisions) > b.floor {
			b.closeDivisions(len(b.divisions) - 1)
			return
		}
		b.warn(t.where, line, "%s ends a block that does not begin in the notebook (omitted)", m.Written)
	}
}

// box begins an alert. One that the notebook does not close would hold all of its rest: only its title is shown.
func (b *builder) box(title located, m *document.Mark, line int) {
	closed := b.closes(title.where, line)
	if !closed {
		b.warn(title.where, line, "%s is not closed: its content is shown as ordinary text", shorten([]byte(m.Written)))
	}
	box := m.Box
	box.Title = title.Text
	b.texts = append(b.texts, title)
	switch {
	case closed:
		b.divisions = append(b.divisions, &division{Mark: m, where: title.where, line: line, begun: true})
		b.add(&box)
	case title.Root.HasChildren():
		strong, paragraph, root := ast.NewEmphasis(2), ast.NewParagraph(), ast.NewDocument()
		document.MoveChildren(title.Root, strong)
		paragraph.AppendChild(paragraph, strong)
		root.AppendChild(root, paragraph)
		b.add(document.Prose{Text: &document.Text{Source: title.Source, Root: root}})
	}
}

// divisionLine matches a line that begins or ends a div, and codeFence one that begins or ends a block of code.
var (
	divisionLine = regexp.MustCompile(`^ {0,3}:{3,}\s*(\S.*)?$`)
	codeFence    = regexp.MustCompile("^ {0,3}(?:```|~~~)")
)

// closes reports whether the notebook closes the div that begins at a line of a cell.
func (b *builder) closes(where document.Origin, line int) bool {
	open, number := 0, 0
	for _, c := range b.input.Notebook.Cells {
		if c == nil || !c.HasTag("injected-parameters") {
			number++ // as the builder counts
		}
		if c == nil || c.Type != nbformat.Markdown || number < where.Cell {
			continue
		}
		code := false
		for n, text := range strings.Split(c.Source, "\n") {
			m := divisionLine.FindStringSubmatch(strings.TrimRight(text, "\r"))
			switch {
			case number == where.Cell && n+1 < line:
			case codeFence.MatchString(text):
				code = !code
			case code || m == nil:
			case m[1] != "":
				open++
			default:
				if open--; open <= 0 {
					return true
				}
			}
		}
	}
	return false
}

// tabs returns the set of tabs that is open and has no open div in it, or nil.
func (b *builder) tabs() *division {
	if len(b.divisions) == b.floor || b.divisions[len(b.divisions)-1].What != document.MarkTabs {
		return nil
	}
	return b.divisions[len(b.divisions)-1]
}

// inTabs says what a heading is where a set of tabs may be open: begins reports that it begins a tab, and prose that it is
// in one and opens no section. A heading of a higher level than the tabs ends the set.
func (b *builder) inTabs(h *ast.Heading) (begins *division, prose bool) {
	higher := func(d *division) bool { return d.level > h.Level }
	if at := slices.IndexFunc(b.divisions[b.floor:], higher); at >= 0 {
		b.leaveOpen(b.floor + at)
	}
	if d := b.tabs(); d != nil && (d.level == h.Level || !d.begun) {
		d.level = h.Level
		return d, false
	}
	return nil, slices.ContainsFunc(b.divisions, func(d *division) bool { return d.begun })
}

// tab adds a tab to a set. Tabs of sets of one group are chosen together: those of Quarto by their title, those of MyST if they
// have the same sync.
func (b *builder) tab(d *division, title located, line int, label, sync string) {
	plain := strings.TrimSpace(title.Plain())
	if plain == "" {
		b.problem(title.where, line, "a tab has no title; add one")
		return
	}
	depth := b.numbers.last
	for _, other := range b.divisions {
		if other.What == document.MarkTabs {
			depth++
		}
	}
	target := &document.Target{Kind: document.KindSection, Title: plain, Where: title.where}
	if d.level > 0 && d.Sync != "" {
		sync = plain
	}
	if sync != "" {
		sync = d.Sync + ": " + sync
	}
	tab := &document.Tab{First: !d.begun, Depth: depth, Title: title.Text, Sync: sync}
	if label != "" {
		tab.ID = b.label(title.where, line, label, target)
	}
	if tab.ID == "" {
		tab.ID = b.anchors.unique(document.Slug(plain))
		target.ID = tab.ID
		b.anchors.slugs[tab.ID] = target
	}
	d.begun = true
	b.texts = append(b.texts, title)
	b.add(tab)
}

// closeDivisions closes all divisions from the index first on.
func (b *builder) closeDivisions(first int) {
	for i := len(b.divisions) - 1; i >= first; i-- {
		switch d := b.divisions[i]; {
		case d.What == document.MarkBox:
			b.add(document.BoxEnd{Folded: d.Box.Folded})
		case d.begun:
			b.add(document.TabsEnd{})
		case d.What == document.MarkTabs:
			b.warn(d.where, d.line, "%s has no tabs", shorten([]byte(d.Written)))
		}
	}
	b.divisions = b.divisions[:first]
}

// leaveOpen closes all divisions from the index first on, which the author did not.
func (b *builder) leaveOpen(first int) {
	for _, d := range b.divisions[first:] {
		if d.What == document.MarkTabs {
			b.warn(d.where, d.line, "%s is not closed; end it with ::: on a line of its own", shorten([]byte(d.Written)))
		}
	}
	b.closeDivisions(first)
}

// apart calls f, which adds blocks that are shown elsewhere or folded: divisions do not reach into them or out of them.
func (b *builder) apart(f func()) {
	floor := b.floor
	b.floor = len(b.divisions)
	f()
	b.leaveOpen(b.floor)
	b.floor = floor
}
