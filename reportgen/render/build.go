package render

import (
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/snapshot"
	"github.com/flowbook/flowbook/reportgen/internal/tex"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// builder converts notebooks to a document, cell by cell.
type builder struct {
	options  Options
	doc      *document.Document
	parser   *document.Parser
	warnings []Warning
	problems []error
	numbers  numbering
	anchors  anchors
	texts    []located // all texts that may contain references
	failed   bool
	cells    []*cellTarget    // of the cells
	section  *document.Target // the last heading
	tex      *tex.Renderer    // started with the first formula
	cited    map[string]*document.Reference
	repeated map[string]*repeatedWarning

	snapshots *snapshot.Browser
	sanitizer *document.Sanitizer
	links     []rawLink
	labelled  map[*document.Image]labelledImage
	grouped   map[*document.Image]*document.Group
	inputs    map[string]Input  // by name
	files     map[string]string // links to the files that the report has, by path in the project
	filesSize int               // in bytes

	// The current notebook.
	input     Input
	front     front
	language  string
	widgets   map[string]*widgetModel
	glued     map[string]*nbformat.Output // by name, of MyST-NB
	loaded    string                      // scripts that earlier cells load for those after them
	footnotes map[string]string           // the source of each footnote, by its label
	inSummary bool                        // the current cell has the tag summary
	divisions []*division                 // that are open
	floor     int                         // the number of those that began around what is folded or shown elsewhere
}

// located is a text and the cell that it came from.
type located struct {
	*document.Text
	where document.Origin
}

func newBuilder(o Options) *builder {
	b := &builder{
		options:  o,
		parser:   document.NewParser(),
		anchors:  newAnchors(),
		cited:    map[string]*document.Reference{},
		repeated: map[string]*repeatedWarning{}, sanitizer: document.NewSanitizer(),
		labelled: map[*document.Image]labelledImage{}, grouped: map[*document.Image]*document.Group{}, inputs: map[string]Input{}, files: map[string]string{},
		doc: &document.Document{
			Lang: o.Lang, Title: o.Title, Subtitle: o.Subtitle, Authors: o.Authors, Affiliations: o.Affiliations,
			Date: o.Date, Provenance: o.Provenance,
		},
	}
	if b.doc.Lang == "" {
		b.doc.Lang = "en"
	}
	for _, w := range o.Works.Warnings {
		b.warnings = append(b.warnings, Warning{Where: document.Origin{Notebook: w.File}, Line: w.Line, Text: w.Text})
	}
	if len(o.Logo) > 0 {
		picture, err := b.filePicture(document.Origin{Notebook: "logo"}, o.Logo, "Logo")
		if err != nil {
			b.warn(document.Origin{Notebook: "logo"}, 0, "the logo is omitted: %v", err)
		} else {
			picture.Name = b.anchors.unique("logo")
			b.doc.Logo = picture
		}
	}
	if strings.TrimSpace(o.Abstract) != "" {
		b.doc.Abstract = b.abstract(o.Abstract)
	}
	return b
}

// abstract parses the abstract, which has no tabs.
func (b *builder) abstract(source string) *document.Text {
	where := document.Origin{Notebook: "abstract"}
	t := b.text(where, source, nil)
	for n := t.Root.FirstChild(); n != nil; {
		next := n.NextSibling()
		if m, ok := n.(*document.Mark); ok {
			b.warn(where, t.Line(m.Offset), "%s has no effect in the abstract", shorten([]byte(m.Written)))
			t.Root.RemoveChild(t.Root, n)
		}
		n = next
	}
	return t
}

func (b *builder) add(blocks ...document.Block) { b.doc.Blocks = append(b.doc.Blocks, blocks...) }

func (b *builder) notebook(in Input) {
	b.input, b.language, b.loaded = in, "", ""
	b.inputs[in.Name] = in
	b.numbers.newNotebook()
	if in.Notebook == nil {
		b.problem(document.Origin{Notebook: in.Name}, 0, "Input.Notebook is nil")
		return
	}
	b.language = in.Notebook.Language()
	if b.language == "" && strings.HasPrefix(in.Notebook.KernelName(), "python") {
		b.language = "python"
	}
	b.footnotes = footnotes(in.Notebook)
	if b.tex != nil {
		b.tex.Forget()
	}
	b.widgets = widgetStates(in.Notebook)
	b.glued = gluedOutputs(in.Notebook)
	number := 0
	for _, cell := range in.Notebook.Cells {
		// Cells are counted as in the author's notebook, without injected
		// parameters.
		if cell == nil || !cell.HasTag("injected-parameters") {
			number++
		}
		if cell == nil {
			continue
		}
		where := document.Origin{Notebook: in.Name, Cell: number, CellID: cell.ID}
		first := len(b.doc.Blocks)
		b.inSummary = cell.HasTag("summary")
		if b.inSummary {
			b.apart(func() { b.content(where, cell) })
			b.moveToSummary(first)
		} else {
			label := b.content(where, cell)
			b.addCell(where, label, first)
		}
	}
	b.leaveOpen(0)
	if b.numbers.base == 0 {
		b.warn(document.Origin{Notebook: in.Name}, 0, "the notebook has no heading and therefore no section of its own")
	}
}

// content adds what a cell shows, and returns its label if it is of code.
func (b *builder) content(where document.Origin, cell *nbformat.Cell) (label string) {
	source := cell.Source
	if where.Cell == 1 && b.front.found {
		source = b.front.rest
	}
	switch cell.Type {
	case nbformat.Markdown:
		if !removed(cell) {
			attachments, _ := cell.Extra["attachments"].(map[string]any)
			b.markdown(where, source, attachments)
		}
	case nbformat.Code:
		return b.code(where, cell)
	default:
		b.raw(where, cell, source)
	}
	return ""
}

// moveToSummary moves the blocks from the index first on to the summary. The source of a
// cell stays where it is.
func (b *builder) moveToSummary(first int) {
	added := slices.Clone(b.doc.Blocks[first:])
	b.doc.Blocks = b.doc.Blocks[:first]
	for _, block := range added {
		if code, ok := block.(*document.Code); ok {
			b.add(code)
		} else {
			b.doc.Summary = append(b.doc.Summary, block)
		}
	}
}

// removed reports whether Jupyter Book leaves the cell out.
func removed(cell *nbformat.Cell) bool {
	return cell.HasTag("remove-cell") || cell.HasTag("remove_cell")
}

// raw adds a raw cell, as nbconvert does: of Markdown or HTML, or else as it is. Cells for other
// formats, such as LaTeX, are omitted.
func (b *builder) raw(where document.Origin, cell *nbformat.Cell, source string) {
	format, _ := cell.Metadata["raw_mimetype"].(string)
	if format == "" {
		format, _ = cell.Metadata["format"].(string)
	}
	start := strings.TrimSpace(source)
	switch {
	case start == "" || removed(cell):
	case cell.Type != nbformat.Raw, strings.HasPrefix(start, "---\n"), format != "" && !strings.HasPrefix(format, "text/"), format == "text/latex":
		b.warn(where, 0, "a cell of type %q is omitted; make it a Markdown cell to include it", cell.Type)
	case format == mimeMarkdown:
		b.markdown(where, source, nil)
	case format == mimeHTML:
		b.add(&document.HTML{Origin: where, Fragment: b.fragment(where, source, nil, false)})
	default:
		b.add(&document.Code{Origin: where, Source: strings.Trim(source, "\r\n")})
	}
}

// text parses Markdown blocks with their images and footnotes.
func (b *builder) text(where document.Origin, source string, attachments map[string]any) *document.Text {
	source = b.options.Translator.Markdown(b.withFootnotes(source))
	if err := document.CheckMarkdown(source); err != nil {
		b.problem(where, 0, "the text is shown as it is written: %v", err)
		source = "    " + strings.ReplaceAll(source, "\n", "\n    ") // code
	}
	t := b.parser.Parse(source)
	b.pictures(where, t, attachments)
	b.rawHTML(where, t, attachments)
	b.foreign(located{t, where})
	b.extraCells(located{t, where})
	notes := document.TakeNotes(t, len(b.doc.Notes))
	b.doc.Notes = append(b.doc.Notes, notes...)
	b.texts = append(b.texts, located{t, where})
	b.inlines(located{t, where})
	b.lostFootnotes(located{t, where})
	for _, n := range notes {
		b.inlines(located{n.Text, where})
		b.texts = append(b.texts, located{n.Text, where})
	}
	return t
}

// markdown adds a Markdown cell or output: headings open sections, and the blocks
// between them are prose. Headings of the summary are part of its prose.
func (b *builder) markdown(where document.Origin, source string, attachments map[string]any) {
	t := b.text(where, source, attachments)
	var prose *document.Text
	for n := t.Root.FirstChild(); n != nil; {
		next := n.NextSibling()
		if b.structure(located{t, where}, n) || b.captioned(where, t, n, &next) {
			prose = nil
		} else {
			if prose == nil {
				prose = &document.Text{Source: t.Source, Root: ast.NewDocument()}
				b.texts = append(b.texts, located{prose, where})
				b.add(document.Prose{Text: prose})
			}
			prose.Root.AppendChild(prose.Root, n)
			b.equations(located{t, where}, n)
		}
		n = next
	}
}

// structure adds the section or tab that a node begins or ends. It reports whether the node does so.
func (b *builder) structure(t located, n ast.Node) bool {
	switch n := n.(type) {
	case *document.Mark:
		b.mark(t, n)
		return true
	case *ast.Heading:
		tabs, prose := b.inTabs(n)
		switch {
		case tabs != nil:
			b.tab(tabs, located{&document.Text{Source: t.Source, Root: n}, t.where}, lineOf(t, n), attribute(n, "id"), "")
		case prose || b.inSummary:
			return false
		default:
			b.heading(t.where, t.Text, n)
		}
		return true
	}
	return false
}

// lineOf returns the line of a heading in its source; 0 if it has no text.
func lineOf(t located, h *ast.Heading) int {
	if h.Lines().Len() == 0 {
		return 0
	}
	return t.Line(h.Lines().At(0).Start)
}

// line parses a caption. It returns nil if the source is empty.
func (b *builder) line(where document.Origin, source string) *document.Text {
	if strings.TrimSpace(source) == "" {
		return nil
	}
	if err := document.CheckMarkdown(source); err != nil {
		b.problem(where, 0, "a caption is omitted: %v", err)
		return nil
	}
	t := b.parser.ParseLine(b.options.Translator.Text(source))
	b.pictures(where, t, nil)
	b.rawHTML(where, t, nil)
	b.texts = append(b.texts, located{t, where})
	b.inlines(located{t, where})
	return t
}

func (b *builder) heading(where document.Origin, t *document.Text, h *ast.Heading) {
	text := &document.Text{Source: t.Source, Root: h}
	b.texts = append(b.texts, located{text, where})
	plain := strings.TrimSpace(text.Plain())
	line := lineOf(located{t, where}, h)
	if plain == "" {
		b.problem(where, line, "a heading has no text; add some, or remove the #")
		return
	}
	number := ""
	depth := b.numbers.depth(h.Level)
	if !slices.Contains(strings.Fields(attribute(h, "class")), "unnumbered") {
		number = b.numbers.section(depth)
	}
	heading := &document.Heading{Depth: depth, Number: number, Text: text}
	target := &document.Target{Kind: document.KindSection, Number: number, Title: plain, Where: where}
	if label := attribute(h, "id"); label != "" {
		heading.ID = b.label(where, line, label, target)
	}
	if heading.ID == "" {
		heading.ID = b.anchors.unique(document.Slug(plain))
		target.ID = heading.ID
		b.anchors.slugs[heading.ID] = target
	}
	if b.anchors.notebooks[b.input.Name] == nil {
		b.anchors.notebooks[b.input.Name] = target
	}
	b.section = target
	b.add(heading)
}

func attribute(n ast.Node, name string) string {
	v, _ := n.AttributeString(name)
	switch v := v.(type) {
	case []byte:
		return string(v)
	case string:
		return v
	}
	return ""
}
