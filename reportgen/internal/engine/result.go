package engine

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/flowbook/flowbook/pkg/query"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// output is a column of the result before it is ordered and cut.
type output struct {
	name   string
	column int // in the schema; -1 for counts
	unit   query.Unit
	values
}

// The memory that a result takes, in bytes: of a value of each group or row while they are
// ordered, and of a value of each row that is left.
const (
	orderedBytes = 16
	resultBytes  = 40
)

// result returns the rows of the result and how many there were before the limit.
func (w *worker) result() (*query.Table, int, error) {
	r := w.run
	var count, columns int
	if w.listed != nil {
		count, columns = len(w.listed.when), len(w.listed.columns)
	} else {
		count, columns = w.keys.count(), len(w.keys.keys)+len(w.aggs)
	}
	left := count
	if r.query.Limit > 0 {
		left = min(count, r.query.Limit)
	}
	if err := r.use(int64(columns) * (orderedBytes*int64(count) + resultBytes*int64(left))); err != nil {
		return nil, 0, err
	}
	if w.listed != nil {
		t, all := w.listed.result()
		return t, all, nil
	}
	outputs := w.keyOutputs(count)
	keys := len(outputs)
	for i, a := range w.aggs {
		aggregate := r.query.Aggregates[i]
		o := output{name: aggregate.Name(), column: w.sources[i], values: a.result(count)}
		if aggregate.Func == query.Distinct {
			o.column = -1
		}
		if o.column >= 0 {
			o.unit = r.schema[o.column].Unit
		}
		outputs = append(outputs, o)
	}
	var orders []ordering
	for _, o := range r.query.Order {
		i := slices.IndexFunc(outputs, func(x output) bool { return x.name == o.Column })
		orders = append(orders, r.ordering(&outputs[i], o.Descending))
	}
	for i := range keys {
		orders = append(orders, r.ordering(&outputs[i], false))
	}
	rows := sortRows(count, r.query.Limit, func(a, b int32) int { return compareRows(orders, a, b) })
	return r.table(outputs, rows), count, nil
}

// keyOutputs returns the columns of the groups' keys.
func (w *worker) keyOutputs(count int) []output {
	outputs := make([]output, len(w.keys.keys))
	for k, key := range w.keys.keys {
		c := w.run.schema[key.column]
		outputs[k] = output{name: c.Name, column: key.column, unit: c.Unit}
	}
	var codes []uint32
	for g := range count {
		codes = w.keys.codesOf(uint32(g), codes)
		for k, key := range w.keys.keys {
			o := &outputs[k]
			if w.run.coded(key.column) {
				o.codes = append(o.codes, codes[k])
				continue
			}
			o.ints = append(o.ints, key.value(codes[k]))
			o.known = append(o.known, o.ints[g] >= 0)
		}
	}
	return outputs
}

// coded reports whether the values of a column of the schema are codes.
func (r *run) coded(column int) bool {
	kind := r.schema[column].Kind
	return kind != query.Number && kind != query.Bool
}

// dictionary returns what the codes of a column of the schema stand for.
func (r *run) dictionary(column int) query.Dictionary {
	if column < flowfile.NumColumns {
		return r.dictionaries[column]
	}
	return r.texts
}

// ordering orders rows by a column. Unknown values are last.
type ordering struct {
	ints       []int64
	floats     []float64
	known      []bool
	descending bool
}

func (r *run) ordering(o *output, descending bool) ordering {
	if o.codes != nil {
		return ordering{ints: r.ranks(o.column, o.codes), descending: descending}
	}
	return ordering{ints: o.ints, floats: o.floats, known: o.known, descending: descending}
}

func compareRows(orders []ordering, a, b int32) int {
	for i := range orders {
		if c := orders[i].compare(a, b); c != 0 {
			return c
		}
	}
	return 0
}

func (o *ordering) compare(a, b int32) int {
	var c int
	if o.floats != nil {
		x, y := o.floats[a], o.floats[b]
		if math.IsNaN(x) || math.IsNaN(y) {
			return unknownLast(!math.IsNaN(x), !math.IsNaN(y))
		}
		c = cmp.Compare(x, y)
	} else {
		if o.known != nil && (!o.known[a] || !o.known[b]) {
			return unknownLast(o.known[a], o.known[b])
		}
		c = cmp.Compare(o.ints[a], o.ints[b])
	}
	if o.descending {
		return -c
	}
	return c
}

func unknownLast(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// ranks returns the places of codes in the order of what they stand for.
func (r *run) ranks(column int, codes []uint32) []int64 {
	dict, isAddress := r.dictionary(column), r.schema[column].Kind == query.Address
	used := slices.Compact(slices.Sorted(slices.Values(codes)))
	slices.SortFunc(used, func(a, b uint32) int {
		if isAddress {
			return dict.Address(a).Compare(dict.Address(b))
		}
		return cmp.Compare(dict.Text(a), dict.Text(b))
	})
	rank := make([]int64, slices.Max(append(used, 0))+1)
	for i, code := range used {
		rank[code] = int64(i)
	}
	ranks := make([]int64, len(codes))
	for i, code := range codes {
		ranks[i] = rank[code]
	}
	return ranks
}

// sortRows returns the first limit of the numbers below n in an order, or all of them
// if limit is 0. Numbers that compare as equal keep their order.
func sortRows(n, limit int, compare func(a, b int32) int) []int32 {
	order := func(a, b int32) int { return cmp.Or(compare(a, b), cmp.Compare(a, b)) }
	if limit == 0 || limit >= n/8 {
		rows := make([]int32, n)
		for i := range rows {
			rows[i] = int32(i)
		}
		slices.SortFunc(rows, order)
		if limit > 0 {
			rows = rows[:min(limit, n)]
		}
		return rows
	}
	// Of the rows seen so far, the first limit; when there are twice as many, the
	// others are dropped.
	var rows []int32
	worst := int32(-1)
	for i := range int32(n) {
		if worst >= 0 && order(i, worst) > 0 {
			continue
		}
		rows = append(rows, i)
		if len(rows) == 2*limit {
			slices.SortFunc(rows, order)
			rows = rows[:limit]
			worst = rows[limit-1]
		}
	}
	slices.SortFunc(rows, order)
	return rows[:min(limit, len(rows))]
}

// table returns the given rows of the result.
func (r *run) table(outputs []output, rows []int32) *query.Table {
	t := &query.Table{}
	for _, o := range outputs {
		c := query.TableColumn{Name: o.name, Unit: o.unit}
		switch {
		case o.floats != nil:
			c.Floats = gather(o.floats, rows, make([]float64, 0, len(rows)))
		case o.codes != nil || o.column >= 0 && r.coded(o.column) && o.ints == nil:
			c.Texts = r.textsOf(o, rows)
		case o.column >= 0 && r.schema[o.column].Kind == query.Bool:
			for _, i := range rows {
				c.Texts = append(c.Texts, strconv.FormatBool(o.ints[i] == 1))
			}
		default:
			c.Ints = gather(o.ints, rows, make([]int64, 0, len(rows)))
			if o.known != nil {
				c.HideUnknown(gather(o.known, rows, nil))
			}
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

// textsOf returns the texts of codes.
func (r *run) textsOf(o output, rows []int32) []string {
	dict, written := r.dictionary(o.column), map[uint32]string{}
	all := make([]string, 0, len(rows))
	for _, i := range rows {
		text, ok := written[o.codes[i]]
		if !ok && (o.known == nil || o.known[i]) {
			text = dict.Text(o.codes[i])
			written[o.codes[i]] = text
		}
		all = append(all, text)
	}
	return all
}
