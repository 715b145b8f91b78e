package query

import (
	"math"
)

// numberNode is a compiled expression of numbers.
type numberNode interface {
	// values returns the numbers of some rows. Unknown ones are NaN.
	values(r Rows, rows []int32) ([]float64, error)
	translate(t Translator) string
}

type constantNumber float64

func (n constantNumber) values(_ Rows, rows []int32) ([]float64, error) {
	out := make([]float64, len(rows))
	for k := range out {
		out[k] = float64(n)
	}
	return out, nil
}

type numberColumn struct {
	col             int
	whole, optional bool
}

func (n *numberColumn) values(r Rows, rows []int32) ([]float64, error) {
	v, err := r.Column(n.col)
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(rows))
	for k, i := range rows {
		switch {
		case !n.whole:
			out[k] = v.Floats[i]
		case n.optional && v.Ints[i] < 0:
			out[k] = math.NaN()
		default:
			out[k] = float64(v.Ints[i])
		}
	}
	return out, nil
}

// calculation is an operator between two expressions of numbers. What is divided
// by zero is unknown.
type calculation struct {
	op          byte
	left, right numberNode
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
	for k := range a {
		switch n.op {
		case '+':
			a[k] += b[k]
		case '-':
			a[k] -= b[k]
		case '*':
			a[k] *= b[k]
		case '/':
			a[k] /= b[k]
		case '%':
			a[k] = math.Mod(a[k], b[k])
		}
		if b[k] == 0 && (n.op == '/' || n.op == '%') {
			a[k] = math.NaN()
		}
	}
	return a, nil
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
	return f.node.values(r, rows)
}
