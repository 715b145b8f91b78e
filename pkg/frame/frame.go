// Package frame converts profiles and detection results to gota DataFrames,
// which an analyst filters, sorts, groups and draws.
//
// A [Frame] is a plain gota DataFrame, so all of gota's operations apply. The verbs
// [Where], [Sort], [With], [By] and [Join] read conditions and formulas of package
// query:
//
//	hosts := frame.Named(frame.Hosts(day), "src_ip", run.Geo())
//	busy := frame.Sort(frame.Where(hosts, "flows > 1000 and up_bytes > 1MB"), "up_bytes desc")
//	byCountry := frame.By(busy, "country").Sum("up_bytes")
//
// Columns of flow files keep their names (src_ip, up_bytes, …; see
// [flow.Columns]). Times are in 1/100 s since midnight; shares and ratios are
// fractions. [Describe] returns the title and unit of each column.
//
// [Compare] puts the frames of two days side by side, and [Top] selects the rows
// with the largest values.
//
// A frame carries the error of a failed operation in its Err field, and every
// function of Flowbook that takes a frame checks it.
package frame

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/query"
	"github.com/go-gota/gota/dataframe"
	"github.com/go-gota/gota/series"
	"gonum.org/v1/gonum/stat"
)

// Frame is a gota DataFrame. Its Err field is set if an operation failed.
type Frame = dataframe.DataFrame

// column is one column of a frame over rows of type T.
type column[T any] struct {
	name string
	kind series.Type
	get  func(T) any
}

func text[T any](name string, get func(T) string) column[T] {
	return column[T]{name, series.String, func(r T) any { return get(r) }}
}

func whole[T any, N ~int | ~int64 | ~uint8 | ~uint16 | ~uint32](name string, get func(T) N) column[T] {
	return column[T]{name, series.Int, func(r T) any { return int(get(r)) }}
}

func number[T any](name string, get func(T) float64) column[T] {
	return column[T]{name, series.Float, func(r T) any { return get(r) }}
}

// of returns a frame with one row for each of rows, in order. A frame without
// rows keeps its columns.
func of[T any](rows []T, columns ...column[T]) Frame {
	all := make([]series.Series, len(columns))
	for i, c := range columns {
		all[i] = series.New(values(rows, c), c.kind, c.name)
	}
	return dataframe.New(all...)
}

// values returns one column of rows as the slice type that gota requires for
// its kind.
func values[T any](rows []T, c column[T]) any {
	switch c.kind {
	case series.Int:
		return collect[T, int](rows, c.get)
	case series.Float:
		return collect[T, float64](rows, c.get)
	}
	return collect[T, string](rows, c.get)
}

func collect[T, V any](rows []T, get func(T) any) []V {
	vs := make([]V, len(rows))
	for i, r := range rows {
		vs[i] = get(r).(V)
	}
	return vs
}

// Has reports whether f has a column of that name.
func Has(f Frame, name string) bool { return slices.Contains(f.Names(), name) }

// Strings returns a column as text, in the order of the rows.
func Strings(f Frame, name string) ([]string, error) {
	c, err := columnOf(f, name)
	if err != nil {
		return nil, err
	}
	return c.Records(), nil
}

// Floats returns a column as numbers, in the order of the rows. Empty cells are NaN.
func Floats(f Frame, name string) ([]float64, error) {
	c, err := columnOf(f, name)
	if err != nil {
		return nil, err
	}
	if c.Type() == series.String {
		return nil, fmt.Errorf("column %q: text, not numbers", name)
	}
	return c.Float(), nil
}

func columnOf(f Frame, name string) (series.Series, error) {
	if f.Err != nil {
		return series.Series{}, fmt.Errorf("invalid frame: %w", f.Err)
	}
	if !Has(f, name) {
		if hint := query.DidYouMean(name, f.Names()); hint != "" {
			return series.Series{}, fmt.Errorf("no column %q in the frame; %s", name, hint)
		}
		return series.Series{}, fmt.Errorf("no column %q in the frame; its columns are %s", name, strings.Join(f.Names(), ", "))
	}
	return f.Col(name), nil
}

// WithFloats returns f with a column of numbers, which replaces one of the same name.
// There is a number for each row; a frame without columns gets a row for each.
func WithFloats(f Frame, name string, values []float64) Frame {
	c := series.New(values, series.Float, name)
	if f.Err == nil && f.Ncol() == 0 {
		return dataframe.New(c)
	}
	return f.Mutate(c)
}

// Top returns the n rows with the largest values of a column, largest first and
// NaN last. Rows with equal values keep their order. If n is negative or f has
// fewer rows, Top returns all rows in this order.
func Top(f Frame, by string, n int) Frame {
	vs, err := Floats(f, by)
	if err != nil {
		return Frame{Err: err}
	}
	order := make([]int, len(vs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(vs[b], vs[a]) })
	if n >= 0 && n < len(order) {
		order = order[:n]
	}
	return f.Subset(order)
}

// Head returns the first n rows, or all rows if f has fewer.
func Head(f Frame, n int) Frame {
	if f.Err != nil || f.Nrow() <= n {
		return f
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return f.Subset(order)
}

// Above returns the rows whose value of a column is above a quantile (0 to 1) of
// that column, largest first. Rows with NaN are left out.
func Above(f Frame, column string, quantile float64) Frame {
	vs, err := Floats(f, column)
	if err != nil {
		return Frame{Err: err}
	}
	vs = slices.DeleteFunc(vs, math.IsNaN)
	if len(vs) == 0 {
		return Head(f, 0)
	}
	slices.Sort(vs)
	limit := stat.Quantile(max(0, min(1, quantile)), stat.Empirical, vs, nil)
	above := 0
	for _, v := range vs {
		if v > limit {
			above++
		}
	}
	return Top(f, column, above)
}

// Sum returns the sum of a column without its empty cells, or 0 if f has no such
// column of numbers.
func Sum(f Frame, name string) float64 {
	vs, err := Floats(f, name)
	if err != nil {
		return 0
	}
	sum := 0.0
	for _, v := range vs {
		if !math.IsNaN(v) {
			sum += v
		}
	}
	return sum
}

// TypeOf returns the type of a column as in a tabular data resource: "string",
// "integer" or "number".
func TypeOf(f Frame, name string) string {
	switch f.Col(name).Type() {
	case series.Int:
		return "integer"
	case series.Float:
		return "number"
	}
	return "string"
}

// Named adds the columns owner and country of the addresses in a column. They are
// empty if unknown, as for internal addresses.
func Named(f Frame, column string, l *geo.Lookup) Frame {
	addrs, err := Strings(f, column)
	if err != nil {
		return Frame{Err: err}
	}
	owners, countries := make([]string, len(addrs)), make([]string, len(addrs))
	for i, s := range addrs {
		a, err := netip.ParseAddr(s)
		if err != nil {
			continue // not an address
		}
		owners[i], countries[i] = l.Owner(a).Name, countryName(l.Country(a))
	}
	return f.Mutate(series.New(owners, series.String, "owner")).
		Mutate(series.New(countries, series.String, "country"))
}
