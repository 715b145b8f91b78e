// Package entity finds the hosts, addresses, owners and countries that a document names,
// and where it does.
//
//	index := entity.Find(d)
//	for _, e := range index.Entities {
//		fmt.Println(e.Name, len(e.Rows), len(e.Places))
//	}
//	for _, part := range index.Split("uploads from 10.0.0.7 to Portugal") {
//		// part.Entity is nil for the text between names
//	}
//
// Names come from columns of the kind entity, from columns with nothing but addresses,
// and from the marks of figures. Running text is then searched for them.
package entity

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// Entity is one host, address, owner or country.
type Entity struct {
	ID     string // its anchor, unique in the document
	Name   string
	Rows   []Row   // rows of tables that are about it, findings first
	Places []Place // where the document names it, in order
}

// Row is a row of a table that is about an entity.
type Row struct {
	Place   // the table under its number
	Columns []document.Column
	Cells   []document.Value // in the order of the columns
	Finding bool             // there is a column of the kind severity
}

// Place is a figure, a table or a section that names an entity. Exactly one field is set.
type Place struct {
	Figure  *document.Figure
	Table   *document.Table
	Section *document.Heading
	Summary bool // the first page
}

// Index is the entities of a document.
type Index struct {
	Entities []*Entity // in the order in which they are first named

	byName  map[string]*Entity
	byStart map[string][]*Entity // by the first word of the name; longest name first
}

// Find returns the entities of a document.
func Find(d *document.Document) *Index {
	x := &Index{byName: map[string]*Entity{}, byStart: map[string][]*Entity{}}
	for _, b := range d.All() {
		switch b := b.(type) {
		case *document.Table:
			for _, t := range tables(b) {
				x.addNames(t)
			}
		case *document.Figure:
			if b.Data != nil {
				x.addNames(b.Data)
			}
			for _, name := range marks(b) {
				x.add(name)
			}
		}
	}
	x.name(d)
	x.locate(d)
	return x
}

// of returns the entity with that name, or nil.
func (x *Index) of(name string) *Entity { return x.byName[strings.TrimSpace(name)] }

// longestName is the number of bytes up to which a value is a name.
const longestName = 200

// add adds a name that is not known yet.
func (x *Index) add(name string) {
	name = strings.TrimSpace(name)
	start := firstWord(name)
	if x.byName[name] != nil || start == "" || utf8.RuneCountInString(name) < 2 || len(name) > longestName || strings.ContainsAny(name, "\r\n") {
		return
	}
	e := &Entity{Name: name}
	x.Entities = append(x.Entities, e)
	x.byName[name] = e
	x.byStart[start] = append(x.byStart[start], e)
}

// addNames adds the names in a table.
func (x *Index) addNames(t *document.Table) {
	for j, c := range t.Columns {
		if c.Kind != document.KindEntity && !addresses(t, j) {
			continue
		}
		for _, row := range t.Rows {
			if row[j].Raw != "" { // else it is unknown
				x.add(row[j].Text)
			}
		}
	}
}

// addresses reports whether a column holds addresses and nothing else.
func addresses(t *document.Table, column int) bool {
	some := false
	for _, row := range t.Rows {
		text := strings.TrimSpace(row[column].Text)
		if text == "" {
			continue
		}
		if _, err := netip.ParseAddr(text); err != nil {
			return false
		}
		some = true
	}
	return some
}

// tables returns a table, or its parts.
func tables(t *document.Table) []*document.Table {
	if len(t.Parts) == 0 {
		return []*document.Table{t}
	}
	var all []*document.Table
	for _, part := range t.Parts {
		all = append(all, part.Table)
	}
	return all
}

// marks returns the names that the marks of a figure are about.
func marks(f *document.Figure) []string {
	var names []string
	for _, p := range f.Pictures() {
		if p.Vector != nil {
			names = append(names, p.Vector.Subjects()...)
		}
	}
	return names
}
