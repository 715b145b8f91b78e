package flowfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// Record is a row of a Parquet file whose columns hold whole numbers or texts, or lists
// of them. It is valid until the next one is read.
type Record struct {
	names  []string
	fields []recordField
}

type recordField struct {
	numbers []int64
	texts   []string
}

// Numbers returns the numbers of a column: one, none for a null, or those of a list.
func (r *Record) Numbers(column int) []int64 { return r.fields[column].numbers }

// Texts returns the texts of a column: one, none for a null, or those of a list.
func (r *Record) Texts(column int) []string { return r.fields[column].texts }

// Number returns the number of a column, which must have one.
func (r *Record) Number(column int) (int64, error) {
	if n := r.fields[column].numbers; len(n) == 1 {
		return n[0], nil
	}
	return 0, fmt.Errorf("column %s: no value", r.names[column])
}

// Text returns the text of a column, which must have one.
func (r *Record) Text(column int) (string, error) {
	if s := r.fields[column].texts; len(s) == 1 {
		return s[0], nil
	}
	return "", fmt.Errorf("column %s: no value", r.names[column])
}

// RecordColumn is a column of records.
type RecordColumn struct {
	Name    string
	IsText  bool // rather than whole numbers
	IsList  bool
	Missing bool // whether the file may lack it; all its values are null then
}

// ReadRecords reads a Parquet file of these columns, row by row, and hands each row to use. A file with other columns is an
// error: a damaged name must not look like a column that is missing.
func ReadRecords(ctx context.Context, path string, columns []RecordColumn, use func(*Record) error) (err error) {
	o, err := os.Open(path)
	if err != nil {
		return err // it names the path
	}
	defer func() { _ = o.Close() }() // it is only read from
	f := &file{path: path, os: o, reader: o, exact: true}
	info, err := o.Stat()
	if err != nil {
		return err
	}
	f.size = info.Size()
	if err := checkEnds(o, f.size); err != nil {
		return f.fail(-1, "", err)
	}
	if err := f.readFooter(); err != nil {
		return f.fail(-1, "", err)
	}
	r := &recordReader{file: f, columns: make([]*recordColumn, len(columns))}
	defer r.close()
	for i, c := range columns {
		r.record.names = append(r.record.names, c.Name)
		if r.columns[i], err = f.recordColumn(c); err != nil {
			return f.fail(-1, c.Name, err)
		}
	}
	for _, c := range f.schema.Root().Columns() {
		if !slices.ContainsFunc(columns, func(known RecordColumn) bool { return strings.EqualFold(known.Name, c.Name()) }) {
			return f.fail(-1, c.Name(), errUnknownColumn)
		}
	}
	r.record.fields = make([]recordField, len(columns))
	for group := range f.metadata.RowGroups {
		if err := r.readGroup(ctx, group, use); err != nil {
			return err
		}
	}
	return nil
}

// recordColumn finds a column, which may be that of a list, whatever its writer calls
// the levels below it. It returns nil for a column that the file may lack.
func (f *file) recordColumn(c RecordColumn) (_ *recordColumn, err error) {
	defer recovered(&err)
	var leaves []*parquet.Column
	var walk func(columns []*parquet.Column)
	walk = func(columns []*parquet.Column) {
		for _, c := range columns {
			if c.Leaf() {
				leaves = append(leaves, c)
			}
			walk(c.Columns())
		}
	}
	for _, top := range f.schema.Root().Columns() {
		if strings.EqualFold(top.Name(), c.Name) {
			walk([]*parquet.Column{top})
		}
	}
	switch {
	case len(leaves) == 0 && c.Missing:
		return nil, nil
	case len(leaves) == 0:
		return nil, errMissingColumn
	case len(leaves) > 1 || leaves[0].MaxRepetitionLevel() > 1 || c.IsList != (leaves[0].MaxRepetitionLevel() == 1):
		return nil, fmt.Errorf("%w: it is nested in another way", errColumnType)
	}
	leaf := leaves[0]
	out := &recordColumn{source: leaf, text: c.IsText, list: c.IsList}
	kind := leaf.Type().Kind()
	if c.IsText && kind == parquet.ByteArray {
		return out, nil
	}
	if l := leaf.Type().LogicalType(); l != nil {
		if i, ok := l.Value.(*format.IntType); ok {
			out.unsigned = !i.IsSigned
		}
	}
	if c.IsText || kind != parquet.Int32 && kind != parquet.Int64 && kind != parquet.Boolean {
		return nil, fmt.Errorf("%w: it is %s", errColumnType, leaf.Type())
	}
	return out, nil
}

// recordColumn reads a column value by value.
type recordColumn struct {
	source               *parquet.Column
	text, list, unsigned bool

	valueCursor
	known map[string]string // texts seen before, which share memory
}

// knownMost bounds the memory of the texts seen before.
const knownMost = 1 << 17

// next puts the values of the next row into a field.
func (c *recordColumn) next(f *recordField) (err error) {
	defer recovered(&err)
	f.numbers, f.texts = f.numbers[:0], f.texts[:0]
	for first := true; ; first = false {
		switch err := c.fill(); {
		case first && errors.Is(err, io.EOF):
			return pageError(err)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case !first && c.rest[0].RepetitionLevel() == 0:
			return nil
		}
		v := c.rest[0]
		c.rest = c.rest[1:]
		switch {
		case v.IsNull():
			if c.list && v.DefinitionLevel() == c.source.MaxDefinitionLevel()-1 && c.source.Optional() {
				return errors.New("a list with a null")
			}
		case c.text:
			f.texts = append(f.texts, c.intern(v.ByteArray()))
		case v.Kind() == parquet.Boolean:
			n := int64(0)
			if v.Boolean() {
				n = 1
			}
			f.numbers = append(f.numbers, n)
		case c.unsigned && v.Kind() == parquet.Int32:
			f.numbers = append(f.numbers, int64(v.Uint32()))
		default:
			f.numbers = append(f.numbers, integer(v))
		}
		if !c.list {
			return nil
		}
	}
}

func (c *recordColumn) intern(b []byte) string {
	if s, ok := c.known[string(b)]; ok {
		return s
	}
	if c.known == nil || len(c.known) == knownMost {
		c.known = map[string]string{}
	}
	s := string(b)
	c.known[s] = s
	return s
}

// recordReader reads the rows of a file.
type recordReader struct {
	file    *file
	columns []*recordColumn // nil for missing ones
	record  Record
}

func (r *recordReader) close() {
	for _, c := range r.columns {
		if c != nil {
			c.close()
		}
	}
}

func (r *recordReader) readGroup(ctx context.Context, group int, use func(*Record) error) (err error) {
	for i, c := range r.columns {
		if c == nil {
			continue
		}
		c.close()
		if c.pages, err = r.file.pagesOf(r.file.reader, group, c.source); err != nil {
			return r.file.fail(group, r.record.names[i], err)
		}
	}
	for row := range r.file.rowsOf(group) {
		if row%batchRows == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		for i, c := range r.columns {
			if c == nil {
				continue
			}
			if err := c.next(&r.record.fields[i]); err != nil {
				return r.file.fail(group, r.record.names[i], err)
			}
		}
		if err := use(&r.record); err != nil {
			return r.file.fail(group, "", fmt.Errorf("row %d: %w", row, err))
		}
	}
	return nil
}
