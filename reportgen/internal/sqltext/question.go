package sqltext

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/query"
	"github.com/flowbook/flowbook/reportgen/internal/engine"
)

// Question is a query about the flows of a source. [Source.Question] makes it.
type Question struct {
	query    query.Query // checked with schema
	program  *query.Program
	schema   query.Schema
	internal flow.Networks
	date     string // of the flows, as 2024-03-20; empty if it is not known
}

// Question returns a question about a source. The date is that of its flows, and the
// internal networks are the private ones if they are nil.
func (s Source) Question(q query.Query, internal flow.Networks, date time.Time) (*Question, error) {
	missing := map[string]string{}
	for _, c := range flow.OptionalColumns {
		if s.Columns[c] == "" {
			missing[c] = "optional; if the source has it, name it with --optional or in the mapping"
		}
	}
	if s.Columns[flow.ColUpPackets] == "" || s.Columns[flow.ColDownPackets] == "" {
		missing[query.ColPackets] = "up_packets and down_packets are optional, and not in the source"
	}
	for _, c := range slices.Concat(engine.CountryColumns, engine.OwnerColumns) {
		missing[c] = "the database does not know countries and owners; group by src_ip or dst_ip there, or query flow files"
	}
	day := ""
	if date.IsZero() {
		missing[query.ColDate] = "no date; name the day with --day"
	} else {
		day = date.Format(time.DateOnly)
	}
	if internal == nil {
		internal = flow.Private
	}
	a := &Question{schema: engine.Schema(missing), internal: internal, date: day}
	var err error
	if q.Where != "" {
		if a.program, err = query.Compile(q.Where, a.schema, internal); err != nil {
			return nil, err
		}
	}
	a.query, err = q.Check(a.schema)
	return a, err
}

// Ask returns the statement whose result [Question.Read] reads. What comes back are the
// rows of the result: conditions, groups, order and limit are left to the database.
func (d *Dialect) Ask(s Source, q *Question) (string, error) {
	if d.address == nil {
		return "", fmt.Errorf("%s: queries are not written in this dialect", d.name)
	}
	b := &asker{builder: &builder{Dialect: d, source: s}, Question: q}
	// Flows of all protocols count in queries. Their fault is the last.
	flows := b.flows(fmt.Sprintf("fault IN (0, %d)", len(d.faults())), "source_file", "source_row")
	addressed := named("addressed_flows", "SELECT *, "+d.address("src")+" AS src_key, "+d.address("dst")+" AS dst_key\nFROM flows")
	result, order := b.groups, b.groupOrder
	if !q.query.Groups() {
		result, order = b.listed, b.listedOrder
	}
	condition, err := b.condition()
	if err != nil {
		return "", err
	}
	chosen := []string{"t", "source_file", "source_row"}
	for _, name := range b.used() {
		chosen = append(chosen, b.expression(name)+" AS "+value(name))
	}
	text := b.with(flows, addressed, named("chosen_flows", "SELECT "+list(chosen)+"\nFROM addressed_flows"+condition), named("results", result()))
	var fields []string
	for i, o := range b.outputs() {
		x := column(i)
		if o.fraction {
			x = d.text(x)
		}
		fields = append(fields, x+" AS "+answered(i))
	}
	text += "\nSELECT " + list(fields) + ", count(*) OVER () AS all_results, CAST(sum(n) OVER () AS BIGINT) AS all_flows\nFROM results"
	if by := order(); len(by) > 0 {
		text += "\nORDER BY " + list(by)
	}
	if q.query.Limit > 0 {
		text += fmt.Sprintf("\nLIMIT %d", q.query.Limit)
	}
	return text, nil
}

// MaxStatement is the length of the longest statement: names of services take many words.
const MaxStatement = 1 << 20

// asker writes the statement of a question.
type asker struct {
	*builder
	*Question
}

// column is the name of a column in results, and answered in the rows that are returned.
func column(i int) string   { return fmt.Sprintf("c%d", i) }
func answered(i int) string { return fmt.Sprintf("answer%d", i) }

// value is the name of a column of the schema in chosen_flows.
func value(name string) string { return "value_of_" + name }

// used are the columns of the schema that the result is computed from.
func (q *Question) used() []string {
	names := slices.Concat(q.query.By, q.query.Columns)
	for _, a := range q.query.Aggregates {
		if a.Func != query.Count {
			names = append(names, a.Column)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// groups adds up the flows of each group.
func (b *asker) groups() string {
	var fields, keys []string
	for _, o := range b.outputs() {
		var x string
		switch {
		case o.aggregate != nil:
			x = b.aggregate(*o.aggregate)
		case o.every > 0:
			x = fmt.Sprintf("%s * %d", b.divide("t", o.every), o.every)
			keys = append(keys, x)
		default:
			x = value(o.name)
			keys = append(keys, x)
		}
		fields = append(fields, x+" AS "+column(len(fields)))
	}
	text := "SELECT " + list(append(fields, b.count+" AS n")) + "\nFROM chosen_flows"
	if len(keys) > 0 {
		text += " GROUP BY " + list(keys)
	}
	return text
}

// listed are the chosen flows themselves.
func (b *asker) listed() string {
	fields := []string{"source_file", "source_row", "t", "1 AS n"}
	for i, c := range b.query.Columns {
		fields = append(fields, value(c)+" AS "+column(i))
	}
	return "SELECT " + list(fields) + "\nFROM chosen_flows"
}

// aggregate computes a value of a group. Unlike a database's functions, it is unknown if
// no value is known.
func (b *asker) aggregate(a query.Aggregate) string {
	if a.Func == query.Count {
		return b.count
	}
	x := value(a.Column)
	var of string
	switch a.Func {
	case query.Distinct:
		return "count(DISTINCT " + x + ")"
	case query.Sum:
		of = b.sum(x)
	case query.Mean:
		of = double(b.sum(x)) + " / count(" + x + ")"
	case query.Quantile:
		of = double(b.quantile(x, a.Quantile))
	case query.First:
		of = b.atLeast(x, b.moment(x)) + " FILTER (WHERE " + x + " IS NOT NULL)"
	case query.Last:
		of = b.atMost(x, b.moment(x)) + " FILTER (WHERE " + x + " IS NOT NULL)"
	default: // min and max
		of = fmt.Sprintf("%s(%s)", a.Func, x)
	}
	return fmt.Sprintf("CASE WHEN count(%s) > 0 THEN %s END", x, of)
}

// moment orders flows as [query.First] does. The rows of a table have no order; of equal times, the
// least value comes first.
func (b *asker) moment(x string) string {
	if b.source.Row == "" {
		return "(t, " + x + ")"
	}
	return "(t, source_file, source_row)"
}

// double is a number as one with floating point, or null.
func double(x string) string { return "(" + x + " * 1e0)" }

// groupOrder orders groups by the columns that the query names and then by their keys.
func (b *asker) groupOrder() []string {
	by := b.queryOrder()
	for i, o := range b.outputs() {
		if o.aggregate == nil {
			by = append(by, b.ordered(i, false))
		}
	}
	return by
}

// listedOrder orders flows by the columns that the query names and then by time. The rows
// of a table, which have no order, are then ordered by their values.
func (b *asker) listedOrder() []string {
	by := append(b.queryOrder(), "t", "source_file", "source_row")
	if b.source.Row == "" {
		for i := range b.query.Columns {
			by = append(by, b.ordered(i, false))
		}
	}
	return by
}

// queryOrder are the columns by which the query orders.
func (b *asker) queryOrder() (by []string) {
	for _, o := range b.query.Order {
		for i, c := range b.outputs() {
			if c.name == o.Column {
				by = append(by, b.ordered(i, o.Descending))
			}
		}
	}
	return by
}

// ordered orders by a column of the result: unknown numbers are last, and unknown texts
// are empty.
func (b *asker) ordered(i int, descending bool) string {
	x, direction := column(i), " ASC"
	if b.outputs()[i].kind == query.Text {
		x = "coalesce(" + x + ", '')"
	}
	if descending {
		direction = " DESC"
	}
	return x + direction + " NULLS LAST"
}

// expression returns a column of the schema in the columns of addressed_flows. Unknown
// values are null, and true and false are 1 and 0.
func (b *asker) expression(name string) string {
	switch name {
	case flow.ColTime:
		return "t"
	case flow.ColSrc:
		return "src_key"
	case flow.ColDst:
		return "dst_key"
	case flow.ColProto:
		return b.protocolName()
	case flow.ColPort:
		return "port"
	case flow.ColUp:
		return "up"
	case flow.ColDown:
		return "down"
	case flow.ColState:
		return "CASE WHEN state IN (" + b.words(b.schema[b.schema.Index(name)].Words) + ") THEN state END"
	case flow.ColName:
		return "nullif(name, '')"
	case query.ColDate:
		return quote(b.date)
	case query.ColHour:
		return b.divide("t", int(flow.Hour))
	case query.ColBytes:
		return saturated("up", "down")
	case query.ColPackets:
		return fmt.Sprintf("CASE WHEN coalesce(%[1]s, %[2]s) IS NOT NULL THEN %[3]s END", flow.ColUpPackets, flow.ColDownPackets,
			saturated("coalesce("+flow.ColUpPackets+", 0)", "coalesce("+flow.ColDownPackets+", 0)"))
	case query.ColService:
		return b.service()
	case query.ColInternal:
		return "CASE WHEN (" + b.isInternal("src_key") + ") AND (" + b.isInternal("dst_key") + ") THEN 1 ELSE 0 END"
	case query.ColDirection:
		words := query.Directions
		return fmt.Sprintf("CASE WHEN %s THEN CASE WHEN %s THEN %s ELSE %s END WHEN %[2]s THEN %s ELSE %s END",
			b.isInternal("src_key"), b.isInternal("dst_key"), quote(words[2]), quote(words[0]), quote(words[1]), quote(words[3]))
	}
	return name
}

// saturated adds two numbers that are not negative.
func saturated(x, y string) string {
	return fmt.Sprintf("CASE WHEN %s > %d - %s THEN %[2]d ELSE %[1]s + %[3]s END", x, math.MaxInt64, y)
}

// isInternal tests whether an address is in one of the internal networks.
func (b *asker) isInternal(key string) string {
	tests := []string{"1 = 0"}
	for _, n := range b.internal {
		tests = append(tests, inNetwork(key, n))
	}
	return strings.Join(tests, " OR ")
}

// protocolName is the name of a protocol, as [flow.Proto.String] writes it.
func (b *asker) protocolName() string {
	var x strings.Builder
	x.WriteString("CASE proto")
	for n := range 256 {
		if name := flow.Proto(n).String(); !strings.HasPrefix(name, "proto-") {
			fmt.Fprintf(&x, " WHEN %d THEN %s", n, quote(name))
		}
	}
	return x.String() + " ELSE concat('proto-', " + b.text("proto") + ") END"
}

// service is the name of a port, as [engine.ServiceName] has it.
func (b *asker) service() string {
	var keys, names []string
	for _, p := range []flow.Proto{flow.TCP, flow.UDP} {
		for port := range 1 << 16 {
			if name := engine.ServiceName(p, uint16(port)); !strings.Contains(name, "/") {
				keys, names = append(keys, strconv.Itoa(int(p)<<16+port)), append(names, quote(name))
			}
		}
	}
	var portless []string
	for n := range 256 {
		if !flow.Proto(n).HasPorts() {
			portless = append(portless, strconv.Itoa(n))
		}
	}
	return fmt.Sprintf("coalesce(%s, CASE WHEN proto IN (%s) THEN %s ELSE concat(%[3]s, '/', %[4]s) END)",
		b.lookup("proto * 65536 + port", list(keys), list(names)), list(portless), b.protocolName(), b.text("port"))
}

// output is a column of the result.
type output struct {
	name      string
	kind      query.Kind
	unit      query.Unit
	fraction  bool // whether numbers are not whole, which are written as texts
	every     int  // length of the time buckets that it has, in 1/100 s
	aggregate *query.Aggregate
}

// outputs are the columns of the result: time bucket, groups and aggregates, or the
// columns of flows.
func (q *Question) outputs() (all []output) {
	of := func(name string) output {
		c := q.schema[q.schema.Index(name)]
		return output{name: name, kind: c.Kind, unit: c.Unit}
	}
	if !q.query.Groups() {
		for _, name := range q.query.Columns {
			all = append(all, of(name))
		}
		return all
	}
	if q.query.Every > 0 {
		o := of(flow.ColTime)
		o.every = int(q.query.Every / (time.Second / 100))
		all = append(all, o)
	}
	for _, name := range q.query.By {
		all = append(all, of(name))
	}
	for _, a := range q.query.Aggregates {
		o := output{kind: query.Number}
		if a.Func != query.Count && a.Func != query.Distinct {
			o = of(a.Column)
		}
		o.name, o.aggregate = a.Name(), &a
		o.fraction = a.Func == query.Mean || a.Func == query.Quantile
		all = append(all, o)
	}
	return all
}
