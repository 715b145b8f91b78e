// Package query is the model of questions about flows and tables: conditions,
// groups, time buckets, aggregates, order and limit. It reads conditions, checks
// them and evaluates them over columns, but reads no files: reportgen answers a
// [Query] from flow files, and package frame evaluates conditions over frames.
//
//	q := query.Query{
//		Where:      "port = 443 and up_bytes > 1MB and not dst_ip in internal",
//		By:         []string{"src_ip"},
//		Aggregates: []query.Aggregate{{Func: query.Sum, Column: "up_bytes"}},
//	}
//	q.Top(20)
//
// # Conditions
//
// A condition compares columns with values or with each other, and is joined by and,
// or, not and parentheses. The operators, from the loosest to the tightest, are
//
//	or
//	and
//	not
//	=  !=  <  <=  >  >=  in  like  ilike  between … and …  is [not] unknown
//	+  -
//	*  /  %
//
// with ==, <>, &&, || and ! as other spellings. Keywords may be in capitals. Values are
//
//	443  1.5  10k  2M            numbers; k, M, G and T are powers of 1000
//	1MB  64KiB                   bytes
//	500ms  5m  1h  2 hours       lengths of time
//	10:30  10:30:15.5            times of day
//	2024-03-20 10:30             times of one date, which a column of times is compared with
//	2024-03-20                   dates, which are texts
//	192.168.100.35  2001:db8::1  addresses
//	192.168.100.0/24             networks, only after in
//	'text'  "text"  tcp  a.org   texts; a single word that is not a column needs no quotes
//	true  false
//
// A plain number has the unit of the column, but a time needs its unit. A list after in is in parentheses, and may
// mix addresses and networks: dst_ip in (10.0.0.1, 192.168.0.0/16, internal). In a
// pattern after like, % stands for any text and _ for one letter; ilike ignores case.
// A column whose name is not a word is written in backquotes.
//
// As in SQL, a comparison with an unknown value is not true, and neither is its
// negation. The result of a division by zero is unknown.
//
// # Errors
//
// [Parse], [Compile] and [CompileFormula] return an [*Error] with the position of the
// fault, and the nearest names if a name is unknown. [Query.Check] checks the rest of a
// query.
package query
