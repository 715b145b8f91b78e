package engine

import (
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/query"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// worker answers the query for the rows that one goroutine reads.
type worker struct {
	run     *run
	columns columns
	chooser *query.Evaluator // nil for all rows
	counted int64            // bytes of memory
	chosen  int64            // flows

	keys    *groups
	aggs    []aggregator
	sources []int // columns of aggs; -1 for none
	ordered bool  // whether an aggregate needs the order of rows

	ids         []uint32
	chosenInts  [][]int64 // by column of the schema, of the rows at hand; nil if not gathered yet
	chosenCodes [][]uint32
	freeInts    [][]int64 // their memory
	freeCodes   [][]uint32
	when        []moment
	listed      *listing // of a query without groups
}

func (r *run) newWorker() *worker {
	w := &worker{run: r, columns: newColumns(r)}
	n := len(r.schema)
	w.chosenInts, w.freeInts, w.chosenCodes, w.freeCodes = make([][]int64, n), make([][]int64, n), make([][]uint32, n), make([][]uint32, n)
	if r.program != nil {
		w.chooser = r.program.Evaluator()
	}
	if !r.query.Groups() {
		w.listed = newListing(r)
		return w
	}
	w.keys = newGroups(r.newKeys())
	for _, a := range r.query.Aggregates {
		w.aggs = append(w.aggs, r.newAggregator(a))
		w.sources = append(w.sources, r.schema.Index(a.Column))
		w.ordered = w.ordered || a.Func == query.First || a.Func == query.Last
	}
	return w
}

// every returns the length of time buckets in hundredths of a second.
func (r *run) every() int64 { return int64(r.query.Every / (time.Second / 100)) }

// May reports whether rows with these bounds are wanted.
func (w *worker) May(b *flowfile.Bounds) bool {
	return w.chooser == nil || w.chooser.May(bounds{w.run, b})
}

// Take adds the flows of a block that the condition chooses.
func (w *worker) Take(b *flowfile.Block) error {
	w.columns.use(b)
	rows, err := b.Flows()
	if err == nil && w.chooser != nil {
		rows, err = w.chooser.Choose(&w.columns, rows)
		if len(rows) == b.Len() {
			rows = nil
		} else if len(rows) == 0 {
			return err
		}
	}
	if err != nil {
		return err
	}
	n := b.Len()
	if rows != nil {
		n = len(rows)
	}
	if n == 0 {
		return nil
	}
	w.chosen += int64(n)
	w.columns.choose(rows)
	if w.listed != nil {
		err = w.list(rows, n)
	} else {
		err = w.aggregate(rows, n)
	}
	if err != nil {
		return err
	}
	return w.count()
}

// count counts the memory that was added.
func (w *worker) count() error {
	var bytes int64
	if w.listed != nil {
		bytes = w.listed.bytes()
	} else {
		bytes = w.keys.bytes()
		for _, a := range w.aggs {
			bytes += a.bytes()
		}
	}
	err := w.run.use(bytes - w.counted)
	w.counted = bytes
	return err
}

// aggregate adds n rows, which are all if rows is nil, to their groups.
func (w *worker) aggregate(rows []int32, n int) error {
	for k := range w.keys.keys {
		key := &w.keys.keys[k]
		v, err := w.columns.Column(key.column)
		if err != nil {
			return err
		}
		w.keys.codes[k] = key.codes(v, rows, w.keys.codes[k][:0])
	}
	w.ids = w.keys.number(n, w.ids)
	if w.ordered {
		if err := w.moments(rows, n); err != nil {
			return err
		}
	}
	clear(w.chosenInts)
	clear(w.chosenCodes)
	count := w.keys.count()
	for i, a := range w.aggs {
		in := &input{groups: w.ids, when: w.when}
		if source := w.sources[i]; source >= 0 {
			v, err := w.columns.Column(source)
			if err != nil {
				return err
			}
			w.gather(source, v, rows)
			in.ints, in.codes = w.chosenInts[source], w.chosenCodes[source]
		}
		a.add(in, count)
	}
	return nil
}

// gather gathers a column of the chosen rows, unless it was already.
func (w *worker) gather(column int, v *query.Vector, rows []int32) {
	switch {
	case w.chosenInts[column] != nil || w.chosenCodes[column] != nil:
	case w.run.coded(column) && rows == nil:
		w.chosenCodes[column] = v.Codes
	case w.run.coded(column):
		w.freeCodes[column] = gather(v.Codes, rows, w.freeCodes[column][:0])
		w.chosenCodes[column] = w.freeCodes[column]
	case rows == nil:
		w.chosenInts[column] = v.Ints
	default:
		w.freeInts[column] = gather(v.Ints, rows, w.freeInts[column][:0])
		w.chosenInts[column] = w.freeInts[column]
	}
}

// moments notes the order of rows.
func (w *worker) moments(rows []int32, n int) error {
	times, err := w.columns.ints(flowfile.PlaceTime)
	if err != nil {
		return err
	}
	b := w.columns.block
	w.when = w.when[:0]
	for i := range n {
		row := i
		if rows != nil {
			row = int(rows[i])
		}
		w.when = append(w.when, moment{w.run.dayOf(b.File()) + times[0][row], int64(b.File()), b.Row(row)})
	}
	return nil
}

// dayOf returns where the day of a file begins on a clock that goes through all
// days.
func (r *run) dayOf(file int) int64 {
	day := int64(0)
	for i := range file {
		if r.sources[i].Date != r.sources[i+1].Date {
			day++
		}
	}
	return day * int64(flow.Day)
}

// merge adds what another worker has, whose memory is then free.
func (w *worker) merge(other *worker) error {
	w.chosen += other.chosen
	added := other.counted // at most
	if w.listed == nil {
		added += int64(other.keys.count()) * int64(4+4*len(w.keys.keys)) // the numbers of its groups
	}
	if err := w.run.use(added); err != nil {
		return err
	}
	if w.listed != nil {
		w.listed.merge(other.listed)
	} else if groups := w.keys.merge(other.keys); len(w.keys.keys) == 0 || len(groups) > 0 {
		for i, a := range w.aggs {
			a.merge(other.aggs[i], groups, w.keys.count())
		}
	}
	w.run.used.Add(-added - other.counted)
	return w.count()
}
