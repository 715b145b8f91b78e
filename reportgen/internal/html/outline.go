package html

import (
	"html/template"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/language"
)

// section is a section of depth 1 with its blocks, or the blocks before the first.
type section struct {
	*document.Heading // nil before the first
	Blocks            []document.Block
}

// sections splits the body at headings of depth 1, except those within a fold, since
// a fold is one element. There are none within tabs.
func sections(blocks []document.Block) []section {
	var all []section
	folded := false
	for _, b := range blocks {
		h, ok := b.(*document.Heading)
		if ok && h.Depth == 1 && !folded {
			all = append(all, section{Heading: h})
		} else if len(all) == 0 {
			all = append(all, section{})
		}
		switch b.(type) {
		case document.FoldStart:
			folded = true
		case document.FoldEnd:
			folded = false
		}
		last := &all[len(all)-1]
		last.Blocks = append(last.Blocks, b)
	}
	return all
}

// Name returns the section's number and title.
func (s section) Name() string {
	if s.Heading == nil {
		return ""
	}
	name := s.Heading.Text.Plain()
	if s.Number != "" {
		name = s.Number + " " + name
	}
	return name
}

// tocDepth is the depth of the table of contents.
const tocDepth = 2

// entry is a line of the table of contents or of a list of figures or tables.
type entry struct {
	ID       string
	Number   string
	Title    string
	Children []*entry
}

// outline holds the table of contents and the lists of figures and tables.
type outline struct {
	contents, figures, tables []*entry
}

func outlineOf(d *document.Document) outline {
	o := outline{contents: contents(d)}
	for _, f := range d.Figures() {
		if f.Caption != nil {
			o.figures = append(o.figures, &entry{ID: f.ID, Number: f.Number, Title: f.Caption.Plain()})
		}
	}
	for _, t := range d.Tables() {
		if t.Caption != nil {
			o.tables = append(o.tables, &entry{ID: t.ID, Number: t.Number, Title: t.Caption.Plain()})
		}
	}
	return o
}

// contents returns the table of contents as a tree.
func contents(d *document.Document) []*entry {
	root, words := &entry{}, language.Of(d.Lang)
	if len(d.Summary) > 0 {
		root.Children = append(root.Children, &entry{ID: "summary", Title: words.Say("Summary")})
	}
	for _, h := range d.Headings() {
		if h.Depth > tocDepth {
			continue
		}
		parent := root
		for range h.Depth - 1 {
			if n := len(parent.Children); n > 0 {
				parent = parent.Children[n-1]
			}
		}
		parent.Children = append(parent.Children, &entry{ID: h.ID, Number: h.Number, Title: h.Text.Plain()})
	}
	if len(d.References) > 0 {
		root.Children = append(root.Children, &entry{ID: "references", Title: words.Say("References")})
	}
	if len(d.Provenance)+len(d.Parameters)+len(d.Warnings) > 0 {
		root.Children = append(root.Children, &entry{ID: "provenance", Title: words.Say("How this report was made")})
	}
	return root.Children
}

// list is a list of figures or of tables.
type list struct {
	ID, Title string
	Entries   []*entry
	Print     bool
}

// HasContents reports whether the table of contents is not empty.
func (p *page) HasContents() bool { return len(p.outline.contents) > 0 }

// tableOfContents renders the table of contents. On a site, pages other than the first list
// subsections of their own section only, so that the size of the site does not grow
// with the square of the number of sections. Neither does the work: an entry is rendered
// once for all pages that it leads away from.
func (p *page) tableOfContents(t *template.Template) (template.HTML, error) {
	var b strings.Builder
	if p.Front {
		err := t.ExecuteTemplate(&b, "toc", p.outline.contents)
		return template.HTML(b.String()), err
	}
	b.WriteString("<ol>")
	for _, e := range p.outline.contents {
		b.WriteByte('\n')
		if p.Site.files[e.ID] == p.Site.File {
			if err := t.ExecuteTemplate(&b, "entry", e); err != nil {
				return "", err
			}
			continue
		}
		text, ok := p.Site.entries[e]
		if !ok {
			var away strings.Builder
			if err := t.ExecuteTemplate(&away, "entry", &entry{ID: e.ID, Number: e.Number, Title: e.Title}); err != nil {
				return "", err
			}
			text = away.String()
			p.Site.entries[e] = text
		}
		b.WriteString(text)
	}
	b.WriteString("\n</ol>")
	return template.HTML(b.String()), nil
}

// Lists returns the lists of figures and tables, if they are not empty. On a site, the
// first page has them.
func (p *page) Lists() []list {
	if !p.Front {
		return nil
	}
	var lists []list
	for _, l := range []list{{"figures", p.words.Say("Figures"), p.outline.figures, p.Print != nil}, {"tables", p.words.Say("Tables"), p.outline.tables, p.Print != nil}} {
		if len(l.Entries) > 0 {
			lists = append(lists, l)
		}
	}
	return lists
}

// FirstNote returns the number of the page's first footnote.
func (p *page) FirstNote() int { return p.Notes[0].Number }

// level returns the HTML heading level of a depth. The title of the page is h1.
func level(depth int) int { return min(depth+1, 6) }
