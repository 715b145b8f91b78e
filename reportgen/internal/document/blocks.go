package document

import (
	"strings"
	"unicode"

	"github.com/flowbook/flowbook/reportgen/internal/svg"
	"github.com/flowbook/flowbook/reportgen/internal/terminal"
)

// Heading opens a section. The first heading of a notebook has depth 1, whatever
// its level in Markdown.
type Heading struct {
	Depth  int
	Number string // "2", "2.1"; "" if unnumbered
	ID     string // unique in the document
	Text   *Text
}

func (*Heading) block() {}

// Slug returns the anchor that GitHub derives from a heading's text: lower case,
// spaces replaced by hyphens, other punctuation removed.
func Slug(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(strings.TrimSpace(text)) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

// HTML is a text/html output without a caption.
type HTML struct {
	Origin
	Fragment
	Trusted bool // not sanitized, and written as it is
}

func (*HTML) block() {}

// Code is the source of a cell.
type Code struct {
	Origin
	ID       string // the anchor; "" for none
	Number   string // "2.1"; "" without a caption
	Caption  *Text  // nil for none
	Language string // of the notebook's kernel, in lower case; "" unknown
	Source   string
	Folded   bool
	Summary  string // label of a folded cell; "" for the default
	Expanded bool   // a folded cell that is initially open
}

func (*Code) block() {}

// Parameters is the source of cells that are tagged parameters or
// injected-parameters, with the notebooks that have it.
type Parameters struct {
	Language  string
	Source    string
	Injected  bool // set for this run, not a default
	Notebooks []string
}

// Cell is an invisible anchor at the start of a cell that the report refers to.
type Cell struct {
	Origin
	ID string // the anchor
}

func (*Cell) block() {}

// Stream is text that a cell wrote to standard output or standard error.
type Stream struct {
	Origin
	Stderr bool
	Spans  []terminal.Span
}

func (*Stream) block() {}

// Failure is the error that ended a cell.
type Failure struct {
	Origin
	Anchor   string // unique in the document
	Name     string
	Value    string
	Trace    []terminal.Span
	Expected bool // the cell is tagged raises-exception, or says error: true
}

func (*Failure) block() {}

// FoldStart opens a collapsed part; FoldEnd closes it. They come in pairs and do not
// nest.
type FoldStart struct{ Summary string }

// FoldEnd closes what FoldStart opened.
type FoldEnd struct{}

func (FoldStart) block() {}
func (FoldEnd) block()   {}

// Figure is a picture, numbered where it has a caption.
type Figure struct {
	Origin
	ID      string   // the anchor: the label, or one made from the number
	Number  string   // "2.1"; "" without a caption
	Caption *Text    // nil for none
	Picture *Picture // nil if there are Parts
	Parts   []*Part
	Columns int    // number of Parts in a row; 0 for as many as fit
	Data    *Table // the plotted data; nil if unknown
}

// Part is one of several pictures under one number, "(a)".
type Part struct {
	ID      string
	Letter  string
	Caption *Text // nil for none
	Picture *Picture
}

func (*Figure) block() {}

// Pictures returns the picture of the figure, or those of its parts.
func (f *Figure) Pictures() []*Picture {
	if len(f.Parts) == 0 {
		return []*Picture{f.Picture}
	}
	var all []*Picture
	for _, part := range f.Parts {
		all = append(all, part.Picture)
	}
	return all
}

// Picture is an image, video or sound with its alt text.
type Picture struct {
	Alt    string
	Vector *svg.Image // nil for other media
	Media  string     // the MIME type of Data, such as image/png or video/mp4
	Data   []byte
	Name   string // a file name without extension, unique in the document
	Width  string // as a CSS length or percentage; "" for the picture's own
	Height string
	Float  string // "left" or "right" if text flows around it
}

// Moving reports whether the picture is a video or sound, which is played.
func (p *Picture) Moving() bool {
	return strings.HasPrefix(p.Media, "video/") || strings.HasPrefix(p.Media, "audio/")
}

// Extension returns the file name extension of the picture's format, with its dot.
func (p *Picture) Extension() string {
	if p.Vector != nil {
		return ".svg"
	}
	if extension, ok := map[string]string{
		"image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp", "video/mp4": ".mp4", "video/webm": ".webm",
		"video/ogg": ".ogv", "audio/wave": ".wav", "audio/mpeg": ".mp3", "audio/ogg": ".oga", "audio/webm": ".weba", "audio/mp4": ".m4a",
	}[p.Media]; ok {
		return extension
	}
	return ".png"
}
