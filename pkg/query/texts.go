package query

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
)

// textFor returns a value that a column of texts or addresses is compared with.
// The name internal is only one in a list.
func (c *compiler) textFor(col Column, e Expr, list bool) (Value, error) {
	v := Value{Kind: Text}
	switch e := e.(type) {
	case *Literal:
		v = e.Value
	case *Ref:
		if list && e.Name == ColInternal {
			if c.internal == nil {
				return v, c.fail(e.place, "the internal networks are not known here; write them in CIDR form, such as 192.168.0.0/16")
			}
			return Value{Kind: Network, Words: ColInternal}, nil
		}
		if !c.isWord(e) {
			return v, c.fail(e.place, "the column %s cannot be in a list; compare it with =", e.Name)
		}
		v.Words = e.Name
		if col.Kind == Address {
			return v, c.fail(e.place, "%s is neither a column nor an address", e.Name)
		}
	default:
		if of := c.text[e.span().from:e.span().to]; col.Kind == Text {
			return v, c.fail(e.span(), "%s is text; write a text that is not a single word in quotes, such as %s", col.Name, quote(of))
		}
		return v, c.fail(e.span(), "%s is %s; compare it with a value", col.Name, col.Kind)
	}
	return c.fitting(v, col, e, list)
}

// fitting returns a value as a column of texts or addresses has it.
func (c *compiler) fitting(v Value, col Column, e Expr, list bool) (Value, error) {
	if v.Kind == Number && v.Unit == NoUnit && col.Alias != nil {
		v = Value{Kind: Text, Words: formatNumber(v.Number)}
	}
	switch {
	case v.Kind == Number && v.Words != "":
		return v, c.fail(e.span(), "%s is %s; only a column of times, such as timestamp, is compared with %s", col.Name, col.Kind, e)
	case v.Kind == Number && col.Kind == Text:
		return v, c.fail(e.span(), "%s is text; write %s", col.Name, quote(c.text[e.span().from:e.span().to]))
	case v.Kind == Number || v.Kind == Bool:
		return v, c.fail(e.span(), "%s is %s; %s is %s", col.Name, col.Kind, e, v.Kind)
	case v.Kind == Network && !list:
		return v, c.fail(e.span(), "%s is a network; write %s in %s", e, col.Name, e)
	case v.Kind == Text && col.Kind == Address:
		a, err := flow.ParseAddr(v.Words)
		if err != nil {
			return v, c.fail(e.span(), "%q is not an address", v.Words)
		}
		return Value{Kind: Address, Address: a}, nil
	case v.Kind != Text:
		return v, nil
	case col.Alias != nil:
		word, err := col.Alias(v.Words)
		if err != nil {
			return v, c.fail(e.span(), "%v", err)
		}
		v.Words = word
	case col.Words != nil:
		return c.oneOf(v, col, e)
	}
	return v, nil
}

// oneOf returns a text as a column has it that has few.
func (c *compiler) oneOf(v Value, col Column, e Expr) (Value, error) {
	v.Words = strings.ToLower(v.Words)
	if slices.Contains(col.Words, v.Words) {
		return v, nil
	}
	message := fmt.Sprintf("%s is one of %s", col.Name, strings.Join(col.Words, ", "))
	if s, ok := stateOf[v.Words]; ok && slices.Contains(col.Words, s.String()) {
		message += fmt.Sprintf("; %s is %s here", e, s)
	} else if hint := DidYouMean(v.Words, col.Words); hint != "" {
		message += "; " + hint
	}
	return v, c.fail(e.span(), "%s", message)
}

// textTest compiles the comparison of a column of texts or addresses with a value, which
// it returns, too.
func (c *compiler) textTest(col Column, op string, right Expr) (v Value, match func(Dictionary, uint32) bool, err error) {
	if op == "like" || op == "ilike" {
		l, ok := right.(*Literal)
		if !ok || l.Kind != Text {
			return v, nil, c.fail(right.span(), "%s wants a pattern in quotes, such as '%%.example.com' (%% is any text, _ any letter)", op)
		}
		if col.Kind == Number || col.Kind == Bool {
			return v, nil, c.fail(right.span(), "%s is %s; %s compares texts", col.Name, col.Kind, op)
		}
		matches := likePattern(l.Words, op == "ilike")
		return l.Value, func(d Dictionary, code uint32) bool { return matches(d.Text(code)) }, nil
	}
	if v, err = c.textFor(col, right, false); err != nil {
		return v, nil, err
	}
	holds := orders[op]
	switch {
	case v.Kind == Address && (op == "=" || op == "!="):
		return v, func(d Dictionary, code uint32) bool { return (d.Address(code) == v.Address) == (op == "=") }, nil
	case v.Kind == Address:
		return v, func(d Dictionary, code uint32) bool {
			a := d.Address(code)
			return a.IsValid() && holds(a.Compare(v.Address))
		}, nil
	case col.Ordered:
		rank := slices.Index(col.Words, v.Words)
		return v, func(d Dictionary, code uint32) bool { return holds(slices.Index(col.Words, d.Text(code)) - rank) }, nil
	}
	return v, func(d Dictionary, code uint32) bool { return holds(strings.Compare(d.Text(code), v.Words)) }, nil
}

// orders say whether an operator holds by the sign of a comparison.
var orders = map[string]func(int) bool{
	"=": func(c int) bool { return c == 0 }, "!=": func(c int) bool { return c != 0 },
	"<": func(c int) bool { return c < 0 }, "<=": func(c int) bool { return c <= 0 },
	">": func(c int) bool { return c > 0 }, ">=": func(c int) bool { return c >= 0 },
}

// columnsTest compiles the comparison of two columns of texts or addresses.
func (c *compiler) columnsTest(e *Binary, left, right *Ref, op string, negate bool) (node, error) {
	i, err := c.column(left)
	if err != nil {
		return nil, err
	}
	j, err := c.column(right)
	if err != nil {
		return nil, err
	}
	a, b := c.schema[i], c.schema[j]
	if a.Kind != b.Kind || a.Kind == Bool || orders[op] == nil {
		return nil, c.fail(e.place, "%s is %s and %s is %s: they cannot be compared with %s", a.Name, a.Kind, b.Name, b.Kind, op)
	}
	if negate {
		op = negated[op]
	}
	return &codesTest{left: i, right: j, op: op, addresses: a.Kind == Address, optional: a.Optional || b.Optional}, nil
}
