package typst

import (
	"bytes"
	"fmt"
	"image"
	_ "image/gif" // decoded by image.Decode
	_ "image/jpeg"
	_ "image/png"
	"slices"
	"strings"

	"golang.org/x/text/unicode/bidi"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/terminal"
)

// blocks returns the blocks. A wide table is on a page in landscape, with the headings before it, unless it is in a box.
func (w *writer) blocks(list []document.Block) []string {
	var all, heads []string
	boxes := 0
	for _, b := range list {
		source := w.block(b)
		switch b := b.(type) {
		case *document.Box:
			boxes++
		case document.BoxEnd:
			boxes--
		case *document.Heading, *document.Tab, *document.Cell:
			heads = append(heads, source)
			continue
		case *document.Table:
			if tableWidth(b) > maxWidth && boxes == 0 {
				source, heads = "#wide[\n"+document.JoinBlocks(append(heads, source))+"\n]", nil
			}
		}
		all = append(append(all, heads...), source)
		heads = nil
	}
	return append(all, heads...)
}

func (w *writer) block(b document.Block) string {
	switch b := b.(type) {
	case *document.Heading:
		text := w.inlines(b.Text.Root, b.Text.Source)
		if b.Number != "" {
			text = escape(b.Number) + " " + text
		}
		return w.heading(b.Depth, text, b.ID)
	case document.Prose:
		return w.nodes(b.Root, b.Source)
	case *document.Code:
		return w.code(b)
	case *document.Stream:
		return rawBlock("", terminal.Plain(b.Spans))
	case *document.Failure:
		return w.failure(b)
	case *document.Cell:
		return "#metadata(none)" + w.label(b.ID)
	case *document.Figure:
		return w.figure(b)
	case *document.Table:
		return w.table(b)
	case *document.HTML:
		return w.fragment(&b.Fragment)
	case *document.Tab:
		return fmt.Sprintf("#heading(level: %d, outlined: false, bookmarked: false)[%s]%s", min(b.Depth, 6), w.inlines(b.Title.Root, b.Title.Source), w.label(b.ID))
	case document.TabsEnd:
		return "#line(length: 100%, stroke: 0.4pt + luma(190))"
	case *document.Box:
		title := ""
		if b.Title.Root.HasChildren() {
			title = "\n#strong[" + w.inlines(b.Title.Root, b.Title.Source) + "]"
		}
		return "#note(" + quoted(w.words.Say(b.Name)) + ")[" + title
	case document.BoxEnd:
		return "]"
	case document.FoldStart:
		return "#strong[" + escape(b.Summary) + "]"
	case document.FoldEnd:
		return ""
	}
	return w.unknown(b)
}

// heading returns a heading with an anchor.
func (w *writer) heading(depth int, text, id string) string {
	return fmt.Sprintf("#heading(level: %d)[%s]%s", min(depth, 6), isolated(text), w.label(id))
}

// isolated keeps the direction of a text from right to left to itself, so that numbers beside it stay in their place.
func isolated(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { p, _ := bidi.LookupRune(r); return p.Class() == bidi.R || p.Class() == bidi.AL }) {
		return text
	}
	return "\u2068" + text + "\u2069"
}

// label attaches an anchor to what comes before it.
func (w *writer) label(id string) string {
	if id == "" {
		return ""
	}
	return "#label(" + quoted(id) + ")"
}

// rawBlock returns text that is printed as it is.
func rawBlock(lang, text string) string {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return ""
	}
	if lang != "" {
		lang = ", lang: " + quoted(lang)
	}
	return fmt.Sprintf("#raw(%s, block: true%s)", quoted(text), lang)
}

// code returns the source of a cell. Folded code is not printed.
func (w *writer) code(c *document.Code) string {
	source := rawBlock(c.Language, c.Source)
	if c.Caption != nil {
		if source == "" {
			source = "#raw(\"\")"
		}
		return w.captioned("raw", "Listing", c.Number, c.Caption, strings.TrimPrefix(source, "#"), c.ID)
	}
	if c.Folded && !c.Expanded {
		return ""
	}
	if c.ID == "" || source == "" {
		return source
	}
	return "#block[" + source + "]" + w.label(c.ID)
}

// captioned returns a figure of Typst around an expression.
func (w *writer) captioned(kind, word, number string, caption *document.Text, body, id string) string {
	said := ", numbering: none"
	if caption != nil {
		said = fmt.Sprintf(",\n  supplement: %s, numbering: (..n) => %s, caption: [%s]", quoted(w.words.Say(word)), quoted(number), w.inlines(caption.Root, caption.Source))
	}
	return fmt.Sprintf("#figure(\n  kind: %s,\n  %s%s)%s", kind, body, said, w.label(id))
}

func (w *writer) failure(f *document.Failure) string {
	what := w.words.Say("This cell failed")
	if f.Expected {
		what = w.words.Say("The cell ends with an error, as expected")
	}
	return fmt.Sprintf("#block(width: 100%%, inset: 8pt, stroke: (left: 2pt + red))[#strong[%s] — %s \\ #raw(%s)\n%s\n]%s",
		escape(what), escape(f.Origin.String()), quoted(f.Name+": "+f.Value), rawBlock("", terminal.Plain(f.Trace)), w.label(f.Anchor))
}

func (w *writer) figure(f *document.Figure) string {
	var body string
	switch {
	case f.Picture != nil:
		body = w.picture(f.Picture)
	default:
		var parts []string
		for _, p := range f.Parts {
			caption := "(" + p.Letter + ")"
			if p.Caption != nil {
				caption += " " + w.inlines(p.Caption.Root, p.Caption.Source)
			}
			parts = append(parts, fmt.Sprintf("[#block[#%s \\ %s]%s]", w.picture(p.Picture), caption, w.label(p.ID)))
		}
		columns := f.Columns
		if columns == 0 {
			columns = min(len(parts), 2)
		}
		body = fmt.Sprintf("grid(columns: (1fr,) * %d, gutter: 10pt, %s)", columns, strings.Join(parts, ", "))
	}
	// The caption is on the page of the picture.
	return w.captioned("image", "Figure", f.Number, f.Caption, "block(sticky: true, "+body+")", f.ID)
}

// picture returns an expression that shows a picture, and notes its file. A video, or a damaged picture, with which Typst
// would print nothing of the report, is named in its place.
func (w *writer) picture(p *document.Picture) string {
	if p.Moving() || damaged(p) {
		return fmt.Sprintf("block(stroke: 0.4pt, inset: 8pt, %s)", quoted(p.Alt+" ("+p.Media+")"))
	}
	if !slices.Contains(w.pictures, p) {
		w.pictures = append(w.pictures, p)
	}
	alt := ""
	if p.Alt != "" {
		alt = ", alt: " + quoted(p.Alt)
	}
	width := ""
	if strings.HasSuffix(p.Width, "%") {
		width = ", width: " + strings.TrimSpace(p.Width)
	}
	expression := fmt.Sprintf("image(%s%s%s)", quoted(p.File()), alt, width)
	if width != "" {
		return expression
	}
	return "fitted(" + expression + ")"
}

// damaged reports whether a picture cannot be decoded.
func damaged(p *document.Picture) bool {
	if p.Vector != nil || !slices.Contains([]string{"image/png", "image/jpeg", "image/gif"}, p.Media) {
		return false
	}
	_, _, err := image.Decode(bytes.NewReader(p.Data))
	return err != nil
}
