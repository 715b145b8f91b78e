package markdown

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	goldmarkhtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// inlines is the inline children of a node.
func (w *writer) inlines(parent ast.Node, source []byte) string {
	var b strings.Builder
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		s := w.inline(n, source)
		if strings.HasSuffix(b.String(), "]") && s != "" && strings.Contains(afterBracket, s[:1]) {
			b.WriteByte('\\')
		}
		b.WriteString(s)
	}
	return strings.TrimRight(b.String(), " \n")
}

// afterBracket are the characters that make a link, an image or the definition of one of
// the brackets before them. In text they do not, for example because of HTML between them,
// which may be left out here.
const afterBracket = "(:"

func (w *writer) inline(n ast.Node, source []byte) string {
	switch n := n.(type) {
	case *ast.Text:
		return textNode(n, source)
	case *ast.String:
		return escapeBetween(string(n.Value))
	case *ast.CodeSpan:
		return codeSpan(n, source)
	case *ast.Emphasis:
		return w.emphasis(n, source)
	case *ast.Link:
		return w.link(n, source)
	case *ast.Image:
		return Escape("[" + document.PlainNode(n, source) + "]")
	case *ast.AutoLink:
		label := string(n.Label(source))
		if strings.HasPrefix(label, "www.") || goldmarkhtml.IsDangerousURL(n.URL(source)) {
			return label
		}
		return "<" + label + ">"
	case *document.InlineHTML:
		return w.fragment(&n.Fragment)
	case *east.Strikethrough:
		return "~~" + w.inlines(n, source) + "~~"
	case *east.TaskCheckBox:
		if n.IsChecked {
			return "[x] "
		}
		return "[ ] "
	case *east.FootnoteLink:
		return fmt.Sprintf("[^%d]", n.Index)
	case *east.FootnoteBacklink:
		return ""
	}
	return w.own(n)
}

// own is an inline construct that CommonMark and GitHub do not have.
func (w *writer) own(n ast.Node) string {
	switch n := n.(type) {
	case *document.CrossRef:
		if n.Target == nil {
			return "**" + Escape(n.Printed(w.words)) + "**"
		}
		return fmt.Sprintf("[%s](%s)", Escape(n.Printed(w.words)), w.href(w.anchor(n.Target.ID)))
	case *document.Image:
		return w.picture(n.Picture)
	case *document.Math:
		return mathSpan(&n.Formula)
	case *document.Citation:
		return w.citation(n)
	}
	return w.unknown(n)
}

// emphasis takes the underscore where an asterisk would be mistaken: within
// emphasis as strong, and around text that holds one.
func (w *writer) emphasis(n *ast.Emphasis, source []byte) string {
	text, mark := w.inlines(n, source), "*"
	outer, nested := n.Parent().(*ast.Emphasis)
	if nested && outer.Level == n.Level || holdsAsterisk(n, source) {
		mark = "_"
	}
	mark = strings.Repeat(mark, n.Level)
	return mark + text + mark
}

func holdsAsterisk(root ast.Node, source []byte) bool {
	found := false
	_ = ast.Walk(root, func(n ast.Node, _ bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok {
			found = found || bytes.ContainsRune(t.Segment.Value(source), '*')
		}
		return ast.WalkContinue, nil
	})
	return found
}

// opensBlock matches a line that would begin a block. Running text may come to
// hold one: where the source indented it, or where HTML before it was left out.
var opensBlock = regexp.MustCompile(`^(\d{0,9})([.)](?:\s|$)|#{1,6}(?:\s|$)|[-+*](?:\s|$)|>|~{3}|` + "`{3,}[^`]*$" +
	`|=+\s*$|(?:[*_]\s*){3,}$|[|:\s-]*-[|:\s-]*$|\[[^\]]*\]:)`)

// running is text that stays a paragraph, line by line.
func running(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = opensBlock.ReplaceAllString(strings.TrimLeft(line, " \t"), `$1\$2`)
	}
	return strings.Join(lines, "\n")
}

// markup matches what may open a tag or make a link in text, and escapes, in which it
// does not.
var markup = regexp.MustCompile(`\\.|<|\][(:]`)

// textNode is text as its author wrote it, escapes included. What is text to
// us must not be a tag to another reader.
func textNode(n *ast.Text, source []byte) string {
	s := markup.ReplaceAllStringFunc(string(n.Segment.Value(source)), func(m string) string {
		switch m[0] {
		case '<':
			return "&lt;"
		case ']':
			return `]\` + m[1:]
		}
		return m
	})
	switch {
	case n.HardLineBreak():
		return s + "\\\n"
	case n.SoftLineBreak():
		return s + "\n"
	}
	return s
}

func codeSpan(n *ast.CodeSpan, source []byte) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			b.Write(c.Segment.Value(source))
		case *ast.String:
			b.Write(c.Value)
		}
	}
	code := strings.ReplaceAll(b.String(), "\n", " ")
	marks := longestRun(code) + 1
	for before := n.PreviousSibling(); before != nil; before = before.PreviousSibling() {
		// A run of backticks that is text must not find its like here.
		if t, ok := before.(*ast.Text); ok && bytes.ContainsRune(t.Segment.Value(source), '`') {
			marks = max(marks, longestRun(string(t.Segment.Value(source)))+1)
		}
	}
	mark := strings.Repeat("`", marks)
	if strings.HasPrefix(code, "`") || strings.HasSuffix(code, "`") ||
		strings.HasPrefix(code, " ") && strings.HasSuffix(code, " ") && strings.TrimSpace(code) != "" {
		code = " " + code + " "
	}
	return mark + code + mark
}

// longestRun is the length of the longest run of backticks.
func longestRun(s string) int {
	longest, run := 0, 0
	for _, r := range s {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// escapeBetween is escape for text between other nodes, which keeps a space at each end.
func escapeBetween(s string) string {
	escaped := Escape(s)
	if escaped == "" {
		return " "[:min(len(s), 1)]
	}
	if strings.TrimLeft(s, " \t\r\n") != s {
		escaped = " " + escaped
	}
	if strings.TrimRight(s, " \t\r\n") != s {
		escaped += " "
	}
	return escaped
}

// entity matches what another reader would resolve in a destination.
var entity = regexp.MustCompile(`&(#?\w+;)`)

func (w *writer) link(n *ast.Link, source []byte) string {
	text := w.inlines(n, source)
	resolved := util.URLEscape(n.Destination, true)
	if goldmarkhtml.IsDangerousURL(resolved) {
		return text
	}
	destination := entity.ReplaceAllString(string(resolved), "&amp;$1")
	if id, ok := strings.CutPrefix(string(n.Destination), "#"); ok {
		destination = w.href(strings.TrimPrefix(destination, "#"))
		if slug, ok := w.anchors[id]; ok {
			destination = w.href(slug)
		}
	}
	if destination == "" || strings.ContainsAny(destination, "() ") {
		destination = "<" + destination + ">"
	}
	title := ""
	if len(n.Title) > 0 {
		title = ` "` + escaped(string(n.Title), '"') + `"`
	}
	return "[" + text + "](" + destination + title + ")"
}

// anchor is GitHub's anchor for one of the document's.
func (w *writer) anchor(id string) string {
	if slug, ok := w.anchors[id]; ok {
		return slug
	}
	return id
}

// mathSpan is a formula in running text, in the form in which GitHub takes
// nothing within for Markdown. A formula that holds its end stays as written.
func mathSpan(m *document.Formula) string {
	tex := strings.Join(strings.Fields(m.TeX), " ")
	switch {
	case m.Display:
		return "$$" + lessThanTeX(tex) + "$$"
	case strings.Contains(tex, "`"):
		return "$" + lessThanTeX(tex) + "$"
	}
	return "$`" + tex + "`$"
}

// htmlFormula is a formula within HTML, in which GitHub reads neither backticks nor Markdown.
func htmlFormula(f *document.Formula) string {
	mark := "$"
	if f.Display {
		mark = "$$"
	}
	return mark + html.EscapeString(strings.Join(strings.Fields(f.TeX), " ")) + mark
}

// lessThanTeX keeps a formula from opening a tag.
func lessThanTeX(tex string) string { return strings.ReplaceAll(tex, "<", `\lt `) }

// equation is a formula on lines of its own, with its number as TeX sets one.
func equation(e *document.Equation) string {
	var lines []string
	for line := range strings.Lines(lessThanTeX(e.TeX)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	tex := strings.Join(lines, "\n")
	if e.MathML == "" || strings.Contains(tex, "$$") {
		return fence("tex", e.TeX) // GitHub would print an error in its place
	}
	if e.ID == "" {
		return "$$\n" + tex + "\n$$"
	}
	if e.Number != "" { // else the formula has a tag
		tex += "\n\\tag{" + e.Number + "}"
	}
	return fmt.Sprintf("<a id=%q></a>\n\n$$\n%s\n$$", e.ID, tex)
}

// citation is the numbers of the works, each linked to its place in the list.
func (w *writer) citation(c *document.Citation) string {
	if !c.Resolved() {
		if c.Bare {
			return Escape(c.Source)
		}
		return "**" + Escape(c.Source) + "**"
	}
	var all []string
	for _, work := range c.Works {
		all = append(all, fmt.Sprintf("[%s](%s)", Escape(work.Printed()), w.href(work.Reference.ID)))
	}
	return strings.Join(all, ", ")
}

// references is the list of the works that the report cites.
func (w *writer) references() []string {
	if len(w.doc.References) == 0 {
		return nil
	}
	blocks := []string{"## " + w.words.Say("References")}
	for _, r := range w.doc.References {
		line := fmt.Sprintf("<a id=%q></a>%s ", r.ID, Escape(fmt.Sprintf("[%d]", r.Number))) +
			r.Entry(Escape, func(text string) string { return "*" + text + "*" })
		if r.Link != "" {
			line += " <" + r.Link + ">"
		}
		blocks = append(blocks, line)
	}
	return blocks
}
