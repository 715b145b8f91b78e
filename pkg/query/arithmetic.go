package query

import (
	"math"
	"slices"
)

// numberNode is a compiled expression of numbers.
type numberNode interface {
	// evaluator returns a copy with memory of its own.
	evaluator() numberNode
	// values returns the numbers of some rows. Unknown ones are NaN. They are valid until the next call.
	values(r Rows, rows []int32) ([]float64, error)
	translate(t Translator) string
}

type constantNumber float64

func (n constantNumber) evaluator() numberNode { return &repeated{constantNumber: n} }
func (n constantNumber) values(r Rows, rows []int32) ([]float64, error) {
	return n.evaluator().values(r, rows)
}

// repeated is a constant with the memory of as many as there are rows.
type repeated struct {
	constantNumber
	out []float64
}

func (n *repeated) values(_ Rows, rows []int32) ([]float64, error) {
	for len(n.out) < len(rows) {
		n.out = append(n.out, float64(n.constantNumber))
	}
	return n.out[:len(rows)], nil
}

type numberColumn struct {
	col             int
	whole, optional bool

	out []float64
}

func (n *numberColumn) evaluator() numberNode {
	return &numberColumn{col: n.col, whole: n.whole, optional: n.optional}
}

func (n *numberColumn) values(r Rows, rows []int32) ([]float64, error) {
	v, err := r.Column(n.col)
	if err != nil {
		return nil, err
	}
	n.out = slices.Grow(n.out[:0], len(rows))[:len(rows)]
	switch {
	case !n.whole:
		for k, i := range rows {
			n.out[k] = v.Floats[i]
		}
	case n.optional:
		for k, i := range rows {
			if n.out[k] = float64(v.Ints[i]); v.Ints[i] < 0 {
				n.out[k] = math.NaN()
			}
		}
	default:
		for k, i := range rows {
			n.out[k] = float64(v.Ints[i])
		}
	}
	return n.out, nil
}

// calculation is an operator between two expressions of numbers. What is divided
// by zero is unknown.
type calculation struct {
	op          byte
	left, right numberNode

	out []float64
}

func (n *calculation) evaluator() numberNode {
	return &calculation{op: n.op, left: n.left.evaluator(), right: n.right.evaluator()}
}

func (n *calculation) values(r Rows, rows []int32) ([]float64, error) {
	a, err := n.left.values(r, rows)
	if err != nil {
		return nil, err
	}
	b, err := n.right.values(r, rows)
	if err != nil {
		return nil, err
	}
	n.out = slices.Grow(n.out[:0], len(a))[:len(a)]
	switch n.op {
	case '+':
		for k, x := range a {
			n.out[k] = x + b[k]
		}
	case '-':
		for k, x := range a {
			n.out[k] = x - b[k]
		}
	case '*':
		for k, x := range a {
			n.out[k] = x * b[k]
		}
	case '/':
		for k, x := range a {
			if n.out[k] = x / b[k]; b[k] == 0 {
				n.out[k] = math.NaN()
			}
		}
	case '%':
		for k, x := range a {
			n.out[k] = math.Mod(x, b[k]) // NaN for 0
		}
	}
	return n.out, nil
}

// Formula is a compiled expression whose value is a number.
type Formula struct {
	node  numberNode
	Unit  Unit
	Whole bool // all values are whole, unless they are unknown
	// Columns are the places of the columns that the formula reads, in order.
	Columns []int
}

// CompileFormula parses an expression of numbers, such as "bytes / 1e6". An error
// is an [*Error].
func CompileFormula(text string, s Schema) (*Formula, error) {
	e, err := Parse(text)
	if err != nil {
		return nil, err
	}
	c := &compiler{text: text, schema: s, columns: map[int]bool{}}
	q, err := c.arithmetic(e)
	if err != nil {
		return nil, err
	}
	return &Formula{node: q.node, Unit: q.unit, Whole: q.whole, Columns: c.used()}, nil
}

// Values returns the values of all rows. Unknown ones are NaN.
func (f *Formula) Values(r Rows) ([]float64, error) {
	rows := make([]int32, r.Len())
	for i := range rows {
		rows[i] = int32(i)
	}
	return f.node.evaluator().values(r, rows)
}

// compareTest compares two expressions of numbers.
type compareTest struct {
	op          string
	left, right numberNode
}

func (n *compareTest) evaluator() node {
	return &compareTest{op: n.op, left: n.left.evaluator(), right: n.right.evaluator()}
}
func (n *compareTest) may(Bounds) bool { return true }

func (n *compareTest) choose(r Rows, in, out []int32) ([]int32, error) {
	if len(in) == 0 {
		return out, nil
	}
	a, err := n.left.values(r, in)
	if err != nil {
		return out, err
	}
	b, err := n.right.values(r, in)
	if err != nil {
		return out, err
	}
	holds := outcomes(n.op)
	k := len(out)
	out = slices.Grow(out, len(in))[:k+len(in)]
	for j, i := range in {
		x, y := a[j], b[j]
		c := 1 + sign(x > y) - sign(x < y)
		out[k] = i
		if holds[c] && (c != 1 || x == y) { // NaN is not even equal to itself
			k++
		}
	}
	return out[:k], nil
}

// outcomes returns what an operator says of a smaller, an equal and a greater number.
func outcomes(op string) [3]bool {
	order := orders[op]
	return [3]bool{order(-1), order(0), order(1)}
}

// columnsOfInts compares two columns of whole numbers. In optional columns, negative ones are unknown.
type columnsOfInts struct {
	*compareTest
	left, right *numberColumn
}

func (n *columnsOfInts) evaluator() node { return n }

func (n *columnsOfInts) choose(r Rows, in, out []int32) ([]int32, error) {
	if len(in) == 0 {
		return out, nil
	}
	left, err := r.Column(n.left.col)
	if err != nil {
		return out, err
	}
	right, err := r.Column(n.right.col)
	if err != nil {
		return out, err
	}
	holds, a, b := outcomes(n.op), left.Ints, right.Ints
	k := len(out)
	out = slices.Grow(out, len(in))[:k+len(in)]
	for _, i := range in {
		x, y := a[i], b[i]
		out[k] = i
		if holds[1+sign(x > y)-sign(x < y)] && (x >= 0 || !n.left.optional) && (y >= 0 || !n.right.optional) {
			k++
		}
	}
	return out[:k], nil
}

// sign returns 1 for true and 0 for false. The compiler makes no branch of it.
func sign(is bool) (n int) {
	if is {
		n = 1
	}
	return n
}
