package flowfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/flowbook/flowbook/pkg/budget"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The limits of a schema.
const (
	footerMost  = 64 << 20 // bytes of a footer
	columnsMost = 20_000
)

var protocol thrift.CompactProtocol

// readFooter reads the footer, and lets the library make the columns of its schema. The library is shown a file with one
// row group of uncompressed columns: pages are read by this package, within limits, and handed on as those of that file.
func (f *file) readFooter() (err error) {
	defer recovered(&err)
	footer, err := f.footer()
	if err != nil {
		return err
	}
	if err := thrift.Unmarshal(&protocol, footer, &f.metadata); err != nil {
		return fmt.Errorf("%w (%w)", errDamaged, err)
	}
	if f.metadata.EncryptionAlgorithm.Value != nil {
		return errEncrypted
	}
	leaves, err := checkSchema(f.metadata.Schema)
	if err != nil {
		return err
	}
	for i := range f.metadata.RowGroups {
		if n := len(f.metadata.RowGroups[i].Columns); n != leaves {
			return fmt.Errorf("%w (row group %d has %d columns, the schema %d)", errDamaged, i, n, leaves)
		}
	}
	f.schema, err = schemaOf(&f.metadata, leaves)
	return err
}

// footer returns the bytes of the footer, once they are found to be a structure that can be decoded.
func (f *file) footer() ([]byte, error) {
	var tail [8]byte
	if _, err := f.reader.ReadAt(tail[:], f.size-8); err != nil {
		return nil, err
	}
	size := int64(binary.LittleEndian.Uint32(tail[:])) // fits into the file: see checkEnds
	if err := budget.Check("footer", size, footerMost, budget.Bytes); err != nil {
		return nil, err
	}
	footer := make([]byte, size)
	if _, err := f.reader.ReadAt(footer, f.size-8-size); err != nil {
		return nil, err
	}
	switch n, err := checkThrift(footer); {
	case err != nil:
		return nil, damaged(err)
	case n < len(footer):
		return nil, fmt.Errorf("%w (%d bytes follow the footer)", errDamaged, len(footer)-n)
	}
	return footer, nil
}

// damaged returns an error that says that the file is damaged, unless err is a limit of this program.
func damaged(err error) error {
	if _, ok := errors.AsType[*budget.Exceeded](err); ok {
		return err
	}
	return fmt.Errorf("%w (%w)", errDamaged, err)
}

// checkSchema checks that the elements are one tree, and not too large or deep a one for the library, which calls
// itself for each level. It returns the number of leaves.
func checkSchema(schema []format.SchemaElement) (leaves int, err error) {
	if err := budget.Check("schema", int64(len(schema)), columnsMost, "columns"); err != nil {
		return 0, err
	}
	if len(schema) == 0 {
		return 0, fmt.Errorf("%w (it has no schema)", errDamaged)
	}
	open := []int32{1} // elements that each level lacks
	for _, element := range schema {
		for len(open) > 0 && open[len(open)-1] == 0 {
			open = open[:len(open)-1]
		}
		if len(open) == 0 {
			return 0, fmt.Errorf("%w (the schema is not one tree)", errDamaged)
		}
		open[len(open)-1]--
		switch children := element.NumChildren; {
		case children.Valid && children.V > 0:
			open = append(open, children.V)
		case element.Type.Valid:
			leaves++
		}
		if err := budget.Check("schema", int64(len(open)), budget.Nesting, budget.Levels); err != nil {
			return 0, err
		}
	}
	for _, n := range open {
		if n != 0 {
			return 0, fmt.Errorf("%w (the schema is truncated)", errDamaged)
		}
	}
	return leaves, nil
}

// schemaOf returns the columns of a footer as those of a file with one row group, whose columns are all of uncompressed
// pages that begin at byte 0.
func schemaOf(m *format.FileMetaData, leaves int) (*parquet.File, error) {
	group := format.RowGroup{Columns: make([]format.ColumnChunk, leaves), NumRows: 1}
	for i := range group.Columns {
		group.Columns[i].MetaData.TotalCompressedSize = math.MaxInt64
		group.Columns[i].MetaData.Encoding = []format.Encoding{}
		group.Columns[i].MetaData.PathInSchema = []string{}
	}
	shown := format.FileMetaData{Version: m.Version, Schema: m.Schema, RowGroups: []format.RowGroup{group}}
	footer, err := thrift.Marshal(&protocol, shown)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", errDamaged, err)
	}
	b := append([]byte("PAR1"), footer...)
	b = append(binary.LittleEndian.AppendUint32(b, uint32(len(footer))), "PAR1"...)
	schema, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)), parquet.SkipPageIndex(true),
		parquet.SkipBloomFilters(true), parquet.ReadBufferSize(readBuffer))
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", errDamaged, err)
	}
	return schema, nil
}

// rowsOf returns the number of rows of a row group, as the footer says.
func (f *file) rowsOf(rowGroup int) int64 { return f.metadata.RowGroups[rowGroup].NumRows }

// chunkOf returns a column of a row group, by its place among the leaves.
func (f *file) chunkOf(rowGroup, leaf int) *format.ColumnChunk {
	return &f.metadata.RowGroups[rowGroup].Columns[leaf]
}

// lookup returns the value of a key of the file's metadata.
func (f *file) lookup(key string) (value string, ok bool) {
	for _, kv := range f.metadata.KeyValueMetadata {
		if kv.Key == key {
			return kv.Value, true
		}
	}
	return "", false
}
