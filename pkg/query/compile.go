package query

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Program is an expression over the columns of a table, ready to be evaluated. It
// is immutable; each goroutine makes an evaluator of its own with
// [Program.Evaluator].
type Program struct {
	schema Schema
	root   node
	// Columns are the places of the columns that the program reads, in order.
	Columns []int
	// Sought are the addresses and texts that rows must have: columns are equal to them, or
	// they are in a list.
	Sought []Sought
}

// Sought is a value that one of some columns must have.
type Sought struct {
	Value   Value // an address or a text
	Columns []int
	missing Error
}

// Missing returns an error of the expression at the value.
func (s *Sought) Missing(format string, args ...any) error {
	e := s.missing
	e.Message = fmt.Sprintf(format, args...)
	return &e
}

// compiler turns an expression into nodes. Negation is pushed down to the tests, and
// every test is false for unknown values: so not x > 1 is true for the rows
// with a known x that is not above 1, as in SQL.
type compiler struct {
	text     string
	schema   Schema
	internal flow.Networks
	columns  map[int]bool
	sought   []Sought
}

// Compile parses a condition and looks its columns up. The networks are what
// "internal" stands for after in; nil if they are not known. An error is an
// [*Error].
func Compile(text string, s Schema, internal flow.Networks) (*Program, error) {
	e, err := Parse(text)
	if err != nil {
		return nil, err
	}
	c := &compiler{text: text, schema: s, internal: internal, columns: map[int]bool{}}
	root, err := c.test(e, false)
	if err != nil {
		return nil, err
	}
	return &Program{schema: s, root: root, Columns: c.used(), Sought: c.sought}, nil
}

// seek notes that a column is compared with a value.
func (c *compiler) seek(v Value, column int, at place) {
	for i := range c.sought {
		if s := &c.sought[i]; s.Value == v && s.missing.From == at.from {
			s.Columns = append(s.Columns, column)
			return
		}
	}
	c.sought = append(c.sought, Sought{Value: v, Columns: []int{column}, missing: Error{Expr: c.text, From: at.from, To: at.to}})
}

func (c *compiler) used() []int {
	var columns []int
	for i := range c.columns {
		columns = append(columns, i)
	}
	slices.Sort(columns)
	return columns
}

func (c *compiler) fail(at place, format string, args ...any) error {
	return &Error{Expr: c.text, From: at.from, To: at.to, Message: fmt.Sprintf(format, args...)}
}

// test compiles a condition, or its negation.
func (c *compiler) test(e Expr, negate bool) (node, error) {
	switch e := e.(type) {
	case *Unary:
		if e.Op == "not" {
			return c.test(e.X, !negate)
		}
	case *Binary:
		switch b := binding[e.Op]; {
		case b == bindAnd || b == bindOr:
			left, err := c.test(e.Left, negate)
			if err != nil {
				return nil, err
			}
			right, err := c.test(e.Right, negate)
			if err != nil {
				return nil, err
			}
			if (b == bindAnd) != negate {
				return &andNode{left: left, right: right}, nil
			}
			return &orNode{left: left, right: right}, nil
		case b == bindCompare:
			if e, dated := c.onDate(e); dated {
				return c.test(e, negate)
			}
			return c.either(e, negate, func(e Expr, negate bool) (node, error) { return c.comparison(e.(*Binary), negate) })
		}
	case *In:
		return c.either(e, negate, func(e Expr, negate bool) (node, error) { return c.in(e.(*In), negate) })
	case *IsUnknown:
		return c.unknown(e, negate)
	case *Ref:
		if as := c.wordAsCondition(e.Name); as != "" {
			return nil, c.fail(e.place, "%s is not a column; write %s", e.Name, as)
		}
		i, err := c.column(e)
		if err != nil {
			return nil, err
		}
		if c.schema[i].Kind == Bool {
			return &intTest{col: i, ranges: truth(!negate)}, nil
		}
	case *Literal:
		if e.Kind == Bool {
			return constant((e.Number != 0) != negate), nil
		}
	}
	return nil, c.fail(e.span(), "%s is not a condition; compare it with something, such as port = 443", e)
}

// wordAsCondition returns the condition that a word which is not a column may stand for, such
// as proto = tcp for tcp, or "".
func (c *compiler) wordAsCondition(word string) string {
	names, lower := c.schema.Names(), strings.ToLower(word)
	if slices.Contains(names, word) {
		return ""
	}
	if as := conditionOf[lower]; as != "" && slices.Contains(names, strings.Fields(as)[0]) {
		return as
	}
	for _, col := range c.schema {
		known := slices.Contains(col.Words, lower)
		if col.Alias != nil {
			_, err := col.Alias(lower)
			known = err == nil
		}
		if known {
			return col.Name + " = " + lower
		}
	}
	if slices.Contains(names, ColService) && DidYouMean(word, names) == "" {
		return ColService + " = " + lower + " if it is the name of a port"
	}
	return ""
}

// truth are the values of a column of true or false that are as wanted.
func truth(wanted bool) []interval {
	if wanted {
		return []interval{{1, 1}}
	}
	return []interval{{0, 0}}
}

// column returns the place of a column, which is then read.
func (c *compiler) column(r *Ref) (int, error) {
	i := c.schema.Index(r.Name)
	if i < 0 {
		return 0, c.fail(r.place, "%s", unknownColumn(r.Name, c.schema.Names()))
	}
	if missing := c.schema[i].Missing; missing != "" {
		return 0, c.fail(r.place, "column %s: %s", r.Name, missing)
	}
	c.columns[i] = true
	return i, nil
}

// unknown compiles a test whether a column is unknown.
func (c *compiler) unknown(e *IsUnknown, negate bool) (node, error) {
	r, ok := e.X.(*Ref)
	if !ok {
		return nil, c.fail(e.X.span(), "only a column can be unknown")
	}
	i, err := c.column(r)
	if err != nil {
		return nil, err
	}
	col := c.schema[i]
	switch {
	case !col.Optional && (col.Whole || col.Kind == Address):
		return constant(negate), nil
	case col.Whole:
		if negate {
			return &intTest{col: i, ranges: []interval{{0, math.MaxInt64}}}, nil
		}
		return &intTest{col: i, ranges: []interval{{math.MinInt64, -1}}}, nil
	case col.Kind == Number:
		return &unknownFloat{col: i, negate: negate}, nil
	}
	match := func(d Dictionary, code uint32) (bool, bool) { return (d.Text(code) == "") != negate, true }
	return &codeTest{col: i, of: &Test{Op: "unknown", Negate: negate, match: match}}, nil
}

// comparison compiles a comparison: of a column with a literal, where codes and
// statistics help, or else of two expressions.
func (c *compiler) comparison(e *Binary, negate bool) (node, error) {
	op, left, right := e.Op, e.Left, e.Right
	if !c.isColumn(left) && c.isColumn(right) && reverse[op] != "" {
		op, left, right = reverse[op], right, left
	}
	r, isRef := left.(*Ref)
	if !isRef {
		return c.numbers(e, negate)
	}
	i, err := c.column(r)
	if err != nil {
		return nil, err
	}
	col := c.schema[i]
	other, isRef := right.(*Ref)
	switch {
	case col.Kind == Number && op != "like" && op != "ilike":
		return c.numberComparison(i, &Binary{Op: op, Left: left, Right: right, place: e.place}, negate)
	case isRef && !c.isWord(other):
		return c.columnsTest(e, r, other, op, negate)
	case col.Kind == Bool:
		l, ok := right.(*Literal)
		if !ok || l.Kind != Bool || op != "=" && op != "!=" {
			return nil, c.fail(e.place, "%s is true or false; write %s or not %s", col.Name, col.Name, col.Name)
		}
		return &intTest{col: i, ranges: truth((l.Number != 0) == (op == "=") != negate)}, nil
	}
	return c.textComparison(i, op, right, negate)
}

// numberComparison compiles the comparison of a column of numbers.
func (c *compiler) numberComparison(i int, e *Binary, negate bool) (node, error) {
	right := e.Right
	if w, ok := right.(*Ref); ok && c.isWord(w) && len(Nearest(w.Name, c.schema.Names())) == 0 {
		right = &Literal{Value: Value{Kind: Text, Words: w.Name}, place: w.place}
	}
	l, ok := right.(*Literal)
	if !ok {
		return c.numbers(e, negate)
	}
	v, err := c.numberFor(l, c.schema[i])
	if err != nil {
		return nil, err
	}
	return numberTest(i, c.schema[i], e.Op, v, negate), nil
}

// textComparison compiles the comparison of a column of texts or addresses with a
// value.
func (c *compiler) textComparison(i int, op string, right Expr, negate bool) (node, error) {
	col := c.schema[i]
	v, match, err := c.textTest(col, op, right)
	if err != nil {
		return nil, err
	}
	if op == "=" && !negate {
		c.seek(v, i, right.span())
	}
	return &codeTest{col: i, of: &Test{Op: op, Values: []Value{v}, Negate: negate, match: known(col, match, negate)}}, nil
}

// reverse are the operators that mean the same with both sides exchanged.
var reverse = map[string]string{"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// negated are the operators that mean the opposite.
var negated = map[string]string{"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}

// isColumn reports whether e is the name of a column.
func (c *compiler) isColumn(e Expr) bool {
	_, ok := e.(*Ref)
	return ok && !c.isWord(e)
}

// isWord reports whether e is a name that is not a column.
func (c *compiler) isWord(e Expr) bool {
	r, ok := e.(*Ref)
	return ok && c.schema.Index(r.Name) < 0
}

// known returns a test that is false for unknown values.
func known(col Column, match func(Dictionary, uint32) bool, negate bool) func(Dictionary, uint32) (bool, bool) {
	return func(d Dictionary, code uint32) (bool, bool) {
		if col.Optional && d.Text(code) == "" {
			return false, false
		}
		return match(d, code) != negate, true
	}
}

// in compiles a test whether a column is in a list.
func (c *compiler) in(e *In, negate bool) (node, error) {
	r, ok := e.X.(*Ref)
	if !ok {
		return nil, c.fail(e.X.span(), "only a column can be in a list")
	}
	i, err := c.column(r)
	if err != nil {
		return nil, err
	}
	col := c.schema[i]
	if col.Kind == Number || col.Kind == Bool {
		return c.inNumbers(e, i, negate)
	}
	var tests []func(Dictionary, uint32) bool
	words := map[string]bool{}
	addrs := map[netip.Addr]bool{}
	var values []Value
	for _, x := range e.List {
		v, err := c.textFor(col, x, true)
		values = append(values, v)
		if err == nil && v.Kind == Text && !negate {
			c.seek(v, i, x.span())
		}
		switch {
		case err != nil:
			return nil, err
		case v.Kind == Text:
			words[v.Words] = true
		case v.Kind == Address:
			addrs[v.Address] = true
		default:
			networks := c.internal
			if v.Words != ColInternal {
				networks = flow.Networks{v.Network}
			}
			tests = append(tests, func(d Dictionary, code uint32) bool { return networks.Contains(d.Address(code)) })
		}
	}
	match := func(d Dictionary, code uint32) bool {
		return len(words) > 0 && words[d.Text(code)] || len(addrs) > 0 && addrs[d.Address(code)] ||
			slices.ContainsFunc(tests, func(t func(Dictionary, uint32) bool) bool { return t(d, code) })
	}
	return &codeTest{col: i, of: &Test{Op: "in", Values: c.expanded(values), Negate: negate, match: known(col, match, negate)}}, nil
}

// expanded returns values with the internal networks in place of their name.
func (c *compiler) expanded(values []Value) (all []Value) {
	for _, v := range values {
		if v.Kind != Network || v.Words != ColInternal {
			all = append(all, v)
			continue
		}
		for _, n := range c.internal {
			all = append(all, Value{Kind: Network, Network: n})
		}
	}
	return all
}

func (c *compiler) inNumbers(e *In, i int, negate bool) (node, error) {
	col := c.schema[i]
	var all node
	var values []interval
	for _, x := range e.List {
		l, ok := x.(*Literal)
		if b, isBinary := x.(*Binary); isBinary && b.Op == "-" {
			return nil, c.fail(x.span(), "%s is a difference; for a range, write %s between %s and %s", x, col.Name, b.Left, b.Right)
		}
		if !ok || col.Kind == Bool {
			return nil, c.fail(x.span(), "%s is %s; list numbers, such as %s in (80, 443)", col.Name, col.Kind, col.Name)
		}
		v, err := c.numberFor(l, col)
		if err != nil {
			return nil, err
		}
		n := numberTest(i, col, "=", v, negate)
		if col.Whole {
			values = append(values, rangesOf("=", v)...)
		} else {
			all = either(all, n, negate)
		}
	}
	if col.Whole {
		return newIntTest(i, col, values, negate), nil
	}
	return all, nil
}
