package query

import (
	"strconv"
	"strings"
)

// Expr is a parsed expression. [Parse] makes it, and its String method writes an
// expression that parses to the same one.
type Expr interface {
	String() string
	span() place
}

// place is the part of the source that an expression is from.
type place struct{ from, to int }

func (p place) span() place { return p }

// The nodes of expressions. Names in a Ref and operators in Unary, Binary and In are
// as written in expressions.
type (
	// Ref is a column or, beside a column of text, a word.
	Ref struct {
		Name string
		place
	}
	// Literal is a number, text, address, network, time or date.
	Literal struct {
		Value
		place
	}
	// Unary is "not" or "-" before an expression.
	Unary struct {
		Op string
		X  Expr
		place
	}
	// Binary is two expressions with an operator between them: or, and, =, !=, <, <=,
	// >, >=, like, ilike, +, -, *, / or %.
	Binary struct {
		Op          string
		Left, Right Expr
		place
	}
	// In tests whether X is in a list of values and networks.
	In struct {
		X    Expr
		List []Expr
		place
	}
	// IsUnknown tests whether a value is unknown.
	IsUnknown struct {
		X Expr
		place
	}
)

// The binding strengths of operators.
const (
	bindOr = iota + 1
	bindAnd
	bindNot
	bindCompare
	bindAdd
	bindMultiply
	bindNegate
	bindValue
)

var binding = map[string]int{
	"or": bindOr, "and": bindAnd,
	"=": bindCompare, "!=": bindCompare, "<": bindCompare, "<=": bindCompare, ">": bindCompare, ">=": bindCompare,
	"like": bindCompare, "ilike": bindCompare,
	"+": bindAdd, "-": bindAdd, "*": bindMultiply, "/": bindMultiply, "%": bindMultiply,
}

// bindingOf returns how strongly the outermost operator of e binds.
func bindingOf(e Expr) int {
	switch e := e.(type) {
	case *Binary:
		return binding[e.Op]
	case *In, *IsUnknown:
		return bindCompare
	case *Unary:
		if e.Op == "not" {
			return bindNot
		}
		return bindNegate
	}
	return bindValue
}

// within writes e as an operand of an operator that binds as strongly as least,
// in parentheses if it binds less.
func within(e Expr, least int) string {
	if bindingOf(e) < least {
		return "(" + e.String() + ")"
	}
	return e.String()
}

func (e *Ref) String() string {
	if word.MatchString(e.Name) && !keywords[e.Name] {
		return e.Name
	}
	return "`" + strings.ReplaceAll(e.Name, "`", "``") + "`"
}

func (e *Literal) String() string { return e.text() }

func (e *Unary) String() string {
	if e.Op == "not" {
		return "not " + within(e.X, bindNot)
	}
	return "-" + within(e.X, bindValue) // two signs would begin a comment in SQL
}

func (e *Binary) String() string {
	b := binding[e.Op]
	left := b
	if b == bindCompare {
		left++ // comparisons do not chain
	}
	return within(e.Left, left) + " " + e.Op + " " + within(e.Right, b+1)
}

func (e *In) String() string {
	list := make([]string, len(e.List))
	for i, x := range e.List {
		list[i] = x.String()
	}
	return within(e.X, bindCompare+1) + " in (" + strings.Join(list, ", ") + ")"
}

func (e *IsUnknown) String() string { return within(e.X, bindCompare+1) + " is unknown" }

// quote writes a text as a literal.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func formatNumber(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
