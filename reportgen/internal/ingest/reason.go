package ingest

import "fmt"

// Reason says why a row did not become a flow.
type Reason string

// The reasons for leaving out a row that is well formed.
const (
	otherProtocol Reason = "not an IP protocol"    // ARP and others, or one that the log does not know
	otherLog      Reason = "record of another log" // in a stream that mixes several logs
	otherDay      Reason = "outside the chosen days"
	noData        Reason = "record without data" // of an interval in which nothing was seen or kept
	fragment      Reason = "fragment of a packet without ports"
	interim       Reason = "interim report of a flow" // the last report of the flow has the totals
	eventOnly     Reason = "event without counts"     // of a firewall or NAT; the end of the connection has them
	optionsRecord Reason = "options of an exporter"   // which say something about the exporter itself
)

// The reasons for leaving out a row that is not well formed.
const (
	badTime     Reason = "time not readable"
	badDate     Reason = "a date before 1990 or after tomorrow"
	badProtocol Reason = "protocol not readable"
	badAddress  Reason = "address not readable"
	badPort     Reason = "port not readable"
	badBytes    Reason = "byte count not readable"
	badNumber   Reason = "number not readable"
	badJSON     Reason = "not a JSON object of this log"
	fieldCount  Reason = "wrong number of fields"
	noValue     Reason = "a required field is missing"
	badMessage  Reason = "export message not readable"
	noTemplate  Reason = "template of the records missing"
	cutOff      Reason = "last line cut off"
	tooLong     Reason = "line too long"
)

// malformed says whether the reason is a defect of the log rather than a row
// that is sound but of no use here.
func (r Reason) malformed() bool {
	switch r {
	case otherProtocol, otherLog, otherDay, noData, fragment, interim, eventOnly, optionsRecord:
		return false
	}
	return true
}

// lossy reports whether rows left out for the reason are likely to have been
// flows. A last line that is cut off is lost too, but no more than one a file.
func (r Reason) lossy() bool { return r.malformed() && r != cutOff }

// rowError says why one row of a file was left out.
type rowError struct {
	Line   int64 // counted from 1
	Reason Reason
	Detail string // the text of the row or field
	Bytes  int64  // about how many bytes the row claims, if it has a number of them
}

func (e *rowError) Error() string {
	return fmt.Sprintf("line %d: %s: %s", e.Line, e.Reason, e.Detail)
}
