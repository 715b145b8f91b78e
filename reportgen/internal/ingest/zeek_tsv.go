package ingest

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// zeekTSV decodes Zeek's own log form: header lines that begin with #, of
// which #fields names the columns, and one row a line.
//
// Header lines may come again in the middle, as they do where logs were
// concatenated, and then hold for the rows after them.
type zeekTSV struct {
	in  *lines
	row rowReader

	sep, unset []byte
	path       string
	columns    []field // what each column holds; numFields for what a flow does not need
	last       int     // the last column that a flow needs
}

func (d *zeekTSV) Read() (Flow, error) {
	for {
		line, whole, err := d.in.next()
		switch {
		case err != nil:
			return Flow{}, err
		case len(line) == 0:
		case line[0] == '#':
			if err := d.header(string(line)); err != nil {
				return Flow{}, fmt.Errorf("line %d: %w", d.in.n, err)
			}
		case d.columns == nil:
			return Flow{}, fmt.Errorf("line %d: a row before the #fields line that names its columns; "+
				"put the # lines of another conn.log of the same sensor at the top", d.in.n)
		default:
			if bad := d.split(line, whole); bad != nil {
				return Flow{}, bad
			}
			return zeekStateFlow(&d.row, d.in.n)
		}
	}
}

// header takes in a line that begins with #. Lines with other names, such as
// #open and #close, say nothing about the rows.
func (d *zeekTSV) header(line string) error {
	if value, ok := strings.CutPrefix(line, "#separator "); ok {
		sep, err := unescape([]byte(value))
		if err != nil || len(sep) == 0 {
			return fmt.Errorf("#separator %q is not of the form \\x09", value)
		}
		*d = zeekTSV{in: d.in, row: d.row, sep: sep}
		return nil
	}
	if d.sep == nil {
		d.sep = []byte("\t")
	}
	names := strings.Split(line, string(d.sep))
	switch key, names := names[0], names[1:]; key {
	case "#unset_field":
		d.unset = []byte(strings.Join(names, string(d.sep)))
	case "#path":
		d.path = strings.Join(names, "")
	case "#fields":
		return d.fields(names)
	case "#types":
		if len(names) != len(d.columns) {
			return fmt.Errorf("#types names %d types, #fields %d fields: the header is damaged", len(names), len(d.columns))
		}
	}
	return nil
}

// fields learns which column holds what.
func (d *zeekTSV) fields(names []string) error {
	columns := make([]field, len(names))
	for i, name := range names {
		columns[i] = numFields
		if f, ok := zeekField(&d.row.names, name); ok {
			columns[i], d.last = f, i
		}
	}
	for _, f := range zeekNeeded {
		if slices.Contains(columns, f) {
			continue
		}
		if d.row.names[f] != zeekNames[f] {
			return fmt.Errorf("#fields has no %s: this log has no bytes of IP packets (Zeek's use_conn_size_analyzer was off); read the bytes of the payload", d.row.names[f])
		}
		return fmt.Errorf("#fields lacks %s: the log (#path %q) is truncated or not a connection log; import conn.log", d.row.names[f], d.path)
	}
	d.columns = columns
	d.row.values = [numFields][]byte{} // the fields before may have been more
	if d.unset == nil {
		d.unset = []byte("-")
	}
	return nil
}

// split finds the values that a flow needs in a row.
func (d *zeekTSV) split(line []byte, whole bool) error {
	rest := line
	plain := bytes.IndexByte(line, '\\') < 0
	for i, field := range d.columns[:d.last+1] {
		end := d.end(rest)
		if end < 0 && i < len(d.columns)-1 {
			return d.short(line, whole)
		}
		value := rest
		if end >= 0 {
			value, rest = rest[:end], rest[end+len(d.sep):]
		}
		if field < numFields {
			d.row.values[field] = d.value(value, plain)
		}
		if end >= 0 && i == len(d.columns)-1 && !d.isEmpty(rest) {
			return d.short(line, whole)
		}
	}
	tail := len(d.columns) - 1 - d.last
	// A last line without its end may have lost digits of its last value.
	if n := bytes.Count(rest, d.sep); tail > 0 && n != tail-1 && (n < tail || !d.isEmpty(after(rest, d.sep, tail))) || tail == 0 && !whole {
		return d.short(line, whole)
	}
	return nil
}

// isEmpty reports whether values have no text. Programs that add fields to logs leave such ones after those of the header.
func (d *zeekTSV) isEmpty(b []byte) bool { return len(bytes.ReplaceAll(b, d.sep, nil)) == 0 }

// after returns what follows the n-th separator.
func after(b, sep []byte, n int) []byte {
	for range n {
		_, b, _ = bytes.Cut(b, sep)
	}
	return b
}

// end returns where the first value of a row ends, or -1. Values are short, so that a
// loop is faster than bytes.IndexByte.
func (d *zeekTSV) end(b []byte) int {
	if len(d.sep) != 1 {
		return bytes.Index(b, d.sep)
	}
	sep := d.sep[0]
	for i, c := range b {
		if c == sep {
			return i
		}
	}
	return -1
}

// short is the error of a row that has not the number of fields it should.
func (d *zeekTSV) short(line []byte, whole bool) error {
	n := bytes.Count(line, d.sep) + 1
	detail := strconv.Itoa(n) + " of " + strconv.Itoa(len(d.columns)) + " fields"
	if !whole && n <= len(d.columns) {
		return d.row.leaveOut(d.in.n, cutOff, detail+", and no line end: the log is truncated, or was being written")
	}
	return d.row.leaveOut(d.in.n, fieldCount, detail)
}

// value is nil for a field that is not set, and free of escapes. Plain says that the row
// has none.
func (d *zeekTSV) value(b []byte, plain bool) []byte {
	if bytes.Equal(b, d.unset) {
		return nil
	}
	if plain {
		return b
	}
	value, err := unescape(b)
	if err != nil {
		return b // the field's own reader refuses it and reports the text
	}
	return value
}

// unescape resolves \x09 and \\, the escapes of Zeek's ASCII writer.
func unescape(b []byte) ([]byte, error) {
	var plain []byte
	for len(b) > 0 {
		switch {
		case b[0] != '\\':
			plain, b = append(plain, b[0]), b[1:]
		case len(b) >= 2 && b[1] == '\\':
			plain, b = append(plain, '\\'), b[2:]
		case len(b) >= 4 && b[1] == 'x':
			c, err := strconv.ParseUint(string(b[2:4]), 16, 8)
			if err != nil {
				return nil, fmt.Errorf("%q is not an escape of the form \\x09", b[:4])
			}
			plain, b = append(plain, byte(c)), b[4:]
		default:
			return nil, fmt.Errorf("%q is not an escape of the form \\x09", b)
		}
	}
	return plain, nil
}
