package document

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// Math is a formula in running text: $…$, $`…`$ or $$…$$.
type Math struct {
	ast.BaseInline
	TeX     string
	Display bool
	MathML  string // "" before conversion, and if the TeX is invalid
	Offset  int    // in the source
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

// mathParser parses formulas in running text by Pandoc's rule: there is no space
// after the opening dollar sign or before the closing one, and no digit after it, so
// that amounts of money are not formulas.
type mathParser struct{}

// Trigger implements parser.InlineParser.
func (mathParser) Trigger() []byte { return []byte{'$'} }

// Parse implements parser.InlineParser.
func (mathParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, segment := block.PeekLine()
	mark := "$"
	switch {
	case bytes.HasPrefix(line, []byte("$$")):
		mark = "$$"
	case bytes.HasPrefix(line, []byte("$`")):
		mark = "$`"
	}
	end := map[string]string{"$": "$", "$$": "$$", "$`": "`$"}[mark]
	savedLine, savedPosition := block.Position()
	block.Advance(len(mark))
	var b strings.Builder
	for {
		line, _ := block.PeekLine()
		if line == nil {
			block.SetPosition(savedLine, savedPosition)
			return nil
		}
		at := closing(line, end)
		if at < 0 {
			b.Write(line)
			block.AdvanceLine()
			continue
		}
		b.Write(line[:at])
		rest := line[at+len(end):]
		tex := b.String()
		if mark == "$" && !opens(tex, rest) || strings.TrimSpace(tex) == "" {
			block.SetPosition(savedLine, savedPosition)
			return nil
		}
		block.Advance(at + len(end))
		return &Math{TeX: strings.TrimSpace(tex), Display: mark == "$$", Offset: segment.Start}
	}
}

// opens reports whether text between dollar signs is a formula, not an amount of
// money.
func opens(tex string, rest []byte) bool {
	return tex != "" && strings.TrimSpace(tex[:1]) != "" && strings.TrimSpace(tex[len(tex)-1:]) != "" &&
		(len(rest) == 0 || rest[0] < '0' || rest[0] > '9')
}

// closing returns the index of a formula's end in a line, or -1.
func closing(line []byte, end string) int {
	for i := 0; i+len(end) <= len(line); i++ {
		if line[i] == '\\' {
			i++
		} else if string(line[i:i+len(end)]) == end {
			return i
		}
	}
	return -1
}

var (
	environment = regexp.MustCompile(`^\\begin\{((?:equation|align|alignat|gather|multline|eqnarray)\*?)\}`)
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
	if m := environment.FindSubmatch(rest); m != nil {
		pc.Set(equationEnd, `\end{`+string(m[1])+"}")
	} else if bytes.HasPrefix(rest, []byte("$$")) {
		pc.Set(equationEnd, "$$")
		rest = rest[2:]
	} else {
		return nil, parser.NoChildren
	}
	if closing(rest, pc.Get(equationEnd).(string)) >= 0 && !e.take(rest, pc) {
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
	at := closing(line, end)
	if end != "$$" {
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
	if end != "$$" {
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
}

// CanInterruptParagraph implements parser.BlockParser.
func (equationParser) CanInterruptParagraph() bool { return true }

// CanAcceptIndentedLine implements parser.BlockParser.
func (equationParser) CanAcceptIndentedLine() bool { return false }
