package ingest

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// table decodes a text with columns.
type table struct {
	in   *lines
	row  rowReader
	spec tableSpec

	delimiter byte
	names     []string
	columns   []field
	fields    [][]byte // of the line being read
	quoted    []byte   // memory of fields that were in quotes
}

// openTable returns the opening of a format of tables, as text or JSON. Something may
// have carried the lines of the text.
func openTable(spec func(Options) (tableSpec, error)) func(*lines, rowReader, Options) (decoder, error) {
	return func(in *lines, r rowReader, opt Options) (decoder, error) {
		s, err := spec(opt)
		if err != nil {
			return nil, err
		}
		if !s.mapped {
			if in, err = unwrapped(in); err != nil {
				return nil, err
			}
		}
		if isJSONTable(in) {
			return openJSONTable(in, r, s)
		}
		return newTable(in, r, s, opt.Delimiter)
	}
}

// delimiters are tried in this order.
const delimiters = ",\t;| "

func newTable(in *lines, r rowReader, spec tableSpec, delimiter byte) (decoder, error) {
	start, err := in.peek()
	if errors.Is(err, io.EOF) {
		return emptyFile{}, nil
	}
	if err != nil {
		return nil, err
	}
	if bytes.IndexByte(start, 0) >= 0 {
		return nil, fmt.Errorf("line %d: starts with %s: a binary file, not %s", in.n+1, excerpt(start[:min(len(start), 8)]), spec.about)
	}
	r.use(&spec)
	if r.points != nil {
		r.points.text = true
	}
	d := &table{in: in, row: r, spec: spec, delimiter: delimiter}
	if err := d.header(); err != nil {
		return nil, err
	}
	return d, nil
}

// header finds the columns and their delimiter: in the first line, or in the known
// header if the first line does not name them.
func (d *table) header() error {
	first, err := d.in.first()
	for err == nil && isRemark(first) {
		if _, _, err = d.in.next(); err == nil {
			first, err = d.in.first()
		}
	}
	if err != nil {
		return err
	}
	tried := delimiters
	if d.delimiter != 0 {
		tried = string(d.delimiter)
	}
	var failed error
	best := 0
	for _, c := range []byte(tried) {
		names := texts(d.cut(first, c))
		if d.columns, err = d.spec.columns(names, &d.row); err == nil {
			d.names, d.delimiter = names, c
			_, _, err = d.in.next()
			return err
		}
		// The error reports the delimiter that gives the most columns. Names may have blanks.
		if failed == nil || len(names) > best && (c != ' ' || best < 2) {
			failed, best = err, len(names)
		}
	}
	if len(d.spec.header) == 0 {
		return fmt.Errorf("line %d: %w; name the columns in the first line%s", d.in.n+1, failed, d.spec.advice)
	}
	d.names = d.spec.header
	if d.delimiter == 0 {
		d.delimiter = d.sniff(first)
	}
	if fields := d.cut(first, d.delimiter); d.spec.stamped && (len(fields) == len(d.names)+1 || len(fields) == len(d.names)+2) {
		if _, err := time.Parse(time.RFC3339, string(fields[0])); err == nil {
			d.names = append([]string{"(time of the line)", "(stream of the line)"}[:len(fields)-len(d.names)], d.names...)
		}
	}
	if n := len(d.cut(first, d.delimiter)); d.spec.assumed && n > len(d.names) {
		return fmt.Errorf("line %d: %d fields without a header, but the default format has %d; name the columns in the first line%s", d.in.n+1, n, len(d.names), d.spec.advice)
	}
	d.columns, err = d.spec.columns(d.names, &d.row)
	return err
}

// isRemark reports whether a line before the header is a remark, or says what separates
// the columns, as for Excel.
func isRemark(line []byte) bool {
	return bytes.HasPrefix(line, []byte("# ")) || bytes.HasPrefix(line, []byte("sep=")) && len(line) <= len("sep=,")
}

// sniff returns the delimiter that cuts a row into the known number of columns or,
// failing that, the one that cuts it into the most.
func (d *table) sniff(line []byte) byte {
	best, most := delimiters[0], 0
	for _, c := range []byte(delimiters) {
		n := len(d.cut(line, c))
		if n == len(d.names) {
			return c
		}
		if n > most {
			best, most = c, n
		}
	}
	return best
}

func texts(fields [][]byte) []string {
	ts := make([]string, len(fields))
	for i, f := range fields {
		ts[i] = string(bytes.TrimSpace(f))
	}
	return ts
}

func (d *table) Read() (Flow, error) {
	for {
		line, whole, err := d.in.next()
		if err != nil {
			return Flow{}, err
		}
		if len(bytes.TrimSpace(line)) == 0 || d.spec.skip != nil && d.spec.skip(line) {
			continue
		}
		fields := d.cut(line, d.delimiter)
		if again, err := d.again(fields); err != nil {
			return Flow{}, fmt.Errorf("line %d: %w", d.in.n, err)
		} else if again {
			continue
		}
		for n := len(fields); n > len(d.columns) && len(bytes.TrimSpace(fields[n-1])) == 0; n-- {
			fields = fields[:n-1] // each row ends with a delimiter, but not the header
		}
		// A last line needs no end (RFC 4180).
		if n := len(fields); n > len(d.columns) && d.spec.longer {
			fields = fields[:len(d.columns)]
		}
		if len(fields) != len(d.columns) {
			if d.spec.other != nil && whole {
				if what := d.spec.other(fields); what != "" {
					return Flow{}, d.row.leaveOut(d.in.n, otherLog, what)
				}
			}
			return Flow{}, d.short(line, len(fields), whole)
		}
		return d.flow(fields)
	}
}

// flow turns the fields of a row into a flow.
func (d *table) flow(fields [][]byte) (Flow, error) {
	for i, f := range d.columns {
		if f < numFields {
			d.row.values[f] = d.spec.value(fields[i])
		}
	}
	if d.spec.flow != nil {
		return d.spec.flow(&d.row, d.in.n)
	}
	return d.row.flow(d.in.n)
}

// again says whether a row is the header once more, as where files with
// headers were put one after the other; the columns may then have changed.
func (d *table) again(fields [][]byte) (bool, error) {
	if i := slices.Index(d.columns, fieldTime); i >= 0 && i < len(fields) {
		if v := fields[i]; len(v) == 0 || v[0] >= '0' && v[0] <= '9' {
			return false, nil // a time, which is by far the most frequent
		}
	}
	names := texts(fields)
	if !slices.ContainsFunc(d.spec.names[fieldTime], func(name string) bool { return slices.Contains(names, name) }) {
		return false, nil
	}
	columns, err := d.spec.columns(names, &d.row)
	if err != nil {
		return false, err
	}
	d.names, d.columns = names, columns
	d.row.values = [numFields][]byte{}
	return true, nil
}

// short is the error of a row that has not the number of fields it should.
func (d *table) short(line []byte, n int, whole bool) error {
	detail := fmt.Sprintf("%d of %d fields", n, len(d.columns))
	if !whole && n <= len(d.columns) {
		return d.row.leaveOut(d.in.n, cutOff, detail+", and no line end: the log is truncated, or was being written")
	}
	return d.row.leaveOut(d.in.n, fieldCount, detail+": "+excerpt(line))
}

// cut splits a line at the delimiter. If that is a blank, any number of blanks
// separates two fields. A quote that a line does not close is text: rows do not
// span lines, so a stray quote affects only one row.
func (d *table) cut(line []byte, delimiter byte) [][]byte {
	d.fields = d.fields[:0]
	switch {
	case bytes.IndexByte(line, '"') >= 0:
		if fields, ok := d.unquote(line, delimiter); ok {
			return fields
		}
	case delimiter == ' ':
		for f := range bytes.FieldsSeq(line) {
			d.fields = append(d.fields, f)
		}
		return d.fields
	}
	for {
		i := bytes.IndexByte(line, delimiter)
		if i < 0 {
			d.fields = append(d.fields, line)
			return d.fields
		}
		d.fields = append(d.fields, line[:i])
		line = line[i+1:]
	}
}

// unquote cuts a line with quotes in it, if they are as RFC 4180 has them.
func (d *table) unquote(line []byte, delimiter byte) ([][]byte, bool) {
	r := csv.NewReader(bytes.NewReader(line))
	r.Comma, r.FieldsPerRecord = rune(delimiter), -1
	record, err := r.Read()
	if err != nil {
		return nil, false
	}
	d.quoted = d.quoted[:0]
	for _, f := range record {
		d.quoted = append(d.quoted, f...)
	}
	rest := d.quoted
	for _, f := range record {
		d.fields = append(d.fields, rest[:len(f)])
		rest = rest[len(f):]
	}
	return d.fields, true
}
