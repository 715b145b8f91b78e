package sentinel

import (
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// This file lays tables out as pandas does (DataFrame.to_string and
// Series.to_string of pandas 2 and 3 with default options), but never leaves
// out rows or columns:
//
//   - a column is as wide as its widest cell, with one space more before
//     each value for a sign, and one space between columns,
//   - the index is left-aligned, all other columns right-aligned,
//   - text is cut to 50 characters,
//   - numbers have six decimals, less the zeros that all have at their end, or
//     an exponent where a number would else look like 0 or is too long.

// maxColumn is pandas' display.max_colwidth, precision its display.precision.
const (
	maxColumn = 50
	precision = 6
)

// column is a column of a table, and the lines of its head.
type column struct {
	head  []string
	cells []string
}

func intColumn[T any](rows []T, get func(T) int64, head ...string) column {
	return newColumn(rows, func(r T) string { return fmt.Sprintf("% d", get(r)) }, spaced(head))
}

func textColumn[T any](rows []T, get func(T) string, head ...string) column {
	return newColumn(rows, func(r T) string { return " " + get(r) }, head)
}

func floatColumn[T any](rows []T, get func(T) float64, head ...string) column {
	values := make([]float64, len(rows))
	for i, r := range rows {
		values[i] = get(r)
	}
	return column{spaced(head), formatFloats(values)}
}

func newColumn[T any](rows []T, format func(T) string, head []string) column {
	c := column{head: head}
	for _, r := range rows {
		c.cells = append(c.cells, format(r))
	}
	return c
}

// spaced leaves room for a sign before the head of numbers too, where it has a
// single line.
func spaced(head []string) []string {
	if len(head) != 1 {
		return head
	}
	return []string{" " + head[0]}
}

// table returns a table under its head as text, without a newline at the end.
// An index with a name has a line of its own for it beneath the head.
func table(index []string, name string, columns ...column) string {
	if len(index) == 0 {
		var names []string
		for _, c := range columns {
			label := strings.TrimSpace(c.head[0])
			if len(c.head) > 1 {
				label = fmt.Sprintf("(%s, %s)", label, strings.TrimSpace(c.head[1]))
			}
			names = append(names, label)
		}
		return fmt.Sprintf("Empty DataFrame\nColumns: [%s]\nIndex: []", strings.Join(names, ", "))
	}
	left := slices.Repeat([]string{""}, len(columns[0].head)) // beside the head
	if name != "" {
		left = append(left, name)
	}
	blocks := [][]string{justify(slices.Concat(left, index), -1)}
	for _, c := range columns {
		head := slices.Clone(c.head)
		if name != "" {
			head = append(head, "") // the line of the index's name
		}
		blocks = append(blocks, justify(slices.Concat(head, fixed(c.cells)), 1))
	}
	return adjoin(1, blocks...)
}

// series returns an index and numbers beside it under the index's name.
func series(name string, index, values []string) string {
	if len(index) == 0 {
		return "Series([], )"
	}
	return name + "\n" + adjoin(3, justify(index, -1), justify(values, 1))
}

// fixed cuts cells to the widest that a column may be.
func fixed(cells []string) []string {
	out := slices.Clone(cells)
	for i, c := range out {
		if utf8.RuneCountInString(c) > maxColumn {
			out[i] = string([]rune(c)[:maxColumn-3]) + "..."
		}
	}
	return out
}

// justify pads cells to one width, with spaces after them for a negative side
// and before them for a positive one.
func justify(cells []string, side int) []string {
	width := 0
	for _, c := range cells {
		width = max(width, utf8.RuneCountInString(c))
	}
	out := make([]string, len(cells))
	for i, c := range cells {
		out[i] = fmt.Sprintf("%*s", side*width, c)
	}
	return out
}

// adjoin puts blocks of lines side by side.
func adjoin(space int, blocks ...[]string) string {
	lines := make([]string, len(blocks[0]))
	for i := range lines {
		var cells []string
		for _, b := range blocks {
			cells = append(cells, b[i])
		}
		lines[i] = strings.Join(cells, strings.Repeat(" ", space))
	}
	return strings.Join(lines, "\n")
}

// formatFloats writes numbers alike.
func formatFloats(values []float64) []string {
	out := formatWith(values, "% .*f")
	longest, small, large := 0, false, false
	for i, v := range values {
		longest = max(longest, len(out[i]))
		small = small || (v != 0 && math.Abs(v) < math.Pow10(-precision))
		large = large || math.Abs(v) > 1e6
	}
	if small || (large && longest > precision+6) {
		return formatWith(values, "% .*e")
	}
	return out
}

// decimals is a number whose last zeros say nothing.
var decimals = regexp.MustCompile(`^\s*[+-]?[0-9]+\.[0-9]*$`)

func formatWith(values []float64, format string) []string {
	out := make([]string, len(values))
	trailing := precision // zeros that all numbers end with
	for i, v := range values {
		switch {
		case math.IsNaN(v):
			out[i] = "NaN"
		case math.IsInf(v, 1):
			out[i] = " inf"
		case math.IsInf(v, -1):
			out[i] = "-inf"
		default:
			out[i] = fmt.Sprintf(format, precision, v)
		}
		if decimals.MatchString(out[i]) {
			trailing = min(trailing, len(out[i])-len(strings.TrimRight(out[i], "0")))
		}
	}
	// One zero stays behind the point.
	trailing = min(trailing, precision-1)
	for i, s := range out {
		if decimals.MatchString(s) {
			out[i] = s[:len(s)-trailing]
		}
	}
	return out
}

// listOf writes addresses as Python writes a list of their texts.
func listOf(addrs []netip.Addr) string {
	texts := make([]string, len(addrs))
	for i, a := range addrs {
		texts[i] = a.String()
	}
	return "[" + strings.Join(texts, ", ") + "]"
}
