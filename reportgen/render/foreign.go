package render

import (
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	gtext "github.com/yuin/goldmark/text"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

var (
	// bracedFence matches the info string of a code block of MyST, Quarto, knitr or Pandoc: a directive, a language or a
	// class that is a language in braces.
	bracedFence = regexp.MustCompile(`^\{\s*\.?([A-Za-z][\w:+-]*)[^}]*\}`)
	// fenceOption matches an option of a directive.
	fenceOption = regexp.MustCompile(`(?m)^:([a-z-]+):[ \t]*(.*)\n?`)
	// roleName matches the name of a role of MyST before its code span.
	roleName = regexp.MustCompile(`\{([a-z][a-z:+-]*)\}$`)
	// roleTarget splits "text <target>".
	roleTarget = regexp.MustCompile(`^(.*?)\s*<([^<>]+)>$`)
	// mystTarget matches a target of MyST, which is a paragraph of its own.
	mystTarget = regexp.MustCompile(`^\(([\p{L}\p{N}_.:-]+)\)=$`)
	// codeInText matches code spans and formulas, in which nothing is markup.
	codeInText = regexp.MustCompile("`+[^`]*`+|\\$[^$]*\\$")
	// markup matches constructs of other tools that are printed as they are: Quarto's shortcodes, Liquid's tags and the
	// directives of reStructuredText.
	markup = regexp.MustCompile(`\{\{[<%].*?[>%]\}\}|\{%-? *[a-z].*?%\}|(?m:^\.\. [a-z-]+::)`)
)

// languages are what code blocks have in braces in Quarto and knitr, and MyST's directives of code.
var languages = []string{
	"python", "r", "julia", "bash", "sh", "sql", "js", "ojs", "go", "c", "cpp", "rust", "stan", "perl", "ruby", "lua", "css", "html", "yaml",
	"code", "code-block", "code-cell", "sourcecode", "ipython", "ipython3", "prompt", "eval-rst",
}

// foreign converts what notebooks of MyST, Quarto and others have beside CommonMark, as far as a report has it too, and
// warns of everything else, which is printed as it is.
func (b *builder) foreign(t located) {
	for _, u := range t.Unsupported {
		b.warn(t.where, t.Line(u.Offset), "%s %s", shorten([]byte(u.Name)), u.What)
	}
	var fences []*ast.FencedCodeBlock
	var spans []*ast.CodeSpan
	var paragraphs []ast.Node
	_ = ast.Walk(t.Root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.FencedCodeBlock:
			if entering {
				fences = append(fences, n)
			}
		case *ast.CodeSpan:
			if entering {
				spans = append(spans, n)
			}
		case *ast.Paragraph, *ast.TextBlock:
			if entering {
				paragraphs = append(paragraphs, n)
			}
		}
		return ast.WalkContinue, nil
	})
	for _, n := range paragraphs {
		b.paragraphMarkup(t, n)
	}
	for _, n := range fences {
		b.fence(t, n)
	}
	for _, n := range spans {
		b.role(t, n)
	}
}

// paragraphMarkup makes a target of a paragraph that is one, and warns of other markup in it.
func (b *builder) paragraphMarkup(t located, n ast.Node) {
	source := string(n.Lines().Value(t.Source))
	if m := mystTarget.FindStringSubmatch(strings.TrimSpace(source)); m != nil {
		anchor := "<a" + document.Escaped("id", m[1]) + "></a>"
		n.Parent().ReplaceChild(n.Parent(), n, &document.BlockHTML{Fragment: b.fragment(t.where, anchor, nil, false)})
		return
	}
	if !strings.Contains(source, "{") && !strings.Contains(source, "::") {
		return
	}
	for _, m := range markup.FindAllString(codeInText.ReplaceAllString(source, ""), -1) {
		b.warnOnce(t.where, "markup "+m, "%s is not supported; printed as it is", shorten([]byte(m)))
	}
}

// fence converts a code block that is a directive.
func (b *builder) fence(t located, n *ast.FencedCodeBlock) {
	if n.Info == nil {
		return
	}
	info := string(n.Info.Segment.Value(t.Source))
	name, _, _ := strings.Cut(info, " ")
	if m := bracedFence.FindStringSubmatchIndex(info); m != nil {
		name = info[m[2]:m[3]]
		n.Info.Segment = gtext.NewSegment(n.Info.Segment.Start+m[2], n.Info.Segment.Start+m[3])
	}
	switch {
	case strings.HasPrefix(info, "{math}"):
		e := &document.Equation{}
		source := string(n.Lines().Value(t.Source))
		if n.Lines().Len() > 0 {
			e.Offset = n.Lines().At(0).Start
		}
		for _, m := range fenceOption.FindAllStringSubmatch(source, -1) {
			if m[1] == "label" || m[1] == "name" {
				e.Label = document.EquationLabel(strings.TrimSpace(m[2]))
			}
		}
		e.TeX = strings.TrimSpace(fenceOption.ReplaceAllString(source, ""))
		n.Parent().ReplaceChild(n.Parent(), n, e)
	case name == "mermaid" || info == "{dot}" || info == "{graphviz}":
		b.warnOnce(t.where, "diagram "+name, "a diagram (%s) is shown as its source", name)
	case strings.HasPrefix(info, "{") && !strings.HasPrefix(info, "{.") && !slices.Contains(languages, strings.ToLower(name)):
		b.warnOnce(t.where, "directive "+name, "the directive {%s} is not supported: its source is shown as code", name)
	}
}

// role converts a role of MyST, which is a code span with the name before it: {math}`x`.
func (b *builder) role(t located, n *ast.CodeSpan) {
	before, ok := n.PreviousSibling().(*ast.Text)
	if !ok {
		return
	}
	m := roleName.FindSubmatchIndex(before.Segment.Value(t.Source))
	if m == nil {
		return
	}
	name := string(before.Segment.Value(t.Source)[m[2]:m[3]])
	content := document.PlainNode(n, t.Source)
	var converted ast.Node
	switch name {
	case "math":
		converted = &document.Math{Formula: document.Formula{TeX: content}, Offset: before.Segment.Start}
	case "eq":
		converted = &document.CrossRef{Label: document.EquationLabel(content), Short: true, Offset: before.Segment.Start}
	case "ref", "numref":
		converted = reference(name, content, before.Segment.Start)
	case "glue", "glue:any", "glue:text":
		value, ok := b.gluedText(content)
		if !ok {
			b.warnOnce(t.where, "role "+content, "%s: no cell glues this as text; printed as it is", content)
			return
		}
		s := ast.NewString([]byte(value))
		s.SetRaw(true)
		converted = s
	case "sub", "sup", "kbd", "abbr":
		converted = &document.InlineHTML{Fragment: b.fragment(t.where, "<"+name+">"+html.EscapeString(content)+"</"+name+">", nil, false)}
	default:
		b.warnOnce(t.where, "role "+name, "the role {%s} is not supported: its source is shown as code", name)
		return
	}
	before.Segment = before.Segment.WithStop(before.Segment.Start + m[0])
	n.Parent().ReplaceChild(n.Parent(), n, converted)
}

// reference returns a reference to a label of a figure or table, or a link to a target.
func reference(role, content string, offset int) ast.Node {
	text, target := "", content
	if m := roleTarget.FindStringSubmatch(content); m != nil {
		text, target = m[1], m[2]
	}
	if text == "" && document.ValidLabel(target) {
		return &document.CrossRef{Label: target, Offset: offset}
	}
	link := ast.NewLink()
	link.Destination = []byte("#" + target)
	if text == "" && role == "numref" {
		return link // which gets the name of its target
	}
	if text == "" {
		text = target
	}
	s := ast.NewString([]byte(text))
	s.SetRaw(true)
	link.AppendChild(link, s)
	return link
}
