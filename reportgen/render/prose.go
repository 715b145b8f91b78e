package render

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/tex"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// inlines converts the formulas of a text and numbers its citations. It must be called
// in the order of the texts in the report.
func (b *builder) inlines(t located) {
	var fences []*ast.FencedCodeBlock
	_ = ast.Walk(t.Root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *document.Math:
			n.MathML = b.formula(t.where, t.Line(n.Offset), n.TeX, n.Display)
		case *document.Equation:
			b.equation(t, n)
		case *document.Citation:
			b.citation(t, n)
		case *ast.FencedCodeBlock:
			if string(n.Language(t.Source)) == "math" {
				fences = append(fences, n)
			}
		}
		return ast.WalkContinue, nil
	})
	// On GitHub, a code block of the language math is a formula.
	for _, f := range fences {
		e := &document.Equation{TeX: string(f.Lines().Value(t.Source))}
		if f.Lines().Len() > 0 {
			e.Offset = f.Lines().At(0).Start
		}
		f.Parent().ReplaceChild(f.Parent(), f, e)
		b.equation(t, e)
	}
}

func (b *builder) equation(t located, e *document.Equation) {
	if e.Open {
		b.problem(t.where, t.Line(e.Offset), "the formula is not closed; end it with $$ on a line of its own")
		return
	}
	e.MathML = b.formula(t.where, t.Line(e.Offset), e.TeX, true)
}

// formula converts a formula to MathML. It returns "" if the TeX is invalid.
func (b *builder) formula(where document.Origin, line int, source string, display bool) string {
	mathML, err := b.mathML(where, source, display)
	if err != nil {
		b.problem(where, line, "formula %s: %v", shorten([]byte(source)), err)
	}
	return mathML
}

func (b *builder) mathML(where document.Origin, source string, display bool) (string, error) {
	if b.tex == nil {
		renderer, err := tex.New()
		if err != nil {
			return "", err
		}
		b.tex = renderer
	}
	mathML, err := b.tex.MathML(source, display)
	if err != nil && strings.Contains(err.Error(), "only in display mode") {
		mathML, err = b.tex.MathML(source, true) // as MathJax sets $\begin{equation}…$
	}
	for _, command := range b.tex.Ignored {
		b.warnOnce(where, "TeX "+command, "%s in a formula is ignored", command)
	}
	b.tex.Ignored = nil
	return mathML, err
}

// equations numbers the labelled formulas of a block.
func (b *builder) equations(t located, block ast.Node) {
	_ = ast.Walk(block, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		e, ok := n.(*document.Equation)
		if !ok || !entering || e.Label == "" {
			return ast.WalkContinue, nil
		}
		target := &document.Target{Kind: document.KindEquation, Number: e.Tag(e.Label), Where: t.where}
		tagged := target.Number != "" // the formula shows its number itself
		if !tagged {
			target.Number = b.numbers.next(document.KindEquation)
		}
		if e.ID = b.label(t.where, t.Line(e.Offset), e.Label, target); e.ID != "" && !tagged {
			e.Number = target.Number
		}
		for _, label := range e.TeXLabels() {
			if e.ID != "" && b.anchors.labels[label] == nil {
				row := *target
				row.Number = cmp.Or(e.Tag(label), target.Number)
				b.anchors.labels[label] = &row
			}
		}
		return ast.WalkContinue, nil
	})
}

// extraCells warns of rows of Markdown tables with more cells than the header. Markdown
// omits the cells.
func (b *builder) extraCells(t located) {
	_ = ast.Walk(t.Root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		row, ok := n.(*east.TableRow)
		if !ok || !entering || row.LastChild() == nil || row.LastChild().Lines().Len() == 0 {
			return ast.WalkContinue, nil
		}
		end := row.LastChild().Lines().At(0).Stop
		line, _, _ := bytes.Cut(t.Source[end:], []byte("\n"))
		if rest := bytes.Trim(line, " \t\r|"); len(rest) > 0 {
			b.warn(t.where, t.Line(end), "a row of a table has more cells than the header; omitted: %s", shorten(rest))
		}
		return ast.WalkContinue, nil
	})
}

// citation resolves each key of a citation. Works are numbered in the order in which
// they are first cited.
func (b *builder) citation(t located, c *document.Citation) {
	if c.Bare && b.options.Works.Get(c.Works[0].Key) == nil {
		return // an @name is prose
	}
	for i := range c.Works {
		key := c.Works[i].Key
		work := b.options.Works.Get(key)
		if work == nil {
			what := "no bibliography has this key"
			if b.options.Works.Len() == 0 {
				what = "the report has no bibliography; list a BibTeX or CSL-JSON file in report.yaml"
			}
			b.problem(t.where, t.Line(c.Offset), "%s: unknown reference %q: %s", c.Source, key, what)
			continue
		}
		if b.cited[key] == nil {
			if work.Title == "" {
				b.warn(t.where, t.Line(c.Offset), "the cited entry %q of the bibliography has no title", key)
			}
			r := work.Reference()
			r.Number = len(b.doc.References) + 1
			r.ID = b.anchors.unique(fmt.Sprintf("ref-%d", r.Number))
			b.cited[key] = &r
			b.doc.References = append(b.doc.References, &r)
		}
		c.Works[i].Reference = b.cited[key]
	}
}

var (
	footnoteStart = regexp.MustCompile(`^ {0,3}\[\^([^\]\s]+)\]:`)
	footnoteRef   = regexp.MustCompile(`\[\^([^\]\s]+)\]`)
	escapedChar   = regexp.MustCompile(`\\.`)
)

// footnotes returns the sources of a notebook's footnotes by their labels: a note
// may be in another cell than the reference to it. The first note with a label
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

// withFootnotes returns a cell's source, with the footnotes of other cells that it
// refers to appended.
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

// lostFootnotes warns of references to missing footnotes, which are printed as they
// are written.
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
		for _, m := range footnoteRef.FindAllString(escapedChar.ReplaceAllString(line.String(), ""), -1) {
			b.warn(t.where, 0, "%s: no Markdown cell of the notebook has the footnote %s: …; printed as it is", m, m)
		}
		return ast.WalkContinue, nil
	})
}
