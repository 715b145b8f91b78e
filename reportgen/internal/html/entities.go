package html

import (
	"fmt"
	"html"
	"html/template"
	"strings"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/entity"
)

// The number of rows that the card of an entity shows, of all tables and of each.
const (
	mostRows     = 12
	mostOfATable = 3
)

// card is what the page says about an entity. The script shows it in a dialog.
type card struct {
	*entity.Entity
	Findings, Rows []cardRow
	More           int    // rows that are not shown
	Dossier        string // the file of the report about it, or ""
}

// cardRow is a row of a table without empty cells and the name of the card.
type cardRow struct {
	entity.Place
	Cells []cardCell
}

type cardCell struct{ Title, Text string }

func newCardRow(e *entity.Entity, row entity.Row) cardRow {
	c := cardRow{Place: row.Place}
	for i, column := range row.Columns {
		if text := row.Cells[i].Text; text != "" && text != e.Name {
			c.Cells = append(c.Cells, cardCell{column.Title, text})
		}
	}
	return c
}

// Cards returns the cards of the entities that the page names. A printed page has none.
func (p *page) Cards() []card {
	var cards []card
	for _, e := range p.entities.Entities {
		if !p.named[e] {
			continue
		}
		c := card{Entity: e, Dossier: p.dossier(e.Name)}
		of := map[*document.Table]int{}
		for _, row := range e.Rows {
			of[row.Table]++
			switch {
			case len(c.Findings)+len(c.Rows) >= mostRows, of[row.Table] > mostOfATable:
				c.More++
			case row.Finding:
				c.Findings = append(c.Findings, newCardRow(e, row))
			default:
				c.Rows = append(c.Rows, newCardRow(e, row))
			}
		}
		cards = append(cards, c)
	}
	return cards
}

// dossier returns the file of the report about an entity, relative to the page; "" for none.
func (p *page) dossier(name string) string {
	for _, d := range p.Dossiers {
		if d.Name == name && p.Site != nil {
			return "../" + d.Value
		} else if d.Name == name {
			return d.Value
		}
	}
	return ""
}

// placeName returns the anchor and the name of a place.
func (p *page) placeName(at entity.Place) template.HTML {
	id, name := "summary", p.words.Say("Summary")
	switch {
	case at.Figure != nil:
		id, name = at.Figure.ID, numbered(p.words.Say("Figure"), at.Figure.Number)
	case at.Table != nil:
		id, name = at.Table.ID, numbered(p.words.Say("Table"), at.Table.Number)
	case at.Section != nil && at.Section.Number != "":
		id, name = at.Section.ID, numbered(p.words.Say("Section"), at.Section.Number)
	case at.Section != nil:
		id, name = at.Section.ID, at.Section.Text.Plain()
	}
	return template.HTML(fmt.Sprintf(`<a href="%s">%s</a>`, html.EscapeString(p.href(id)), html.EscapeString(name)))
}

func numbered(kind, number string) string {
	return strings.TrimSpace(kind + "\u00a0" + number)
}

// cardsMark is the place of the cards in a page whose names are not known yet. No text can
// be it, since texts are escaped.
const cardsMark = `<section class="entities"></section>`

// CardsMark returns the place of the cards.
func (p *page) CardsMark() template.HTML { return cardsMark }

// withEntities returns the page's HTML with the names in its text as links to their cards,
// which follow at the end. What is printed has neither.
func (p *page) withEntities(source string, cards func() (string, error)) (string, error) {
	p.named = map[*entity.Entity]bool{}
	if p.Print != nil || len(p.entities.Entities) == 0 {
		return replaceLast(source, cardsMark, ""), nil
	}
	for _, part := range []string{"main", "header"} {
		start := strings.Index(source, "<"+part+" ")
		end := strings.LastIndex(source, "</"+part+">")
		if start >= 0 && end > start {
			source = source[:start] + p.linked(source[start:end]) + source[end:]
		}
	}
	for _, e := range p.entities.Entities {
		for _, at := range e.Places {
			p.named[e] = p.named[e] || at.Figure != nil && p.holds(at.Figure)
		}
	}
	text, err := cards()
	p.complete = true
	return replaceLast(source, cardsMark, p.linked(text)), err
}

func replaceLast(s, old, with string) string {
	i := strings.LastIndex(s, old)
	return s[:i] + with + s[i+len(old):]
}

// holds reports whether the figure is on this page.
func (p *page) holds(f *document.Figure) bool {
	return p.Site == nil || p.Site.files[f.ID] == p.Site.File
}

// unlinked are the elements whose text is not searched for names.
var unlinked = map[atom.Atom]bool{
	atom.A: true, atom.Pre: true, atom.Svg: true, atom.Math: true, atom.Script: true, atom.Style: true, atom.Button: true, atom.Summary: true,
	atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true, atom.Textarea: true, atom.Select: true, atom.Video: true,
}

// linked returns HTML with the names in its text as links.
func (p *page) linked(source string) string {
	var b strings.Builder
	z := nethtml.NewTokenizer(strings.NewReader(source))
	inside := 0 // elements that are not searched
	var outer atom.Atom
	for {
		kind := z.Next()
		if kind == nethtml.ErrorToken {
			b.Write(z.Raw())
			return b.String()
		}
		raw := string(z.Raw())
		switch kind {
		case nethtml.StartTagToken, nethtml.EndTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			switch {
			case kind == nethtml.StartTagToken && inside == 0 && unlinked[a]:
				outer, inside = a, 1
			case inside > 0 && a == outer && kind == nethtml.StartTagToken:
				inside++
			case inside > 0 && a == outer:
				inside--
			}
		case nethtml.TextToken:
			if inside == 0 {
				raw = p.links(raw)
			}
		}
		b.WriteString(raw)
	}
}

// links returns a text of HTML with the names in it as links. Other characters are not changed.
func (p *page) links(raw string) string {
	if strings.TrimSpace(raw) == "" {
		return raw
	}
	parts := p.entities.Split(html.UnescapeString(raw))
	var b strings.Builder
	some := false
	for _, part := range parts {
		text := html.EscapeString(part.Text)
		if part.Entity != nil && (p.named[part.Entity] || !p.complete) {
			some = true
			p.named[part.Entity] = true
			text = `<a class="entity" href="#` + part.Entity.ID + `">` + text + "</a>"
		}
		b.WriteString(text)
	}
	if !some {
		return raw
	}
	return b.String()
}
