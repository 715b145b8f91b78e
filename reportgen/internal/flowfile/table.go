package flowfile

import (
	"errors"
	"io"
	"os"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// Table reads any Parquet file row by row, each value as text: what the other
// readers of this package do not know, since they know flow files only. It
// holds one page of each column in memory. A Table is not safe for use by
// several goroutines.
type Table struct {
	file    *file
	leaves  []*parquet.Column
	columns []*textColumn // those selected

	group int   // row group being read
	left  int64 // rows left in it
	row   [][]byte
}

// OpenTable opens a Parquet file. No column is selected yet.
func OpenTable(path string) (_ *Table, err error) {
	o, err := os.Open(path)
	if err != nil {
		return nil, err // it names the path
	}
	f := &file{path: path, os: o, reader: o}
	defer func() {
		if err != nil {
			_ = o.Close() // it was only read from
		}
	}()
	info, err := o.Stat()
	if err != nil {
		return nil, err
	}
	f.size = info.Size()
	if err := checkEnds(o, f.size); err != nil {
		return nil, f.fail(-1, "", err)
	}
	if err := f.readFooter(); err != nil {
		return nil, f.fail(-1, "", err)
	}
	t := &Table{file: f, group: -1}
	if err := t.findLeaves(); err != nil {
		return nil, f.fail(-1, "", err)
	}
	return t, nil
}

// findLeaves lists the columns that hold one value a row, those in groups
// too.
func (t *Table) findLeaves() (err error) {
	defer recovered(&err)
	var walk func(columns []*parquet.Column)
	walk = func(columns []*parquet.Column) {
		for _, c := range columns {
			switch {
			case c.Repeated():
			case c.Leaf():
				t.leaves = append(t.leaves, c)
			default:
				walk(c.Columns())
			}
		}
	}
	walk(t.file.schema.Root().Columns())
	return nil
}

// Columns returns the names of the columns that hold one value a row, in the
// order of the file; those in groups as group.column.
func (t *Table) Columns() []string {
	names := make([]string, len(t.leaves))
	for i, c := range t.leaves {
		names[i] = strings.Join(c.Path(), ".")
	}
	return names
}

// NumRows returns the number of rows according to the file's footer.
func (t *Table) NumRows() int64 { return t.file.metadata.NumRows }

// Select chooses the columns that Read returns, by their place in Columns. It
// is to be called before the first Read.
func (t *Table) Select(columns ...int) error {
	t.columns = t.columns[:0]
	schema, _ := t.file.lookup(arrowSchemaKey)
	durations := durationUnits(schema)
	for _, i := range columns {
		c := t.leaves[i]
		text, err := textOf(c)
		if err != nil {
			return t.file.fail(-1, strings.Join(c.Path(), "."), err)
		}
		if unit := durations[strings.Join(c.Path(), ".")]; unit > 0 && c.Type().Kind() == parquet.Int64 {
			text = durationText(unit)
		}
		t.columns = append(t.columns, &textColumn{source: c, name: strings.Join(c.Path(), "."), text: text})
	}
	t.row = make([][]byte, len(t.columns))
	return nil
}

// Read returns the next row: the texts of the columns selected, nil for null.
// They are valid until the next Read. At the end the error is io.EOF.
//
// Numbers are decimal; moments are as RFC 3339 writes them, in UTC, and
// without zone where the file says that they are of no zone; durations are in seconds, such as 1.5s; what is not text
// is in hexadecimal.
func (t *Table) Read() ([][]byte, error) {
	for t.left == 0 {
		if err := t.nextGroup(); err != nil {
			return nil, err
		}
	}
	t.left--
	for i, c := range t.columns {
		v, err := c.next()
		if err != nil {
			return nil, t.file.fail(t.group, c.name, err)
		}
		t.row[i] = v
	}
	return t.row, nil
}

func (t *Table) nextGroup() (err error) {
	defer recovered(&err)
	t.group++
	if t.group >= len(t.file.metadata.RowGroups) {
		return io.EOF
	}
	t.left = max(t.file.rowsOf(t.group), 0)
	for _, c := range t.columns {
		c.close()
		if c.pages, err = t.file.pagesOf(t.file.reader, t.group, c.source); err != nil {
			return t.file.fail(t.group, c.name, err)
		}
	}
	return nil
}

// Close closes the file.
func (t *Table) Close() error {
	for _, c := range t.columns {
		c.close()
	}
	return t.file.Close()
}

// textColumn reads a column value by value.
type textColumn struct {
	source *parquet.Column
	name   string
	text   func(b []byte, v parquet.Value) []byte

	valueCursor
	out []byte // memory of the text returned last
}

// next returns the text of the next value, nil for null.
func (c *textColumn) next() (_ []byte, err error) {
	defer recovered(&err)
	switch err := c.fill(); {
	case errors.Is(err, io.EOF):
		return nil, pageError(err)
	case err != nil:
		return nil, err
	}
	v := c.rest[0]
	c.rest = c.rest[1:]
	if v.IsNull() {
		return nil, nil
	}
	c.out = c.text(c.out[:0], v)
	return c.out, nil
}
