package flowfile

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// readBuffer is how much of a column is read ahead of a page's header. Pages
// themselves are read whole.
const readBuffer = 64 << 10

// file is an open flow file whose columns have been found.
type file struct {
	path     string
	os       *os.File
	reader   io.ReaderAt // of the same bytes
	size     int64
	changed  time.Time // when the file was last written before it was opened
	metadata format.FileMetaData
	schema   *parquet.File // the columns, without rows: see readFooter
	columns  [NumColumns]column
	present  []int // the columns that the file has, in order
	rows     int64 // as the footer says
	exact    bool  // see pageSource
}

// base returns the file's name without its folder, which is all that results
// may show of a path.
func (f *file) base() string { return filepath.Base(f.path) }

func (f *file) Close() error { return f.os.Close() }

// unchanged reports whether the file was written while it was read: its columns and its
// hash may then be of different contents. A file that another one replaced is still read
// as it was, and a small one was read at once.
func (f *file) unchanged() error {
	if f.size <= smallFile {
		return nil
	}
	info, err := f.os.Stat()
	if err == nil && (info.Size() != f.size || !info.ModTime().Equal(f.changed)) {
		err = errChanged
	}
	if err != nil {
		return f.fail(-1, "", err)
	}
	return nil
}

// fail gives err the place where it happened.
func (f *file) fail(rowGroup int, column string, err error) error {
	return &Error{File: f.path, RowGroup: rowGroup, Column: column, Err: err}
}

// open opens a flow file and checks all that can be checked without reading
// the data: that it is a whole Parquet file with the seven columns in types
// that can be read, and at least one row.
func open(path string) (_ *file, err error) {
	o, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a named pipe is refused below, and not waited for
	if err != nil {
		return nil, err // it names the path
	}
	defer func() {
		if err != nil {
			_ = o.Close()
		}
	}()
	f := &file{path: path, os: o, reader: o}
	info, err := o.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, f.fail(-1, "", fmt.Errorf("%w: not a regular file", errNotParquet))
	}
	f.size, f.changed = info.Size(), info.ModTime()
	if err := f.readSmall(); err != nil {
		return nil, f.fail(-1, "", err)
	}
	if err := checkEnds(f.reader, f.size); err != nil {
		return nil, f.fail(-1, "", err)
	}
	if err := f.readFooter(); err != nil {
		return nil, f.fail(-1, "", err)
	}
	if err := f.findColumns(); err != nil {
		return nil, err
	}
	if err := f.checkRowGroups(); err != nil {
		return nil, err
	}
	return f, nil
}

// smallFile is the most bytes of a file that is read at once: a day may come in
// thousands of files, whose reading is mostly waiting for the system.
const smallFile = 1 << 20

// readSmall reads the file into memory, if it is small.
func (f *file) readSmall() error {
	if f.size > smallFile {
		return nil
	}
	data := make([]byte, f.size)
	if n, err := f.os.ReadAt(data, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	} else if int64(n) < f.size {
		return errTruncated
	}
	f.reader = bytes.NewReader(data)
	return nil
}

// checkEnds distinguishes files that are not Parquet from truncated Parquet files,
// and checks that the file is large enough for the length of its footer.
func checkEnds(r io.ReaderAt, size int64) error {
	var head, tail [8]byte
	n, err := r.ReadAt(head[:4], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch magic := string(head[:n]); {
	case magic == "PARE":
		return errEncrypted
	case n == 0:
		return fmt.Errorf("%w: it is empty", errNotParquet)
	case magic != "PAR1":
		return errNotParquet
	case size < 12:
		return errTruncated
	}
	if _, err := r.ReadAt(tail[:], size-8); err != nil {
		return err
	}
	if string(tail[4:]) == "PARE" {
		return errEncrypted
	}
	if string(tail[4:]) != "PAR1" || int64(binary.LittleEndian.Uint32(tail[:]))+12 > size {
		return errTruncated
	}
	return nil
}

func (f *file) findColumns() error {
	columns := f.schema.Root().Columns()
	for i, name := range flow.Columns {
		c, err := findColumn(columns, name)
		if err != nil {
			return f.fail(-1, name, err)
		}
		f.columns[i] = c
		f.present = append(f.present, i)
	}
	// A further column that only has the name of an optional one is ignored.
	for i, name := range flow.OptionalColumns {
		if c, err := findColumn(columns, name); err == nil {
			f.columns[numRequired+i] = c
			f.present = append(f.present, numRequired+i)
		}
	}
	return nil
}

func findColumn(columns []*parquet.Column, name string) (_ column, err error) {
	defer recovered(&err)
	n := slices.IndexFunc(columns, func(c *parquet.Column) bool { return c.Name() == name })
	if n < 0 {
		return column{}, fmt.Errorf("%w; the file has %s", errMissingColumn, names(columns))
	}
	return newColumn(columns[n])
}

// names lists columns, the first twenty of them.
func names(columns []*parquet.Column) string {
	if len(columns) == 0 {
		return "no columns"
	}
	var b strings.Builder
	for i, c := range columns {
		if i == 20 {
			fmt.Fprintf(&b, " and %d more", len(columns)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(Clip(c.Name()))
	}
	return b.String()
}

// checkRowGroups counts the rows and checks how the columns are compressed.
func (f *file) checkRowGroups() error {
	for i := range f.metadata.RowGroups {
		rows := f.rowsOf(i)
		if rows < 0 || f.rows > math.MaxInt64-rows {
			return f.fail(i, "", fmt.Errorf("%w (it announces %d rows)", errDamaged, rows))
		}
		f.rows += rows
		for _, col := range f.present {
			if _, err := newDecompressor(f.chunk(i, col).Codec); err != nil {
				return f.fail(i, allColumns[col], err)
			}
		}
	}
	if f.rows == 0 {
		return f.fail(-1, "", errNoRows)
	}
	return nil
}

// hashFile returns the SHA-256 of the file's bytes in hexadecimal.
func hashFile(ctx context.Context, f *file) (string, error) {
	h := sha256.New()
	r := io.NewSectionReader(f.reader, 0, f.size)
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if _, err := io.CopyN(h, r, 4<<20); err == io.EOF {
			return hex.EncodeToString(h.Sum(nil)), nil
		} else if err != nil {
			return "", f.fail(-1, "", err)
		}
	}
}

// The required columns of a [Block] by their place, which is that in flow.Columns.
const (
	PlaceTime = iota
	PlaceSrc
	PlaceDst
	PlaceProto
	PlacePort
	PlaceUp
	PlaceDown
	numRequired
)

// The optional columns by their place, after the required ones.
const (
	placeDuration = numRequired + iota
	placeSrcPort
	PlaceUpPackets
	PlaceDownPackets
	placeState
	placeName
	NumColumns
)

// allColumns are the names of the required and the optional columns.
var allColumns = append(slices.Clone(flow.Columns), flow.OptionalColumns...)

// column is a column of flow.Columns as one file has it.
type column struct {
	name     string
	source   *parquet.Column
	optional bool
	kind     parquet.Kind
	length   int  // of FIXED_LEN_BYTE_ARRAY, in bytes
	unsigned bool // of integers
	extra    bool // an optional column, whose values may be unknown: -1 for numbers, 0 for codes
}

// newColumn checks that the type of c is one that can hold the column of that
// name: whole numbers for numbers, text or numbers for addresses and protocols.
func newColumn(c *parquet.Column) (column, error) {
	if !c.Leaf() || c.Repeated() {
		return column{}, fmt.Errorf("%w: it is nested; write one value a row", errColumnType)
	}
	t := c.Type()
	col := column{name: c.Name(), source: c, optional: c.Optional(), kind: t.Kind(), extra: slices.Contains(flow.OptionalColumns, c.Name())}
	var logical format.LogicalTypeValue
	if l := t.LogicalType(); l != nil {
		logical = l.Value
	}
	readable := false
	switch col.kind {
	case parquet.Int32, parquet.Int64:
		readable = wholeNumber(logical) && (col.textKind() != stateText && col.textKind() != nameText)
		if i, ok := logical.(*format.IntType); ok {
			col.unsigned = !i.IsSigned
		}
	case parquet.Float, parquet.Double:
		// A duration with decimals is one of another program, in seconds.
		readable = !col.coded() && col.name != flow.ColDuration
	case parquet.ByteArray:
		readable = col.coded() && isText(logical)
	case parquet.FixedLenByteArray:
		col.length = t.Length()
		readable = (col.name == flow.ColSrc || col.name == flow.ColDst) && logical == nil &&
			(col.length == 4 || col.length == 16)
	}
	if !readable {
		return column{}, fmt.Errorf("%w: it is %s; write it as %s", errColumnType, t, col.wanted())
	}
	return col, nil
}

// textKind is what the texts of a column mean.
type textKind int

const (
	noText textKind = iota // a column of numbers
	addressText
	protocolText
	stateText
	nameText
	numTextKinds
)

func (c *column) textKind() textKind {
	switch c.name {
	case flow.ColSrc, flow.ColDst:
		return addressText
	case flow.ColProto:
		return protocolText
	case flow.ColState:
		return stateText
	case flow.ColName:
		return nameText
	}
	return noText
}

// coded reports whether a column is read as codes and not as numbers.
func (c *column) coded() bool { return c.textKind() != noText }

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
