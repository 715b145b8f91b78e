package ingest

import "fmt"

// Reason says why a row did not become a flow.
type Reason string

// The reasons for leaving out a row that is well formed.
const (
	OtherProtocol Reason = "protocol neither tcp nor udp" // icmp and others have no ports
	OtherLog      Reason = "record of another log"        // in a stream that mixes several logs
	OtherDay      Reason = "outside the chosen days"
	NoData        Reason = "record without data" // of an interval in which nothing was seen or kept
	Fragment      Reason = "fragment of a packet without ports"
	Interim       Reason = "interim report of a flow" // the last report of the flow has the totals
)

// The reasons for leaving out a row that is not well formed.
const (
	BadTime     Reason = "time not readable"
	BadDate     Reason = "a date before 1990 or after tomorrow"
	BadProtocol Reason = "protocol not readable"
	BadAddress  Reason = "address not readable"
	BadPort     Reason = "port not readable"
	BadBytes    Reason = "byte count not readable"
	BadNumber   Reason = "number not readable"
	BadJSON     Reason = "not a JSON object of this log"
	FieldCount  Reason = "wrong number of fields"
	NoValue     Reason = "a needed field is unset"
	CutOff      Reason = "last line cut off"
	TooLong     Reason = "line too long"
)

// Malformed says whether the reason is a defect of the log rather than a row
// that is sound but of no use here.
func (r Reason) Malformed() bool {
	switch r {
	case OtherProtocol, OtherLog, OtherDay, NoData, Fragment, Interim:
		return false
	}
	return true
}

// Lossy reports whether rows left out for the reason are likely to have been
// flows. A last line that is cut off is lost too, but no more than one a file.
func (r Reason) Lossy() bool { return r.Malformed() && r != CutOff }

// RowError says why one row of a file was left out.
type RowError struct {
	Line   int64 // counted from 1
	Reason Reason
	Detail string // the text of the row or field
	Bytes  int64  // about how many bytes the row claims, if it has a number of them
}

func (e *RowError) Error() string {
	return fmt.Sprintf("line %d: %s: %s", e.Line, e.Reason, e.Detail)
}
