package ingest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// tableSpec says how the columns of a table become flows.
type tableSpec struct {
	about   string              // what the table is, for messages
	names   [numFields][]string // what a column may be called, the best first
	needed  []field             // what the table must have
	either  []field             // of these it must have one, if any are given
	header  []string            // names of the columns, for logs without a header line
	assumed bool                // the header is the default and not given by the user
	advice  string              // what to do if the header is unknown, for messages
	unset   []string            // texts of a value that is not set
	finest  int64               // the finest unit of times, as of timeReader

	// mapped says that the user names the columns.
	mapped bool
	// stamped says that each line may begin with a time of its own, and the stream that
	// it comes from, as the lines that CloudWatch hands out do.
	stamped  bool
	longer   bool     // rows may have further columns after those of the header
	layouts  []string // of times, if Options.Time names none
	perSec   float64  // units a second of durations; 0 means seconds
	icmpForm icmpForm // where the type and code of ICMP are
	// other, if set, says what row of another log a row is that has not the columns of this one, or "".
	other func(fields [][]byte) string
	// skip, if set, reports whether a line is not a row.
	skip func(line []byte) bool
	// flow turns a row into a flow; nil means row.flow.
	flow func(r *rowReader, line int64) (Flow, error)
}

// columns finds what each of the named columns holds: numFields for what a
// flow does not need. The names of the fields are put into r.
func (s *tableSpec) columns(names []string, r *rowReader) ([]field, error) {
	plain := make([]string, len(names))
	for i, name := range names {
		plain[i] = plainName(name)
	}
	columns := slices.Repeat([]field{numFields}, len(names))
	r.names = [numFields]string{}
	for f, known := range &s.names {
		for _, name := range known {
			if i := slices.Index(plain, plainName(name)); i >= 0 && columns[i] == numFields {
				columns[i], r.names[f] = field(f), names[i]
				break
			}
		}
	}
	var lacking []string
	for _, f := range s.needed {
		if r.names[f] == "" && r.set[f] == nil {
			lacking = append(lacking, strings.Join(s.names[f][:min(2, len(s.names[f]))], " or "))
		}
	}
	if len(s.either) > 0 && !slices.ContainsFunc(s.either, func(f field) bool { return r.names[f] != "" }) {
		var names []string
		for _, f := range s.either {
			names = append(names, s.names[f][0])
		}
		lacking = append(lacking, strings.Join(names, " or "))
	}
	if lacking != nil {
		return nil, fmt.Errorf("missing columns of %s: %s; found %s", s.about, strings.Join(lacking, ", "), someNames(names))
	}
	return columns, nil
}

// plainName makes names that differ only in writing equal: log-status of a
// text is log_status in Parquet and ${log-status} where AWS asks for it.
func plainName(name string) string {
	name = strings.Trim(strings.TrimSpace(name), `"`)
	if inner, ok := strings.CutPrefix(name, "${"); ok {
		name = strings.TrimSuffix(inner, "}")
	}
	return strings.ReplaceAll(strings.ToLower(name), "-", "_")
}

// someNames lists the first of many names.
func someNames(names []string) string {
	const most = 20
	var b strings.Builder
	for i, name := range names {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(names)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(excerpt([]byte(name)))
	}
	return b.String()
}

// value is nil for a value that is not set.
func (s *tableSpec) value(v []byte) []byte {
	if n := len(v); n > 0 && (v[0] <= ' ' || v[n-1] <= ' ') {
		v = bytes.TrimSpace(v)
	}
	// Quotes are left only if blanks are around them, which RFC 4180 does not have.
	if n := len(v); n > 1 && v[0] == '"' && v[n-1] == '"' {
		v = bytes.TrimSpace(v[1 : n-1])
	}
	for _, unset := range s.unset {
		if string(v) == unset {
			return nil
		}
	}
	return v
}
