package query

import (
	"math"
	"net/netip"
	"slices"
	"strings"
)

// Dictionary has the texts and addresses that codes stand for.
type Dictionary interface {
	Text(code uint32) string
	Address(code uint32) netip.Addr // the zero Addr if it is not an address
}

// Vector is one column of some rows: whole numbers (and 1 or 0 for true and false),
// other numbers, where NaN is unknown, or codes of texts and addresses.
type Vector struct {
	Ints   []int64
	Floats []float64
	Codes  []uint32
	Dict   Dictionary // of Codes
}

// Rows are rows of a table. Column returns a column by its place in the schema,
// which is read when it is first needed.
type Rows interface {
	Len() int
	Column(i int) (*Vector, error)
}

// Bounds is what is known of the values of rows before they are read.
type Bounds interface {
	// Range returns the least and the greatest of the whole numbers of a column, or
	// false if they are not known.
	Range(column int) (low, high int64, ok bool)
	// Codes returns all codes of a column, or false if they are not known.
	Codes(column int) ([]uint32, Dictionary, bool)
}

// node is a compiled condition.
type node interface {
	// evaluator returns a copy with memory of its own.
	evaluator() node
	// choose appends to out the rows of in for which the condition is true.
	choose(r Rows, in, out []int32) ([]int32, error)
	// may reports whether the condition can be true for rows with these bounds.
	may(b Bounds) bool
	// translate writes the condition in another language.
	translate(t Translator) string
}

// Evaluator evaluates a program. It is for one goroutine.
type Evaluator struct {
	root node
	all  []int32
	out  []int32
}

// Evaluator returns a new evaluator of the program.
func (p *Program) Evaluator() *Evaluator { return &Evaluator{root: p.root.evaluator()} }

// Choose returns those of some rows, or of all if they are nil, for which the
// condition is true, in order. They are valid until the next call.
func (e *Evaluator) Choose(r Rows, rows []int32) (_ []int32, err error) {
	if rows == nil {
		for n := len(e.all); n < r.Len(); n++ {
			e.all = append(e.all, int32(n))
		}
		rows = e.all[:r.Len()]
	}
	e.out, err = e.root.choose(r, rows, e.out[:0])
	return e.out, err
}

// May reports whether the condition can be true for rows with these bounds.
func (e *Evaluator) May(b Bounds) bool { return e.root.may(b) }

// andNode is true if both conditions are. The one that chooses fewer rows is tested first, by what both chose of the
// rows before.
type andNode struct {
	left, right node
	some        []int32

	tested, chosen [2]float64 // rows by left and right
}

func (n *andNode) evaluator() node {
	return &andNode{left: n.left.evaluator(), right: n.right.evaluator()}
}

func (n *andNode) choose(r Rows, in, out []int32) (_ []int32, err error) {
	nodes, first := [2]node{n.left, n.right}, 0
	if n.chosen[1]*n.tested[0] < n.chosen[0]*n.tested[1] {
		first = 1
	}
	n.some, err = nodes[first].choose(r, in, n.some[:0])
	n.tested[first], n.chosen[first] = n.tested[first]+float64(len(in)), n.chosen[first]+float64(len(n.some))
	if err != nil || len(n.some) == 0 {
		return out, err
	}
	second, before := 1-first, len(out)
	out, err = nodes[second].choose(r, n.some, out)
	n.tested[second], n.chosen[second] = n.tested[second]+float64(len(n.some)), n.chosen[second]+float64(len(out)-before)
	return out, err
}

func (n *andNode) may(b Bounds) bool { return n.left.may(b) && n.right.may(b) }

// orNode is true if either condition is.
type orNode struct {
	left, right         node
	first, rest, second []int32
}

func (n *orNode) evaluator() node {
	return &orNode{left: n.left.evaluator(), right: n.right.evaluator()}
}

func (n *orNode) choose(r Rows, in, out []int32) (_ []int32, err error) {
	if n.first, err = n.left.choose(r, in, n.first[:0]); err != nil {
		return out, err
	}
	if len(n.first) == len(in) {
		return append(out, in...), nil
	}
	n.rest = n.rest[:0]
	at := 0
	for _, i := range in {
		if at < len(n.first) && n.first[at] == i {
			at++
			continue
		}
		n.rest = append(n.rest, i)
	}
	if n.second, err = n.right.choose(r, n.rest, n.second[:0]); err != nil {
		return out, err
	}
	return merge(n.first, n.second, out), nil
}

func (n *orNode) may(b Bounds) bool { return n.left.may(b) || n.right.may(b) }

// merge appends the rows of two sorted lists in order.
func merge(a, b, out []int32) []int32 {
	for len(a) > 0 && len(b) > 0 {
		if a[0] < b[0] {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// constant is true for all rows or for none.
type constant bool

func (n constant) evaluator() node { return n }
func (n constant) choose(_ Rows, in, out []int32) ([]int32, error) {
	if n {
		return append(out, in...), nil
	}
	return out, nil
}
func (n constant) may(Bounds) bool { return bool(n) }

// intTest is true for the whole numbers in sorted ranges.
type intTest struct {
	col    int
	ranges []interval
}

func (n *intTest) evaluator() node { return n }

func (n *intTest) choose(r Rows, in, out []int32) ([]int32, error) {
	if len(n.ranges) == 0 || len(in) == 0 {
		return out, nil
	}
	v, err := r.Column(n.col)
	if err != nil {
		return out, err
	}
	k := len(out)
	out = slices.Grow(out, len(in))[:k+len(in)]
	if len(n.ranges) == 1 {
		low, width := n.ranges[0].low, uint64(n.ranges[0].high)-uint64(n.ranges[0].low)
		for _, i := range in {
			out[k] = i
			if uint64(v.Ints[i])-uint64(low) <= width {
				k++
			}
		}
		return out[:k], nil
	}
	for _, i := range in {
		out[k] = i
		if n.has(v.Ints[i]) {
			k++
		}
	}
	return out[:k], nil
}

func (n *intTest) has(x int64) bool {
	for _, r := range n.ranges {
		if x <= r.high {
			return x >= r.low
		}
	}
	return false
}

func (n *intTest) may(b Bounds) bool {
	low, high, ok := b.Range(n.col)
	return len(n.ranges) > 0 && (!ok || slices.ContainsFunc(n.ranges, func(r interval) bool { return r.low <= high && low <= r.high }))
}

// codeTest is true for the codes that match. Each code is tested once.
type codeTest struct {
	col int
	of  *Test

	dict Dictionary
	memo []uint8 // by code: 0 if not tested yet, 1 for no, 2 for yes
}

func (n *codeTest) evaluator() node { return &codeTest{col: n.col, of: n.of} }

func (n *codeTest) choose(r Rows, in, out []int32) ([]int32, error) {
	if len(in) == 0 {
		return out, nil
	}
	v, err := r.Column(n.col)
	if err != nil {
		return out, err
	}
	n.use(v.Dict)
	k := len(out)
	out = slices.Grow(out, len(in))[:k+len(in)]
	for _, i := range in {
		code := v.Codes[i]
		out[k] = i
		if int(code) >= len(n.memo) || n.memo[code] == 0 {
			n.test(code)
		}
		k += int(n.memo[code] >> 1)
	}
	return out[:k], nil
}

func (n *codeTest) use(d Dictionary) {
	if n.dict != d {
		n.dict, n.memo = d, n.memo[:0]
	}
}

// test puts the result for a code into the memo.
func (n *codeTest) test(code uint32) {
	for len(n.memo) <= int(code) {
		n.memo = append(n.memo, 0)
	}
	n.memo[code] = 1
	if holds, known := n.of.match(n.dict, code); holds && known {
		n.memo[code] = 2
	}
}

func (n *codeTest) may(b Bounds) bool {
	codes, dict, ok := b.Codes(n.col)
	if !ok {
		return true
	}
	n.use(dict)
	return slices.ContainsFunc(codes, func(code uint32) bool {
		if int(code) >= len(n.memo) || n.memo[code] == 0 {
			n.test(code)
		}
		return n.memo[code] == 2
	})
}

// codesTest compares two columns of texts or addresses.
type codesTest struct {
	left, right         int
	op                  string
	addresses, optional bool
}

func (n *codesTest) evaluator() node { return n }
func (n *codesTest) may(Bounds) bool { return true }

func (n *codesTest) choose(r Rows, in, out []int32) ([]int32, error) {
	if len(in) == 0 {
		return out, nil
	}
	a, err := r.Column(n.left)
	if err != nil {
		return out, err
	}
	b, err := r.Column(n.right)
	if err != nil {
		return out, err
	}
	holds := orders[n.op]
	for _, i := range in {
		if holds(n.compare(a, b, i)) && (!n.optional || a.Dict.Text(a.Codes[i]) != "" && b.Dict.Text(b.Codes[i]) != "") {
			out = append(out, i)
		}
	}
	return out, nil
}

func (n *codesTest) compare(a, b *Vector, i int32) int {
	switch {
	case a.Dict == b.Dict && a.Codes[i] == b.Codes[i]:
		return 0
	case n.addresses:
		return a.Dict.Address(a.Codes[i]).Compare(b.Dict.Address(b.Codes[i]))
	}
	return strings.Compare(a.Dict.Text(a.Codes[i]), b.Dict.Text(b.Codes[i]))
}

// floatTest compares a column of numbers with a value.
type floatTest struct {
	col int
	op  string
	v   float64
}

func (n *floatTest) evaluator() node { return n }
func (n *floatTest) may(Bounds) bool { return true }

func (n *floatTest) choose(r Rows, in, out []int32) ([]int32, error) {
	v, err := r.Column(n.col)
	if err != nil {
		return out, err
	}
	order := orders[n.op]
	for _, i := range in {
		if holds(order, v.Floats[i], n.v) {
			out = append(out, i)
		}
	}
	return out, nil
}

// holds compares two numbers. Unknown ones compare with nothing.
func holds(order func(int) bool, a, b float64) bool {
	switch {
	case a < b:
		return order(-1)
	case a > b:
		return order(1)
	}
	return a == b && order(0)
}

// unknownFloat is true for the rows where a number is unknown, or known.
type unknownFloat struct {
	col    int
	negate bool
}

func (n *unknownFloat) evaluator() node { return n }
func (n *unknownFloat) may(Bounds) bool { return true }

func (n *unknownFloat) choose(r Rows, in, out []int32) ([]int32, error) {
	v, err := r.Column(n.col)
	if err != nil {
		return out, err
	}
	for _, i := range in {
		if math.IsNaN(v.Floats[i]) != n.negate {
			out = append(out, i)
		}
	}
	return out, nil
}
