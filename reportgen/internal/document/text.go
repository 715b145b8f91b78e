package document

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/flowbook/flowbook/reportgen/internal/language"
)

// Text is Markdown, parsed: the tree's text nodes are segments of Source.
type Text struct {
	Source []byte
	Root   ast.Node

	// Unsupported lists the constructs of other tools that have no effect in the text.
	Unsupported []Unsupported
}

// Prose is a run of paragraphs, lists, tables and so on between two headings.
type Prose struct{ *Text }

func (Prose) block() {}

// Parser reads the Markdown of a report: CommonMark with GitHub's extensions,
// alerts and footnotes, {#id} behind a heading, $formulas$, [@citations] and @fig-x
// references, and the boxes and grid tables of MyST, Quarto and others. It may not be used by two goroutines at once.
type Parser struct {
	blocks  parser.Parser
	inlines parser.Parser
}

// bareURL matches an address in running text: as on GitHub, and of local servers and IP
// addresses, as in JupyterLab.
var bareURL = regexp.MustCompile("^(?:http|https|ftp)://(?:[-a-zA-Z0-9@:%._+~#=]{1,256}\\.[a-z]+|localhost|[0-9]{1,3}(?:\\.[0-9]{1,3}){3})(?::[0-9]+)?(?:[/#?][-a-zA-Z0-9@:%_+.~#$!?&/=();,'\">^{}\\[\\]`]*)?")

// NewParser makes a Parser.
func NewParser() *Parser {
	markdown := goldmark.New(
		goldmark.WithExtensions(extension.Strikethrough, extension.Table, extension.TaskList, extension.NewLinkify(extension.WithLinkifyURLRegexp(bareURL)), extension.Footnote),
		goldmark.WithParserOptions(
			parser.WithHeadingAttribute(),
			parser.WithBlockParsers(util.Prioritized(equationParser{}, 690), util.Prioritized(directiveParser{}, 691), util.Prioritized(gridTableParser{}, 290)),
			parser.WithInlineParsers(ownInlines()...),
			parser.WithASTTransformers(util.Prioritized(directives{}, 890), util.Prioritized(alerts{}, 900)),
		),
	)
	inlines := append(append(parser.DefaultInlineParsers(), ownInlines()...),
		util.Prioritized(extension.NewStrikethroughParser(), 500),
		util.Prioritized(extension.NewLinkifyParser(extension.WithLinkifyURLRegexp(bareURL)), 999),
	)
	return &Parser{
		blocks: markdown.Parser(),
		// With no block but the paragraph, a caption that begins with a number
		// and a full stop or a hash remains a caption.
		inlines: parser.NewParser(
			parser.WithBlockParsers(util.Prioritized(parser.NewParagraphParser(), 1000)),
			parser.WithInlineParsers(inlines...),
		),
	}
}

// ownInlines are the constructs of running text that CommonMark does not have.
// They come before its links and its code.
func ownInlines() []util.PrioritizedValue {
	return []util.PrioritizedValue{
		util.Prioritized(crossRefParser{}, 90),
		util.Prioritized(mathParser{}, 91),
		util.Prioritized(citationParser{}, 92),
	}
}

// Parse reads Markdown blocks.
func (p *Parser) Parse(source string) *Text {
	src := []byte(hideBars(strings.ToValidUTF8(source, "\uFFFD")))
	pc := parser.NewContext()
	root := p.blocks.Parse(text.NewReader(src), parser.WithContext(pc))
	removeDefinitions(root)
	unsupported, _ := pc.Get(directiveSet).([]Unsupported)
	return &Text{Source: src, Root: root, Unsupported: unsupported}
}

// removeDefinitions removes [label]: destination, which the links already have.
func removeDefinitions(root ast.Node) {
	var definitions []ast.Node
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering && n.Kind() == ast.KindLinkReferenceDefinition {
			definitions = append(definitions, n)
		}
		return ast.WalkContinue, nil
	})
	for _, n := range definitions {
		n.Parent().RemoveChild(n.Parent(), n)
	}
}

// ParseLine reads a caption or a title: Markdown within one paragraph.
func (p *Parser) ParseLine(source string) *Text {
	src := []byte(strings.ToValidUTF8(strings.Join(strings.Fields(source), " "), "\uFFFD"))
	root := p.inlines.Parse(text.NewReader(src))
	if first := root.FirstChild(); first != nil {
		root = first
	}
	return &Text{Source: src, Root: root}
}

// Line is the line of the source, counted from 1, that holds the byte at
// offset.
func (t *Text) Line(offset int) int {
	offset = min(max(offset, 0), len(t.Source))
	return 1 + bytes.Count(t.Source[:offset], []byte("\n"))
}

// Plain is the text without markup.
func (t *Text) Plain() string { return PlainNode(t.Root, t.Source) }

// PlainNode is the text under a node without markup and footnotes.
func PlainNode(root ast.Node, source []byte) string {
	var b strings.Builder
	// The walker returns no error, so neither does Walk.
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			b.Write(util.UnescapePunctuations(util.ResolveEntityNames(util.ResolveNumericReferences(n.Segment.Value(source)))))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.Label(source))
		case *CrossRef:
			b.WriteString(n.Printed(language.English()))
		case *Math:
			b.WriteString(n.TeX)
		case *Citation:
			b.WriteString(n.printed())
		case *east.FootnoteLink, *ast.RawHTML, *InlineHTML:
			return ast.WalkSkipChildren, nil
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// Note is a footnote. Its text's root is goldmark's footnote node.
type Note struct {
	*Text
	Number int
}

// TakeNotes takes the footnotes out of a parsed text and numbers them and the
// references to them from the one after last.
func TakeNotes(t *Text, last int) []*Note {
	var notes []*Note
	_ = ast.Walk(t.Root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *east.FootnoteLink:
			n.Index += last
		case *east.FootnoteBacklink:
			n.Index += last
		case *east.Footnote:
			n.Index += last
			notes = append(notes, &Note{&Text{Source: t.Source, Root: n}, n.Index})
		}
		return ast.WalkContinue, nil
	})
	if list, ok := t.Root.LastChild().(*east.FootnoteList); ok {
		t.Root.RemoveChild(t.Root, list)
	}
	return notes
}

// Image is a Markdown image whose picture was found. It takes the place of
// goldmark's node.
type Image struct {
	ast.BaseInline
	Picture *Picture
}

// KindImage is the node kind of Image.
var KindImage = ast.NewNodeKind("Picture")

// Kind returns KindImage.
func (*Image) Kind() ast.NodeKind { return KindImage }

// Dump prints the node for goldmark's debugging.
func (i *Image) Dump(source []byte, level int) {
	ast.DumpHelper(i, source, level, map[string]string{"Name": i.Picture.Name}, nil)
}

// JoinBlocks puts an empty line between blocks of markup. Empty ones are left out.
func JoinBlocks(blocks []string) string {
	var kept []string
	for _, b := range blocks {
		if b = strings.Trim(b, "\n"); b != "" {
			kept = append(kept, b)
		}
	}
	return strings.Join(kept, "\n\n")
}

// beforeUnit matches the blank between a number and a unit.
var beforeUnit = regexp.MustCompile(`([0-9]) (%|(?:[kMGT]?B|m?s|min|h)\b)`)

// KeepUnits returns a text that is not broken between a number and its unit.
func KeepUnits(s string) string { return beforeUnit.ReplaceAllString(s, "$1\u00a0$2") }
