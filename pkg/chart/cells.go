package chart

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/flowbook/flowbook/pkg/frame"
)

// cells are the sums of a heatmap by row and column; NaN has no rows.
type cells struct {
	columns, rows []string
	x, y          string
	sums          [][]float64
	missing       [][]bool // only missing values
	others        int      // rows left out
}

func newCells(f frame.Frame, x, y, value string, o settings) (*cells, error) {
	at, columns, err := positions(f, x)
	if err != nil {
		return nil, err
	}
	_, rows, err := positions(f, y)
	if err != nil {
		return nil, err
	}
	names, err := namesOf(f, y)
	if err != nil {
		return nil, err
	}
	traces, err := seriesOf(f, value, o.day)
	if err != nil {
		return nil, err
	}
	if len(traces) > 1 {
		return nil, fmt.Errorf("column %q: a heatmap shows one day; draw %q or %q", value, frame.BaselineDay+"_"+value, frame.TestDay+"_"+value)
	}
	m := &cells{x: x, y: y, columns: columns, rows: rows}
	if columns == nil {
		m.numberColumns(at)
	}
	if rows == nil {
		numbers, err := frame.Floats(f, y)
		if err != nil {
			return nil, err
		}
		m.numberRows(numbers, names)
	}
	index := map[string]int{}
	for i, n := range m.rows {
		index[n] = i
	}
	m.sums, m.missing = make([][]float64, len(m.rows)), make([][]bool, len(m.rows))
	for i := range m.sums {
		m.missing[i] = make([]bool, len(m.columns))
		for range m.columns {
			m.sums[i] = append(m.sums[i], math.NaN())
		}
	}
	for i, n := range names {
		c, r := int(at[i]), index[n]
		switch v := traces[0].values[i]; {
		case c < 0:
		case math.IsNaN(v):
			m.missing[r][c] = true
		case math.IsNaN(m.sums[r][c]):
			m.sums[r][c] = v
		default:
			m.sums[r][c] += v
		}
	}
	m.limit(o, rows != nil && !slices.IsSorted(rows))
	return m, nil
}

// numberColumns sets the columns to the numbers at, in their order, and at to the
// places of its numbers among them: -1 for a missing one.
func (m *cells) numberColumns(at []float64) {
	column := frame.Describe(m.x)
	numbers := slices.Compact(slices.Sorted(slices.Values(finite(at))))
	if column.Unit == frame.Hour {
		numbers = nil
		for h := range 24 {
			numbers = append(numbers, float64(h))
		}
	}
	for i, v := range at {
		p, ok := slices.BinarySearch(numbers, v)
		if !ok {
			p = -1
		}
		at[i] = float64(p)
	}
	for _, v := range numbers {
		m.columns = append(m.columns, column.Unit.Format(v))
	}
}

// numberRows sets the rows to the names of numbers, in order of the numbers.
func (m *cells) numberRows(numbers []float64, names []string) {
	order := make([]int, len(names))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(numbers[a], numbers[b]) })
	for _, i := range order {
		if !slices.Contains(m.rows, names[i]) {
			m.rows = append(m.rows, names[i])
		}
	}
}

// limit keeps the rows that are drawn, and orders them by their sums if their names
// have no order.
func (m *cells) limit(o settings, bySum bool) {
	type row struct {
		name       string
		sum        float64
		suspicious bool
		sums       []float64
		missing    []bool
	}
	var all []row
	for i, n := range m.rows {
		r := row{name: n, suspicious: isSuspicious(n, o), sums: m.sums[i], missing: m.missing[i]}
		for _, v := range finite(r.sums) {
			r.sum += math.Abs(v)
		}
		all = append(all, r)
	}
	order := func(a, b row) int {
		return cmp.Or(-compareBool(a.suspicious, b.suspicious), cmp.Compare(b.sum, a.sum))
	}
	top := cmp.Or(o.top, 24)
	if bySum || len(all) > top {
		slices.SortStableFunc(all, order)
	}
	m.others = max(0, len(all)-top)
	all = all[:len(all)-m.others]
	m.rows, m.sums, m.missing = nil, nil, nil
	for _, r := range all {
		m.rows, m.sums, m.missing = append(m.rows, r.name), append(m.sums, r.sums), append(m.missing, r.missing)
	}
}

// frame returns the cells as rows.
func (m *cells) frame(value string) frame.Frame {
	var names [][]string
	var sums []float64
	for r, row := range m.sums {
		for c, v := range row {
			if !math.IsNaN(v) || m.missing[r][c] {
				names, sums = append(names, []string{m.rows[r], m.columns[c]}), append(sums, v)
			}
		}
	}
	return frame.WithFloats(frame.Texts([]string{m.y, m.x}, names...), value, sums)
}
