// Package sqltext writes SQL for databases that hold flows: the statements that compute
// the tables of package aggregates. The statements are the same in all dialects. What
// differs is in one file for each dialect.
//
// A row is a flow by the rules of package flowfile, and rows that are not flows are counted
// by the same reasons.
package sqltext

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Dialect is what differs between databases. Its functions take and return expressions.
type Dialect struct {
	name    string
	mark    string                         // around names
	text    func(x string) string          // as text
	whole   func(x string) string          // as a 64-bit integer; null if it is not a whole number
	integer func(text string) string       // of digits
	matches func(x, pattern string) string // of a regular expression
	sum     func(x string) string          // at most 2⁶³-1
	divide  func(x string, by int) string  // of integers, rounded down
	bits    func(x string) string          // the number of binary digits
	power   func(n string) string          // a power of two, as a 64-bit integer
	count   string                         // of the rows of a group, as a 64-bit integer
	pairs   func(a, b string) string       // a list of pairs, of the rows of a group
	half    func(list string, n int) string
	join    func(list string) string       // a list of all pairs in lists, of the rows of a group
	atLeast func(value, key string) string // the value with the least key
	atMost  func(value, key string) string // the value with the greatest key
	// address is a text of an address that is the same for all its forms: 4 and 8 hexadecimal
	// digits, or 6 and 32 of them. It is nil if queries are not written in the dialect.
	address  func(text string) string
	quantile func(x string, at float64) string
	// lookup is the value that is in the place of a key, or null.
	lookup  func(key, keys, values string) string
	escapes bool // whether a backslash in a text is written twice

	noText, noWhole string // nulls of these types

	// files is a table of Parquet files, and expressions for the file of a row and its
	// place in it. It is nil if the dialect only reads tables.
	files func(pattern string) Source
	// write writes the result of a query as a table into a folder, packed with gzip, whose
	// checksums show damage. Trino has no such option: its catalog decides.
	write func(into, table, query string) string
	// before are statements that come first.
	before []string
}

// dialects are all dialects, by name.
var dialects = func() map[string]*Dialect {
	byName := map[string]*Dialect{}
	for _, d := range []*Dialect{athena, clickHouse, duckDB, spark, trino} {
		byName[d.name] = d
	}
	return byName
}()

// Dialects lists the names of the dialects.
func Dialects() []string { return slices.Sorted(maps.Keys(dialects)) }

// Get returns a dialect by its name.
func Get(name string) (*Dialect, error) {
	d, ok := dialects[name]
	if !ok {
		return nil, fmt.Errorf("no dialect %q; the dialects are %s", name, strings.Join(Dialects(), ", "))
	}
	return d, nil
}

// quote quotes the name of a column.
func (d *Dialect) quote(name string) string { return d.mark + name + d.mark }

// literal writes any text as a literal.
func (d *Dialect) literal(s string) string {
	if d.escapes {
		s = strings.ReplaceAll(s, `\`, `\\`)
	}
	return quote(s)
}

// quote writes a text without backslashes as a literal.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Source is a table of flows.
type Source struct {
	From string // a table, a function that returns one, or a query in parentheses
	File string // expression for the file of a row; empty if unknown
	Row  string // expression for the place of a row in its file, from 0; empty if unknown
	// Columns has expressions for columns of flow files. A required one that is missing is a
	// column of that name, and an optional one is unknown.
	Columns map[string]string
}

// isFiles reports whether a source that a user named is files and not a table.
func isFiles(s string) bool {
	return !strings.Contains(s, "(") && (strings.HasSuffix(s, ".parquet") || strings.ContainsAny(s, "*/"))
}

// named returns the source that a user named: flow files, a table, or a function that
// returns one.
func (d *Dialect) named(s string) (Source, error) {
	switch {
	case !isFiles(s):
		return Source{From: s}, nil
	case d.files == nil:
		return Source{}, fmt.Errorf("%s: %s reads tables, not files; make a table of the files and name it", s, d.name)
	}
	return d.files(s), nil
}
