package frame

import (
	"math"
	"slices"
	"strings"

	"github.com/go-gota/gota/dataframe"
	"github.com/go-gota/gota/series"

	"github.com/flowbook/flowbook/pkg/query"
)

// Groups are the rows of a frame with the same values of some columns. Its methods
// return a row for each group, in the order of these values: the columns of [By], and
// then a column for each aggregate, named as [query.Aggregate.Name] says: that of a sum
// like its column, others such as mean_up_bytes. Empty cells do not count.
type Groups struct {
	frame   Frame
	columns []string
}

// By groups the rows of a frame by columns; without any, all rows are one group.
//
//	frame.By(hosts, "country").Sum("bytes")
//	frame.By(flows, "src_ip", "hour").Aggregate("count", "sum(up_bytes)")
func By(f Frame, columns ...string) Groups { return Groups{f, columns} }

// Count returns the number of rows as the column flows.
func (g Groups) Count() Frame { return g.aggregate(query.Aggregate{Func: query.Count}) }

// Sum returns the sums of columns.
func (g Groups) Sum(columns ...string) Frame { return g.each(query.Sum, 0, columns) }

// Mean returns the means of columns.
func (g Groups) Mean(columns ...string) Frame { return g.each(query.Mean, 0, columns) }

// Min returns the least values of columns.
func (g Groups) Min(columns ...string) Frame { return g.each(query.Min, 0, columns) }

// Max returns the greatest values of columns.
func (g Groups) Max(columns ...string) Frame { return g.each(query.Max, 0, columns) }

// Quantile returns a quantile (0 to 1) of columns; 0.5 is the median.
func (g Groups) Quantile(q float64, columns ...string) Frame {
	return g.each(query.Quantile, q, columns)
}

// Distinct returns the numbers of different values of columns.
func (g Groups) Distinct(columns ...string) Frame { return g.each(query.Distinct, 0, columns) }

// First returns the values of columns in the first row.
func (g Groups) First(columns ...string) Frame { return g.each(query.First, 0, columns) }

// Last returns the values of columns in the last row.
func (g Groups) Last(columns ...string) Frame { return g.each(query.Last, 0, columns) }

func (g Groups) each(of query.Func, quantile float64, columns []string) Frame {
	all := make([]query.Aggregate, len(columns))
	for i, c := range columns {
		all[i] = query.Aggregate{Func: of, Column: c, Quantile: quantile}
	}
	return g.aggregate(all...)
}

// Aggregate returns several aggregates, such as "count", "sum(up_bytes)",
// "distinct(dst_ip)", "p95(up_bytes)" or "quantile(up_bytes, 0.999)".
func (g Groups) Aggregate(aggregates ...string) Frame {
	all, err := query.ParseAggregates(aggregates)
	if err != nil {
		return Frame{Err: err}
	}
	return g.aggregate(all...)
}

func (g Groups) aggregate(aggregates ...query.Aggregate) Frame {
	f := g.frame
	if f.Err != nil {
		return f
	}
	q, err := query.Query{By: g.columns, Aggregates: aggregates}.Check(schemaOf(f))
	if err != nil {
		return Frame{Err: err}
	}
	members := g.members()
	first := make([]int, len(members))
	for i, rows := range members {
		first[i] = rows[0]
	}
	var all []series.Series
	if len(g.columns) > 0 {
		keys := f.Subset(first)
		for _, name := range g.columns {
			all = append(all, keys.Col(name))
		}
	}
	for _, a := range q.Aggregates {
		all = append(all, aggregated(f, a, members))
	}
	return Sort(dataframe.New(all...), g.columns...)
}

// members returns the rows of each group, in the order of their first rows.
func (g Groups) members() [][]int {
	var columns [][]string
	for _, name := range g.columns {
		columns = append(columns, g.frame.Col(name).Records())
	}
	at := map[string]int{}
	var members [][]int
	var key strings.Builder
	for row := range g.frame.Nrow() {
		key.Reset()
		for _, c := range columns {
			key.WriteString(c[row])
			key.WriteByte(0)
		}
		group, ok := at[key.String()]
		if !ok {
			group = len(members)
			at[key.String()] = group
			members = append(members, nil)
		}
		members[group] = append(members[group], row)
	}
	return members
}

// aggregated returns a column with an aggregate of each group.
func aggregated(f Frame, a query.Aggregate, members [][]int) series.Series {
	if a.Func == query.Count {
		return counts(a.Name(), members, func(rows []int) int { return len(rows) })
	}
	c := f.Col(a.Column)
	texts := c.Records()
	switch a.Func {
	case query.Distinct:
		return counts(a.Name(), members, func(rows []int) int {
			different := map[string]bool{}
			for _, row := range rows {
				if !c.Elem(row).IsNA() && texts[row] != "" {
					different[texts[row]] = true
				}
			}
			return len(different)
		})
	case query.First, query.Last:
		picked := make([]int, len(members))
		for i, rows := range members {
			known := slices.DeleteFunc(slices.Clone(rows), func(row int) bool { return c.Elem(row).IsNA() || texts[row] == "" })
			if len(known) == 0 {
				known = rows
			}
			picked[i] = known[0]
			if a.Func == query.Last {
				picked[i] = known[len(known)-1]
			}
		}
		s := c.Subset(picked)
		s.Name = a.Name()
		return s
	}
	values, kind := make([]float64, len(members)), c.Type()
	all := c.Float()
	for i, rows := range members {
		var of []float64
		for _, row := range rows {
			if !math.IsNaN(all[row]) {
				of = append(of, all[row])
			}
		}
		values[i] = computed(a, of)
		if values[i] != math.Trunc(values[i]) {
			kind = series.Float // also of NaN
		}
	}
	if a.Func == query.Mean || a.Func == query.Quantile {
		kind = series.Float
	}
	return series.New(values, kind, a.Name())
}

func counts(name string, members [][]int, count func([]int) int) series.Series {
	all := make([]int, len(members))
	for i, rows := range members {
		all[i] = count(rows)
	}
	return series.New(all, series.Int, name)
}

// computed returns an aggregate of numbers, or NaN if there are none.
func computed(a query.Aggregate, values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	switch a.Func {
	case query.Sum:
		return sum
	case query.Mean:
		return sum / float64(len(values))
	case query.Min:
		return slices.Min(values)
	case query.Max:
		return slices.Max(values)
	}
	slices.Sort(values)
	place := a.Quantile * float64(len(values)-1)
	low := int(place)
	if low+1 == len(values) {
		return values[low]
	}
	return values[low] + (place-float64(low))*(values[low+1]-values[low])
}
