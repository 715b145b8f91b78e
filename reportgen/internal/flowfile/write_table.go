package flowfile

import (
	"fmt"
	"io"
	"math"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/flowbook/flowbook/pkg/query"
)

// WriteTable writes the result of a query as a Parquet file. Columns with unknown
// numbers are optional.
func WriteTable(w io.Writer, t *query.Table) error {
	fields := parquet.Group{}
	for i := range t.Columns {
		c := &t.Columns[i]
		switch {
		case c.Texts != nil:
			fields[c.Name] = parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
		case c.Ints != nil:
			fields[c.Name] = parquet.Int(64)
		default:
			fields[c.Name] = parquet.Optional(parquet.Leaf(parquet.DoubleType))
		}
	}
	schema := parquet.NewSchema("result", fields)
	places := make([]int, len(t.Columns)) // a group has its columns in the order of their names
	for i := range t.Columns {
		leaf, ok := schema.Lookup(t.Columns[i].Name)
		if !ok {
			return fmt.Errorf("write the result: no column %s", t.Columns[i].Name)
		}
		places[i] = leaf.ColumnIndex
	}
	out := parquet.NewGenericWriter[any](w, schema, parquet.CreatedBy("flowbook", "1", ""), parquet.Compression(&zstd.Codec{}))
	rows := make([]parquet.Row, 0, batchRows)
	for n := range t.Len() {
		row := make(parquet.Row, len(t.Columns))
		for i := range t.Columns {
			row[places[i]] = parquetValue(&t.Columns[i], n).Level(0, definition(&t.Columns[i], n), places[i])
		}
		if rows = append(rows, row); len(rows) == cap(rows) || n == t.Len()-1 {
			if _, err := out.WriteRows(rows); err != nil {
				return fmt.Errorf("write the result: %w", err)
			}
			rows = rows[:0]
		}
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

func parquetValue(c *query.TableColumn, row int) parquet.Value {
	switch {
	case c.Texts != nil:
		return parquet.ByteArrayValue([]byte(c.Texts[row]))
	case c.Ints != nil:
		return parquet.Int64Value(c.Ints[row])
	case math.IsNaN(c.Floats[row]):
		return parquet.NullValue()
	}
	return parquet.DoubleValue(c.Floats[row])
}

// definition returns the definition level of a value: 1 for a known value of an
// optional column.
func definition(c *query.TableColumn, row int) int {
	if c.Floats != nil && !math.IsNaN(c.Floats[row]) {
		return 1
	}
	return 0
}
