package sqltext

import (
	"fmt"
	"strings"
)

var spark = &Dialect{
	name:    "spark",
	mark:    "`",
	text:    func(x string) string { return fmt.Sprintf("CAST(%s AS STRING)", x) },
	whole:   wholeByType("'float', 'double'"),
	integer: func(x string) string { return fmt.Sprintf("CAST(%s AS BIGINT)", x) },
	matches: func(x, pattern string) string { return fmt.Sprintf("%s RLIKE %s", x, quote(toEnd(pattern))) },
	sum:     decimalSum,
	divide:  func(x string, by int) string { return fmt.Sprintf("%s div %d", x, by) },
	bits:    func(x string) string { return "length(bin(" + x + "))" },
	power:   func(n string) string { return "shiftleft(CAST(1 AS BIGINT), " + n + ")" },
	count:   "count(*)",
	pairs:   func(a, b string) string { return fmt.Sprintf("collect_list(struct(%s AS a, %s AS b))", a, b) },
	half:    func(list string, n int) string { return fmt.Sprintf("transform(%s, p -> p.%c)", list, "ab"[n]) },
	join:    func(list string) string { return fmt.Sprintf("flatten(collect_list(%s))", list) },
	atLeast: func(value, key string) string { return fmt.Sprintf("min_by(%s, %s)", value, key) },
	noText:  "CAST(NULL AS STRING)", noWhole: "CAST(NULL AS BIGINT)",
	files: func(pattern string) Source {
		return Source{From: fmt.Sprintf("parquet.`%s`", pattern), File: "_metadata.file_name", Row: "_metadata.row_index"}
	},
	write: func(into, table, query string) string {
		return fmt.Sprintf("INSERT OVERWRITE DIRECTORY %s USING parquet OPTIONS (compression 'gzip')\n%s", quote(into+"/"+table), query)
	},
}

// toEnd makes a pattern that ends in $ match texts to their very end: in Java's regular
// expressions, $ is also before a last line feed.
func toEnd(pattern string) string { return strings.TrimSuffix(pattern, "$") + "(?![^x]|x)" }

// decimalSum adds up in decimals of 38 digits, where sums of 64-bit integers overflow.
func decimalSum(x string) string {
	return fmt.Sprintf("CAST(least(coalesce(sum(CAST(%s AS DECIMAL(38, 0))), CAST(0 AS DECIMAL(38, 0))), CAST(9223372036854775807 AS DECIMAL(38, 0))) AS BIGINT)", x)
}
