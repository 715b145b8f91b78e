package markdown

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// node is a block of prose as Markdown.
func (w *writer) node(n ast.Node, source []byte) string {
	switch n := n.(type) {
	case *ast.Paragraph, *ast.TextBlock:
		return running(w.inlines(n, source))
	case *ast.Heading:
		return strings.Repeat("#", min(n.Level+w.lower, 6)) + " " + strings.ReplaceAll(w.inlines(n, source), "\n", " ")
	case *ast.Blockquote:
		return "> " + indent(w.blocks(n, source), "> ")
	case *document.Alert:
		return w.alert(n, source)
	case *document.AlertTitle:
		return "**" + strings.ReplaceAll(w.inlines(n, source), "\n", " ") + "**"
	case *ast.List:
		return w.list(n, source)
	case *ast.FencedCodeBlock:
		return fence(string(n.Language(source)), string(n.Lines().Value(source)))
	case *ast.CodeBlock:
		return fence("", string(n.Lines().Value(source)))
	case *ast.ThematicBreak:
		return "* * *"
	case *document.BlockHTML:
		return htmlBlock(w.fragment(&n.Fragment))
	case *document.Equation:
		return equation(n)
	case *east.Table:
		return w.proseTable(n, source)
	case *east.FootnoteBacklink:
		return "" // GitHub adds its own
	}
	return w.unknown(n)
}

// alert is an alert of GitHub. There, only HTML can be opened and closed.
func (w *writer) alert(a *document.Alert, source []byte) string {
	if !a.Folded {
		return "> [!" + strings.ToUpper(a.Name) + "]\n> " + indent(w.blocks(a, source), "> ")
	}
	summary := w.words.Say(a.Name)
	var content []string
	for n := a.FirstChild(); n != nil; n = n.NextSibling() {
		if title, ok := n.(*document.AlertTitle); ok {
			summary += ": " + document.PlainNode(title, source)
		} else {
			content = append(content, w.node(n, source))
		}
	}
	return document.JoinBlocks(append(append([]string{details(summary, a.Expanded)}, content...), "</details>"))
}

// indent puts prefix before every line but the first.
func indent(text, prefix string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if i > 0 {
			lines[i] = strings.TrimRight(prefix+line, " ")
		}
	}
	return strings.Join(lines, "\n")
}

func (w *writer) list(l *ast.List, source []byte) string {
	var items []string
	number := l.Start
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		marker := string(l.Marker) + " "
		if l.IsOrdered() {
			marker = fmt.Sprintf("%d%c ", number, l.Marker)
			number++
		}
		var parts []string
		for n := item.FirstChild(); n != nil; n = n.NextSibling() {
			parts = append(parts, w.node(n, source))
		}
		gap := "\n\n"
		if l.IsTight {
			gap = "\n"
		}
		items = append(items, marker+indent(strings.Join(parts, gap), strings.Repeat(" ", len(marker))))
	}
	if l.IsTight {
		return strings.Join(items, "\n")
	}
	return strings.Join(items, "\n\n")
}

func (w *writer) proseTable(t *east.Table, source []byte) string {
	var rows []string
	for row := t.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		for c := row.FirstChild(); c != nil; c = c.NextSibling() {
			cells = append(cells, barless(w.inlines(c, source)))
		}
		rows = append(rows, "| "+strings.Join(cells, " | ")+" |")
		if _, ok := row.(*east.TableHeader); ok {
			var marks []string
			for _, a := range t.Alignments {
				mark, ok := map[east.Alignment]string{
					east.AlignLeft: ":---", east.AlignRight: "---:", east.AlignCenter: ":---:",
				}[a]
				if !ok {
					mark = "---"
				}
				marks = append(marks, mark)
			}
			rows = append(rows, "| "+strings.Join(marks, " | ")+" |")
		}
	}
	return strings.Join(rows, "\n")
}

// barless escapes the bars that would end a cell.
func barless(cell string) string { return escaped(cell, '|') }

// escaped is Markdown on one line in which every c has a backslash before it.
func escaped(s string, c byte) string {
	var b strings.Builder
	s = strings.ReplaceAll(s, "\n", " ")
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			b.WriteByte(s[i])
			i++
		case s[i] == c:
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

var (
	emptyLines = regexp.MustCompile(`\n\s*\n+`)
	// blockTag begins an HTML block of CommonMark's sixth kind, which only an
	// empty line ends.
	blockTag = regexp.MustCompile(`^</?(?:article|aside|blockquote|caption|dd|details|div|dl|dt|figcaption|figure|` +
		`h[1-6]|header|footer|hr|li|main|nav|ol|p|section|summary|table|tbody|td|tfoot|th|thead|tr|ul)\b`)
)

// htmlBlock is sanitised HTML as one block, in which nothing is Markdown.
func htmlBlock(html string) string {
	html = strings.TrimSpace(emptyLines.ReplaceAllString(html, "\n"))
	if html == "" || blockTag.MatchString(html) {
		return html
	}
	return "<div>" + html + "</div>"
}
