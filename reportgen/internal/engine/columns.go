package engine

import (
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/query"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// columns are the columns of a block, which are read or derived when they are asked
// for.
type columns struct {
	run     *run
	block   *flowfile.Block
	vectors []query.Vector // by place in the schema
	have    []bool
	derive  deriver
	chosen  []int32 // the rows that are wanted; nil for all
	all     []int32
}

func newColumns(r *run) columns {
	c := columns{run: r, vectors: make([]query.Vector, len(r.schema)), have: make([]bool, len(r.schema)), derive: deriver{run: r}}
	for i := range flowfile.NumColumns {
		if r.schema[i].Kind != query.Number {
			c.vectors[i].Dict = r.dictionaries[i]
		}
	}
	for i := flowfile.NumColumns; i < len(r.schema); i++ {
		if r.schema[i].Kind == query.Text {
			c.vectors[i].Dict = r.texts
		}
	}
	return c
}

// use makes a block the one whose columns are returned.
func (c *columns) use(b *flowfile.Block) {
	c.block, c.chosen = b, nil
	clear(c.have)
}

// choose says which rows are wanted of the columns that were not asked for yet; nil for all. If they are most rows, it is
// faster to read all.
func (c *columns) choose(rows []int32) {
	if 2*len(rows) > c.Len() {
		rows = nil
	}
	c.chosen = rows
	c.block.Choose(rows)
}

// wanted returns the rows that are wanted.
func (c *columns) wanted() []int32 {
	if c.chosen != nil {
		return c.chosen
	}
	for n := len(c.all); n < c.Len(); n++ {
		c.all = append(c.all, int32(n))
	}
	return c.all[:c.Len()]
}

// Len returns the number of rows of the block.
func (c *columns) Len() int { return c.block.Len() }

// Column returns a column of the block.
func (c *columns) Column(i int) (*query.Vector, error) {
	v := &c.vectors[i]
	if c.have[i] {
		return v, nil
	}
	var err error
	switch {
	case i >= flowfile.NumColumns:
		err = c.derived(i, v)
	case c.run.schema[i].Kind == query.Number:
		v.Ints, err = c.block.Numbers(i)
	default:
		v.Codes, err = c.block.Codes(i)
	}
	c.have[i] = err == nil
	return v, err
}

// ints returns columns of whole numbers.
func (c *columns) ints(places ...int) ([][]int64, error) {
	var all [][]int64
	for _, i := range places {
		v, err := c.Column(i)
		if err != nil {
			return nil, err
		}
		all = append(all, v.Ints)
	}
	return all, nil
}

// derived computes a column that flow files do not have.
func (c *columns) derived(i int, v *query.Vector) error {
	n := c.Len()
	switch name := c.run.schema[i].Name; name {
	case query.ColDate:
		v.Codes = slices.Grow(v.Codes[:0], n)[:n]
		for _, k := range c.wanted() {
			v.Codes[k] = c.run.dates[c.block.File()]
		}
		return nil
	case query.ColHour:
		v.Ints = slices.Grow(v.Ints[:0], n)[:n]
		times, err := c.ints(flowfile.PlaceTime)
		if err != nil {
			return err
		}
		for _, k := range c.wanted() {
			v.Ints[k] = times[0][k] / int64(flow.Hour)
		}
		return nil
	case query.ColBytes:
		return c.sum(v, flowfile.PlaceUp, flowfile.PlaceDown)
	case query.ColPackets:
		return c.sum(v, flowfile.PlaceUpPackets, flowfile.PlaceDownPackets)
	case query.ColService:
		return c.services(v)
	case query.ColSrcCountry, query.ColSrcOwner, query.ColDstCountry, query.ColDstOwner:
		return c.ofEnd(name, v)
	default:
		return c.ofBothEnds(name, v)
	}
}

// sum adds two columns. It is unknown if both are.
func (c *columns) sum(v *query.Vector, places ...int) error {
	two, err := c.ints(places...)
	if err != nil {
		return err
	}
	a, b := two[0], two[1]
	v.Ints = slices.Grow(v.Ints[:0], len(a))[:len(a)]
	for _, k := range c.wanted() {
		switch sum := a[k] + b[k]; {
		case a[k] < 0 || b[k] < 0:
			v.Ints[k] = max(a[k], b[k], -1)
		case sum < 0:
			v.Ints[k] = 1<<63 - 1
		default:
			v.Ints[k] = sum
		}
	}
	return nil
}

// bounds is what is known of the columns of the schema before they are read.
type bounds struct {
	run *run
	of  *flowfile.Bounds
}

// Range returns bounds of a column of whole numbers.
func (b bounds) Range(i int) (low, high int64, ok bool) {
	switch {
	case i < flowfile.NumColumns:
		return b.of.Range(i)
	case b.run.schema[i].Name == query.ColHour:
		low, high, ok = b.of.Range(flowfile.PlaceTime)
		return low / int64(flow.Hour), high / int64(flow.Hour), ok
	}
	return 0, 0, false
}

// Codes returns all codes of a column.
func (b bounds) Codes(i int) ([]uint32, query.Dictionary, bool) {
	if i < flowfile.NumColumns {
		codes, ok := b.of.Codes(i)
		return codes, b.run.dictionaries[i], ok
	}
	if b.run.schema[i].Name == query.ColDate {
		return b.run.dates[b.of.File() : b.of.File()+1], b.run.texts, true
	}
	return nil, nil, false
}

// sources are the columns of files that others are derived from.
var sources = map[string][]int{
	query.ColHour: {flowfile.PlaceTime}, query.ColBytes: {flowfile.PlaceUp, flowfile.PlaceDown}, query.ColPackets: {flowfile.PlaceUpPackets, flowfile.PlaceDownPackets},
	query.ColService: {flowfile.PlaceProto, flowfile.PlacePort}, query.ColSrcCountry: {flowfile.PlaceSrc}, query.ColSrcOwner: {flowfile.PlaceSrc},
	query.ColDstCountry: {flowfile.PlaceDst}, query.ColDstOwner: {flowfile.PlaceDst},
	query.ColCountry: {flowfile.PlaceSrc, flowfile.PlaceDst}, query.ColOwner: {flowfile.PlaceSrc, flowfile.PlaceDst}, query.ColInternal: {flowfile.PlaceSrc, flowfile.PlaceDst}, query.ColDirection: {flowfile.PlaceSrc, flowfile.PlaceDst},
}

// needed returns the columns of files that the query reads.
func (r *run) needed() []int {
	names := slices.Concat(r.query.By, r.query.Columns)
	ordered := !r.query.Groups()
	for _, a := range r.query.Aggregates {
		names = append(names, a.Column)
		ordered = ordered || a.Func == query.First || a.Func == query.Last
	}
	if r.program != nil {
		for _, i := range r.program.Columns {
			names = append(names, r.schema[i].Name)
		}
	}
	if ordered || r.query.Every > 0 {
		names = append(names, flow.ColTime)
	}
	var columns []int
	for _, name := range names {
		if i := r.schema.Index(name); i >= 0 && i < flowfile.NumColumns {
			columns = append(columns, i)
		}
		columns = append(columns, sources[name]...)
	}
	slices.Sort(columns)
	return slices.Compact(columns)
}
