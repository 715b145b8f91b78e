package ingest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Flow is a flow record and the day to whose hours its time refers.
type Flow struct {
	flow.Record
	Date Date
	Line int64 // where it stands in its file, from 1
	// BytesUnknown says that the log gave no byte count for one or both
	// directions; Up or Down is then 0.
	BytesUnknown bool
	// BytesCapped says that the log claims more bytes, in one or both
	// directions, than its packets held; Up or Down is then the bytes of the
	// packets.
	BytesCapped bool
}

// Decoder reads the rows of one file.
//
// Read returns the next flow, or
//   - io.EOF at the end of the file,
//   - a [*RowError], not wrapped, where one row is left out: the next Read
//     goes on with the row after it, and may overwrite the error,
//   - any other error, saying the line, where the file cannot be read on.
type Decoder interface {
	Read() (Flow, error)
}

// Format is a kind of log.
type Format struct {
	// Name is what the format is asked for by, such as "zeek".
	Name string
	// About says in one line what the format is.
	About string
	// Wants says whether a file of this name, found in a folder, is a log of
	// this format. Files that are named one by one are always read.
	Wants func(base string) bool
	// Wanted describes, for messages, the names that Wants accepts.
	Wanted string

	open func(*lines, clock) (Decoder, error)
}

var formats = map[string]Format{
	"zeek": {
		Name:   "zeek",
		About:  "Zeek's connection log (conn.log), as TSV or JSON lines, gzip or plain",
		Wants:  isZeekConnLog,
		Wanted: "conn.log, conn.*.log, conn_<date>.log, each also as .gz or .json",
		open:   openZeek,
	},
}

// Formats returns the names of all formats, sorted.
func Formats() []string {
	return slices.Sorted(maps.Keys(formats))
}

// Lookup returns the format of the given name. The error of an unknown name
// lists the known ones.
func Lookup(name string) (Format, error) {
	f, ok := formats[name]
	if !ok {
		return Format{}, fmt.Errorf("format %q is not known; known are: %s", name, strings.Join(Formats(), ", "))
	}
	return f, nil
}
