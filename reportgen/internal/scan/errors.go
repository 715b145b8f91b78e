package scan

import (
	"errors"
	"fmt"
	"strings"

	"github.com/flowbook/flowbook/pkg/profile"
)

// What can be wrong with a file as a whole; test for them with errors.Is.
var (
	ErrNotParquet    = errors.New("not a Parquet file; convert it with reportgen import, or write it with to_parquet")
	ErrTruncated     = errors.New("the Parquet file is truncated; copy or write it again")
	ErrEncrypted     = errors.New("the Parquet file is encrypted; write it without encryption")
	ErrDamaged       = errors.New("the Parquet file is damaged; copy or write it again")
	ErrCompression   = errors.New("the column is compressed in a way that cannot be read; write it with zstd or snappy")
	ErrMissingColumn = errors.New("the column is missing")
	ErrColumnType    = errors.New("the column has a type that cannot be read")
	ErrNoRows        = errors.New("the file holds no flows: an empty day")
	ErrSameFlows     = errors.New("the file has the same bytes as another one; name it once")
	ErrAllRejected   = errors.New("none of the rows is a flow")
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

// RowError is a row that is no flow. [Rows] yields one for each such row that
// it reads and can go on after it.
type RowError struct {
	Reason string
	At     profile.Place
}

// Error says where the row stands and why it is no flow.
func (e *RowError) Error() string {
	return fmt.Sprintf("%s: row group %d, row %d, column %s: %s: %q",
		e.At.File, e.At.RowGroup, e.At.Row, e.At.Column, e.Reason, e.At.Value)
}

// recovered makes an error of a panic of the Parquet library, which panics on
// some malformed files. It is to be deferred around calls into the library.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w (%v)", ErrDamaged, p)
	}
}
