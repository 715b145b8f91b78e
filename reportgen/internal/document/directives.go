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
	started  bool              // its content has begun
	titled   bool              // its first child is its title
	complete bool              // its end was found
	folded   bool              // a reader can open and close it
	expanded bool              // a folded one that is initially open
	argument string            // of a figure: the address of its picture
	options  map[string]string // of a figure, such as name and width
	sync     string            // see Mark
	yaml     bool              // within options between two lines ---
}

// admonitions are the names of boxes in MyST, Quarto, Docusaurus and MkDocs, and the alert for each.
var admonitions = map[string]string{
	"note": "Note", "seealso": "Note", "info": "Note", "abstract": "Note", "summary": "Note", "example": "Note", "question": "Note",
	"admonition": "Note", "callout": "Note", "dropdown": "Note", "tip": "Tip", "hint": "Tip", "success": "Tip", "important": "Important",
	"warning": "Warning", "attention": "Warning", "caution": "Caution", "danger": "Caution", "error": "Caution", "failure": "Caution", "bug": "Caution",
}

var (
	colonFence   = regexp.MustCompile(`^(:{3,})\s*(?:\{([^}]*)\}|([A-Za-z][\w-]*))(?:\s+(\S.*?))?\s*:*\s*$`)
	tickFence    = regexp.MustCompile("^(`{3,}|~{3,})\\s*\\{([a-z-]+)\\}(?:\\s+(\\S.*?))?\\s*$")
	mkdocsBox    = regexp.MustCompile(`^(!!!|\?\?\?\+?)\s+([a-z]+)(?:\s+"([^"]*)")?\s*$`)
	colonEnd     = regexp.MustCompile(`^:{3,}\s*$`)
	option       = regexp.MustCompile(`^(:?)([A-Za-z][\w-]*):(?:\s+(.*))?$`)
	divClass     = regexp.MustCompile(`\.([A-Za-z][\w-]*)`)
	divTitle     = regexp.MustCompile(`\btitle\s*=\s*(?:"([^"]*)"|'([^']*)')`)
	divFolded    = regexp.MustCompile(`\b(collapse|open)\s*=\s*["']?(true|false)\b`)
	divGroup     = regexp.MustCompile(`\bgroup\s*=\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))`)
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
			title = d.attributes(d.name, m[4])
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
		d.folded, d.expanded = line[0] == '?', bytes.HasPrefix(line, []byte("???+"))
		if m[6] >= 0 {
			title = [2]int{m[6], m[7]}
		}
	default:
		m := tickFence.FindSubmatchIndex(line)
		if m == nil || !knownDirective(part(m, 2)) {
			return nil, parser.NoChildren
		}
		d.fence, d.length, d.name = line[0], m[3]-m[2], part(m, 2)
		if m[6] >= 0 {
			title = [2]int{m[6], m[7]}
		}
	}
	if isFigure(d.name) {
		d.argument = string(line[title[0]:title[1]])
	} else if title[1] > title[0] {
		p := ast.NewParagraph()
		start := segment.Start + at
		p.Lines().Append(text.NewSegment(start+title[0], start+title[1]))
		d.AppendChild(d, p)
		d.titled = true
	}
	reader.AdvanceToEOL()
	return d, parser.HasChildren
}

// knownDirective reports whether a directive in backticks is one of these and not the language of code.
func knownDirective(name string) bool {
	return admonitions[name] != "" || tabNames[name] != "" || isFigure(name)
}

// attributes reads the attributes of a div of Quarto, or of a directive of MyST that has some after its name. They begin at
// start in the line. It returns where the title is.
func (d *directive) attributes(written string, start int) (title [2]int) {
	d.name = ""
	if first, _, _ := strings.Cut(written, " "); !strings.ContainsAny(first, ".#=") {
		d.name = first
	}
	for _, m := range divClass.FindAllStringSubmatch(written, -1) {
		if name := strings.TrimPrefix(m[1], "callout-"); d.name == "" || admonitions[d.name] == "" && admonitions[name] != "" {
			d.name = name
		}
		d.option("class", m[1])
	}
	if d.name == "" {
		d.name = written
	}
	if m := divFolded.FindStringSubmatch(written); m != nil {
		d.folded, d.expanded = true, (m[1] == "open") == (m[2] == "true")
	}
	if m := divGroup.FindStringSubmatch(written); m != nil {
		d.sync = m[1] + m[2] + m[3]
	}
	if m := divTitle.FindStringSubmatchIndex(written); m != nil {
		for _, group := range []int{2, 4} {
			if m[group] >= 0 {
				title = [2]int{start + m[group], start + m[group+1]}
			}
		}
	}
	return title
}

// option applies an option of a directive of MyST.
func (d *directive) option(name, value string) {
	switch name {
	case "open":
		d.folded, d.expanded = true, strings.TrimSpace(value) != "false"
	case "sync", "sync-group":
		d.sync = strings.TrimSpace(value)
	case "class":
		for _, class := range strings.Fields(strings.ReplaceAll(value, ",", " ")) {
			switch {
			case class == "dropdown":
				d.folded = true
			case d.name == "admonition" && admonitions[class] != "":
				d.name = class
			}
		}
	}
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
		if d.isOption(string(trimmed)) {
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

// directives replaces directives by alerts, marks or their content, and collects what is not supported.
type directives struct{}

// Transform implements parser.ASTTransformer.
func (directives) Transform(root *ast.Document, _ text.Reader, pc parser.Context) {
	var all []*directive
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if d, ok := n.(*directive); ok && entering {
			all = append(all, d) // those that hold others come first, which are then no longer within them
		}
		return ast.WalkContinue, nil
	})
	var unsupported []Unsupported
	for _, d := range all {
		if what := d.replace(d.Parent() == root); what != "" {
			unsupported = append(unsupported, Unsupported{d.written, what, d.offset})
		}
	}
	if len(unsupported) > 0 {
		pc.Set(directiveSet, unsupported)
	}
}

// replace puts an alert, marks, or only the content, in the directive's place. It returns what becomes of a directive that
// is not supported, or "". One of marks is so only at the top of the text.
func (d *directive) replace(top bool) (unsupported string) {
	what := d.markKind(top)
	switch {
	case d.name == "" && !top:
		d.unwrap()
		return "ends a block that does not begin in its cell (omitted)"
	case d.complete && admonitions[d.name] != "":
		d.alert(admonitions[d.name])
		return ""
	case d.yaml:
		d.unwrap()
		return "has options without an end (omitted)"
	case d.complete && (isFigure(d.name) && d.figure() || d.group()):
		d.unwrap()
		return ""
	case what == MarkDiv:
		unsupported = "is not closed in its cell: its content is shown as ordinary text"
	case what == "":
		unsupported = "is not supported: its content is shown as ordinary text"
	case !top:
		unsupported = "is within another block: its content is shown as ordinary text"
	}
	if what != MarkTab && what != MarkBox || !top {
		d.strongTitle()
	}
	if top && what != "" {
		d.divide(what)
		return unsupported
	}
	d.unwrap()
	return unsupported
}

// markKind returns what begins or ends with a directive, or "".
func (d *directive) markKind(top bool) MarkKind {
	switch {
	case d.name == "":
		return MarkEnd
	case tabNames[d.name] != "":
		return tabNames[d.name]
	case d.complete:
		return ""
	case admonitions[d.name] != "" && d.fence == ':' && top:
		return MarkBox
	}
	return MarkDiv
}

// strongTitle sets the title, if there is one, in bold.
func (d *directive) strongTitle() {
	if title := d.FirstChild(); d.titled && title.HasChildren() {
		strong := ast.NewEmphasis(2)
		MoveChildren(title, strong)
		title.AppendChild(title, strong)
	}
}

// alert replaces the directive by an alert.
func (d *directive) alert(name string) {
	a := &Alert{Name: name, Folded: d.isFolded(), Expanded: d.expanded}
	if d.hasTitle() {
		title := &AlertTitle{}
		MoveChildren(d.FirstChild(), title)
		d.ReplaceChild(d, d.FirstChild(), title)
	}
	MoveChildren(d, a)
	d.Parent().ReplaceChild(d.Parent(), d, a)
}

// isFolded reports whether a reader can open and close an alert.
func (d *directive) isFolded() bool { return d.folded || d.name == "dropdown" }

// hasTitle reports whether the first child of an alert is its title.
func (d *directive) hasTitle() bool {
	_, headed := d.FirstChild().(*ast.Heading)
	return d.titled || headed
}

// MoveChildren moves the children of a node to the end of another.
func MoveChildren(from, to ast.Node) {
	for n := from.FirstChild(); n != nil; n = from.FirstChild() {
		to.AppendChild(to, n) // takes it from its parent
	}
}
