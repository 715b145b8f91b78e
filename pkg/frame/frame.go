// Package frame gives profiles and detection results as gota DataFrames, the
// tables that an analyst filters, arranges, groups and draws.
//
// A [Frame] is a plain gota DataFrame, so everything that gota offers goes on
// from here:
//
//	hosts := frame.Hosts(day)
//	busy := hosts.Filter(dataframe.F{Colname: "flows", Comparator: series.Greater, Comparando: 1000})
//	busy = busy.Arrange(dataframe.RevSort("up_bytes"))
//
// Columns that a flow file has too carry its names (src_ip, up_bytes, …; see
// [flow.Columns]) and units. What a column of any frame means, its title for
// people and its unit is said in one place: [Describe]. Times are 1/100 s since
// midnight, bytes are bytes, shares and ratios are plain fractions.
//
// Frames of two days are put side by side with [Compare], and cut with [Top].
package frame

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/go-gota/gota/dataframe"
	"github.com/go-gota/gota/series"
	"gonum.org/v1/gonum/stat"
)

// Frame is a gota DataFrame. A frame that an operation failed on says why in
// its Err field; everything in Flowbook that takes a frame looks there first.
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

// of makes a frame with one row for each of rows, in their order. A frame of no
// rows keeps its columns.
func of[T any](rows []T, columns ...column[T]) Frame {
	all := make([]series.Series, len(columns))
	for i, c := range columns {
		all[i] = series.New(values(rows, c), c.kind, c.name)
	}
	return dataframe.New(all...)
}

// values returns one column of rows in the slice type that gota takes for its
// kind.
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

// Has says whether f has a column of that name.
func Has(f Frame, name string) bool { return slices.Contains(f.Names(), name) }

// Strings returns a column as text, in order of rows.
func Strings(f Frame, name string) ([]string, error) {
	c, err := columnOf(f, name)
	if err != nil {
		return nil, err
	}
	return c.Records(), nil
}

// Floats returns a column as numbers, in order of rows; NaN where a cell has none.
func Floats(f Frame, name string) ([]float64, error) {
	c, err := columnOf(f, name)
	if err != nil {
		return nil, err
	}
	if c.Type() == series.String {
		return nil, fmt.Errorf("column %q holds text and not numbers", name)
	}
	return c.Float(), nil
}

func columnOf(f Frame, name string) (series.Series, error) {
	if f.Err != nil {
		return series.Series{}, fmt.Errorf("the frame is not valid: %w", f.Err)
	}
	if !Has(f, name) {
		return series.Series{}, fmt.Errorf("the frame has no column %q; it has %q", name, f.Names())
	}
	return f.Col(name), nil
}

// Top returns the n rows with the largest values of a column, largest first
// and NaN last; rows with equal values keep their order. It returns all rows, so ordered,
// where f has no more than n or n is negative.
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

// Head returns the first n rows, or all where f has no more.
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

// Above returns the rows whose value of a column lies above a quantile of that
// column, 0 to 1, largest first. NaN lies above nothing.
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

// Sum returns the sum of a column without its empty cells, or 0 where f has no
// such column of numbers.
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

// TypeOf returns the type of a column in the terms of JSON tables: "string",
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
