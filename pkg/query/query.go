package query

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Query asks a question about the rows of a table. In JSON, it can be handed to
// another program.
//
// With By, Every or Aggregates the result has a row for each group: the start of the
// time bucket, the columns of By, and a column for each aggregate, which is the number
// of flows if there is none. Otherwise the result has the rows themselves.
type Query struct {
	Where      string        `json:"where,omitempty"`      // condition; empty for all rows
	By         []string      `json:"by,omitempty"`         // columns whose values make a group
	Every      time.Duration `json:"every,omitempty"`      // length of time buckets, from midnight on
	Aggregates []Aggregate   `json:"aggregates,omitempty"` // what is computed of each group
	Columns    []string      `json:"columns,omitempty"`    // columns of rows; nil for all of the file
	// Order is how the result is ordered; then by time bucket and the columns of By.
	Order []Order `json:"order,omitempty"`
	// Limit is the most rows of the result; 0 for all.
	Limit int `json:"limit,omitempty"`
}

// Order is a column of the result by which it is ordered.
type Order struct {
	Column     string `json:"column"`
	Descending bool   `json:"descending,omitempty"`
}

// ParseOrder reads an order: a column, and asc or desc after it.
func ParseOrder(text string) (Order, error) {
	words := strings.Fields(text)
	if len(words) == 0 || len(words) > 2 {
		return Order{}, fmt.Errorf("order %q: write a column, or a column and desc, such as \"flows desc\"", text)
	}
	direction := ""
	if len(words) == 2 {
		direction = strings.ToLower(words[1])
	}
	if direction != "" && direction != "asc" && direction != "desc" {
		return Order{}, fmt.Errorf("order %q: %q is neither asc nor desc", text, words[1])
	}
	if column, found := strings.CutPrefix(words[0], "-"); found {
		return Order{}, fmt.Errorf("order %q: write \"%s desc\" for the largest first", text, column)
	}
	return Order{Column: words[0], Descending: direction == "desc"}, nil
}

// Func is what an aggregate computes.
type Func string

// The functions of aggregates. Unknown values count in none of them but Count.
const (
	Count    Func = "count"    // the number of rows
	Sum      Func = "sum"      // at most 2⁶³-1
	Min      Func = "min"      // the least
	Max      Func = "max"      // the greatest
	Mean     Func = "mean"     // the arithmetic mean
	Quantile Func = "quantile" // a quantile, interpolated linearly as in NumPy and SQL's percentile_cont
	Distinct Func = "distinct" // the number of different values
	First    Func = "first"    // the value of the earliest row; of equal times, the first in the file
	Last     Func = "last"     // the value of the latest row; of equal times, the last in the file
)

// Aggregate is one number, or value, computed of each group.
type Aggregate struct {
	Func     Func    `json:"func"`
	Column   string  `json:"column,omitempty"`   // empty for Count
	Quantile float64 `json:"quantile,omitempty"` // 0 to 1, of Quantile
}

// ColFlows is the column of Count.
const ColFlows = "flows"

// Name returns the name of the aggregate's column: flows for a count, the column's
// own name for a sum, and otherwise a prefix and the name, such as max_up_bytes,
// p95_up_bytes, median_up_bytes or distinct_dst_ip.
func (a Aggregate) Name() string {
	switch a.Func {
	case Count:
		return ColFlows
	case Sum:
		return a.Column
	case Quantile:
		if a.Quantile == 0.5 {
			return "median_" + a.Column
		}
		percent, _ := strconv.ParseFloat(strconv.FormatFloat(100*a.Quantile, 'g', 10, 64), 64)
		return "p" + strings.ReplaceAll(formatNumber(percent), ".", "_") + "_" + a.Column
	}
	return string(a.Func) + "_" + a.Column
}

// String writes the aggregate as a call, such as "sum(up_bytes)".
func (a Aggregate) String() string {
	switch a.Func {
	case Count:
		return "count"
	case Quantile:
		return fmt.Sprintf("quantile(%s, %s)", a.Column, formatNumber(a.Quantile))
	}
	return string(a.Func) + "(" + a.Column + ")"
}

// Groups reports whether the result has groups and not the rows themselves.
func (q *Query) Groups() bool {
	return len(q.By) > 0 || q.Every != 0 || len(q.Aggregates) > 0
}

// Top orders the result by its first aggregate, largest first, and limits it.
func (q *Query) Top(n int) {
	q.Order, q.Limit = []Order{{Column: q.aggregates()[0].Name(), Descending: true}}, n
}

// aggregates returns the aggregates of groups: the count if there is no other.
func (q *Query) aggregates() []Aggregate {
	if len(q.Aggregates) == 0 {
		return []Aggregate{{Func: Count}}
	}
	return q.Aggregates
}

// Check looks up the columns of a query other than those of Where, and completes
// it: groups without aggregates count, and rows without Columns have all that are
// neither derived nor missing.
func (q Query) Check(s Schema) (Query, error) {
	if q.Limit < 0 {
		return q, fmt.Errorf("limit %d: must not be negative", q.Limit)
	}
	q.By, q.Columns = s.split(q.By), s.split(q.Columns)
	if err := s.list("group by", q.By); err != nil {
		return q, err
	}
	if !q.Groups() {
		if q.Columns == nil {
			q.Columns = s.ofFile()
		}
		if err := s.list("columns", q.Columns); err != nil {
			return q, err
		}
		err := q.checkOrder(q.Columns)
		return q, err
	}
	if q.Columns != nil {
		return q, fmt.Errorf("columns %s: not together with groups, whose columns are those of by and the aggregates", strings.Join(q.Columns, ", "))
	}
	if err := q.checkEvery(); err != nil {
		return q, err
	}
	q.Aggregates = q.aggregates()
	result := slices.Clone(q.By)
	if q.Every > 0 {
		result = append([]string{flow.ColTime}, result...)
	}
	for _, a := range q.Aggregates {
		if err := a.check(s); err != nil {
			return q, err
		}
		if slices.Contains(result, a.Name()) {
			return q, fmt.Errorf("%s: the result already has a column %s", a, a.Name())
		}
		result = append(result, a.Name())
	}
	err := q.checkOrder(result)
	return q, err
}

// split returns names of columns one by one if several are in one text, as in "src_ip, dst_ip".
func (s Schema) split(names []string) (all []string) {
	for _, name := range names {
		if s.Index(name) >= 0 {
			all = append(all, name)
			continue
		}
		for one := range strings.SplitSeq(name, ",") {
			all = append(all, strings.TrimSpace(one))
		}
	}
	return all
}

// list checks columns that a part of a query lists.
func (s Schema) list(what string, columns []string) error {
	for k, name := range columns {
		i := s.Index(name)
		switch {
		case i < 0:
			return fmt.Errorf("%s: %s", what, unknownColumn(name, s.outputs()))
		case s[i].Either != nil:
			return fmt.Errorf("%s: %s is either of %s; name one of them", what, name, strings.Join(s[i].Either, " and "))
		case s[i].Missing != "":
			return fmt.Errorf("%s: column %s: %s", what, name, s[i].Missing)
		case slices.Contains(columns[:k], name):
			return fmt.Errorf("%s: column %s is given twice", what, name)
		}
	}
	return nil
}

// ofFile returns the columns of flow files that are there, after the date.
func (s Schema) ofFile() (names []string) {
	for _, name := range slices.Concat([]string{ColDate}, flow.Columns, flow.OptionalColumns) {
		if i := s.Index(name); i >= 0 && s[i].Missing == "" {
			names = append(names, name)
		}
	}
	return names
}

// outputs returns the names of the columns that can be in a result.
func (s Schema) outputs() []string {
	var names []string
	for _, c := range s {
		if c.Either == nil {
			names = append(names, c.Name)
		}
	}
	return names
}

// checkEvery checks the length of time buckets.
func (q *Query) checkEvery() error {
	const unit = time.Second / 100
	switch {
	case q.Every == 0:
		return nil
	case q.Every < 0:
		return fmt.Errorf("every %s: must not be negative", q.Every)
	case q.Every%unit != 0:
		return fmt.Errorf("every %s: time buckets are whole hundredths of a second", q.Every)
	case q.Every > 24*time.Hour:
		return fmt.Errorf("every %s: time buckets are at most a day; group by date", q.Every)
	case slices.Contains(q.By, flow.ColTime):
		return fmt.Errorf("group by: %s is the time bucket of every %s; leave one of them out", flow.ColTime, q.Every)
	}
	return nil
}

// checkOrder looks up the columns of the order. An aggregate may be named as a call.
func (q *Query) checkOrder(result []string) error {
	q.Order = slices.Clone(q.Order)
	for i, o := range q.Order {
		if a, err := parseAggregate(o.Column); err == nil && slices.Contains(q.Aggregates, a) {
			q.Order[i].Column = a.Name()
		} else if !slices.Contains(result, o.Column) {
			return fmt.Errorf("order: %s", unknownColumn(o.Column, result))
		}
	}
	return nil
}

// check checks the column of an aggregate.
func (a Aggregate) check(s Schema) error {
	switch a.Func {
	case Count:
		return nil
	case Sum, Min, Max, Mean, Quantile, Distinct, First, Last:
	default:
		return fmt.Errorf("unknown aggregate %q; the aggregates are count, sum, min, max, mean, quantile, distinct, first and last", a.Func)
	}
	if err := s.list(a.String(), []string{a.Column}); err != nil {
		return err
	}
	if c := s[s.Index(a.Column)]; c.Kind != Number && a.Func != Distinct && a.Func != First && a.Func != Last {
		return fmt.Errorf("%s: %s is %s, not a number; use distinct, first or last, or group by it", a, a.Column, c.Kind)
	}
	if a.Func == Quantile && !(a.Quantile >= 0 && a.Quantile <= 1) {
		return fmt.Errorf("%s: a quantile is from 0 to 1, such as 0.95", a)
	}
	return nil
}
