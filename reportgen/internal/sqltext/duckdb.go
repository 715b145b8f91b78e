package sqltext

import "fmt"

var duckDB = &Dialect{
	name:    "duckdb",
	mark:    `"`,
	text:    func(x string) string { return fmt.Sprintf("CAST(%s AS VARCHAR)", x) },
	whole:   wholeByType("'FLOAT', 'DOUBLE'"),
	integer: func(x string) string { return fmt.Sprintf("CAST(%s AS BIGINT)", x) },
	matches: func(x, pattern string) string { return fmt.Sprintf("regexp_matches(%s, %s)", x, quote(pattern)) },
	sum: func(x string) string {
		return fmt.Sprintf("CAST(least(coalesce(sum(%s), 0), 9223372036854775807) AS BIGINT)", x)
	},
	divide: func(x string, by int) string { return fmt.Sprintf("%s // %d", x, by) },
	bits:   func(x string) string { return "length(bin(" + x + "))" },
	power:  func(n string) string { return "(CAST(1 AS BIGINT) << " + n + ")" },
	count:  "count(*)",
	pairs:  func(a, b string) string { return fmt.Sprintf("list(struct_pack(a := %s, b := %s))", a, b) },
	half: func(list string, n int) string {
		return fmt.Sprintf("list_transform(%s, lambda p: p.%c)", list, "ab"[n])
	},
	join:    func(list string) string { return fmt.Sprintf("flatten(list(%s))", list) },
	atLeast: func(value, key string) string { return fmt.Sprintf("min_by(%s, %s)", value, key) },
	noText:  "CAST(NULL AS VARCHAR)", noWhole: "CAST(NULL AS BIGINT)",
	files: func(pattern string) Source {
		return Source{
			From: fmt.Sprintf("read_parquet(%s, filename = true, file_row_number = true, union_by_name = true)", quote(pattern)),
			File: "filename", Row: "file_row_number",
		}
	},
	write: func(into, table, query string) string {
		return fmt.Sprintf("COPY (\n%s) TO %s (FORMAT parquet)", query, quote(into+"/"+table+".parquet"))
	},
}

// wholeByType returns the function whole of a dialect with the function typeof, whose
// types of floating point numbers are listed. Whole numbers up to 2⁵³ are exact in them.
func wholeByType(floats string) func(string) string {
	return func(x string) string {
		return fmt.Sprintf("CASE WHEN typeof(%[1]s) NOT IN (%[2]s) OR %[1]s BETWEEN -9007199254740992 AND 9007199254740992 AND %[1]s = floor(%[1]s) THEN TRY_CAST(%[1]s AS BIGINT) END", x, floats)
	}
}
