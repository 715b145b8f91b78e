package sqltext

import (
	"fmt"
	"strings"
)

var clickHouse = &Dialect{
	name: "clickhouse",
	mark: `"`,
	text: func(x string) string { return fmt.Sprintf("toString(%s)", x) },
	whole: func(x string) string {
		return fmt.Sprintf("if(position(toTypeName(%[1]s), 'Float') = 0 OR %[1]s BETWEEN -9007199254740992 AND 9007199254740992, accurateCastOrNull(%[1]s, 'Int64'), NULL)", x)
	},
	integer: func(x string) string { return fmt.Sprintf("toInt64OrNull(%s)", x) },
	matches: func(x, pattern string) string { return fmt.Sprintf("match(%s, %s)", x, quote(pattern)) },
	sum: func(x string) string {
		return fmt.Sprintf("toInt64(least(coalesce(sum(toInt128(%s)), toInt128(0)), toInt128(9223372036854775807)))", x)
	},
	divide:  func(x string, by int) string { return fmt.Sprintf("intDiv(%s, %d)", x, by) },
	bits:    func(x string) string { return "length(trim(LEADING '0' FROM bin(" + x + ")))" },
	power:   func(n string) string { return "bitShiftLeft(toInt64(1), " + n + ")" },
	count:   "toInt64(count())",
	pairs:   func(a, b string) string { return fmt.Sprintf("groupArray((%s, %s))", a, b) },
	half:    func(list string, n int) string { return fmt.Sprintf("arrayMap(p -> p.%d, %s)", n+1, list) },
	join:    func(list string) string { return fmt.Sprintf("arrayFlatten(groupArray(%s))", list) },
	atLeast: func(value, key string) string { return fmt.Sprintf("argMin(%s, %s)", value, key) },
	atMost:  func(value, key string) string { return fmt.Sprintf("argMax(%s, %s)", value, key) },
	address: func(text string) string {
		h := "hex(toIPv6OrDefault(" + text + "))"
		return fmt.Sprintf("if(startsWith(%[1]s, '00000000000000000000FFFF'), concat('4', substring(%[1]s, 25)), concat('6', %[1]s))", h)
	},
	quantile: func(x string, at float64) string { return fmt.Sprintf("quantileExactInclusive(%g)(%s)", at, x) },
	lookup: func(key, keys, values string) string {
		return fmt.Sprintf("nullIf(transform(%s, [%s], [%s], ''), '')", key, keys, values)
	},
	escapes: true,
	noText:  "CAST(NULL AS Nullable(String))", noWhole: "CAST(NULL AS Nullable(Int64))",
	files: func(pattern string) Source {
		function := "file"
		for prefix, name := range map[string]string{"s3://": "s3", "https://": "url", "http://": "url"} {
			if strings.HasPrefix(pattern, prefix) {
				function = name
			}
		}
		return Source{From: fmt.Sprintf("%s(%s, 'Parquet')", function, quote(pattern)), File: "_path", Row: "_row_number"}
	},
	write: func(into, table, query string) string {
		target := into + "/" + table + ".parquet"
		if strings.HasPrefix(into, "s3://") {
			return fmt.Sprintf("INSERT INTO FUNCTION s3(%s, 'Parquet')\n%s", quote(target), query)
		}
		return fmt.Sprintf("INSERT INTO FUNCTION file(%s, 'Parquet')\n%s", quote(target), query)
	},
	before: []string{"SET engine_file_truncate_on_insert = 1, s3_truncate_on_insert = 1, output_format_parquet_compression_method = 'gzip'"},
}
