package document

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// Target is what a reference can point at: a figure, a table, a section, an
// equation, a listing or a cell.
type Target struct {
	Kind   Kind
	Number string
	ID     string // the anchor in the document
	Title  string // what stands for it where it has no number
	Where  Origin
}

// Kind is the kind of a numbered construct, as a reader says it.
type Kind string

// The kinds of numbered constructs.
const (
	KindFigure   Kind = "Figure"
	KindTable    Kind = "Table"
	KindSection  Kind = "Section"
	KindEquation Kind = "Equation"
	KindListing  Kind = "Listing"
	KindCell     Kind = "Cell" // which has no number
)

// Indefinite is the kind in a sentence: "a figure", "an equation".
func (k Kind) Indefinite() string {
	if k == KindEquation {
		return "an equation"
	}
	return "a " + strings.ToLower(string(k))
}

// Name is the target as prose names it: "Figure 2.1".
func (t *Target) Name() string {
	if t.Number == "" {
		return t.Title
	}
	return string(t.Kind) + " " + t.Number
}

// CrossRef is an @fig-x, @tbl-x, @sec-x, @eq-x, @lst-x or @cell-x in Markdown.
type CrossRef struct {
	ast.BaseInline
	Label  string
	Target *Target // nil until it is resolved, and where nothing has the label
	Offset int     // of the @ in the source
}

// KindCrossRef is the node kind of CrossRef.
var KindCrossRef = ast.NewNodeKind("CrossRef")

// Kind returns KindCrossRef.
func (*CrossRef) Kind() ast.NodeKind { return KindCrossRef }

// Dump prints the node for goldmark's debugging.
func (c *CrossRef) Dump(source []byte, level int) {
	ast.DumpHelper(c, source, level, map[string]string{"Label": c.Label}, nil)
}

// Printed is what stands in the report: "Figure 2.1", or the label with a question mark
// where nothing has it.
func (c *CrossRef) Printed() string {
	if c.Target == nil {
		return "@" + c.Label + "?"
	}
	return c.Target.Name()
}

var crossRef = regexp.MustCompile(`^@((?:fig|tbl|sec|eq|lst|cell)-[\p{L}\p{N}]+(?:[-_]+[\p{L}\p{N}]+)*)`)

// crossRefParser finds references in running text. A letter or digit before
// the @ makes it part of an address, and no reference.
type crossRefParser struct{}

// Trigger returns the character that opens a reference.
func (crossRefParser) Trigger() []byte { return []byte{'@'} }

// Parse returns the reference at the reader's position, or nil.
func (crossRefParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	if before := block.PrecendingCharacter(); unicode.IsLetter(before) || unicode.IsDigit(before) {
		return nil
	}
	line, segment := block.PeekLine()
	m := crossRef.FindSubmatch(line)
	if m == nil {
		return nil
	}
	block.Advance(len(m[0]))
	return &CrossRef{Label: string(m[1]), Offset: segment.Start}
}

// ValidLabel reports whether a label can be referred to.
func ValidLabel(label string) bool {
	m := crossRef.FindString("@" + label)
	return len(m) == len(label)+1
}

// LabelKind is the kind that a label's prefix names.
func LabelKind(label string) Kind {
	prefix, _, _ := strings.Cut(label, "-")
	return map[string]Kind{
		"fig": KindFigure, "tbl": KindTable, "sec": KindSection, "eq": KindEquation, "lst": KindListing, "cell": KindCell,
	}[prefix]
}

// Citation is one or more works cited at one place, as Pandoc writes them:
// [@key], [@key, p. 3; @other], or @key in running text.
type Citation struct {
	ast.BaseInline
	Works  []Cited
	Bare   bool   // without brackets, so it is prose where no work has the key
	Source string // as written
	Offset int
}

// Cited is a work of a citation.
type Cited struct {
	Key       string
	Locator   string     // "p. 3"; "" for the whole work
	Reference *Reference // nil until it is resolved, and where no work has the key
}

// KindCitation is the node kind of Citation.
var KindCitation = ast.NewNodeKind("Citation")

// Kind returns KindCitation.
func (*Citation) Kind() ast.NodeKind { return KindCitation }

// Dump prints the node for goldmark's debugging.
func (c *Citation) Dump(source []byte, level int) {
	ast.DumpHelper(c, source, level, map[string]string{"Source": c.Source}, nil)
}

// Resolved reports whether every work is known.
func (c *Citation) Resolved() bool {
	for _, w := range c.Works {
		if w.Reference == nil {
			return false
		}
	}
	return true
}

// Printed is what stands in the report, in IEEE's form: "[1], [2, p. 3]".
func (c *Citation) Printed() string {
	if !c.Resolved() {
		return c.Source
	}
	var all []string
	for _, w := range c.Works {
		all = append(all, w.Printed())
	}
	return strings.Join(all, ", ")
}

// Printed is one work of a citation, such as "[2, p. 3]".
func (w Cited) Printed() string {
	if w.Locator == "" {
		return "[" + strconv.Itoa(w.Reference.Number) + "]"
	}
	return "[" + strconv.Itoa(w.Reference.Number) + ", " + w.Locator + "]"
}

// Reference is a work in the list of references. The parts are as the style of
// IEEE sets them: Authors, “Title,” Container, Details. Link.
type Reference struct {
	Key       string
	Number    int    // in the order of citation, from 1
	ID        string // the anchor
	Authors   string
	Title     string
	Container string // the journal, the proceedings or the book; set in italics
	Details   string // volume, pages, publisher, year
	Link      string // https or http; "" for none
}

var (
	citeKey   = regexp.MustCompile(`^@([\p{L}\p{N}_](?:[\p{L}\p{N}_]|[:.#$%&+?<>~/-][\p{L}\p{N}_])*)`)
	bracketed = regexp.MustCompile(`^\[(@[^\]\[\n]+)\]`)
)

// citationParser finds citations in running text.
type citationParser struct{}

// Trigger returns the characters that open a citation.
func (citationParser) Trigger() []byte { return []byte{'[', '@'} }

// Parse returns the citation at the reader's position, or nil.
func (citationParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, segment := block.PeekLine()
	if line[0] == '@' {
		if before := block.PrecendingCharacter(); unicode.IsLetter(before) || unicode.IsDigit(before) {
			return nil
		}
		m := citeKey.FindSubmatch(line)
		if m == nil {
			return nil
		}
		block.Advance(len(m[0]))
		return &Citation{Works: []Cited{{Key: string(m[1])}}, Bare: true, Source: string(m[0]), Offset: segment.Start}
	}
	m := bracketed.FindSubmatch(line)
	if m == nil || len(line) > len(m[0]) && strings.IndexByte("([:", line[len(m[0])]) >= 0 {
		return nil // a link
	}
	c := &Citation{Source: string(m[0]), Offset: segment.Start}
	for part := range strings.SplitSeq(string(m[1]), ";") {
		part = strings.TrimSpace(part)
		key := citeKey.FindStringSubmatch(part)
		if key == nil || crossRef.MatchString(part) {
			return nil
		}
		rest := strings.TrimSpace(part[len(key[0]):])
		locator, ok := strings.CutPrefix(rest, ",")
		if rest != "" && !ok {
			return nil
		}
		c.Works = append(c.Works, Cited{Key: key[1], Locator: strings.TrimSpace(locator)})
	}
	block.Advance(len(m[0]))
	return c
}
