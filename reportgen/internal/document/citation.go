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
