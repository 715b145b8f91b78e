package query

import (
	"cmp"
	"math"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// interval is the whole numbers from low to high.
type interval struct{ low, high int64 }

// rangesOf returns the whole numbers that compare with v as op says.
func rangesOf(op string, v float64) []interval {
	below, above := toInt(math.Ceil(v)-1), toInt(math.Floor(v)+1) // the nearest on either side
	whole := v == math.Trunc(v)
	switch op {
	case "=", "!=":
		if op == "=" && !whole || math.IsNaN(v) {
			return nil
		}
		if op == "=" {
			return []interval{{toInt(v), toInt(v)}}
		}
		if !whole {
			return []interval{{math.MinInt64, math.MaxInt64}}
		}
		return []interval{{math.MinInt64, below}, {above, math.MaxInt64}}
	case "<":
		return []interval{{math.MinInt64, below}}
	case "<=":
		return []interval{{math.MinInt64, toInt(math.Floor(v))}}
	case ">":
		return []interval{{above, math.MaxInt64}}
	}
	return []interval{{toInt(math.Ceil(v)), math.MaxInt64}}
}

func toInt(v float64) int64 {
	switch {
	case v >= math.MaxInt64:
		return math.MaxInt64
	case v <= math.MinInt64:
		return math.MinInt64
	}
	return int64(v)
}

// numberTest returns the comparison of a column of numbers with v.
func numberTest(i int, col Column, op string, v float64, negate bool) node {
	if col.Whole {
		return newIntTest(i, col, rangesOf(op, v), negate)
	}
	if negate {
		op = negated[op]
	}
	return &floatTest{col: i, op: op, v: v}
}

// newIntTest returns the test whether a column of whole numbers is in one of the
// ranges, or in none of them. Unknown values are in neither.
func newIntTest(i int, col Column, ranges []interval, negate bool) node {
	slices.SortFunc(ranges, func(a, b interval) int { return cmp.Compare(a.low, b.low) })
	var merged []interval
	for _, r := range ranges {
		if n := len(merged); n > 0 && (merged[n-1].high == math.MaxInt64 || r.low <= merged[n-1].high+1) {
			merged[n-1].high = max(merged[n-1].high, r.high)
			continue
		}
		merged = append(merged, r)
	}
	if negate {
		merged = complement(merged)
	}
	if col.Optional {
		merged = slices.DeleteFunc(merged, func(r interval) bool { return r.high < 0 })
		if len(merged) > 0 {
			merged[0].low = max(merged[0].low, 0)
		}
	}
	return &intTest{col: i, ranges: merged}
}

// complement returns the whole numbers that are in none of the sorted ranges.
func complement(ranges []interval) []interval {
	var rest []interval
	from := int64(math.MinInt64)
	for _, r := range ranges {
		if r.low > from {
			rest = append(rest, interval{from, r.low - 1})
		}
		if r.high == math.MaxInt64 {
			return rest
		}
		from = r.high + 1
	}
	return append(rest, interval{from, math.MaxInt64})
}

// unquoted returns a text that is a number or a time as this, since in SQL it may be in quotes.
func unquoted(l *Literal) *Literal {
	if l.Kind != Text {
		return l
	}
	if v, problem := parseValue(l.Words); problem == "" && v.Kind == Number {
		return &Literal{Value: v, place: l.place}
	}
	return l
}

// numberFor returns a literal in the unit of a column.
func (c *compiler) numberFor(l *Literal, col Column) (float64, error) {
	l = unquoted(l)
	switch {
	case l.Kind == Text && col.Unit == Clock && date.MatchString(l.Words):
		return 0, c.fail(l.place, "%s is the time of day; write date = %s, or a date and time, such as %s 10:30", col.Name, l.Words, l.Words)
	case l.Kind == Number && l.Words != "":
		return 0, c.fail(l.place, "%s is a time of one date, which only =, !=, <, <=, > and >= compare, with a column of times", l)
	case l.Kind == Number && l.Unit == NoUnit && l.Number != 0 && col.Unit == Clock:
		return 0, c.fail(l.place, "%s is a time of day; write it as 10:30 or 10:30:15", col.Name)
	case l.Kind == Number && l.Unit == NoUnit && l.Number != 0 && col.Unit == Hundredths:
		return 0, c.fail(l.place, "%s is a length of time; write its unit, such as %ss or %sms", col.Name, l, l)
	case l.Kind != Number:
		hint := ""
		if l.Kind == Text && col.Name == flow.ColPort {
			hint = "; for names, use service"
		}
		return 0, c.fail(l.place, "%s is %s; %s is %s%s", col.Name, col.Kind, l, l.Kind, hint)
	}
	v, problem := inUnit(l.Value, col.Unit)
	if problem != "" {
		return 0, c.fail(l.place, "%s holds %s; %s", col.Name, col.Unit, problem)
	}
	return v, nil
}

// inUnit returns a number in another unit, or why it has none.
func inUnit(v Value, u Unit) (float64, string) {
	switch {
	case v.Unit == NoUnit, v.Unit == u, v.Unit == Bytes && u == NoUnit:
		return v.Number, ""
	case v.Unit == Hundredths && u == Seconds:
		return v.Number / 100, ""
	case v.Unit == Seconds && u == Hundredths:
		return v.Number * 100, ""
	case v.Unit == Hundredths && u == Bytes:
		return 0, "this is a length of time; write 5M or 5MB for millions"
	case u == Clock:
		return 0, "write it as 10:30 or 10:30:15"
	}
	return 0, "this is " + v.Unit.String()
}

// numbers compiles the comparison of two expressions of numbers.
func (c *compiler) numbers(e *Binary, negate bool) (node, error) {
	if orders[e.Op] == nil {
		return nil, c.fail(e.Left.span(), "%s wants a column of text before it", e.Op)
	}
	left, err := c.arithmetic(e.Left)
	if err != nil {
		return nil, err
	}
	right, err := c.arithmetic(e.Right)
	if err != nil {
		return nil, err
	}
	if _, err := c.sameUnit(e, &left, &right); err != nil {
		return nil, err
	}
	op := e.Op
	if negate {
		op = negated[op]
	}
	test := &compareTest{op: op, left: left.node, right: right.node}
	l, leftColumn := left.node.(*numberColumn)
	r, rightColumn := right.node.(*numberColumn)
	if leftColumn && rightColumn && l.whole && r.whole {
		return &columnsOfInts{compareTest: test, left: l, right: r}, nil
	}
	return test, nil
}

// quantity is an expression of numbers and its unit.
type quantity struct {
	node    numberNode
	unit    Unit
	whole   bool
	literal *Literal
}

// arithmetic compiles an expression of numbers.
func (c *compiler) arithmetic(e Expr) (q quantity, err error) {
	switch e := e.(type) {
	case *Literal:
		if e.Kind == Number && e.Words != "" {
			return q, c.fail(e.place, "%s is a time of one date, with which nothing is computed; write the time alone", e)
		}
		if e.Kind == Number {
			return quantity{node: constantNumber(e.Number), unit: e.Unit, whole: e.Number == math.Trunc(e.Number), literal: e}, nil
		}
		return q, c.fail(e.place, "%s is %s, not a number", e, e.Kind)
	case *Ref:
		i, err := c.column(e)
		if err != nil {
			return q, err
		}
		col := c.schema[i]
		if col.Kind != Number {
			return q, c.fail(e.place, "%s is %s, not a number", col.Name, col.Kind)
		}
		return quantity{node: &numberColumn{col: i, whole: col.Whole, optional: col.Optional}, unit: col.Unit, whole: col.Whole}, nil
	case *Unary:
		if e.Op == "-" {
			q, err = c.arithmetic(e.X)
			q.node = &calculation{op: '-', left: constantNumber(0), right: q.node}
			q.literal = nil
			return q, err
		}
	case *Binary:
		if b := binding[e.Op]; b == bindAdd || b == bindMultiply {
			return c.calculation(e)
		}
	}
	return q, c.fail(e.span(), "%s is not a number", e)
}

func (c *compiler) calculation(e *Binary) (q quantity, err error) {
	left, err := c.arithmetic(e.Left)
	if err != nil {
		return q, err
	}
	right, err := c.arithmetic(e.Right)
	if err != nil {
		return q, err
	}
	q.whole = left.whole && right.whole && e.Op != "/"
	switch e.Op {
	case "*":
		q.unit = max(left.unit, right.unit)
		if left.unit != NoUnit && right.unit != NoUnit {
			return q, c.fail(e.place, "%s times %s means nothing", left.unit, right.unit)
		}
	case "/", "%":
		q.unit = left.unit
		if left.unit == right.unit || right.unit != NoUnit {
			q.unit = NoUnit
		}
	default:
		clocks := left.unit == Clock && right.unit == Clock
		if left.unit == Clock && right.unit == Hundredths && right.literal != nil {
			q.unit = Clock
			break
		}
		if q.unit, err = c.sameUnit(e, &left, &right); err != nil {
			return q, err
		}
		if clocks {
			q.unit = Hundredths
		}
	}
	q.node = &calculation{op: e.Op[0], left: left.node, right: right.node}
	return q, nil
}

// sameUnit brings a literal on either side to the unit of the other side, and
// returns it.
func (c *compiler) sameUnit(e *Binary, left, right *quantity) (Unit, error) {
	for _, sides := range [][2]*quantity{{left, right}, {right, left}} {
		if l := sides[0].literal; l != nil && sides[1].literal == nil {
			v, problem := inUnit(l.Value, sides[1].unit)
			if problem != "" {
				return 0, c.fail(l.place, "the other side is %s; %s", sides[1].unit, problem)
			}
			sides[0].node = constantNumber(v)
			return sides[1].unit, nil
		}
	}
	if left.unit != right.unit && left.unit != NoUnit && right.unit != NoUnit {
		return 0, c.fail(e.place, "one side is %s and the other %s", left.unit, right.unit)
	}
	return max(left.unit, right.unit), nil
}
