package document

import (
	"github.com/yuin/goldmark/ast"
)

// Tab begins a part of a set of tabs. A page shows one part of a set at a time. TabsEnd closes the set. Sets nest.
type Tab struct {
	ID    string
	First bool // opens the set
	Depth int  // of its title where all parts are shown, such as on paper
	Title *Text
	Sync  string // tabs of several sets that have the same are chosen together; "" for none
}

// TabsEnd closes a set of tabs and its last part.
type TabsEnd struct{}

func (*Tab) block()    {}
func (TabsEnd) block() {}

// Mark is where a set of tabs, a tab of it, or another div of Quarto begins or ends. It is not a container, since a div may
// begin in one cell of a notebook and end in another. Package render replaces marks by blocks.
type Mark struct {
	ast.Blockquote
	What    MarkKind
	Box     Box    // of MarkBox, without its title
	Written string // what the author wrote
	Offset  int    // in the source
	Sync    string // of a set: its group; of a tab of MyST: what it is chosen with
}

// MarkKind is what a mark is for.
type MarkKind string

// The kinds of marks. The children of MarkTab and MarkBox are the title.
const (
	MarkTabs MarkKind = "tabs" // a set of tabs begins
	MarkTab  MarkKind = "tab"  // a tab of MyST begins; one of Quarto begins with a heading
	MarkBox  MarkKind = "box"  // an alert begins, which does not end in this cell
	MarkDiv  MarkKind = "div"  // another div begins, which does not end in this cell
	MarkEnd  MarkKind = "end"  // the innermost set of tabs or div ends
)

// tabNames are the directives of a set of tabs and of its tabs, in Quarto and MyST.
var tabNames = map[string]MarkKind{"panel-tabset": MarkTabs, "tab-set": MarkTabs, "tab-item": MarkTab}

// mark returns a mark for the directive.
func (d *directive) mark(what MarkKind) *Mark {
	m := &Mark{What: what, Written: d.written, Offset: d.offset, Sync: d.sync}
	if what == MarkBox {
		m.Box = Box{Name: admonitions[d.name], Folded: d.isFolded(), Expanded: d.expanded}
	}
	return m
}

// divide replaces a directive that is not within another block by its content between marks.
func (d *directive) divide(what MarkKind) {
	begin := d.mark(what)
	if d.titled && what == MarkTab || what == MarkBox && d.hasTitle() {
		MoveChildren(d.FirstChild(), begin)
		d.RemoveChild(d, d.FirstChild())
	}
	d.InsertBefore(d, d.FirstChild(), begin)
	if d.complete && what == MarkTabs {
		d.AppendChild(d, d.mark(MarkEnd))
	}
	d.unwrap()
}

// unwrap replaces the directive by its content.
func (d *directive) unwrap() {
	parent := d.Parent()
	for n := d.FirstChild(); n != nil; n = d.FirstChild() {
		d.RemoveChild(d, n)
		parent.InsertBefore(parent, d, n)
	}
	parent.RemoveChild(parent, d)
}
