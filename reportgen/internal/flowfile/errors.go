package flowfile

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// What can be wrong with a file as a whole; test for them with errors.Is.
var (
	errNotParquet    = errors.New("not a Parquet file; convert it with reportgen import, or write it with to_parquet")
	errTruncated     = errors.New("the Parquet file is truncated; copy or write it again")
	errEncrypted     = errors.New("the Parquet file is encrypted; write it without encryption")
	errDamaged       = errors.New("the Parquet file is damaged; copy or write it again")
	errCompression   = errors.New("the column is compressed in a way that cannot be read; write it with zstd or snappy")
	errMissingColumn = errors.New("the column is missing")
	errUnknownColumn = errors.New("the table has no such column; the file is damaged or of another version")
	errColumnType    = errors.New("the column has a type that cannot be read")
	errNoRows        = errors.New("the file holds no flows: an empty day")
	errSameFlows     = errors.New("the file has the same bytes as another one; name it once")
	errChanged       = errors.New("the file changed while it was read; try again when it is complete")
	errAllRejected   = errors.New("none of the rows is a flow")
)

// Error is a failure to read a file, with the place of it.
type Error struct {
	File     string // as given
	RowGroup int    // from 0; negative where the error is of the whole file
	Column   string // empty where it is of no single column
	Err      error
}

// Error writes the place from the outside in, then what is wrong there.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.RowGroup >= 0 {
		fmt.Fprintf(&b, ": row group %d", e.RowGroup)
	}
	if e.Column != "" {
		fmt.Fprintf(&b, ": column %s", e.Column)
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	return b.String()
}

// Unwrap returns what is wrong, without the place.
func (e *Error) Unwrap() error { return e.Err }

// RowError reports a row that is not a flow. [Rows] yields one for each such row
// that it reads, and can go on after it.
type RowError struct {
	Reason string
	At     profile.Place
}

// Error returns the position of the row and the reason why it is not a flow.
func (e *RowError) Error() string {
	return fmt.Sprintf("%s: row group %d, row %d, column %s: %s: %q",
		e.At.File, e.At.RowGroup, e.At.Row, e.At.Column, e.Reason, e.At.Value)
}

// recovered makes an error of a panic of the Parquet library, which panics on
// some malformed files. It is to be deferred around calls into the library.
func recovered(err *error) {
	if p := recover(); p != nil {
		if _, ok := p.(runtime.Error); ok {
			p = "lengths within it contradict each other"
		}
		*err = fmt.Errorf("%w (%v)", errDamaged, p)
	}
}

// firstFailure returns the failure that comes first in the file, after err
// ended a parallel read. Of several damaged columns any may be the first to
// fail there; read one by one they fail in the same order every time.
func (f *file) firstFailure(ctx context.Context, err error) error {
	if _, ok := errors.AsType[*Error](err); !ok {
		return err
	}
	for rowGroup := range f.metadata.RowGroups {
		for _, col := range f.present {
			if first := f.readColumn(ctx, rowGroup, col); first != nil {
				return f.fail(rowGroup, allColumns[col], first)
			}
		}
	}
	return err
}

// readColumn reads a column of a row group only to find its errors.
func (f *file) readColumn(ctx context.Context, rowGroup, col int) error {
	c, err := f.openChunk(f.reader, rowGroup, col, newBook(), nil)
	if err != nil {
		return err
	}
	defer c.close()
	var v vector
	for left := f.rowsOf(rowGroup); left > 0; left -= batchRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := int(min(left, batchRows))
		v.resize(f.columns[col].coded(), n)
		if err := c.fill(&v, 0, n, nil); err != nil {
			return err
		}
	}
	return c.finished()
}

// Reasons why a row is not a flow, as in [profile.Rejected].
const (
	ReasonNull     = "no value"
	ReasonNumber   = "not a whole number"
	ReasonTime     = "timestamp outside the day"
	ReasonAddress  = "invalid address"
	ReasonProtocol = "protocol not known"
	ReasonPort     = "port outside 0 to 65535"
	ReasonBytes    = "negative bytes"
)

// fault is a row of a vector for which the column has no usable value.
type fault struct {
	row    int
	reason string
	value  string // as read
}

// badNumber replaces a number that has a fault in a vector. It is negative, so the
// checks that every row passes through find it.
const badNumber = math.MinInt64

// bad says what is wrong with value i of a column, or nothing.
func (v *vector) bad(col, i int, book *book) (reason, value string) {
	if n, ok := slices.BinarySearchFunc(v.faults, i, func(f fault, i int) int { return f.row - i }); ok {
		return v.faults[n].reason, v.faults[n].value
	}
	switch col {
	case PlaceSrc, PlaceDst, PlaceProto:
		if v.codes[i] >= badCode {
			return book.bad(v.codes[i])
		}
		return "", ""
	}
	number := v.numbers[i]
	switch {
	case col == PlaceTime && uint64(number) >= uint64(flow.Day):
		reason = ReasonTime
	case col == PlacePort && uint64(number) > math.MaxUint16:
		reason = ReasonPort
	case number < 0:
		reason = ReasonBytes
	}
	return reason, strconv.FormatInt(number, 10)
}

// reject returns an error for the first column, in the order of flow.Columns, whose
// value makes row i of the batch invalid, or nil.
func (b *batch) reject(i int) *RowError {
	for col := range numRequired {
		if reason, value := b.vectors[col].bad(col, i, b.book); reason != "" {
			rowGroup, row := b.place(i)
			return &RowError{Reason: reason, At: profile.Place{
				File: b.file, RowGroup: rowGroup, Row: row,
				Column: flow.Columns[col], Value: Clip(value),
			}}
		}
	}
	return nil
}

// rejectProtocol returns an error for row i of the batch, which is a flow of a
// protocol that profiles do not count.
func (b *batch) rejectProtocol(i int) *RowError {
	rowGroup, row := b.place(i)
	proto := flow.Proto(b.vectors[PlaceProto].codes[i]).String()
	return &RowError{Reason: UnusedProtocol(proto), At: profile.Place{
		File: b.file, RowGroup: rowGroup, Row: row, Column: flow.ColProto, Value: proto,
	}}
}

// UnusedProtocol is the reason why a profile leaves out the flows of a protocol.
func UnusedProtocol(name string) string {
	return "protocol " + name + ", which detections do not use"
}

// Clip makes a value fit to be shown: valid text of at most 80 bytes.
func Clip(s string) string {
	const most = 80
	if len(s) > most {
		end := most
		for end > most-utf8.UTFMax && !utf8.RuneStart(s[end]) {
			end--
		}
		s = s[:end] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
