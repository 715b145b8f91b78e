package sqltext

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/aggregates"
)

// Statement computes one table of package aggregates.
type Statement struct {
	Table string // empty for a statement that comes before the others
	SQL   string
}

// aggregates returns the statements that compute the tables of package aggregates from
// a source and write them into a folder, a schema or an object store.
func (d *Dialect) aggregates(s Source, into string) []Statement {
	var all []Statement
	for _, sql := range d.before {
		all = append(all, Statement{SQL: sql})
	}
	for _, q := range d.Queries(s) {
		all = append(all, Statement{q.Table, d.write(strings.TrimSuffix(into, "/"), q.Table, q.SQL)})
	}
	return all
}

// Queries returns the queries whose results are the tables of package aggregates.
func (d *Dialect) Queries(s Source) []Statement {
	b := &builder{Dialect: d, source: s}
	return []Statement{
		{aggregates.Conversations, b.with(b.flows(noFault), b.conversations())},
		{aggregates.HalfHours, b.with(b.flows(noFault), b.halfHours())},
		{aggregates.Largest, b.with(b.flows(noFault), b.largest())},
		{aggregates.Rejected, d.RejectedRows(s)},
	}
}

// RejectedRows returns the query of the table of rows that are not flows.
func (d *Dialect) RejectedRows(s Source) string {
	b := &builder{Dialect: d, source: s}
	return b.with(b.rejected())
}

// builder writes the queries for one source. In all of them, the columns of a flow are
// named t, src, dst, proto, port, up and down, and those of version 2 duration,
// up_packets, down_packets, state and name.
type builder struct {
	*Dialect
	source Source
}

// noFault is the condition of rows that a profile counts.
const noFault = "fault = 0"

// key is a conversation.
const key = "src, dst, proto, port"

// with puts the queries that each statement begins with before others.
func (b *builder) with(queries ...string) string {
	return "WITH " + strings.Join(append([]string{b.read(), b.numbered(), b.checked()}, queries...), ",\n")
}

// columns are the required columns of flows by their names in the queries.
var columns = []struct{ name, column string }{
	{"t", flow.ColTime}, {"src", flow.ColSrc}, {"dst", flow.ColDst}, {"proto", flow.ColProto},
	{"port", flow.ColPort}, {"up", flow.ColUp}, {"down", flow.ColDown},
}

// optionalNumbers are the optional columns of numbers.
var optionalNumbers = []string{flow.ColDuration, flow.ColSrcPort, flow.ColUpPackets, flow.ColDownPackets}

// has reports whether the source has an optional column.
func (b *builder) has(column string) bool { return b.source.Columns[column] != "" }

// read takes the columns from the source.
func (b *builder) read() string {
	file, row := b.noText, b.noWhole
	if b.source.File != "" {
		file = b.text(b.source.File)
	}
	if b.source.Row != "" {
		row = b.source.Row
	}
	fields := []string{file + " AS source_file", row + " AS source_row"}
	for _, c := range columns {
		x := b.source.Columns[c.column]
		if x == "" {
			x = b.quote(c.column)
		}
		if c.name == "src" || c.name == "dst" || c.name == "proto" {
			x = b.text(x)
		}
		fields = append(fields, x+" AS "+c.name)
	}
	for _, c := range slices.Concat(optionalNumbers, []string{flow.ColState, flow.ColName}) {
		if b.has(c) {
			fields = append(fields, b.source.Columns[c]+" AS "+c)
		}
	}
	return named("read_rows", "SELECT "+list(fields)+"\nFROM "+b.source.From)
}

// numbered finds the numbers of what should be numbers.
func (b *builder) numbered() string {
	fields := []string{"*"}
	for _, c := range columns {
		switch c.name {
		case "src", "dst":
		case "proto":
			fields = append(fields, b.protocol("proto")+" AS proto_n")
		default:
			fields = append(fields, b.whole(c.name)+" AS "+c.name+"_n")
		}
	}
	for _, c := range optionalNumbers {
		if b.has(c) {
			fields = append(fields, b.whole(c)+" AS "+c+"_n")
		}
	}
	return named("numbered_rows", "SELECT "+list(fields)+"\nFROM read_rows")
}

// checked numbers the first fault of each row.
func (b *builder) checked() string {
	var x strings.Builder
	x.WriteString("CASE")
	for i, f := range b.faults() {
		fmt.Fprintf(&x, "\n    WHEN %s THEN %d", f.condition, i+1)
	}
	return named("checked_rows", "SELECT *, "+x.String()+"\n    ELSE 0 END AS fault\nFROM numbered_rows")
}

// flows are the checked rows that meet a condition, with columns as flows have them, and
// with more columns of these rows.
func (b *builder) flows(condition string, more ...string) string {
	fields := slices.Concat(more, []string{"t_n AS t", "src", "dst", "proto_n AS proto", "port_n AS port", "up_n AS up", "down_n AS down"})
	for _, c := range optionalNumbers {
		if b.has(c) {
			fields = append(fields, fmt.Sprintf("CASE WHEN %[1]s_n >= 0 THEN %[1]s_n END AS %[1]s", c))
		}
	}
	if b.has(flow.ColState) {
		fields = append(fields, "lower("+b.text(flow.ColState)+") AS state")
	}
	if b.has(flow.ColName) {
		fields = append(fields, b.text(flow.ColName)+" AS name")
	}
	return named("flows", "SELECT "+list(fields)+"\nFROM checked_rows WHERE "+condition)
}

func (b *builder) halfHours() string {
	slot := b.divide("t", int(profile.SlotLength))
	return named("half_hours", fmt.Sprintf("SELECT src, %s AS slot, %s AS n, %s AS ups, %s AS downs\nFROM flows GROUP BY src, %s",
		slot, b.count, b.sum("up"), b.sum("down"), slot)) + "\n" +
		b.result("half_hours", "src", "src_ip", "slot", "half_hour", "n", "flows", "ups", "up_bytes", "downs", "down_bytes")
}

// result selects columns of a query under other names, which come in pairs.
func (b *builder) result(from string, names ...string) string {
	var fields []string
	for i := 0; i < len(names); i += 2 {
		fields = append(fields, names[i]+" AS "+b.quote(names[i+1]))
	}
	return "SELECT " + list(fields) + "\nFROM " + from
}

// largest ranks the flows of each source. What is surely not among the ten largest is
// left out first, by the rounded sizes of all flows, since ranking sorts.
func (b *builder) largest() string {
	queries := []string{
		named("sized_flows", "SELECT t, src, dst, proto, port, up, down, "+b.rounded("up")+" AS size\nFROM flows"),
		named("size_counts", "SELECT src, size, "+b.count+" AS n\nFROM sized_flows GROUP BY src, size"),
		named("larger_flows", "SELECT src, size, sum(n) OVER (PARTITION BY src ORDER BY size DESC) - n AS larger\nFROM size_counts"),
		named("least_sizes", "SELECT src AS host, min(size) AS least\nFROM larger_flows WHERE larger < 10 GROUP BY src"),
		named("ranked_flows", "SELECT t, src, dst, proto, port, up, down, rank() OVER (PARTITION BY src ORDER BY up DESC, t) AS place\n"+
			"FROM sized_flows JOIN least_sizes ON src = host WHERE size >= least"),
	}
	return strings.Join(queries, ",\n") + "\n" +
		b.result("ranked_flows", "src", "src_ip", "dst", "dst_ip", "proto", "proto", "port", "port", "t", "timestamp", "up", "up_bytes", "down", "down_bytes") +
		"\nWHERE place <= 10"
}

// rejected counts the rows with faults and finds the first of each kind in each file.
func (b *builder) rejected() string {
	column, reason, value := "CASE fault", "CASE fault", "CASE fault"
	last := 0
	for i, f := range b.faults() {
		last = i + 1
		column += fmt.Sprintf(" WHEN %d THEN %s", i+1, quote(f.column))
		reason += fmt.Sprintf(" WHEN %d THEN %s", i+1, quote(f.reason))
		value += fmt.Sprintf(" WHEN %d THEN %s", i+1, f.value)
	}
	unused := fmt.Sprintf("CASE WHEN fault = %d THEN proto_n ELSE 0 END", last)
	first := "min(shown)"
	if b.source.Row != "" {
		first = b.atLeast("shown", "source_row")
	}
	queries := []string{
		named("faulty_rows", "SELECT source_file, source_row, fault, "+unused+" AS unused, "+value+" END AS shown\nFROM checked_rows WHERE fault > 0"),
		named("rejected_rows", "SELECT fault, source_file AS source, "+b.count+" AS n, min(source_row) AS first_row, "+first+" AS first_shown\n"+
			"FROM faulty_rows GROUP BY fault, unused, source_file"),
	}
	return strings.Join(queries, ",\n") + "\n" +
		b.result("rejected_rows", reason+" END", "reason", column+" END", "column", "n", "rows", "source", "file", "first_row", "row", "first_shown", "value")
}

// named names a query.
func named(name, sql string) string {
	return name + " AS (\n  " + strings.ReplaceAll(sql, "\n", "\n  ") + "\n)"
}

// list joins expressions.
func list(x []string) string { return strings.Join(x, ", ") }
