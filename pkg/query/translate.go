package query

import "net/netip"

// Translator writes conditions in another language, such as SQL. Its methods return the
// text of an expression; columns are places in the schema of the program.
//
// Negation is pushed down to single tests, and every test is false for unknown values,
// as comparisons with NULL are in SQL. So a translation needs no operator not.
type Translator interface {
	Constant(holds bool) string
	And(left, right string) string
	Or(left, right string) string
	// InRange tests whether a whole number is from low to high. Optional numbers with a
	// negative high are to be unknown.
	InRange(column int, low, high int64) string
	// Matches tests a text or address.
	Matches(column int, t *Test) string
	// Columns compares two columns of texts or two of addresses.
	Columns(op string, left, right int) string
	// Compare compares two expressions of numbers.
	Compare(op, left, right string) string
	// Calculate writes +, -, *, / or % of two expressions of floating point numbers. What is
	// divided by zero is unknown.
	Calculate(op byte, left, right string) string
	Number(v float64) string
	Column(column int) string // of numbers
}

// Translate writes the condition of a program in another language.
func (p *Program) Translate(t Translator) string { return p.root.translate(t) }

// Test is a test of the texts or addresses of a column.
type Test struct {
	Op     string  // =, !=, <, <=, >, >=, like, ilike, in or unknown
	Values []Value // what the column is compared with; in has any number of values and networks
	Negate bool    // whether the test is true for the known values for which Op is not
	match  func(d Dictionary, code uint32) (holds, known bool)
}

// Holds reports whether the test is true for a text. An empty text of an optional column
// is unknown.
func (t *Test) Holds(text string) bool {
	holds, known := t.match(oneText(text), 0)
	return holds && known
}

// oneText is a dictionary of a single text.
type oneText string

func (t oneText) Text(uint32) string        { return string(t) }
func (t oneText) Address(uint32) netip.Addr { return netip.Addr{} }

func (n *andNode) translate(t Translator) string {
	return t.And(n.left.translate(t), n.right.translate(t))
}

func (n *orNode) translate(t Translator) string {
	return t.Or(n.left.translate(t), n.right.translate(t))
}

func (n constant) translate(t Translator) string { return t.Constant(bool(n)) }

func (n *intTest) translate(t Translator) string {
	all := ""
	for i, r := range n.ranges {
		if one := t.InRange(n.col, r.low, r.high); i == 0 {
			all = one
		} else {
			all = t.Or(all, one)
		}
	}
	if all == "" {
		return t.Constant(false)
	}
	return all
}

func (n *codeTest) translate(t Translator) string { return t.Matches(n.col, n.of) }

func (n *codesTest) translate(t Translator) string { return t.Columns(n.op, n.left, n.right) }

func (n *floatTest) translate(t Translator) string {
	return t.Compare(n.op, t.Column(n.col), t.Number(n.v))
}

func (n *unknownFloat) translate(t Translator) string {
	return t.Matches(n.col, &Test{Op: "unknown", Negate: n.negate})
}

func (n *compareTest) translate(t Translator) string {
	return t.Compare(n.op, n.left.translate(t), n.right.translate(t))
}

func (n constantNumber) translate(t Translator) string { return t.Number(float64(n)) }
func (n *numberColumn) translate(t Translator) string  { return t.Column(n.col) }

func (n *calculation) translate(t Translator) string {
	return t.Calculate(n.op, n.left.translate(t), n.right.translate(t))
}
