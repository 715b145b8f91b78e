// Package markdown writes a document as Markdown for GitHub, with a file for
// each picture.
//
// Sections have the anchors that GitHub derives from their headings; figures and
// tables get an <a id>. Prose is written from its syntax tree, so that link
// definitions of one cell do not affect another and footnotes have unique numbers.
package markdown

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/language"
	"github.com/flowbook/flowbook/reportgen/internal/terminal"
)

// The names of the files that Write creates.
const (
	fileName    = "report.md"
	summaryFile = "summary.md"
)

// summaryID is the anchor of the summary in the document.
const summaryID = "summary"

// Write writes the document as fileName in dir, which must exist, and its
// pictures below document.PicturesFolder. A document with a summary also gets summaryFile, for a
// pull request or a message, whose links lead to fileName.
func Write(dir string, d *document.Document) error {
	w := newWriter(d)
	text := w.document()
	summary := w.summaryDocument()
	if w.err != nil {
		return fmt.Errorf("%s: %w", fileName, w.err)
	}
	errs := []error{
		document.WritePictures(dir, w.pictures),
		os.WriteFile(filepath.Join(dir, fileName), []byte(text), 0o666),
	}
	if summary != "" {
		errs = append(errs, os.WriteFile(filepath.Join(dir, summaryFile), []byte(summary), 0o666))
	}
	return errors.Join(errs...)
}

// writer writes one document.
type writer struct {
	doc       *document.Document
	sanitizer *document.Sanitizer
	anchors   map[string]string // a heading's anchor in the document to GitHub's
	lower     int               // levels by which headings within prose are lowered
	words     *language.Words
	target    string // the file that links lead to; "" for the one that is written
	pictures  []*document.Picture
	err       error // the first construct that has no form in Markdown
}

// unknown notes that there is no Markdown for a block or a node of prose. A report
// is not written without it.
func (w *writer) unknown(construct any) string {
	if w.err == nil {
		w.err = fmt.Errorf("no form for %T", construct)
	}
	return ""
}

func newWriter(d *document.Document) *writer {
	w := &writer{doc: d, sanitizer: document.NewSanitizer(), anchors: map[string]string{}, words: language.Of(d.Lang)}
	// GitHub appends a number to the anchors of equal headings.
	seen := map[string]int{}
	unique := func(text string) string {
		slug := document.Slug(text)
		n := seen[slug]
		seen[slug]++
		if n > 0 {
			return slug + "-" + strconv.Itoa(n)
		}
		return slug
	}
	w.anchors["top"] = unique(cmp.Or(d.Title, w.words.Say("Report")))
	if len(d.Summary) > 0 {
		w.anchors[summaryID] = unique(w.words.Say("Summary"))
	}
	unique(w.words.Say("Contents"))
	for _, h := range d.Headings() {
		w.anchors[h.ID] = unique(numbered(h.Number, h.Text.Plain()))
	}
	return w
}

func numbered(number, text string) string {
	if number == "" {
		return text
	}
	return number + " " + text
}

// document is the whole text: blocks with an empty line between them.
func (w *writer) document() string {
	blocks := w.title()
	if summary := w.summary(); len(summary) > 0 {
		blocks = append(append(blocks, "## "+w.words.Say("Summary")), summary...)
	}
	blocks = append(blocks, w.contents()...)
	blocks = append(blocks, w.sequence(w.doc.Blocks)...)
	blocks = append(blocks, w.references()...)
	blocks = append(blocks, w.provenance()...)
	for _, n := range w.doc.Notes {
		blocks = append(blocks, w.note(n))
	}
	return document.JoinBlocks(blocks) + "\n"
}

// summary returns the blocks of the summary.
func (w *writer) summary() []string {
	// Its title has level 2.
	w.lower = 2
	defer func() { w.lower = 0 }()
	return w.sequence(w.doc.Summary)
}

// sequence returns blocks. Those in a box are indented.
func (w *writer) sequence(list []document.Block) []string {
	levels := [][]string{nil} // the blocks before and in the boxes that are open
	for _, b := range list {
		last := len(levels) - 1
		end, isEnd := b.(document.BoxEnd)
		switch {
		case isEnd && last > 0:
			content := levels[last]
			if levels = levels[:last]; end.Folded {
				content = append(content, "</details>")
			} else {
				content = []string{"> " + content[0] + "\n> " + indent(document.JoinBlocks(content[1:]), "> ")}
			}
			levels[last-1] = append(levels[last-1], content...)
		default:
			if _, begins := b.(*document.Box); begins {
				levels = append(levels, nil)
				last++
			}
			levels[last] = append(levels[last], w.block(b))
		}
	}
	return slices.Concat(levels...)
}

// summaryDocument returns the text of summaryFile, or "" if there is no summary.
func (w *writer) summaryDocument() string {
	if len(w.doc.Summary) == 0 {
		return ""
	}
	of := *w
	of.target = fileName
	text := document.JoinBlocks(append([]string{"# " + Escape(cmp.Or(w.doc.Title, w.words.Say("Report")))}, of.summary()...))
	for _, n := range w.doc.Notes {
		if strings.Contains(text, fmt.Sprintf("[^%d]", n.Number)) {
			text += "\n\n" + of.note(n)
		}
	}
	return text + "\n"
}

// href returns the destination of a link to an anchor.
func (w *writer) href(anchor string) string { return w.target + "#" + anchor }

func (w *writer) block(b document.Block) string {
	switch b := b.(type) {
	case *document.Heading:
		return w.heading(b)
	case document.Prose:
		return w.blocks(b.Root, b.Source)
	case *document.Code:
		return w.code(b)
	case *document.Stream:
		return fence("text", terminal.Plain(b.Spans))
	case *document.Failure:
		return w.failure(b)
	case *document.Cell:
		return fmt.Sprintf("<a id=%q></a>", b.ID)
	case *document.Figure:
		return w.figure(b)
	case *document.Table:
		return w.table(b)
	case *document.HTML:
		return htmlBlock(document.Balance(w.fragment(&b.Fragment)))
	case *document.Tab:
		return fmt.Sprintf("<a id=%q></a>\n\n**%s**", b.ID, w.line(b.Title))
	case document.TabsEnd:
		return "* * *"
	case *document.Box:
		title := w.words.Say(b.Name)
		if b.Folded {
			if plain := b.Title.Plain(); plain != "" {
				title += ": " + plain
			}
			return details(title, b.Expanded)
		}
		title = "[!" + strings.ToUpper(b.Name) + "]"
		if b.Title.Root.HasChildren() {
			title += "\n> **" + w.line(b.Title) + "**\n>"
		}
		return title
	case document.BoxEnd:
		return "" // see sequence
	case document.FoldStart:
		return details(b.Summary, false)
	case document.FoldEnd:
		return "</details>"
	}
	return w.unknown(b)
}

func (w *writer) contents() []string {
	var lines []string
	if len(w.doc.Summary) > 0 {
		lines = append(lines, fmt.Sprintf("- [%s](#%s)", w.words.Say("Summary"), w.anchors[summaryID]))
	}
	for _, h := range w.doc.Headings() {
		if h.Depth > 2 {
			continue
		}
		text := Escape(numbered(h.Number, h.Text.Plain()))
		lines = append(lines, fmt.Sprintf("%s- [%s](#%s)", strings.Repeat("  ", h.Depth-1), text, w.anchors[h.ID]))
	}
	if len(lines) == 0 {
		return nil
	}
	blocks := []string{"## " + w.words.Say("Contents"), strings.Join(lines, "\n")}
	blocks = append(blocks, w.listOf(w.words.Say("Figures"), figures(w.doc))...)
	return append(blocks, w.listOf(w.words.Say("Tables"), tables(w.doc))...)
}

// captioned is a line of the list of figures or of tables.
type captioned struct {
	id, number string
	caption    *document.Text
}

func figures(d *document.Document) []captioned {
	var all []captioned
	for _, f := range d.Figures() {
		all = append(all, captioned{f.ID, f.Number, f.Caption})
	}
	return all
}

func tables(d *document.Document) []captioned {
	var all []captioned
	for _, t := range d.Tables() {
		all = append(all, captioned{t.ID, t.Number, t.Caption})
	}
	return all
}

// listOf is a folded list of figures or of tables.
func (w *writer) listOf(title string, all []captioned) []string {
	var lines []string
	for _, c := range all {
		if c.caption != nil {
			lines = append(lines, fmt.Sprintf("- [%s](#%s) %s", c.number, c.id, Escape(c.caption.Plain())))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return []string{details(title, false), strings.Join(lines, "\n"), "</details>"}
}

func (w *writer) heading(h *document.Heading) string {
	return strings.Repeat("#", min(h.Depth+1, 6)) + " " + numbered(h.Number, w.line(h.Text))
}

// note is the definition of a footnote; what follows its first line is
// indented.
func (w *writer) note(n *document.Note) string {
	return fmt.Sprintf("[^%d]: %s", n.Number, indent(w.blocks(n.Root, n.Source), "    "))
}

// line is the inline content of a heading or a caption on one line.
func (w *writer) line(t *document.Text) string {
	return strings.ReplaceAll(w.inlines(t.Root, t.Source), "\n", " ")
}

func (w *writer) provenance() []string {
	d := w.doc
	if len(d.Provenance)+len(d.Parameters)+len(d.Warnings) == 0 {
		return nil
	}
	blocks := []string{"## " + w.words.Say("How this report was made")}
	if len(d.Provenance) > 0 {
		rows := []string{"| | |", "| --- | --- |"}
		for _, f := range d.Provenance {
			rows = append(rows, fmt.Sprintf("| %s | %s |", Escape(f.Name), Escape(f.Value)))
		}
		blocks = append(blocks, strings.Join(rows, "\n"))
	}
	for _, p := range d.Parameters {
		what := w.words.Say("Parameters and their defaults")
		if p.Injected {
			what = w.words.Say("Parameters set for this run")
		}
		blocks = append(blocks, fmt.Sprintf("%s (%s):", what, Escape(strings.Join(p.Notebooks, ", "))), fence(p.Language, p.Source))
	}
	if len(d.Warnings) > 0 {
		var list []string
		for _, warning := range d.Warnings {
			list = append(list, "- "+Escape(strings.ReplaceAll(warning, "\n", " ")))
		}
		blocks = append(blocks, w.words.Warnings(len(list)), strings.Join(list, "\n"))
	}
	return blocks
}

// blocks is the block children of a node.
func (w *writer) blocks(parent ast.Node, source []byte) string {
	var all []string
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		all = append(all, w.node(n, source))
	}
	return document.JoinBlocks(all)
}
