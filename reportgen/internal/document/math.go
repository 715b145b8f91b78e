package document

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// Formula is a formula in running text.
type Formula struct {
	TeX     string
	Display bool
	MathML  string // "" before conversion, and if the TeX is invalid
}

// Math is a formula in Markdown: $…$, $`…`$ or $$…$$.
type Math struct {
	ast.BaseInline
	Formula
	Offset int // in the source
}

// KindMath is the node kind of Math.
var KindMath = ast.NewNodeKind("Math")

// Kind returns KindMath.
func (*Math) Kind() ast.NodeKind { return KindMath }

// Dump prints the node for goldmark's debugging.
func (m *Math) Dump(source []byte, level int) {
	ast.DumpHelper(m, source, level, map[string]string{"TeX": m.TeX}, nil)
}

// Equation is a formula on lines of its own: $$…$$, followed by {#eq-x} if it is
// numbered, or a LaTeX environment such as align.
type Equation struct {
	ast.BaseBlock
	TeX    string
	Label  string
	Number string // "2.1"; "" without a label
	ID     string // the anchor; "" without a label
	MathML string // "" before conversion, and if the TeX is invalid
	Offset int    // in the source
	Open   bool   // the formula is not closed
}

// KindEquationNode is the node kind of Equation. KindEquation is a Kind of target.
var KindEquationNode = ast.NewNodeKind("Equation")

// Kind returns KindEquationNode.
func (*Equation) Kind() ast.NodeKind { return KindEquationNode }

// Dump prints the node for goldmark's debugging.
func (e *Equation) Dump(source []byte, level int) {
	ast.DumpHelper(e, source, level, map[string]string{"TeX": e.TeX, "Label": e.Label}, nil)
}

// IsRaw reports to goldmark that the content is not Markdown.
func (*Equation) IsRaw() bool { return true }

// mathParser parses formulas in running text: $…$ by the rule of IsFormula, and the forms of
// JupyterLab, $$…$$, \\(…\\), \\[…\\] and environments.
type mathParser struct{}

// Trigger implements parser.InlineParser.
func (mathParser) Trigger() []byte { return []byte{'$', '\\'} }

// marks are the delimiters of formulas in running text, the longer ones first.
var marks = []struct {
	open, end string
	display   bool
}{{"$$", "$$", true}, {"$`", "`$", false}, {"$", "$", false}, {`\\(`, `\\)`, false}, {`\\[`, `\\]`, true}}

// Parse implements parser.InlineParser.
func (mathParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, segment := block.PeekLine()
	if m := texReference.FindSubmatch(line); m != nil {
		block.Advance(len(m[0]))
		return texCrossRef(m, segment.Start)
	}
	if m := environment.FindSubmatch(line); m != nil {
		if tex, ok := formulaTo(block, `\end{`+string(m[1])+"}", 0, false); ok {
			return &Math{Formula: Formula{TeX: tex + `\end{` + string(m[1]) + "}", Display: true}, Offset: segment.Start}
		}
		return nil
	}
	for _, mark := range marks {
		if !bytes.HasPrefix(line, []byte(mark.open)) {
			continue
		}
		// As in JupyterLab, an end within braces belongs to the formula.
		tex, ok := formulaTo(block, mark.end, len(mark.open), true)
		if !ok {
			tex, ok = formulaTo(block, mark.end, len(mark.open), false)
		}
		rest, _ := block.PeekLine()
		if !ok || mark.open == "$" && !IsFormula(tex, string(rest)) || strings.TrimSpace(tex) == "" {
			return nil
		}
		if m := texReference.FindStringSubmatch(strings.TrimSpace(tex)); m != nil && m[0] == strings.TrimSpace(tex) {
			return texCrossRef([][]byte{nil, []byte(m[1]), []byte(m[2])}, segment.Start)
		}
		return &Math{Formula: Formula{TeX: strings.TrimSpace(tex), Display: mark.display}, Offset: segment.Start}
	}
	return nil
}

// formulaTo reads to the end of a formula and returns what is before it. Without an end,
// the position stays.
func formulaTo(block text.Reader, end string, skip int, braces bool) (tex string, ok bool) {
	savedLine, savedPosition := block.Position()
	block.Advance(skip)
	depth := 0
	var b strings.Builder
	for {
		line, _ := block.PeekLine()
		if line == nil {
			block.SetPosition(savedLine, savedPosition)
			return "", false
		}
		at := closing(line, end, &depth, braces)
		if at >= 0 {
			b.Write(line[:at])
			block.Advance(at + len(end))
			return b.String(), true
		}
		b.Write(line)
		block.AdvanceLine()
	}
}

var (
	texReference = regexp.MustCompile(`^\\(eq)?ref\s*\{([^{}]+)\}`)
	texLabel     = regexp.MustCompile(`\\label\s*\{([^{}]+)\}`)
	texTag       = regexp.MustCompile(`\\tag\*?\s*\{([^{}]+)\}`)
)

// texCrossRef is a reference by \ref or \eqref.
func texCrossRef(m [][]byte, offset int) *CrossRef {
	return &CrossRef{Label: EquationLabel(string(m[2])), Short: true, Offset: offset}
}

// EquationLabel returns the label for that of a \label in a formula: eq-x for eq:x.
func EquationLabel(name string) string {
	for _, prefix := range []string{"eq:", "eqn:", "eq-", "equation:"} {
		name = strings.TrimPrefix(name, prefix)
	}
	return "eq-" + strings.Join(strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), "-")
}

// Tag returns the \tag in the row of a label; "" if it has none.
func (e *Equation) Tag(label string) string {
	for row := range strings.SplitSeq(e.TeX, `\\`) {
		here := slices.ContainsFunc(texLabel.FindAllStringSubmatch(row, -1), func(m []string) bool { return EquationLabel(m[1]) == label })
		if m := texTag.FindStringSubmatch(row); m != nil && (here || e.Label == label && !texLabel.MatchString(e.TeX)) {
			return strings.Trim(m[1], "$ ")
		}
	}
	return ""
}

// TeXLabels returns the labels of the \label commands of the formula.
func (e *Equation) TeXLabels() []string {
	var all []string
	for _, m := range texLabel.FindAllStringSubmatch(e.TeX, -1) {
		if label := EquationLabel(m[1]); ValidLabel(label) {
			all = append(all, label)
		}
	}
	return all
}

var (
	texCommand = regexp.MustCompile(`\\[A-Za-z]|\^|(?:^|[^A-Za-z])[A-Za-z]_`)
	texWord    = regexp.MustCompile(`[A-Za-z]{3}`)
	texSum     = regexp.MustCompile(`^[\d\s.,()]+[-+*/=<>][-+*/=<>\d\s.,()]*[\d)]$`)
)

// IsFormula reports whether text between single dollar signs, with rest after it, is a
// formula and not amounts of money. MathJax takes every such text for a formula. By
// Pandoc's rule there is no space after the opening dollar sign or before the closing one,
// and no digit after it. Notebooks also have "$ x $" and "$ \alpha $": text that has spaces
// there is a formula if it has a command or an index, or neither words nor an amount.
func IsFormula(tex, rest string) bool {
	trimmed := strings.TrimSpace(tex)
	if trimmed == "" || texCommand.MatchString(trimmed) {
		return trimmed != ""
	}
	if tex == trimmed {
		return rest == "" || rest[0] < '0' || rest[0] > '9'
	}
	spaced := !strings.HasPrefix(tex, trimmed) && !strings.HasSuffix(tex, trimmed)
	return spaced && !texWord.MatchString(trimmed) && (!unicode.IsDigit(rune(trimmed[0])) || texSum.MatchString(trimmed))
}

// closing returns the index of a formula's end in a line, or -1. If braces count, the end
// is not within them; depth is their depth at the start of the line, and then at its end.
func closing(line []byte, end string, depth *int, braces bool) int {
	for i := 0; i < len(line); i++ {
		switch {
		case bytes.HasPrefix(line[i:], []byte(end)) && (*depth == 0 || !braces):
			return i
		case line[i] == '\\':
			i++
		case line[i] == '{':
			*depth++
		case line[i] == '}' && *depth > 0:
			*depth--
		}
	}
	return -1
}

var (
	environment = regexp.MustCompile(`^\\begin\{((?:equation|align|alignat|gather|multline|eqnarray)\*?|[bpvBV]?matrix|smallmatrix|[dr]?cases|array|aligned|alignedat|gathered|split|CD)\}`)
	equationID  = regexp.MustCompile(`^\s*\{#([^}\s]+)\}\s*$`)
)

// equationParser parses formulas on lines of their own.
type equationParser struct{}

// Trigger implements parser.BlockParser.
func (equationParser) Trigger() []byte { return []byte{'$', '\\'} }

// equationEnd is the context key of the end that an open formula waits for.
var equationEnd = parser.NewContextKey()

// Open opens a formula at $$ or at \begin of an environment of formulas.
func (equationParser) Open(_ ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, segment := reader.PeekLine()
	at := pc.BlockOffset()
	if at < 0 {
		return nil, parser.NoChildren
	}
	rest := line[at:]
	e := &Equation{Offset: segment.Start + at, Open: true}
	switch m := environment.FindSubmatch(rest); {
	case m != nil:
		pc.Set(equationEnd, `\end{`+string(m[1])+"}")
	case bytes.HasPrefix(rest, []byte("$$")):
		pc.Set(equationEnd, "$$")
		rest = rest[2:]
	case bytes.HasPrefix(rest, []byte(`\\[`)):
		pc.Set(equationEnd, `\\]`)
		rest = rest[3:]
	default:
		return nil, parser.NoChildren
	}
	if bytes.Contains(rest, []byte(pc.Get(equationEnd).(string))) && !e.take(rest, pc) {
		return nil, parser.NoChildren // text follows: the formula is part of a paragraph
	}
	if e.Open {
		e.take(rest, pc)
	}
	reader.AdvanceToEOL()
	return e, parser.NoChildren
}

// take adds a line. It reports whether the line ends the formula and contains
// nothing after it except a label.
func (e *Equation) take(line []byte, pc parser.Context) bool {
	end := pc.Get(equationEnd).(string)
	depth := 0
	at := closing(line, end, &depth, false)
	if strings.HasPrefix(end, `\end`) {
		at = bytes.Index(line, []byte(end))
	}
	if at < 0 {
		e.TeX += string(line)
		return false
	}
	rest := bytes.TrimSpace(line[at+len(end):])
	if m := equationID.FindSubmatch(rest); m != nil {
		e.Label = string(m[1])
	} else if len(rest) > 0 {
		return false
	}
	e.Open = false
	e.TeX += string(line[:at])
	if strings.HasPrefix(end, `\end`) {
		e.TeX += end
	}
	return true
}

// Continue implements parser.BlockParser.
func (equationParser) Continue(node ast.Node, reader text.Reader, pc parser.Context) parser.State {
	e := node.(*Equation)
	line, _ := reader.PeekLine()
	if !e.Open || line == nil {
		return parser.Close
	}
	e.take(line, pc)
	reader.AdvanceToEOL()
	if !e.Open {
		return parser.Close
	}
	return parser.Continue | parser.NoChildren
}

// Close implements parser.BlockParser.
func (equationParser) Close(node ast.Node, _ text.Reader, _ parser.Context) {
	e := node.(*Equation)
	e.TeX = strings.TrimSpace(e.TeX)
	if labels := e.TeXLabels(); e.Label == "" && len(labels) > 0 {
		e.Label = labels[0]
	}
}

// CanInterruptParagraph implements parser.BlockParser.
func (equationParser) CanInterruptParagraph() bool { return true }

// CanAcceptIndentedLine implements parser.BlockParser.
func (equationParser) CanAcceptIndentedLine() bool { return false }
