package ingest

import "github.com/flowbook/flowbook/pkg/flow"

// Flow is a flow record and the day to whose hours its time refers.
type Flow struct {
	flow.Record
	Date Date
	Line int64 // line number in its file, from 1
	// File is the number of its file among those read, from 0. Of rows that are the
	// same in several files, a [Sorter] keeps those of one.
	File uint16
	// Known says that the row was imported before, as [Options].Known has it.
	Known bool
	// BytesUnknown says that the log gave no byte count for one or both
	// directions; Up or Down is then 0.
	BytesUnknown bool
	// BytesCapped says that the log claims more bytes, in one or both
	// directions, than its packets held; Up or Down is then the bytes of the
	// packets.
	BytesCapped bool
	// Relative says that the log counts times from the start of a capture, so that
	// its first day is 1970-01-01.
	Relative bool
	// BytesRounded says that the log rounds the bytes of a direction, such as
	// to 1.2 M.
	BytesRounded bool
	// Summed says that the row adds up the connections of an interval.
	Summed bool
	// PointGuessed says that a count such as 2.000 is taken for 2, though it may be 2,000.
	PointGuessed bool
	// DetailLost says that a value of an optional column cannot be read.
	DetailLost bool
	// DirectionGuessed says that the log does not know who opened the
	// connection, and that Src and Dst are as [opener] has it.
	DirectionGuessed bool
	// TimeGuessed says that the times are derived from when an exporter sent the record,
	// which does not have them.
	TimeGuessed bool
	// Tunnelled says that the flow is one inside a tunnel, such as VXLAN or GRE, which
	// is not a flow itself.
	Tunnelled bool
	// Sampling says that only one of so many packets was counted. It is 0 if all
	// were.
	Sampling uint32

	// OneWay says that the row describes the packets from Src to Dst only: those
	// from Dst to Src, if there were any, are another row. [Sorter.Pair] joins
	// the two. Opener, Observer and Flags help with that.
	OneWay    bool
	Patient   bool // the next part may come five minutes later, as Azure's do
	Part      bool // the row may be one of several of a connection, of both directions; Pair joins them
	Total     bool // the part counts all that the connection had until then, so that Pair takes the last of several
	Opener    Opener
	Observer  uint8 // a mark of who saw the row, of several that may see the same; 0 if unknown
	Flags     uint8 // TCP flags of the packets from Src; 0 if unknown
	DownFlags uint8 // TCP flags of the packets from Dst; 0 if unknown
}

// decoder reads the rows of one file.
//
// Read returns the next flow, or
//   - io.EOF at the end of the file,
//   - a *rowError, not wrapped, if one row is left out: the next Read goes on
//     with the row after it, and may overwrite the error,
//   - any other error, which names the line, if the rest of the file cannot be
//     read.
type decoder interface {
	Read() (Flow, error)
}
