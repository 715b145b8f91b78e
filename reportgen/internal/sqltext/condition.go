package sqltext

import (
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/query"
)

// condition writes the condition of the question over addressed_flows.
func (b *asker) condition() (string, error) {
	if b.program == nil {
		return "", nil
	}
	c := &condition{asker: b}
	text := b.program.Translate(c)
	return " WHERE " + text, c.err
}

// condition is a [query.Translator].
type condition struct {
	*asker
	err error // of the first test that cannot be translated
}

func (c *condition) Constant(holds bool) string {
	if holds {
		return "1 = 1"
	}
	return "1 = 0"
}

func (c *condition) And(left, right string) string { return "(" + left + " AND " + right + ")" }
func (c *condition) Or(left, right string) string  { return "(" + left + " OR " + right + ")" }

func (c *condition) InRange(i int, low, high int64) string {
	x := c.expression(c.schema[i].Name)
	switch {
	case c.schema[i].Optional && high < 0:
		return x + " IS NULL"
	case low == high:
		return fmt.Sprintf("%s = %d", x, low)
	case low == math.MinInt64: // which some dialects cannot write
		return fmt.Sprintf("%s <= %d", x, high)
	}
	return fmt.Sprintf("%s BETWEEN %d AND %d", x, low, high)
}

func (c *condition) Matches(i int, t *query.Test) string {
	switch name := c.schema[i].Name; name {
	case flow.ColSrc, flow.ColDst:
		return c.addresses(c.expression(name), t)
	case flow.ColName, query.ColService:
		return negated(c.texts(c.expression(name), t), t.Negate)
	case flow.ColProto:
		var held []string
		for n := range 256 {
			if t.Holds(flow.Proto(n).String()) {
				held = append(held, strconv.Itoa(n))
			}
		}
		return "proto IN (" + list(append(held, "-1")) + ")" // a list may not be empty
	case query.ColDate:
		return c.Constant(t.Holds(c.date))
	default: // of a few words
		return c.oneOf(c.expression(name), c.schema[i].Words, t)
	}
}

func negated(test string, negate bool) string {
	if negate {
		return "NOT (" + test + ")"
	}
	return test
}

// addresses tests an address.
func (c *condition) addresses(x string, t *query.Test) string {
	var tests []string
	for _, v := range t.Values {
		switch {
		case v.Kind == query.Network:
			tests = append(tests, inNetwork(x, v.Network))
		case v.Kind == query.Address && t.Op == "in":
			tests = append(tests, x+" = "+keyOf(v.Address))
		case v.Kind == query.Address:
			tests = append(tests, x+" "+t.Op+" "+keyOf(v.Address))
		default:
			c.err = fmt.Errorf("%s: a database compares addresses, not their texts; name networks, such as src_ip in 192.168.0.0/16", t.Op)
		}
	}
	if len(tests) == 0 {
		return c.Constant(t.Negate)
	}
	return negated("("+strings.Join(tests, " OR ")+")", t.Negate)
}

// texts tests a text.
func (c *condition) texts(x string, t *query.Test) string {
	switch t.Op {
	case "unknown":
		return x + " IS NULL"
	case "in":
		var list []string
		for _, v := range t.Values {
			list = append(list, v.Words)
		}
		return x + " IN (" + c.words(list) + ")"
	case "like", "ilike":
		return c.matches(x, likePattern(t.Values[0].Words, t.Op == "ilike"))
	}
	return x + " " + t.Op + " " + c.literal(t.Values[0].Words)
}

// likePattern returns a pattern of like as a regular expression.
func likePattern(pattern string, fold bool) string {
	var b strings.Builder
	b.WriteString("(?s)^")
	if fold {
		b.Reset()
		b.WriteString("(?is)^")
	}
	for _, part := range query.LikeParts(pattern) {
		switch part.Wild {
		case '%':
			b.WriteString(".*")
		case '_':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(part.Rune)))
		}
	}
	return b.String() + "$"
}

// words writes a list of texts.
func (d *Dialect) words(of []string) string {
	var all []string
	for _, w := range of {
		all = append(all, d.literal(w))
	}
	return list(all)
}

// oneOf tests a column that has one of a few words, or is unknown.
func (c *condition) oneOf(x string, of []string, t *query.Test) string {
	var held []string
	for _, w := range of {
		if t.Holds(w) {
			held = append(held, w)
		}
	}
	test := c.Constant(false)
	if len(held) > 0 {
		test = x + " IN (" + c.words(held) + ")"
	}
	if t.Holds("") {
		test = c.Or(test, x+" IS NULL")
	}
	return test
}

func (c *condition) Columns(op string, left, right int) string {
	return c.expression(c.schema[left].Name) + " " + op + " " + c.expression(c.schema[right].Name)
}

func (c *condition) Compare(op, left, right string) string { return left + " " + op + " " + right }

func (c *condition) Number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) + "e0" }

func (c *condition) Column(i int) string { return double(c.expression(c.schema[i].Name)) }

func (c *condition) Calculate(op byte, left, right string) string {
	switch op {
	case '/':
		return fmt.Sprintf("(%s / nullif(%s, 0))", left, right)
	case '%':
		return fmt.Sprintf("(%s - nullif(%s, 0) * trunc(%[1]s / nullif(%[2]s, 0)))", left, right)
	}
	return fmt.Sprintf("(%s %c %s)", left, op, right)
}

// keyOf returns an address as [Dialect.address] does.
func keyOf(a netip.Addr) string {
	family := "6"
	if a.Is4() {
		family = "4"
	}
	return quote(family + strings.ToUpper(hex.EncodeToString(a.AsSlice())))
}

// inNetwork tests whether an address is in a network.
func inNetwork(x string, n netip.Prefix) string {
	last := n.Masked().Addr().AsSlice()
	for i := n.Bits(); i < 8*len(last); i++ {
		last[i/8] |= 0x80 >> (i % 8)
	}
	end, _ := netip.AddrFromSlice(last) // it has the length of an address
	return x + " BETWEEN " + keyOf(n.Masked().Addr()) + " AND " + keyOf(end)
}
