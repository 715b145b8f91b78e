package html

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/language"
)

// sitePage is the position of a page in a site.
type sitePage struct {
	File       string // the page's own name
	Title      string // "" for the front page
	Prev, Next *step
	files      map[string]string // by anchor, the file that has it
	entries    map[*entry]string // of the contents, as pages show them that do not have them
}

// step is a link to a page before or after.
type step struct{ File, Title string }

// WriteSite writes the document as a site: index.html with the title page and the
// contents, a page for each section of depth 1, named by its number and anchor,
// sources.html with references and provenance, and search.js with the search index.
// The folder must exist; other files in it are kept.
func WriteSite(dir string, d *document.Document) error {
	var texts []searchText
	for _, p := range sitePages(d) {
		source, err := p.source()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, p.Site.File), source, 0o666); err != nil {
			return err
		}
		more, err := textsOf(p.Site.File, source)
		if err != nil {
			return err
		}
		texts = append(texts, more...)
	}
	index, err := siteIndex(texts)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, indexFile), index, 0o666)
}

func sitePages(d *document.Document) []*page {
	whole := newPage(d)
	files, entries := map[string]string{}, map[*entry]string{}
	part := func(file, title string) *page {
		return &page{
			Document: d, outline: whole.outline, sanitizer: whole.sanitizer, formulas: whole.formulas, entities: whole.entities,
			Site: &sitePage{File: file, Title: title, files: files, entries: entries},
		}
	}
	front := part("index.html", "")
	front.Front = true
	pages := []*page{front}
	for _, id := range append(document.Anchors(d.Summary), "summary") {
		files[id] = front.Site.File
	}
	for _, s := range whole.Sections {
		p := front
		if s.Heading != nil {
			p = part(strings.Trim(strings.ReplaceAll(s.Number, ".", "-")+"-"+fileName(s.ID), "-")+".html", s.Name())
			pages = append(pages, p)
		}
		p.Sections = append(p.Sections, s)
		for _, id := range document.Anchors(s.Blocks) {
			files[id] = p.Site.File
		}
	}
	if len(d.References)+len(d.Provenance)+len(d.Parameters)+len(d.Warnings) > 0 {
		back := part("sources.html", language.Of(d.Lang).Say("Sources"))
		back.Back = true
		pages = append(pages, back)
		files["references"], files["provenance"] = back.Site.File, back.Site.File
		for _, r := range d.References {
			files[r.ID] = back.Site.File
		}
	}
	for i, p := range pages {
		p.Notes = notesOf(p)
		if p.Front {
			p.trust(d.Summary)
		}
		for _, s := range p.Sections {
			p.trust(s.Blocks)
		}
		if i > 0 {
			p.Site.Prev = &step{pages[i-1].Site.File, cmp.Or(pages[i-1].Site.Title, whole.Heading())}
		}
		if i+1 < len(pages) {
			p.Site.Next = &step{pages[i+1].Site.File, pages[i+1].Site.Title}
		}
	}
	return pages
}

// fileName returns an anchor in characters that are safe in file names and URLs.
func fileName(anchor string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, anchor)
}

// notesOf returns the footnotes that a page refers to.
func notesOf(p *page) []*document.Note {
	used := map[int]bool{}
	look := func(t *document.Text) {
		if t == nil {
			return
		}
		_ = ast.Walk(t.Root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if f, ok := n.(*east.FootnoteLink); ok && entering {
				used[f.Index] = true
			}
			return ast.WalkContinue, nil
		})
	}
	var blocks []document.Block
	if p.Front {
		look(p.Abstract)
		blocks = p.Summary
	}
	for _, s := range p.Sections {
		blocks = slices.Concat(blocks, s.Blocks)
	}
	for _, b := range blocks {
		switch b := b.(type) {
		case *document.Heading:
			look(b.Text)
		case *document.Tab:
			look(b.Title)
		case *document.Box:
			look(b.Title)
		case document.Prose:
			look(b.Text)
		case *document.Figure:
			look(b.Caption)
		case *document.Table:
			look(b.Caption)
		}
	}
	var notes []*document.Note
	for _, n := range p.Document.Notes {
		if used[n.Number] {
			notes = append(notes, n)
		}
	}
	return notes
}

// Index returns the name of the search index. It is "" if the page has scripts of
// trusted outputs, since these could then load files too.
func (p *page) Index() string {
	if p.Site == nil || len(p.trusted.scripts) > 0 {
		return ""
	}
	return indexFile
}

// href returns the address of an anchor, relative to this page.
func (p *page) href(id string) string {
	if p.Site == nil || p.Site.files[id] == p.Site.File || p.Site.files[id] == "" {
		return "#" + id
	}
	return p.Site.files[id] + "#" + id
}

// within returns a link's destination, relative to this page.
func (p *page) within(destination []byte) []byte {
	if id, ok := strings.CutPrefix(string(destination), "#"); ok {
		return []byte(p.href(id))
	}
	if strings.HasPrefix(string(destination), document.FilesFolder+"/") {
		switch {
		case p.Print != nil:
			return nil // paper has no files beside it
		case p.Site != nil:
			return []byte("../" + string(destination))
		}
	}
	return destination
}
