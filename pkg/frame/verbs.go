package frame

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/go-gota/gota/series"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/query"
)

// Option is an option of [Where].
type Option func(*verb)

type verb struct{ internal flow.Networks }

// Internal sets the networks that internal stands for in a condition, such as
// run.Internal().
func Internal(networks flow.Networks) Option { return func(v *verb) { v.internal = networks } }

// Where returns the rows for which a condition is true, as in
//
//	frame.Where(hosts, "flows > 1000 and src_ip in 192.168.100.0/24")
//
// Package query documents conditions.
func Where(f Frame, condition string, options ...Option) Frame {
	if f.Err != nil {
		return f
	}
	var v verb
	for _, o := range options {
		o(&v)
	}
	r := rowsOf(f)
	p, err := query.Compile(condition, r.schema, v.internal)
	if err != nil {
		return Frame{Err: err}
	}
	chosen, err := p.Evaluator().Choose(r, nil)
	if err != nil {
		return Frame{Err: err}
	}
	order := make([]int, len(chosen))
	for i, row := range chosen {
		order[i] = int(row)
	}
	return f.Subset(order)
}

// With adds a column that a formula computes from others, or replaces one:
//
//	frame.With(hosts, "mb", "(up_bytes + down_bytes) / 1e6")
//
// Package query documents formulas. What is divided by zero is empty.
func With(f Frame, name, formula string) Frame {
	if f.Err != nil {
		return f
	}
	r := rowsOf(f)
	c, err := query.CompileFormula(formula, r.schema)
	if err != nil {
		return Frame{Err: err}
	}
	values, err := c.Values(r)
	if err != nil {
		return Frame{Err: err}
	}
	if !c.Whole || slices.ContainsFunc(values, math.IsNaN) {
		return WithFloats(f, name, values)
	}
	ints := make([]int, len(values))
	for i, x := range values {
		ints[i] = int(x)
	}
	return f.Mutate(series.New(ints, series.Int, name))
}

// Sort orders the rows by columns, the first column first: "up_bytes desc" is the
// largest first, "src_ip" the least. Addresses are in the order of their numbers, and
// empty cells are last. Rows with equal values keep their order.
func Sort(f Frame, columns ...string) Frame {
	if f.Err != nil {
		return f
	}
	var orders []func(a, b int) int
	for _, column := range columns {
		order, err := query.ParseOrder(column)
		if err != nil {
			return Frame{Err: fmt.Errorf("sort: %w", err)}
		}
		compare, err := comparing(f, order.Column, order.Descending)
		if err != nil {
			return Frame{Err: fmt.Errorf("sort: %w", err)}
		}
		orders = append(orders, compare)
	}
	order := make([]int, f.Nrow())
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		for _, compare := range orders {
			if c := compare(a, b); c != 0 {
				return c
			}
		}
		return 0
	})
	return f.Subset(order)
}

// comparing returns a comparison of rows by a column.
func comparing(f Frame, name string, descending bool) (func(a, b int) int, error) {
	c, err := columnOf(f, name)
	if err != nil {
		return nil, err
	}
	sign := 1
	if descending {
		sign = -1
	}
	if c.Type() != series.String {
		v := c.Float()
		return func(a, b int) int {
			if math.IsNaN(v[a]) || math.IsNaN(v[b]) {
				return cmp.Compare(v[b], v[a]) // NaN is less than all, and last
			}
			return sign * cmp.Compare(v[a], v[b])
		}, nil
	}
	w := &words{c.Records()}
	rank := name == "severity"
	return func(a, b int) int {
		s, t := w.texts[a], w.texts[b]
		if s == "" || t == "" {
			return cmp.Compare(t, s)
		}
		if rank {
			return sign * cmp.Compare(slices.Index(severities, s), slices.Index(severities, t))
		}
		if x, y := w.Address(uint32(a)), w.Address(uint32(b)); x.IsValid() && y.IsValid() {
			return sign * x.Compare(y)
		}
		return sign * strings.Compare(s, t)
	}, nil
}

// Join adds columns of another frame to the rows of f whose value of a column is the
// key of a row there; of several such rows, the first counts. Rows without one have
// empty cells. With no columns named, all are added that f does not have:
//
//	frame.Join(hosts, "src_ip", frame.Findings(findings), "entity", "rule", "severity")
//
// [Named] adds the owners and countries of addresses, and [Compare] another day.
func Join(f Frame, column string, other Frame, key string, columns ...string) Frame {
	if f.Err != nil {
		return f
	}
	values, err := Strings(f, column)
	if err != nil {
		return Frame{Err: fmt.Errorf("join: %w", err)}
	}
	keys, err := Strings(other, key)
	if err != nil {
		return Frame{Err: fmt.Errorf("join: the other frame: %w", err)}
	}
	at := map[string]int{}
	for i, k := range keys {
		if _, ok := at[k]; !ok {
			at[k] = i
		}
	}
	if len(columns) == 0 {
		columns = slices.DeleteFunc(other.Names(), func(name string) bool { return name == key || Has(f, name) })
	}
	for _, name := range columns {
		c, err := columnOf(other, name)
		if err != nil {
			return Frame{Err: fmt.Errorf("join: the other frame: %w", err)}
		}
		f = f.Mutate(joined(c, values, at))
		if f.Err != nil {
			return f
		}
	}
	return f
}

// Without returns the rows of f whose value of a column is not the key of a row of
// another frame, such as the hosts that are new on a day:
//
//	frame.Without(frame.Hosts(today), "src_ip", frame.Hosts(before), "src_ip")
func Without(f Frame, column string, other Frame, key string) Frame {
	if f.Err != nil {
		return f
	}
	values, err := Strings(f, column)
	if err != nil {
		return Frame{Err: fmt.Errorf("without: %w", err)}
	}
	keys, err := Strings(other, key)
	if err != nil {
		return Frame{Err: fmt.Errorf("without: the other frame: %w", err)}
	}
	left := map[string]bool{}
	for _, k := range keys {
		left[k] = true
	}
	order := []int{}
	for i, v := range values {
		if !left[v] {
			order = append(order, i)
		}
	}
	return f.Subset(order)
}

// joined returns the values of c for keys, by the rows that have them.
func joined(c series.Series, keys []string, at map[string]int) series.Series {
	if c.Type() == series.String {
		texts, from := make([]string, len(keys)), c.Records()
		for i, k := range keys {
			if row, ok := at[k]; ok {
				texts[i] = from[row]
			}
		}
		return series.New(texts, series.String, c.Name)
	}
	numbers, from, kind := make([]float64, len(keys)), c.Float(), c.Type()
	for i, k := range keys {
		numbers[i] = math.NaN()
		if row, ok := at[k]; ok {
			numbers[i] = from[row]
		}
		if math.IsNaN(numbers[i]) {
			kind = series.Float
		}
	}
	return series.New(numbers, kind, c.Name)
}
