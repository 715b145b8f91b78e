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
	join:     func(list string) string { return fmt.Sprintf("flatten(list(%s))", list) },
	atLeast:  func(value, key string) string { return fmt.Sprintf("min_by(%s, %s)", value, key) },
	atMost:   func(value, key string) string { return fmt.Sprintf("max_by(%s, %s)", value, key) },
	address:  duckDBAddress,
	quantile: func(x string, at float64) string { return fmt.Sprintf("quantile_cont(%s, %g)", x, at) },
	lookup: func(key, keys, values string) string {
		return fmt.Sprintf("map([%s], [%s])[%s]", keys, values, key)
	},
	noText: "CAST(NULL AS VARCHAR)", noWhole: "CAST(NULL AS BIGINT)",
	files: func(pattern string) Source {
		return Source{
			From: fmt.Sprintf("read_parquet(%s, filename = true, file_row_number = true, union_by_name = true)", quote(pattern)),
			File: "filename", Row: "file_row_number",
		}
	},
	write: func(into, table, query string) string {
		return fmt.Sprintf("COPY (\n%s) TO %s (FORMAT parquet, COMPRESSION gzip)", query, quote(into+"/"+table+".parquet"))
	},
}

// wholeByType returns the function whole of a dialect with the function typeof, whose
// types of floating point numbers are listed. Whole numbers up to 2⁵³ are exact in them.
func wholeByType(floats string) func(string) string {
	return func(x string) string {
		return fmt.Sprintf("CASE WHEN typeof(%[1]s) NOT IN (%[2]s) OR %[1]s BETWEEN -9007199254740992 AND 9007199254740992 AND %[1]s = floor(%[1]s) THEN TRY_CAST(%[1]s AS BIGINT) END", x, floats)
	}
}

// duckDBAddress writes the groups of an address with all their digits. It works without
// the extension inet, which DuckDB loads from the network.
func duckDBAddress(text string) string {
	part := func(i int) string { return fmt.Sprintf("CAST(split_part(v4, '.', %d) AS BIGINT)", i) }
	groups := func(i int) string {
		return fmt.Sprintf("list_filter(string_split(split_part(a, '::', %d), ':'), lambda g: g <> '')", i)
	}
	// let binds a name, since expressions have no variables.
	let := func(name, value, in string) string {
		return fmt.Sprintf("list_transform([%s], lambda %s: %s)[1]", value, name, in)
	}
	v4 := fmt.Sprintf("format('{:x}:{:x}', 256 * %s + %s, 256 * %s + %s)", part(1), part(2), part(3), part(4))
	v6 := let("v4", "regexp_extract(x, '[0-9.]+$')", "CASE WHEN contains(x, ':') THEN replace(x, v4, "+v4+") ELSE '::ffff:' || "+v4+" END")
	digits := "upper(array_to_string(list_transform(list_concat(l, list_resize(CAST([] AS VARCHAR[]), 8 - len(l) - len(r), '0'), r), lambda g: lpad(g, 4, '0')), ''))"
	h := let("l", groups(1), let("r", groups(2), digits))
	h = let("a", "CASE WHEN contains(x, '.') THEN "+v6+" ELSE x END", h)
	return let("x", text, let("h", h, "CASE WHEN starts_with(h, '00000000000000000000FFFF') THEN '4' || substr(h, 25) ELSE '6' || h END"))
}
