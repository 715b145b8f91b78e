package document

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// Unsupported is a construct of another tool, such as a directive of MyST or a div of Quarto, whose content is part of the
// text, but not its effect.
type Unsupported struct {
	Name   string // as it is written
	What   string // what becomes of it
	Offset int    // in the source
}

// directive is a block of MyST, Quarto, Docusaurus or MkDocs. After parsing, an [Alert] or its content replaces it.
type directive struct {
	ast.Blockquote
	name     string // without braces and dots
	written  string
	fence    byte // : or `, or ! if its content is indented
	length   int  // of the fence
	indent   int  // of the content
	offset   int
	started  bool // its content has begun
	titled   bool // its first child is its title
	complete bool // its end was found
}

// admonitions are the names of boxes in MyST, Quarto, Docusaurus and MkDocs, and the alert for each.
var admonitions = map[string]string{
	"note": "Note", "seealso": "Note", "info": "Note", "abstract": "Note", "summary": "Note", "example": "Note", "question": "Note",
	"admonition": "Note", "callout": "Note", "dropdown": "Note", "tip": "Tip", "hint": "Tip", "success": "Tip", "important": "Important",
	"warning": "Warning", "attention": "Warning", "caution": "Caution", "danger": "Caution", "error": "Caution", "failure": "Caution", "bug": "Caution",
}

var (
	colonFence   = regexp.MustCompile(`^(:{3,})\s*(?:\{([^}]*)\}|([A-Za-z][\w-]*))(?:\s+(\S.*?))?\s*:*\s*$`)
	tickFence    = regexp.MustCompile("^(`{3,}|~{3,})\\s*\\{([a-z]+)\\}(?:\\s+(\\S.*?))?\\s*$")
	mkdocsBox    = regexp.MustCompile(`^(!!!|\?\?\?\+?)\s+([a-z]+)(?:\s+"([^"]*)")?\s*$`)
	colonEnd     = regexp.MustCompile(`^:{3,}\s*$`)
	option       = regexp.MustCompile(`^:[A-Za-z][\w-]*:(?:\s.*)?$`)
	quartoClass  = regexp.MustCompile(`\.([A-Za-z][\w-]*)`)
	quartoTitle  = regexp.MustCompile(`\btitle\s*=\s*(?:"([^"]*)"|'([^']*)')`)
	directiveSet = parser.NewContextKey()
)

// maxDirectives bounds the blocks around a directive, since each line is read once for each.
const maxDirectives = 50

// directiveParser parses directives as containers of Markdown.
type directiveParser struct{}

// Trigger implements parser.BlockParser.
func (directiveParser) Trigger() []byte { return []byte{':', '`', '~', '!', '?'} }

// Open opens a directive.
func (directiveParser) Open(_ ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, segment := reader.PeekLine()
	at := pc.BlockOffset()
	if at < 0 || len(pc.OpenedBlocks()) > maxDirectives {
		return nil, parser.NoChildren
	}
	line = bytes.TrimRight(line[at:], "\r\n")
	d := &directive{offset: segment.Start + at, written: string(bytes.TrimSpace(line)), fence: ':'}
	var title [2]int
	// part returns a group of a match, or "".
	part := func(m []int, group int) string {
		if m[2*group] < 0 {
			return ""
		}
		return string(line[m[2*group]:m[2*group+1]])
	}
	switch {
	case colonEnd.Match(line):
		d.complete = true
		reader.AdvanceToEOL()
		return d, parser.NoChildren
	case bytes.HasPrefix(line, []byte(":::")):
		m := colonFence.FindSubmatchIndex(line)
		if m == nil {
			return nil, parser.NoChildren
		}
		d.length, d.name = m[3]-m[2], part(m, 2)+part(m, 3)
		if strings.ContainsAny(d.name, ".#=") {
			d.name, title = quartoName(d.name, m[4])
		}
		if m[8] >= 0 {
			title = [2]int{m[8], m[9]}
		}
	case line[0] == '!' || line[0] == '?':
		m := mkdocsBox.FindSubmatchIndex(line)
		if m == nil || admonitions[part(m, 2)] == "" {
			return nil, parser.NoChildren
		}
		d.fence, d.name, d.indent = '!', part(m, 2), at+4
		if m[6] >= 0 {
			title = [2]int{m[6], m[7]}
		}
	default:
		m := tickFence.FindSubmatchIndex(line)
		if m == nil || admonitions[part(m, 2)] == "" {
			return nil, parser.NoChildren
		}
		d.fence, d.length, d.name = line[0], m[3]-m[2], part(m, 2)
		if m[6] >= 0 {
			title = [2]int{m[6], m[7]}
		}
	}
	if title[1] > title[0] {
		p := ast.NewParagraph()
		start := segment.Start + at
		p.Lines().Append(text.NewSegment(start+title[0], start+title[1]))
		d.AppendChild(d, p)
		d.titled = true
	}
	reader.AdvanceToEOL()
	return d, parser.HasChildren
}

// quartoName returns the name in the attributes of a div, which begin at start, and where its title is.
func quartoName(attributes string, start int) (name string, title [2]int) {
	name = attributes
	if m := quartoClass.FindStringSubmatch(attributes); m != nil {
		name = strings.TrimPrefix(m[1], "callout-")
	}
	if m := quartoTitle.FindStringSubmatchIndex(attributes); m != nil {
		for _, group := range []int{2, 4} {
			if m[group] >= 0 {
				title = [2]int{start + m[group], start + m[group+1]}
			}
		}
	}
	return name, title
}

// Continue implements parser.BlockParser.
func (directiveParser) Continue(node ast.Node, reader text.Reader, pc parser.Context) parser.State {
	d := node.(*directive)
	line, _ := reader.PeekLine()
	if d.length == 0 && d.fence != '!' {
		return parser.Close
	}
	trimmed := bytes.TrimSpace(line)
	if d.fence == '!' {
		return d.continueIndented(line, reader)
	}
	if !d.started {
		if option.Match(trimmed) {
			reader.AdvanceToEOL()
			return parser.Continue | parser.NoChildren
		}
		d.started = len(trimmed) > 0
	}
	if d.ends(trimmed) && innermost(pc) == d {
		d.complete = true
		reader.AdvanceToEOL()
		return parser.Close
	}
	return parser.Continue | parser.HasChildren
}

func (d *directive) continueIndented(line []byte, reader text.Reader) parser.State {
	d.complete = true
	width := 0
	for width < len(line) && width < d.indent && line[width] == ' ' {
		width++
	}
	switch {
	case len(bytes.TrimSpace(line)) == 0:
		return parser.Continue | parser.HasChildren
	case width < d.indent && line[width] != '\t':
		return parser.Close
	case width < d.indent:
		width++
	}
	reader.Advance(width)
	return parser.Continue | parser.HasChildren
}

// ends reports whether a line without spaces around it is the end of the directive.
func (d *directive) ends(line []byte) bool {
	return len(line) >= d.length && len(bytes.Trim(line, string(d.fence))) == 0 || d.fence == ':' && colonEnd.Match(line)
}

// innermost returns the innermost open directive, unless a block of code is open in it.
func innermost(pc parser.Context) ast.Node {
	opened := pc.OpenedBlocks()
	for i := len(opened) - 1; i >= 0; i-- {
		switch n := opened[i].Node.(type) {
		case *ast.FencedCodeBlock, *ast.HTMLBlock:
			return nil
		case *directive:
			if n.fence != '!' {
				return n
			}
		}
	}
	return nil
}

// Close implements parser.BlockParser.
func (directiveParser) Close(ast.Node, text.Reader, parser.Context) {}

// CanInterruptParagraph implements parser.BlockParser.
func (directiveParser) CanInterruptParagraph() bool { return true }

// CanAcceptIndentedLine implements parser.BlockParser.
func (directiveParser) CanAcceptIndentedLine() bool { return false }

// directives replaces directives by alerts or their content, and collects what is not supported.
type directives struct{}

// Transform implements parser.ASTTransformer.
func (directives) Transform(root *ast.Document, _ text.Reader, pc parser.Context) {
	var all []*directive
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if d, ok := n.(*directive); ok && !entering {
			all = append(all, d) // those within others come first
		}
		return ast.WalkContinue, nil
	})
	var unsupported []Unsupported
	for _, d := range all {
		alert := admonitions[d.name]
		what := "is not supported: its content is shown as ordinary text"
		switch {
		case d.name == "":
			what = "ends a block that does not begin in its cell (omitted)"
		case !d.complete:
			what, alert = "is not closed in its cell: its content is shown as ordinary text", ""
		case alert != "":
			what = ""
		}
		if what != "" {
			unsupported = append(unsupported, Unsupported{d.written, what, d.offset})
		}
		d.replace(alert)
	}
	if len(unsupported) > 0 {
		pc.Set(directiveSet, unsupported)
	}
}

// replace puts an alert, or only the content, in the directive's place.
func (d *directive) replace(alert string) {
	parent := d.Parent()
	if heading, ok := d.FirstChild().(*ast.Heading); ok && alert != "" && !d.titled {
		p := ast.NewParagraph()
		moveChildren(heading, p)
		d.ReplaceChild(d, heading, p)
		d.titled = true
	}
	if title := d.FirstChild(); d.titled && title.HasChildren() {
		strong := ast.NewEmphasis(2)
		moveChildren(title, strong)
		title.AppendChild(title, strong)
	}
	if alert != "" {
		a := &Alert{Name: alert}
		moveChildren(d, a)
		parent.ReplaceChild(parent, d, a)
		return
	}
	for n := d.FirstChild(); n != nil; n = d.FirstChild() {
		d.RemoveChild(d, n)
		parent.InsertBefore(parent, d, n)
	}
	parent.RemoveChild(parent, d)
}

func moveChildren(from, to ast.Node) {
	for n := from.FirstChild(); n != nil; n = from.FirstChild() {
		to.AppendChild(to, n) // takes it from its parent
	}
}
