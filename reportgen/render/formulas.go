package render

import (
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	nethtml "golang.org/x/net/html"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// formulaScanner finds the formulas of a text that is not Markdown, as MathJax in JupyterLab does.
type formulaScanner struct {
	rest    string
	prose   bool            // dollar signs may be amounts of money
	without map[string]bool // ends that the rest does not have
}

// delimiters of formulas. Those with two backslashes are written in the HTML of Markdown.
var delimiters = []struct {
	open, end string
	display   bool
}{{"$$", "$$", true}, {`\\[`, `\\]`, true}, {`\\(`, `\\)`, false}, {`\[`, `\]`, true}, {`\(`, `\)`, false}, {"$", "$", false}}

// environmentStart matches the start of an environment.
var environmentStart = regexp.MustCompile(`^\\begin\{([A-Za-z]+\*?)\}`)

// textEnvironments are environments of LaTeX that are not formulas.
var textEnvironments = []string{"tabular", "table", "document", "figure", "itemize", "enumerate", "center", "quote", "verbatim"}

// next returns the first formula of the rest and the text before it. Without a formula, all of the rest is text.
func (s *formulaScanner) next() (text, tex string, display bool) {
	source := s.rest
	for i := 0; i < len(source); i++ {
		if source[i] != '$' && source[i] != '\\' {
			continue
		}
		if m := environmentStart.FindStringSubmatch(source[i:min(len(source), i+60)]); m != nil && !slices.Contains(textEnvironments, m[1]) {
			if end := s.find(source, i, `\end{`+m[1]+"}"); end >= 0 {
				end += len(`\end{` + m[1] + "}")
				s.rest = source[end:]
				return source[:i], source[i:end], true
			}
		}
		for _, d := range delimiters {
			if !strings.HasPrefix(source[i:], d.open) || strings.HasPrefix(d.open, `\\`) && !s.prose {
				continue
			}
			start := i + len(d.open)
			end := s.find(source, start, d.end)
			if end < 0 {
				continue
			}
			tex, rest := source[start:end], source[end+len(d.end):]
			if strings.TrimSpace(tex) == "" || s.prose && d.open == "$" && !document.IsFormula(tex, rest) {
				continue
			}
			tex, s.rest = strings.TrimSpace(tex), rest
			if style := `\displaystyle`; d.end == "$" && strings.HasPrefix(tex, style) && strings.TrimSpace(source[:i]+rest) == "" {
				// SymPy's form of a formula on a line of its own.
				s.rest = ""
				return "", strings.TrimSpace(tex[len(style):]), true
			}
			return source[:i], tex, d.display
		}
		if source[i] == '\\' {
			i++
		}
	}
	s.rest = ""
	return source, "", false
}

// maxBraces bounds the search for an end that is not within braces, in bytes.
const maxBraces = 1000

// find returns the index of the end of a formula, or -1: the first that is not within braces or else the first.
func (s *formulaScanner) find(source string, start int, end string) int {
	if s.without[end] {
		return -1
	}
	depth, first := 0, -1
	for i := start; i < len(source) && (first < 0 || i < start+maxBraces); i++ {
		switch {
		case strings.HasPrefix(source[i:], end):
			if first < 0 {
				first = i
			}
			if depth == 0 {
				return i
			}
		case source[i] == '\\':
			i++
		case source[i] == '{':
			depth++
		case source[i] == '}' && depth > 0:
			depth--
		}
	}
	if first < 0 {
		if s.without == nil {
			s.without = map[string]bool{}
		}
		s.without[end] = true
	}
	return first
}

// literal are the elements in which MathJax sets no formulas, and those whose content is not shown.
var literal = []string{
	"script", "noscript", "style", "nostyle", "textarea", "pre", "code", "math", "select", "option", "annotation", "annotation-xml", "title",
	"xmp", "plaintext", "noembed", "noframes", "frameset", "template",
}

// whole are elements that have no text, or that fragmentReader reads to their end.
var whole = []string{
	"svg", "video", "audio", "iframe", "object", "embed", "frame", "img", "br", "hr", "wbr", "input", "col", "link", "meta", "base", "source",
	"track", "area", "param",
}

// ignored matches a class with which authors and pandas keep MathJax out of an element.
var ignored = regexp.MustCompile(`(?:^|\s)(?:tex2jax|mathjax)_ignore(?:\s|$)`)

// quietElement is the element around a text in which no formula is set.
type quietElement struct {
	name  string
	depth int
}

func (q *quietElement) start(t nethtml.Token) {
	if slices.Contains(whole, t.Data) {
		return
	}
	if q.depth == 0 && (slices.Contains(literal, t.Data) || ignored.MatchString(document.Attribute(t.Attr, "class"))) {
		q.name = t.Data
	}
	if q.name == t.Data && q.name != "" {
		q.depth++
	}
}

func (q *quietElement) end(name string) {
	if q.name == name && q.depth > 0 {
		if q.depth--; q.depth == 0 {
			q.name = ""
		}
	}
}

// text adds text between tags and sets its formulas.
func (r *fragmentReader) text(raw string) {
	if r.quiet.depth > 0 || !strings.ContainsAny(raw, `$\`) {
		r.markup.WriteString(raw)
		return
	}
	scanner := formulaScanner{rest: raw, prose: true}
	for scanner.rest != "" {
		before := scanner.rest
		text, tex, display := scanner.next()
		r.markup.WriteString(strings.ReplaceAll(text, `\$`, "$"))
		if tex == "" {
			continue
		}
		tex = html.UnescapeString(tex)
		mathML, err := r.mathML(r.where, tex, display)
		if err != nil {
			r.warn(r.where, 0, "formula in HTML %s: %v; printed as it is", shorten([]byte(tex)), err)
			r.markup.WriteString(before[len(text) : len(before)-len(scanner.rest)])
			continue
		}
		r.flush()
		r.pieces = append(r.pieces, document.Piece{Formula: &document.Formula{TeX: tex, Display: display, MathML: mathML}})
	}
}

// formulaWithLess matches a formula with <, which HTML takes for the start of a tag.
var formulaWithLess = regexp.MustCompile(`\$[^$>\n]*<[^$>\n]*\$`)

// escapeLess escapes < within formulas in the HTML of Markdown, as JupyterLab does.
func escapeLess(source string) string {
	return formulaWithLess.ReplaceAllStringFunc(source, func(m string) string {
		if !document.IsFormula(m[1:len(m)-1], "") {
			return m
		}
		return strings.ReplaceAll(m, "<", "&lt;")
	})
}

// unsetFormulas makes formulas of Markdown text again if they are in an element whose text MathJax does not read. The
// start tag n begins the element.
func unsetFormulas(n *ast.RawHTML, source []byte) {
	z := nethtml.NewTokenizer(strings.NewReader(string(n.Segments.Value(source))))
	var q quietElement
	if z.Next() == nethtml.StartTagToken {
		q.start(z.Token())
	}
	for next := n.NextSibling(); next != nil && q.depth > 0; {
		current := next
		next = next.NextSibling()
		switch c := current.(type) {
		case *ast.RawHTML:
			z := nethtml.NewTokenizer(strings.NewReader(string(c.Segments.Value(source))))
			switch z.Next() {
			case nethtml.StartTagToken:
				q.start(z.Token())
			case nethtml.EndTagToken:
				q.end(z.Token().Data)
			}
		case *document.Math:
			mark := map[bool]string{true: "$$", false: "$"}[c.Display]
			s := ast.NewString([]byte(mark + c.TeX + mark))
			s.SetRaw(true)
			c.Parent().ReplaceChild(c.Parent(), c, s)
		}
	}
}
