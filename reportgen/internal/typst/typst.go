// Package typst writes a document as source of Typst (https://typst.app), and has Typst
// compile it to a PDF without a browser.
//
//	err := typst.Write(dir, document)         // report.typ, and pictures in figures/
//	err = typst.Compile(ctx, w, document, typst.Options{})
//
// The PDF is the same on every machine, since only the fonts that Typst itself has are
// used. It conforms to PDF/A-2b and PDF/UA-1: it has bookmarks, tags, alternative texts
// and the title and language of the document.
//
// Nothing in a notebook is Typst's code: text is escaped, and the rest are strings.
// Formulas are converted from MathML. What paper cannot show, such as videos, is named in
// its place.
package typst

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/language"
)

// FileName is the name of the file that Write makes.
const FileName = "report.typ"

// Write writes the document as FileName in dir, which must exist, and its pictures below
// it.
func Write(dir string, d *document.Document) error { return write(dir, d, "") }

// write is Write with keywords that the PDF keeps; "" for none.
func write(dir string, d *document.Document, keywords string) error {
	w := newWriter(d, keywords)
	source := w.document()
	if !maps.Equal(w.linked, w.found()) { // some anchors are of what the source does not print
		labels := w.labels
		w = newWriter(d, keywords)
		w.known = labels
		source = w.document()
	}
	if w.err != nil {
		return fmt.Errorf("%s: %w", FileName, w.err)
	}
	return errors.Join(
		document.WritePictures(dir, w.pictures),
		os.WriteFile(filepath.Join(dir, FileName), []byte(source), 0o666))
}

// writer writes one document.
type writer struct {
	doc      *document.Document
	words    *language.Words
	keywords string
	labels   map[string]bool // the anchors written so far
	linked   map[string]bool // the anchors that links lead to
	known    map[string]bool // the anchors that links may lead to; nil for all
	notes    map[int]*document.Note
	noted    map[int]bool // footnotes that were printed
	pictures []*document.Picture
	depth    int   // of nested footnotes
	err      error // the first construct that has no form
}

func newWriter(d *document.Document, keywords string) *writer {
	w := &writer{
		doc: d, words: language.Of(d.Lang), keywords: keywords,
		labels: map[string]bool{}, linked: map[string]bool{}, notes: map[int]*document.Note{}, noted: map[int]bool{},
	}
	for _, n := range d.Notes {
		w.notes[n.Number] = n
	}
	return w
}

// found returns those of the anchors that links lead to that were written.
func (w *writer) found() map[string]bool {
	found := maps.Clone(w.linked)
	maps.DeleteFunc(found, func(id string, _ bool) bool { return !w.labels[id] })
	return found
}

// unknown notes that there is no form for a construct. A report is not written without it.
func (w *writer) unknown(construct any) string {
	if w.err == nil {
		w.err = fmt.Errorf("no form for %T", construct)
	}
	return ""
}

// preamble sets how the report looks.
const preamble = `#set page(paper: "a4", margin: (x: 2.1cm, top: 2.4cm, bottom: 2.2cm), numbering: "1", header: context {
  let page = counter(page).get().first()
  if page > 1 {
    let before = query(selector(heading.where(level: 1)).before(here()))
    let here-on = query(heading.where(level: 1)).filter(h => h.location().page() == here().page())
    let current = if here-on.len() > 0 { here-on.first().body } else if before.len() > 0 { before.last().body } else { [] }
    set text(size: 8.5pt, fill: luma(90))
    [#TITLE #h(1fr) #current]
  }
})
#set text(font: ("Libertinus Serif", "New Computer Modern", "DejaVu Sans Mono"), size: 10.5pt, fallback: true)
#set par(leading: 0.62em, spacing: 1em)
#set heading(numbering: none)
#show heading.where(level: 1): it => { pagebreak(weak: true); set text(size: 17pt); block(below: 0.9em, it.body) }
#show heading.where(level: 2): set text(size: 13pt)
#show raw: set text(font: "DejaVu Sans Mono", size: 8pt)
#show raw.where(block: true): it => block(width: 100%, inset: 6pt, fill: luma(246), radius: 2pt, it)
#show link: it => if type(it.dest) == str { underline(offset: 2pt, it) } else { it }
#set figure(gap: 0.8em)
#show figure.where(kind: table): set figure.caption(position: top)
#show figure: set block(breakable: true)
#show figure.caption: it => block(width: 100%, sticky: it.position == top, align(left, text(size: 9.5pt)[*#it.supplement #context it.counter.display(it.numbering)* #it.body]))
#set table(stroke: (x, y) => (bottom: 0.4pt + luma(190)), inset: (x: 4pt, y: 3pt))
#show table: set text(size: 8.6pt)
#set table.cell(breakable: false)
#let note(name, body) = block(width: 100%, inset: (left: 8pt, y: 4pt), stroke: (left: 2pt + luma(120)))[*#name* \ #body]
#let fitted(picture) = layout(size => {
  let natural = measure(picture)
  let scale = calc.min(1, size.width / natural.width, 20cm / natural.height)
  block(width: natural.width * scale, picture)
})
#let wide(body) = page(flipped: true, body)
`

// document is the whole source.
func (w *writer) document() string {
	d := w.doc
	title := cmp.Or(d.Title, w.words.Say("Report"))
	var authors []string
	for _, name := range d.AuthorNames() {
		authors = append(authors, quoted(name)+",")
	}
	blocks := []string{
		w.keywordsRule(),
		fmt.Sprintf("#set document(title: %s, author: (%s))", quoted(title), strings.Join(authors, " ")),
		fmt.Sprintf("#set text(lang: %s)", quoted(languageCode(d.Lang))),
		strings.Replace(preamble, "#TITLE", "#"+quoted(title), 1),
	}
	blocks = append(blocks, w.front(title)...)
	if len(d.Summary) > 0 {
		blocks = append(blocks, w.heading(1, escape(w.words.Say("Summary")), "summary"))
		blocks = append(blocks, w.blocks(d.Summary)...)
	}
	blocks = append(blocks, w.blocks(d.Blocks)...)
	blocks = append(blocks, w.references()...)
	blocks = append(blocks, w.provenance()...)
	return document.JoinBlocks(blocks) + "\n"
}

// keywordsRule returns the code that sets the keywords.
func (w *writer) keywordsRule() string {
	if w.keywords == "" {
		return ""
	}
	return "#set document(keywords: (" + quoted(w.keywords) + ",))"
}

// languageCode returns the two or three letters that Typst takes for a language.
func languageCode(tag string) string {
	code, _, _ := strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
	if len(code) < 2 || len(code) > 3 {
		return "en"
	}
	return strings.ToLower(code)
}

// references is the list of works.
func (w *writer) references() []string {
	if len(w.doc.References) == 0 {
		return nil
	}
	blocks := []string{w.heading(1, escape(w.words.Say("References")), "references")}
	for _, r := range w.doc.References {
		text := r.Entry(escape, func(text string) string { return "#emph[" + text + "]" })
		if r.Link != "" {
			text += " #link(" + quoted(r.Link) + ")"
		}
		blocks = append(blocks, fmt.Sprintf("#block[\\[%d\\] %s]%s", r.Number, text, w.label(r.ID)))
	}
	return blocks
}

// provenance is how the report was made.
func (w *writer) provenance() []string {
	d := w.doc
	if len(d.Provenance)+len(d.Parameters)+len(d.Warnings) == 0 {
		return nil
	}
	blocks := []string{w.heading(1, escape(w.words.Say("How this report was made")), "provenance")}
	if len(d.Provenance) > 0 {
		cells := ""
		for _, f := range d.Provenance {
			cells += fmt.Sprintf("\n  [#strong[%s]], text(%s),", escape(f.Name), quoted(breakable(f.Value)))
		}
		blocks = append(blocks, "#table(columns: (auto, 1fr),"+cells+"\n)")
	}
	for _, p := range d.Parameters {
		what := w.words.Say("Parameters and their defaults")
		if p.Injected {
			what = w.words.Say("Parameters set for this run")
		}
		blocks = append(blocks, escape(fmt.Sprintf("%s (%s):", what, strings.Join(p.Notebooks, ", "))), rawBlock(p.Language, p.Source))
	}
	if len(d.Warnings) > 0 {
		list := ""
		for _, warning := range d.Warnings {
			list += "- " + escape(strings.Join(strings.Fields(warning), " ")) + "\n"
		}
		blocks = append(blocks, escape(w.words.Warnings(len(d.Warnings))), list)
	}
	return blocks
}

// breakable lets a long word, such as a hash, be broken between lines.
func breakable(s string) string {
	var b strings.Builder
	for i, r := range []rune(s) {
		if i > 0 && i%16 == 0 {
			b.WriteRune('\u200b')
		}
		b.WriteRune(r)
	}
	return b.String()
}
