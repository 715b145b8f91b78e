package ingest

import (
	"strings"
	"testing"
)

// A line break in a file name or value does not begin a line of its own.
func TestSummaryHasOneLineForEachSubject(t *testing.T) {
	s := Summary{Files: 1, Rows: 2, LeftOut: []Count{{Reason: otherProtocol, Rows: 1, First: "a\nb.log:2: ic\r\nmp"}}, Empty: []string{"c\nd.log"}}
	var b strings.Builder
	n, err := s.WriteTo(&b)
	const want = `read 2 rows of 1 file
left out 1 row: not an IP protocol; first a\nb.log:2: ic\r\nmp
found no row in 1 file; first c\nd.log
`
	if err != nil || b.String() != want || n != int64(len(want)) {
		t.Errorf("%d bytes, error %v\n%s", n, err, b.String())
	}
}
