package scan

import (
	"fmt"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// The columns by their place in flow.Columns.
const (
	colTime = iota
	colSrc
	colDst
	colProto
	colPort
	colUp
	colDown
	numColumns
)

// column is a column of flow.Columns as one file has it.
type column struct {
	name     string
	leaf     int // its place among the column chunks of a row group
	optional bool
	kind     parquet.Kind
	length   int  // of FIXED_LEN_BYTE_ARRAY, in bytes
	unsigned bool // of integers
}

// newColumn checks that the type of c is one that can hold the column of that
// name: whole numbers for numbers, text or numbers for addresses and protocols.
func newColumn(c *parquet.Column) (column, error) {
	if !c.Leaf() || c.Repeated() {
		return column{}, fmt.Errorf("%w: it is nested; write one value a row", ErrColumnType)
	}
	t := c.Type()
	col := column{name: c.Name(), leaf: c.Index(), optional: c.Optional(), kind: t.Kind()}
	var logical format.LogicalTypeValue
	if l := t.LogicalType(); l != nil {
		logical = l.Value
	}
	readable := false
	switch col.kind {
	case parquet.Int32, parquet.Int64:
		readable = wholeNumber(logical)
		if i, ok := logical.(*format.IntType); ok {
			col.unsigned = !i.IsSigned
		}
	case parquet.Float, parquet.Double:
		readable = !col.coded()
	case parquet.ByteArray:
		readable = col.coded() && isText(logical)
	case parquet.FixedLenByteArray:
		col.length = t.Length()
		readable = (col.name == flow.ColSrc || col.name == flow.ColDst) && logical == nil &&
			(col.length == 4 || col.length == 16)
	}
	if !readable {
		return column{}, fmt.Errorf("%w: it is %s; write it as %s", ErrColumnType, t, col.wanted())
	}
	return col, nil
}

// coded tells the columns that are read as codes (addresses and protocol) from
// those that are read as numbers.
func (c *column) coded() bool {
	return c.name == flow.ColSrc || c.name == flow.ColDst || c.name == flow.ColProto
}

// wanted says what to write instead of a type that cannot be read.
func (c *column) wanted() string {
	switch c.name {
	case flow.ColSrc, flow.ColDst:
		return "text, such as 192.168.100.35"
	case flow.ColProto:
		return "text, tcp or udp"
	case flow.ColTime:
		return "a whole number of hundredths of a second since midnight"
	}
	return "a whole number"
}

func wholeNumber(logical format.LogicalTypeValue) bool {
	switch l := logical.(type) {
	case nil, *format.IntType:
		return true
	case *format.DecimalType:
		return l.Scale == 0
	}
	return false
}

func isText(logical format.LogicalTypeValue) bool {
	switch logical.(type) {
	case nil, *format.StringType, *format.EnumType:
		return true
	}
	return false
}
