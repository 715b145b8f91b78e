package query

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// keywords are the words that are not names of columns.
var keywords = map[string]bool{
	"and": true, "or": true, "not": true, "in": true, "like": true, "ilike": true, "between": true,
	"is": true, "null": true, "unknown": true, "true": true, "false": true,
}

// Parse reads an expression. An error is an [*Error], with the position.
//
// Columns are not looked up before [Compile].
func Parse(s string) (Expr, error) {
	p := &parser{text: s}
	p.next()
	e := p.expr(bindOr)
	if p.err == nil && p.tok.kind != tokEnd {
		p.trailing(e)
	}
	if p.err != nil {
		return nil, p.err
	}
	return e, nil
}

type tokenKind int

const (
	tokEnd tokenKind = iota
	tokWord
	tokQuotedName // a column in backquotes
	tokValue
	tokOp
)

type token struct {
	kind  tokenKind
	text  string // operators and keywords in lower case
	value Value
	place
}

// parser reads tokens one ahead. After the first error it reads nothing more.
type parser struct {
	text  string
	tok   token
	at    int // end of tok
	last  int // end of the token before tok
	depth int
	err   *Error
}

// mostDepth bounds how deep parentheses and operators are nested.
const mostDepth = 200

func (p *parser) fail(s place, format string, args ...any) {
	if p.err == nil {
		p.err = &Error{Expr: p.text, From: s.from, To: s.to, Message: fmt.Sprintf(format, args...)}
	}
	p.tok = token{place: place{len(p.text), len(p.text)}}
	p.at = len(p.text)
}

// unexpected reports the current token where something else was wanted.
func (p *parser) unexpected(wanted string) {
	if p.tok.kind == tokEnd {
		p.fail(p.tok.place, "the expression ends too early; expected %s", wanted)
		return
	}
	p.fail(p.tok.place, "unexpected %s; expected %s", p.text[p.tok.from:p.tok.to], wanted)
}

// next reads a token.
func (p *parser) next() {
	p.last = p.tok.to
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
	from := p.at
	if from == len(p.text) {
		p.tok = token{place: place{from, from}}
		return
	}
	switch c := p.text[from]; {
	case c == '\'' || c == '"' || c == '`':
		p.quoted(c)
	case literalAt(p.text, from) > from:
		p.wordOrValue(from, literalAt(p.text, from))
	default:
		p.operator()
	}
}

// quoted reads a text or name in quotes. A doubled quote stands for itself.
func (p *parser) quoted(quote byte) {
	from := p.at
	var b strings.Builder
	for i := from + 1; i < len(p.text); i++ {
		if p.text[i] != quote {
			b.WriteByte(p.text[i])
			continue
		}
		if i+1 < len(p.text) && p.text[i+1] == quote {
			b.WriteByte(quote)
			i++
			continue
		}
		p.at = i + 1
		p.tok = token{kind: tokValue, value: Value{Kind: Text, Words: b.String()}, text: b.String(), place: place{from, p.at}}
		if quote == '`' {
			p.tok.kind = tokQuotedName
		}
		return
	}
	p.fail(place{from, len(p.text)}, "the quote is not closed; add %c", quote)
}

func (p *parser) wordOrValue(from, to int) {
	s := p.text[from:to]
	p.at = to
	p.tok = token{text: s, place: place{from, to}}
	if word.MatchString(s) {
		p.tok.kind = tokWord
		if lower := strings.ToLower(s); keywords[lower] {
			p.tok.text = lower
			if lower == "and" || lower == "or" || lower == "like" || lower == "ilike" {
				p.tok.kind = tokOp
			}
		}
		return
	}
	v, problem := parseValue(s)
	if unit := p.unitAt(to); unit > to && problem == "" && v.Kind == Number && v.Unit == NoUnit {
		s, p.at, p.tok.to = s+strings.TrimSpace(p.text[to:unit]), unit, unit
		v, problem = parseValue(s)
	}
	if problem != "" {
		p.fail(p.tok.place, "%s", problem)
		return
	}
	p.tok.kind, p.tok.value = tokValue, v
}

// unitAt returns the end of a unit that spaces separate from its number, as in 90 min, or
// at if there is none.
func (p *parser) unitAt(at int) int {
	from := at
	for from < len(p.text) && p.text[from] == ' ' {
		from++
	}
	to := literalAt(p.text, from)
	if from > at && isUnit(p.text[from:to]) {
		return to
	}
	return at
}

// operators are written as on the left and mean what is on the right; longer ones
// come first.
var operators = [][2]string{
	{"==", "="}, {"!=", "!="}, {"<>", "!="}, {"<=", "<="}, {">=", ">="}, {"&&", "and"}, {"||", "or"},
	{"=", "="}, {"<", "<"}, {">", ">"}, {"!", "not"}, {"+", "+"}, {"-", "-"}, {"*", "*"}, {"/", "/"}, {"%", "%"},
	{"(", "("}, {")", ")"}, {",", ","},
}

func (p *parser) operator() {
	from := p.at
	for _, o := range operators {
		if strings.HasPrefix(p.text[from:], o[0]) {
			p.at = from + len(o[0])
			p.tok = token{kind: tokOp, text: o[1], place: place{from, p.at}}
			return
		}
	}
	_, size := utf8.DecodeRuneInString(p.text[from:])
	hint := ""
	if h := operatorHints[p.text[from]]; h != "" {
		hint = "; " + h
	}
	p.fail(place{from, from + size}, "unexpected %q%s", p.text[from:from+size], hint)
}

// is reports whether the current token is a keyword or an operator.
func (p *parser) is(text string) bool {
	return (p.tok.kind == tokOp || p.tok.kind == tokWord && keywords[text]) && p.tok.text == text
}

// expr reads an expression whose operators bind at least as strongly as least.
func (p *parser) expr(least int) Expr {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > mostDepth {
		p.fail(p.tok.place, "the expression is nested too deep")
		return &Literal{}
	}
	from := p.tok.from
	left := p.operand(least)
	for p.err == nil {
		op, b := p.tok.text, binding[p.tok.text]
		switch {
		case p.tok.kind == tokOp && b >= least:
			p.next()
			start := p.tok.from
			right := p.expr(b + 1)
			if op == "like" || op == "ilike" {
				p.checkQuoted(start)
			}
			left = &Binary{Op: op, Left: left, Right: right, place: place{from, p.last}}
		case bindCompare >= least && (p.is("in") || p.is("between") || p.is("is") || p.is("not")):
			b = bindCompare
			left = p.test(left, from)
		default:
			return left
		}
		if b == bindCompare && least <= bindCompare {
			if op, ok := binding[p.tok.text]; ok && op == bindCompare && p.tok.kind == tokOp {
				p.fail(p.tok.place, "comparisons do not chain; write x > 1 and x < 5, or x between 1 and 5")
			}
		}
	}
	return left
}

// checkQuoted reports a pattern that starts at a place without a quote: its % would be an
// operator.
func (p *parser) checkQuoted(from int) {
	pattern, _, _ := strings.Cut(p.text[from:], " ")
	if pattern = strings.TrimRight(pattern, ")"); strings.Contains(pattern, "%") && !strings.ContainsAny(pattern[:1], "'\"") {
		p.err = nil
		p.fail(place{from, from + len(pattern)}, "quote the pattern: '%s'", pattern)
	}
}

// operand reads the part before the first operator.
func (p *parser) operand(least int) Expr {
	tok := p.tok
	at := func(from int) place { return place{from, p.last} }
	switch {
	case p.is("not"):
		if least > bindNot {
			p.fail(tok.place, "unexpected not; put the part that begins with it in parentheses")
			return &Literal{}
		}
		p.next()
		x := p.expr(bindNot)
		return &Unary{Op: "not", X: x, place: at(tok.from)}
	case p.is("-"):
		p.next()
		x := p.expr(bindNegate)
		if l, ok := x.(*Literal); ok && l.Kind == Number {
			v := l.Value
			v.Number = -v.Number
			return &Literal{Value: v, place: at(tok.from)}
		}
		return &Unary{Op: "-", X: x, place: at(tok.from)}
	case p.is("("):
		p.next()
		x := p.expr(bindOr)
		if p.err == nil && !p.is(")") {
			p.unexpected(")")
		}
		p.next()
		return x
	case p.is("true"), p.is("false"):
		p.next()
		v := Value{Kind: Bool}
		if tok.text == "true" {
			v.Number = 1
		}
		return &Literal{Value: v, place: tok.place}
	case tok.kind == tokValue:
		p.next()
		return &Literal{Value: tok.value, place: tok.place}
	case tok.kind == tokQuotedName, tok.kind == tokWord && !keywords[tok.text]:
		p.next()
		return &Ref{Name: tok.text, place: tok.place}
	}
	p.unexpected("a column or a value")
	return &Literal{}
}

// test reads in, between, is and their negations, and not like.
func (p *parser) test(x Expr, from int) Expr {
	negated := p.is("not")
	if negated {
		p.next()
	}
	var e Expr
	switch {
	case p.is("in"):
		p.next()
		list := p.list()
		e = &In{X: x, List: list, place: place{from, p.last}}
	case p.is("between"):
		p.next()
		low := p.expr(bindAdd)
		if p.err == nil && !p.is("and") {
			p.unexpected("and, as in between 1 and 5")
		}
		p.next()
		high := p.expr(bindAdd)
		at := place{from, p.last}
		e = &Binary{Op: "and", Left: &Binary{Op: ">=", Left: x, Right: low, place: at}, Right: &Binary{Op: "<=", Left: x, Right: high, place: at}, place: at}
	case negated && (p.is("like") || p.is("ilike")):
		op := p.tok.text
		p.next()
		start := p.tok.from
		pattern := p.expr(bindAdd)
		p.checkQuoted(start)
		e = &Binary{Op: op, Left: x, Right: pattern, place: place{from, p.last}}
	case !negated && p.is("is"):
		p.next()
		if negated = p.is("not"); negated {
			p.next()
		}
		if !p.is("unknown") && !p.is("null") {
			p.unexpected("unknown, not unknown, null or not null (values are compared with = or in)")
		}
		p.next()
		e = &IsUnknown{X: x, place: place{from, p.last}}
	default:
		p.unexpected("in, like or between after not")
		return x
	}
	if negated {
		e = &Unary{Op: "not", X: e, place: e.span()}
	}
	return e
}

// list reads what follows in: a list in parentheses, or one value.
func (p *parser) list() []Expr {
	if !p.is("(") {
		return []Expr{p.expr(bindAdd)}
	}
	p.next()
	var list []Expr
	for p.err == nil {
		list = append(list, p.expr(bindAdd))
		if !p.is(",") {
			break
		}
		p.next()
	}
	if p.err == nil && !p.is(")") {
		p.unexpected("a comma or )")
	}
	p.next()
	return list
}
