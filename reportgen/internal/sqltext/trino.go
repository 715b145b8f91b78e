package sqltext

import "fmt"

// trinoDialect returns the dialect of Trino and of Athena, which differ in how they write files.
func trinoDialect(name string, write func(into, table, query string) string) *Dialect {
	return &Dialect{
		name:    name,
		mark:    `"`,
		text:    func(x string) string { return fmt.Sprintf("CAST(%s AS VARCHAR)", x) },
		whole:   wholeByType("'real', 'double'"),
		integer: func(x string) string { return fmt.Sprintf("CAST(%s AS BIGINT)", x) },
		matches: func(x, pattern string) string { return fmt.Sprintf("regexp_like(%s, %s)", x, quote(toEnd(pattern))) },
		sum:     decimalSum,
		divide:  func(x string, by int) string { return fmt.Sprintf("%s / %d", x, by) },
		bits:    func(x string) string { return "length(to_base(" + x + ", 2))" },
		power:   func(n string) string { return "bitwise_left_shift(BIGINT '1', CAST(" + n + " AS INTEGER))" },
		count:   "count(*)",
		pairs: func(a, b string) string {
			return fmt.Sprintf("array_agg(CAST(ROW(%s, %s) AS ROW(a %s, b BIGINT)))", a, b, trinoType(a))
		},
		half:    func(list string, n int) string { return fmt.Sprintf("transform(%s, p -> p.%c)", list, "ab"[n]) },
		join:    func(list string) string { return fmt.Sprintf("flatten(array_agg(%s))", list) },
		atLeast: func(value, key string) string { return fmt.Sprintf("min_by(%s, %s)", value, key) },
		noText:  "CAST(NULL AS VARCHAR)", noWhole: "CAST(NULL AS BIGINT)",
		write: write,
	}
}

// trinoType is the type of an expression in a pair: only names are texts.
func trinoType(x string) string {
	if x == "name" {
		return "VARCHAR"
	}
	return "BIGINT"
}

var (
	trino = trinoDialect("trino", func(into, table, query string) string {
		return fmt.Sprintf("CREATE TABLE %s.%s WITH (format = 'PARQUET') AS\n%s", into, table, query)
	})
	athena = trinoDialect("athena", func(into, table, query string) string {
		return fmt.Sprintf("UNLOAD (\n%s) TO %s WITH (format = 'PARQUET', compression = 'gzip')", query, quote(into+"/"+table+"/"))
	})
)
