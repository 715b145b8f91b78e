package query

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"slices"
)

// Table is the result of a query, column by column.
type Table struct {
	Columns []TableColumn
}

// TableColumn is a column of a result. Exactly one of Ints, Floats and Texts has its
// values.
type TableColumn struct {
	Name   string
	Unit   Unit
	Ints   []int64
	Floats []float64 // NaN is unknown
	Texts  []string
}

// Len returns the number of rows.
func (t *Table) Len() int {
	if len(t.Columns) == 0 {
		return 0
	}
	c := &t.Columns[0]
	return max(len(c.Ints), len(c.Floats), len(c.Texts))
}

// HideUnknown makes a column of whole numbers one of numbers if some of its values are not
// known: these become NaN.
func (c *TableColumn) HideUnknown(known []bool) {
	if c.Ints == nil || !slices.Contains(known, false) {
		return
	}
	c.Floats = make([]float64, len(c.Ints))
	for i, x := range c.Ints {
		c.Floats[i] = math.NaN()
		if known[i] {
			c.Floats[i] = float64(x)
		}
	}
	c.Ints = nil
}

// The kinds of columns in an encoded table.
const (
	encodedInts = iota
	encodedFloats
	encodedTexts
)

// tableMagic begins an encoded table. Its last letter is the version.
const tableMagic = "FBTABLE1"

// errNotTable is the error of data that is not an encoded table, or a damaged one.
var errNotTable = errors.New("not a result of a query, or a damaged one")

// Encode writes the table in a form that [DecodeTable] reads fast: each column as
// whole numbers (zigzag varints), as numbers of 8 bytes, or as numbers of its
// different texts.
func (t *Table) Encode(w io.Writer) error {
	b := []byte(tableMagic)
	b = binary.AppendUvarint(b, uint64(len(t.Columns)))
	b = binary.AppendUvarint(b, uint64(t.Len()))
	for i := range t.Columns {
		b = t.Columns[i].append(b)
	}
	_, err := w.Write(sealed(b))
	return err
}

// sealed returns b with its checksum.
func sealed(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

func (c *TableColumn) append(b []byte) []byte {
	b = appendText(b, c.Name)
	b = append(b, byte(c.Unit))
	switch {
	case c.Ints != nil:
		b = append(b, encodedInts)
		for _, x := range c.Ints {
			b = binary.AppendVarint(b, x)
		}
	case c.Floats != nil:
		b = append(b, encodedFloats)
		for _, x := range c.Floats {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
		}
	default:
		b = append(b, encodedTexts)
		numbers := map[string]uint64{}
		for _, s := range c.Texts {
			n, ok := numbers[s]
			if !ok {
				n = uint64(len(numbers))
				numbers[s] = n
			}
			b = binary.AppendUvarint(b, n)
			if !ok {
				b = appendText(b, s)
			}
		}
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// DecodeTable reads what [Table.Encode] wrote.
func DecodeTable(b []byte) (*Table, error) {
	if !bytes.HasPrefix(b, []byte(tableMagic)) || len(b) < len(tableMagic)+4 {
		return nil, errNotTable
	}
	end := len(b) - 4
	if crc32.ChecksumIEEE(b[:end]) != binary.LittleEndian.Uint32(b[end:]) {
		return nil, errNotTable
	}
	d := &tableDecoder{rest: b[len(tableMagic):end]}
	columns, rows := d.count(), d.count()
	t := &Table{}
	for range columns {
		t.Columns = append(t.Columns, d.column(rows))
		if d.failed {
			return nil, errNotTable
		}
	}
	if d.failed || len(d.rest) > 0 {
		return nil, errNotTable
	}
	return t, nil
}

// tableDecoder reads from rest. Once it failed, it returns zeros.
type tableDecoder struct {
	rest   []byte
	failed bool
}

func (d *tableDecoder) uvarint() uint64 {
	x, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.failed, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[n:]
	return x
}

// count reads a number of columns, rows or bytes. Each takes a byte or more.
func (d *tableDecoder) count() int {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.failed = true
		return 0
	}
	return int(n)
}

func (d *tableDecoder) bytes(n int) []byte {
	if n > len(d.rest) {
		d.failed, d.rest = true, nil
		return make([]byte, n)
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *tableDecoder) text() string { return string(d.bytes(d.count())) }

func (d *tableDecoder) column(rows int) TableColumn {
	c := TableColumn{Name: d.text(), Unit: Unit(d.bytes(1)[0])}
	switch kind := d.bytes(1)[0]; kind {
	case encodedInts:
		c.Ints = make([]int64, rows)
		for i := range c.Ints {
			x, n := binary.Varint(d.rest)
			if n <= 0 {
				d.failed = true
				return c
			}
			c.Ints[i], d.rest = x, d.rest[n:]
		}
	case encodedFloats:
		c.Floats = make([]float64, rows)
		for i := range c.Floats {
			if len(d.rest) < 8 {
				d.failed = true
				return c
			}
			c.Floats[i] = math.Float64frombits(binary.LittleEndian.Uint64(d.bytes(8)))
		}
	case encodedTexts:
		c.Texts = make([]string, rows)
		var texts []string
		for i := range c.Texts {
			n := d.uvarint()
			if n == uint64(len(texts)) {
				texts = append(texts, d.text())
			}
			if d.failed || n >= uint64(len(texts)) {
				d.failed = true
				return c
			}
			c.Texts[i] = texts[n]
		}
	default:
		d.failed = true
	}
	return c
}
