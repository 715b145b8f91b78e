package document

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"github.com/flowbook/flowbook/reportgen/internal/language"
)

// Target is a figure, table, section, equation, listing or cell that can be referred
// to.
type Target struct {
	Kind   Kind
	Number string
	ID     string // the anchor in the document
	Title  string // its name if it has no number
	Where  Origin
}

// Kind is the kind of a target, as printed.
type Kind string

// The kinds of targets.
const (
	KindFigure   Kind = "Figure"
	KindTable    Kind = "Table"
	KindSection  Kind = "Section"
	KindEquation Kind = "Equation"
	KindListing  Kind = "Listing"
	KindCell     Kind = "Cell" // never numbered
)

// Indefinite returns the kind with its article: "a figure", "an equation".
func (k Kind) Indefinite() string {
	if k == KindEquation {
		return "an equation"
	}
	return "a " + strings.ToLower(string(k))
}

// Name returns the target's name in prose: "Figure 2.1".
func (t *Target) Name(words *language.Words) string {
	if t.Number == "" {
		return t.Title
	}
	return words.Say(string(t.Kind)) + " " + t.Number
}

// CrossRef is an @fig-x, @tbl-x, @sec-x, @eq-x, @lst-x or @cell-x in Markdown, or a
// \ref or \eqref.
type CrossRef struct {
	ast.BaseInline
	Label  string
	Short  bool    // only the number is printed: "(2.1)"
	Target *Target // nil if unresolved
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

// Printed returns the text of the reference: "Figure 2.1", or the label followed by a
// question mark if it is unresolved.
func (c *CrossRef) Printed(words *language.Words) string {
	if c.Target == nil {
		return "@" + c.Label + "?"
	}
	if c.Short && c.Target.Number != "" {
		return "(" + c.Target.Number + ")"
	}
	return c.Target.Name(words)
}

var crossRef = regexp.MustCompile(`^@((?:fig|tbl|sec|eq|lst|cell)-[\p{L}\p{N}]+(?:[-_]+[\p{L}\p{N}]+)*)`)

// crossRefParser parses references in running text. After a letter or digit, the @
// is part of an e-mail address.
type crossRefParser struct{}

// Trigger implements parser.InlineParser.
func (crossRefParser) Trigger() []byte { return []byte{'@'} }

// Parse implements parser.InlineParser.
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

// ValidLabel reports whether references can use the label.
func ValidLabel(label string) bool {
	m := crossRef.FindString("@" + label)
	return len(m) == len(label)+1
}

// LabelKind returns the kind for a label's prefix; "" if there is none.
func LabelKind(label string) Kind {
	prefix, _, _ := strings.Cut(label, "-")
	return map[string]Kind{
		"fig": KindFigure, "tbl": KindTable, "sec": KindSection, "eq": KindEquation, "lst": KindListing, "cell": KindCell,
	}[prefix]
}

// Citation cites one or more works, in Pandoc's syntax:
// [@key], [@key, p. 3; @other], or @key in running text.
type Citation struct {
	ast.BaseInline
	Works  []Cited
	Bare   bool   // without brackets, so it is prose if the key is unknown
	Source string // as written
	Offset int
}

// Cited is a work of a citation.
type Cited struct {
	Key       string
	Locator   string     // "p. 3"; "" for the whole work
	Reference *Reference // nil if unresolved
}

// KindCitation is the node kind of Citation.
var KindCitation = ast.NewNodeKind("Citation")

// Kind returns KindCitation.
func (*Citation) Kind() ast.NodeKind { return KindCitation }

// Dump prints the node for goldmark's debugging.
func (c *Citation) Dump(source []byte, level int) {
	ast.DumpHelper(c, source, level, map[string]string{"Source": c.Source}, nil)
}

// Resolved reports whether every key is known.
func (c *Citation) Resolved() bool {
	for _, w := range c.Works {
		if w.Reference == nil {
			return false
		}
	}
	return true
}

// printed returns the text of the citation in IEEE style: "[1], [2, p. 3]".
func (c *Citation) printed() string {
	if !c.Resolved() {
		return c.Source
	}
	var all []string
	for _, w := range c.Works {
		all = append(all, w.Printed())
	}
	return strings.Join(all, ", ")
}

// Printed returns the text for one work of a citation, such as "[2, p. 3]".
func (w Cited) Printed() string {
	if w.Locator == "" {
		return "[" + strconv.Itoa(w.Reference.Number) + "]"
	}
	return "[" + strconv.Itoa(w.Reference.Number) + ", " + w.Locator + "]"
}

// Reference is a work in the list of references, in the parts of IEEE style:
// Authors, “Title,” Container, Details. Link.
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

// Entry returns the reference as a line of a list, without the number and the link. The functions
// make markup of plain text and put text in italics.
func (r *Reference) Entry(escape, italic func(string) string) string {
	var b strings.Builder
	if r.Authors != "" {
		b.WriteString(escape(r.Authors) + ", ")
	}
	b.WriteString(escape(r.QuotedTitle()))
	if r.Container != "" {
		b.WriteString(" " + italic(escape(r.Container)))
		if r.Details != "" {
			b.WriteString(",")
		}
	}
	if r.Details != "" {
		b.WriteString(" " + escape(r.Details))
	}
	b.WriteString(r.Stop())
	return b.String()
}

// QuotedTitle returns the title in quotation marks with the punctuation after it.
func (r *Reference) QuotedTitle() string {
	end := ","
	if r.Container+r.Details == "" {
		end = "."
	}
	switch {
	case r.Title == "":
		return ""
	case strings.ContainsAny(r.Title[len(r.Title)-1:], ".?!,"):
		end = ""
	}
	return "“" + r.Title + end + "”"
}

// Stop returns the full stop at the end of the parts before the link, if they need one.
func (r *Reference) Stop() string {
	last := r.Container
	if r.Details != "" {
		last = r.Details
	}
	if last == "" && r.Title != "" || strings.HasSuffix(last, ".") {
		return ""
	}
	return "."
}

var (
	citeKey   = regexp.MustCompile(`^@([\p{L}\p{N}_](?:[\p{L}\p{N}_]|[:.#$%&+?<>~/-][\p{L}\p{N}_])*)`)
	bracketed = regexp.MustCompile(`^\[(@[^\]\[\n]+)\]`)
)

// citationParser parses citations in running text.
type citationParser struct{}

// Trigger implements parser.InlineParser.
func (citationParser) Trigger() []byte { return []byte{'[', '@'} }

// Parse implements parser.InlineParser.
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
