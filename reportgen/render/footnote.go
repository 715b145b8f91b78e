package render

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"

	"github.com/flowbook/flowbook/reportgen/nbformat"
)

var (
	footnoteStart = regexp.MustCompile(`^ {0,3}\[\^([^\]\s]+)\]:`)
	footnoteRef   = regexp.MustCompile(`\[\^([^\]\s]+)\]`)
)

// footnotes are the sources of a notebook's footnotes by their labels: a note
// may stand in another cell than the reference to it. The first of a label
// counts.
func footnotes(nb *nbformat.Notebook) map[string]string {
	notes := map[string]string{}
	for _, cell := range nb.Cells {
		if cell == nil || cell.Type != nbformat.Markdown {
			continue
		}
		label := ""
		for line := range strings.Lines(cell.Source) {
			blank := strings.TrimSpace(line) == ""
			if m := footnoteStart.FindStringSubmatch(line); m != nil {
				if label = m[1]; notes[label] != "" {
					label = ""
				}
			} else if label != "" && !blank && !strings.HasPrefix(line, "    ") && strings.HasSuffix(notes[label], "\n\n") {
				label = "" // an empty line, then text that is not indented
			}
			if label != "" {
				notes[label] += strings.TrimRight(line, "\r\n") + "\n"
			}
		}
	}
	return notes
}

// withFootnotes is a cell's source with the notes behind it that it refers to
// and another cell holds.
func (b *builder) withFootnotes(source string) string {
	if len(b.footnotes) == 0 {
		return source
	}
	here := map[string]bool{}
	for line := range strings.Lines(source) {
		if m := footnoteStart.FindStringSubmatch(line); m != nil {
			here[m[1]] = true
		}
	}
	for _, m := range footnoteRef.FindAllStringSubmatch(source, -1) {
		if note := b.footnotes[m[1]]; note != "" && !here[m[1]] {
			here[m[1]] = true
			source = strings.TrimRight(source, "\n") + "\n\n" + note
		}
	}
	return source
}

// lostFootnotes warns of references to footnotes that no cell holds, which are
// printed as they are written.
func (b *builder) lostFootnotes(t located) {
	_ = ast.Walk(t.Root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if _, code := n.(*ast.CodeSpan); code {
			return ast.WalkSkipChildren, nil
		}
		if n.Type() != ast.TypeBlock || !entering || n.FirstChild() == nil || n.FirstChild().Type() != ast.TypeInline {
			return ast.WalkContinue, nil
		}
		var line strings.Builder
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			if s, ok := c.(*ast.Text); ok {
				line.Write(s.Segment.Value(t.Source))
			}
		}
		for _, m := range footnoteRef.FindAllString(line.String(), -1) {
			b.warn(t.where, 0, "%s is printed as it stands: no Markdown cell of the notebook has the footnote %s: …", m, m)
		}
		return ast.WalkContinue, nil
	})
}
