// Package document is the model of a report. Package render builds it from
// notebooks; the packages html, markdown and pdf write it.
//
// A [Document] has a title page, blocks such as headings, figures and prose, and
// their numbers and anchors, but no layout. Prose is a Markdown syntax tree
// ([Text]) with nodes of its own for references ([CrossRef]), citations, formulas
// and pictures.
package document

import (
	"fmt"
	"slices"

	"github.com/flowbook/flowbook/reportgen/internal/terminal"
)

// Document is one report.
type Document struct {
	Lang     string // BCP 47
	Title    string
	Subtitle string
	Authors  []Author
	Date     string // as the author wrote it

	Affiliations []string // of authors
	Logo         *Picture // nil for none
	Downloads    []Download

	Abstract   *Text   // nil for none
	Summary    []Block // the first page: what cells with the tag summary show; without headings
	Blocks     []Block
	Notes      []*Note       // footnotes, in the order of their numbers
	References []*Reference  // works that are cited, in the order of their numbers
	Provenance []Field       // inputs and versions, as given by the caller
	Warnings   []string      // what is missing or wrong in the document, with the cell
	Parameters []*Parameters // the parameter cells without duplicates
	Dossiers   []Field       // files of reports about single entities, by the name of the entity
}

// FilesFolder is the folder beside a report's page with the files that its links lead to.
const FilesFolder = "files"

// Field is a named value, such as an input and its SHA-256.
type Field struct{ Name, Value string }

// Block is one construct of the report's body. Kinds returns one of each.
type Block interface{ block() }

// Kinds returns a block of each kind, with little in it. The tests of writers check
// that every kind is written.
func Kinds() []Block {
	p := NewParser()
	return []Block{
		&Heading{Depth: 1, Number: "1", ID: "kinds", Text: p.ParseLine("a heading")},
		Prose{p.Parse("some prose")},
		&Code{Source: "some code"},
		&Cell{ID: "cell-kinds"},
		&Stream{Spans: terminal.Parse("some output")},
		&Failure{Anchor: "failure", Name: "SomeError", Value: "why"},
		FoldStart{"a fold"},
		FoldEnd{},
		&Tab{ID: "tab", First: true, Depth: 2, Title: p.ParseLine("a tab"), Sync: "a group: a tab"},
		TabsEnd{},
		&Box{Name: "Note", Title: p.ParseLine("a box")},
		BoxEnd{},
		&HTML{Fragment: Fragment{[]Piece{{Markup: "<p>some HTML</p>"}, {Formula: &Formula{TeX: "x", MathML: "<math><mi>x</mi></math>"}}}}},
		&Figure{ID: "figure", Picture: &Picture{Alt: "a figure", Media: "image/png", Name: "figure"}},
		&Table{ID: "table", Columns: []Column{{Title: "a column"}}},
	}
}

// Origin is the cell that a block came from.
type Origin struct {
	Notebook string // the file's name
	Cell     int    // counted from 1
	CellID   string // the cell's id; "" for none
}

// String returns the place as printed in errors: "2-hosts.ipynb, cell 4 (uploads)".
func (o Origin) String() string {
	switch {
	case o.Cell == 0:
		return o.Notebook
	case o.CellID == "":
		return fmt.Sprintf("%s, cell %d", o.Notebook, o.Cell)
	}
	return fmt.Sprintf("%s, cell %d (%s)", o.Notebook, o.Cell, o.CellID)
}

// Headings returns the document's headings in order.
func (d *Document) Headings() []*Heading { return blocksOf[*Heading](d) }

// Figures returns the document's figures in order.
func (d *Document) Figures() []*Figure { return blocksOf[*Figure](d) }

// Tables returns the document's tables in order.
func (d *Document) Tables() []*Table { return blocksOf[*Table](d) }

// Failures returns the unexpected errors of cells, in order.
func (d *Document) Failures() []*Failure {
	var failed []*Failure
	for _, f := range blocksOf[*Failure](d) {
		if !f.Expected {
			failed = append(failed, f)
		}
	}
	return failed
}

// All returns the blocks of the summary and of the body.
func (d *Document) All() []Block { return slices.Concat(d.Summary, d.Blocks) }

func blocksOf[B Block](d *Document) []B {
	var found []B
	for _, b := range d.All() {
		if b, ok := b.(B); ok {
			found = append(found, b)
		}
	}
	return found
}
