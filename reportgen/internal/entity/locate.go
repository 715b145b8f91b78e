package entity

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// name gives each entity an anchor that no block of the document can have.
func (x *Index) name(d *document.Document) {
	anchors := document.Anchors(d.All())
	prefix := "entity-"
	for slices.ContainsFunc(anchors, func(id string) bool { return strings.HasPrefix(id, prefix) }) {
		prefix += "-"
	}
	for i, e := range x.Entities {
		e.ID = fmt.Sprint(prefix, i+1)
	}
}

// locate finds where entities are named.
func (x *Index) locate(d *document.Document) {
	for _, b := range d.Summary {
		x.look(b, Place{Summary: true})
	}
	section := Place{}
	for _, b := range d.Blocks {
		if h, ok := b.(*document.Heading); ok {
			section = Place{Section: h}
		}
		x.look(b, section)
	}
	for _, e := range x.Entities {
		slices.SortStableFunc(e.Rows, func(a, b Row) int {
			switch {
			case a.Finding == b.Finding:
				return 0
			case a.Finding:
				return -1
			}
			return 1
		})
	}
}

// look finds the entities in a block. Those in text are in the section.
func (x *Index) look(b document.Block, section Place) {
	switch b := b.(type) {
	case *document.Heading:
		x.text(b.Text, section)
	case *document.Tab:
		x.text(b.Title, section)
	case *document.Box:
		x.text(b.Title, section)
	case document.Prose:
		x.text(b.Text, section)
	case *document.Figure:
		here := Place{Figure: b}
		x.text(b.Caption, here)
		for _, name := range marks(b) {
			x.of(name).in(here)
		}
		if b.Data != nil {
			x.rows(b.Data, here)
		}
	case *document.Table:
		here := Place{Table: b}
		x.text(b.Caption, here)
		x.text(b.Body, here)
		for _, t := range tables(b) {
			x.rows(t, here)
			x.about(b, t)
		}
	}
}

func (x *Index) text(t *document.Text, here Place) {
	if t != nil {
		x.words(t.Plain(), here)
	}
}

func (x *Index) words(s string, here Place) {
	for _, part := range x.Split(s) {
		part.Entity.in(here)
	}
}

func (x *Index) rows(t *document.Table, here Place) {
	for _, row := range t.Rows {
		for j, v := range row {
			if !t.Columns[j].Numeric {
				x.words(v.Text, here)
			}
		}
	}
}

// about gives each row of a table to the first entity that it names in a column of names.
func (x *Index) about(whole, t *document.Table) {
	finding := slices.ContainsFunc(t.Columns, func(c document.Column) bool { return c.Kind == document.KindSeverity })
	for _, row := range t.Rows {
		for j, v := range row {
			if e := x.of(v.Text); e != nil && t.Columns[j].Kind == document.KindEntity {
				e.Rows = append(e.Rows, Row{Place{Table: whole}, t.Columns, row, finding})
				break
			}
		}
	}
}

// in adds a place, once. The entity may be nil.
func (e *Entity) in(here Place) {
	if e == nil || here == (Place{}) || len(e.Places) > 0 && slices.Contains(e.Places, here) {
		return
	}
	e.Places = append(e.Places, here)
}
