package engine

import (
	"slices"

	"github.com/flowbook/flowbook/pkg/query"
)

// listing is the rows of a query without groups.
type listing struct {
	run     *run
	columns []int // in the schema
	values  [][]int64
	when    []moment
	all     int // rows that were chosen
	keep    int // rows after which those beyond the limit are dropped; 0 for never
}

func newListing(r *run) *listing {
	l := &listing{run: r, values: make([][]int64, len(r.query.Columns))}
	for _, name := range r.query.Columns {
		l.columns = append(l.columns, r.schema.Index(name))
	}
	if r.query.Limit > 0 {
		l.keep = max(4*r.query.Limit, 1<<16)
	}
	return l
}

// list adds rows to the listing.
func (w *worker) list(rows []int32, n int) error {
	l := w.listed
	if err := w.moments(rows, n); err != nil {
		return err
	}
	l.when = append(l.when, w.when...)
	for k, i := range l.columns {
		v, err := w.columns.Column(i)
		if err != nil {
			return err
		}
		l.values[k] = slices.Grow(l.values[k], n)
		for row := range n {
			if rows != nil {
				row = int(rows[row])
			}
			if v.Ints != nil {
				l.values[k] = append(l.values[k], v.Ints[row])
			} else {
				l.values[k] = append(l.values[k], int64(v.Codes[row]))
			}
		}
	}
	l.all += n
	if l.keep > 0 && len(l.when) > l.keep {
		l.drop()
	}
	return nil
}

// drop drops the rows beyond the limit.
func (l *listing) drop() {
	order := l.sorted(l.outputs())
	l.when = gather(l.when, order, nil)
	for k := range l.values {
		l.values[k] = gather(l.values[k], order, nil)
	}
}

func (l *listing) merge(other *listing) {
	l.when = append(l.when, other.when...)
	for k := range l.values {
		l.values[k] = append(l.values[k], other.values[k]...)
	}
	l.all += other.all
}

// outputs returns the columns of the listing.
func (l *listing) outputs() []output {
	outputs := make([]output, len(l.columns))
	for k, i := range l.columns {
		c := l.run.schema[i]
		o := output{name: c.Name, column: i, unit: c.Unit}
		if l.run.coded(i) {
			o.codes = make([]uint32, len(l.values[k]))
			for row, code := range l.values[k] {
				o.codes[row] = uint32(code)
			}
		} else {
			o.values = negativeUnknown(l.values[k])
		}
		outputs[k] = o
	}
	return outputs
}

// sorted returns the rows in the order of the query, and then of time and file.
func (l *listing) sorted(outputs []output) []int32 {
	var orders []ordering
	for _, o := range l.run.query.Order {
		k := slices.Index(l.run.query.Columns, o.Column)
		orders = append(orders, l.run.ordering(&outputs[k], o.Descending))
	}
	return sortRows(len(l.when), l.run.query.Limit, func(a, b int32) int {
		switch c := compareRows(orders, a, b); {
		case c != 0:
			return c
		case l.when[a].before(l.when[b]):
			return -1
		}
		return 1
	})
}

func (l *listing) bytes() int64 { return int64(cap(l.when)) * int64(24+8*len(l.values)) }

// result returns the listing as a table, and how many rows were chosen.
func (l *listing) result() (*query.Table, int) {
	outputs := l.outputs()
	return l.run.table(outputs, l.sorted(outputs)), l.all
}
