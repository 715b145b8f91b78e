package sqltext

import (
	"fmt"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
)

// exactSizes is how many different sizes of a conversation a profile keeps exactly.
const exactSizes = 16

// sum is a column that adds flows up: first those of one second, then those of all.
type sum struct {
	name, column    string // in the queries, and of the table
	flows, ofSecond string // how the flows of a second, and then the seconds, are added up
}

// conversations adds flows up: first by conversation and second, then by conversation.
func (b *builder) conversations() string {
	second := b.divide("t", int(flow.Second))
	seconds, all := []string{key, second + " AS second"}, []string{key}
	result := []string{"src", "src_ip", "dst", "dst_ip", "proto", "proto", "port", "port"}
	for _, s := range append(b.sums(), b.detailSums()...) {
		seconds = append(seconds, s.flows+" AS "+s.name)
		all = append(all, s.ofSecond+" AS c_"+s.name)
		result = append(result, "c_"+s.name, s.column)
	}
	all = append(all, b.pairs("second", "n")+" AS second_pairs")
	queries := []string{
		named("second_groups", "SELECT "+list(seconds)+"\nFROM flows GROUP BY "+key+", "+second),
		named("sums", "SELECT "+list(all)+"\nFROM second_groups GROUP BY "+key),
	}
	from := "sums"
	halves := func(pairs, first, second string) {
		result = append(result, b.half(pairs, 0), first, b.half(pairs, 1), second)
	}
	join := func(kind, table string, more []string) {
		queries = append(queries, more...)
		from += "\n" + kind + " JOIN " + table + " USING (" + key + ")"
	}
	halves("second_pairs", "seconds", "second_flows")
	join("INNER", "size_lists", b.sizes("size", "up"))
	halves("size_pairs", "sizes", "size_flows")
	result = append(result, "size_rounded", "sizes_rounded")
	if b.has(flow.ColDuration) {
		join("LEFT", "duration_lists", b.sizes("duration", "duration"))
		halves("duration_pairs", "durations", "duration_flows")
		result = append(result, "duration_rounded", "durations_rounded")
	}
	if b.has(flow.ColName) {
		join("LEFT", "name_lists", b.names())
		halves("name_pairs", "names", "name_flows")
	}
	return strings.Join(queries, ",\n") + "\n" + b.result(from, result...)
}

func (b *builder) sums() []sum {
	return []sum{
		{"n", "flows", b.count, b.sum("n")},
		{"ups", "up_bytes", b.sum("up"), b.sum("ups")},
		{"downs", "down_bytes", b.sum("down"), b.sum("downs")},
		{"max_up", "max_up_bytes", "max(up)", "max(max_up)"},
		{"max_down", "max_down_bytes", "max(down)", "max(max_down)"},
		{"first_t", "first", "min(t)", "min(first_t)"},
		{"last_t", "last", "max(t)", "max(last_t)"},
	}
}

// detailSums add up the optional columns that the source has.
func (b *builder) detailSums() (sums []sum) {
	if b.has(flow.ColDuration) {
		sums = append(sums, sum{"longest", "longest", "max(duration)", "max(longest)"},
			sum{"lasted", "lasted", b.sum("duration"), b.sum("lasted")})
	}
	var known []string
	for _, c := range []string{flow.ColUpPackets, flow.ColDownPackets} {
		if b.has(c) {
			known = append(known, c+" > 0")
			sums = append(sums, sum{"sum_" + c, c, b.sum(c), b.sum("sum_" + c)})
		}
	}
	if len(known) > 0 {
		sums = append(sums, sum{"packeted", "packet_flows", countIf(strings.Join(known, " OR ")), b.sum("packeted")})
	}
	if b.has(flow.ColState) {
		for s := flow.Established; s < flow.NumStates; s++ {
			name := "in_" + s.String()
			sums = append(sums, sum{name, s.String(), countIf("state = " + quote(s.String())), b.sum(name)})
		}
	}
	return sums
}

// countIf counts the rows of a group that meet a condition.
func countIf(condition string) string { return "sum(CASE WHEN " + condition + " THEN 1 ELSE 0 END)" }

// sizes counts the flows of each conversation by size. If there are more than sixteen
// sizes, they are rounded.
func (b *builder) sizes(name, column string) []string {
	size := b.sizeOf(column)
	return []string{
		named(name+"_groups", fmt.Sprintf("SELECT %s, %s AS size, %s AS n\nFROM flows WHERE %s IS NOT NULL GROUP BY %s, %s", key, size, b.count, column, key, size)),
		named(name+"_classes", fmt.Sprintf("SELECT %s, class, %s AS class_n, %s AS different, %s AS exact_pairs\nFROM (SELECT %s, size, n, %s AS class FROM %s_groups) classes GROUP BY %s, class",
			key, b.sum("n"), b.count, b.pairs("size", "n"), key, b.rounded("size"), name, key)),
		named(name+"_lists", fmt.Sprintf("SELECT %s, sum(different) > %d AS %s_rounded, CASE WHEN sum(different) > %d THEN %s ELSE %s END AS %s_pairs\nFROM %s_classes GROUP BY %s",
			key, exactSizes, name, exactSizes, b.pairs("class", "class_n"), b.join("exact_pairs"), name, name, key)),
	}
}

// names counts the flows of each conversation by name.
func (b *builder) names() []string {
	return []string{
		named("name_groups", fmt.Sprintf("SELECT %s, name, %s AS n\nFROM flows WHERE name <> '' GROUP BY %s, name", key, b.count, key)),
		named("name_lists", fmt.Sprintf("SELECT %s, %s AS name_pairs\nFROM name_groups GROUP BY %s", key, b.pairs("name", "n"), key)),
	}
}
