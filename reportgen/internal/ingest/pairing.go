package ingest

import (
	"fmt"
	"io"
	"strings"
)

// Pairing says how rows that are parts of connections were joined.
type Pairing struct {
	Rows    int64 // parts of connections
	Flows   int64 // connections that they were joined to
	Joined  int64 // connections with rows of both directions
	Pieces  int64 // rows that continue a connection in a direction that had rows before
	Reports int64 // reports of a connection that a later one replaces
	Twice   int64 // rows that another observer reports as well
	Copies  int64 // rows that another file has as well
	Open    int64 // connections that [Sorter.Open] yields
	Apart   int64 // connections that go on in a flow of an earlier import, which is in its file already
	Other   int64 // connections outside the chosen days, which are left out

	// How it was decided who opened a connection.
	ByLog   int64 // by the log, which says so
	ByFlags int64 // by TCP flags
	ByPorts int64 // by the likelier service port
	ByTime  int64 // by who sent first
}

// WriteTo writes the pairing for users, and nothing if there was no row.
func (p Pairing) WriteTo(w io.Writer) (int64, error) {
	text := ""
	if p.Copies > 0 {
		text = fmt.Sprintf("left out %s that another log has as well\n", count(p.Copies, "row"))
	}
	if p.Rows == 0 {
		n, err := io.WriteString(w, text)
		return int64(n), err
	}
	text += fmt.Sprintf("joined %s into %s: %s with both directions, %s with one\n",
		count(p.Rows, "row"), count(p.Flows, "connection"), count(p.Joined, "connection"), count(p.Flows-p.Joined, "connection"))
	if p.Pieces > 0 {
		text += fmt.Sprintf("joined %s that continue a connection, such as those of a long one that the exporter cut\n", count(p.Pieces, "row"))
	}
	if p.Reports > 0 {
		text += fmt.Sprintf("took the last of several reports of a connection that went on, and left out %s\n", count(p.Reports, "earlier report"))
	}
	var decided []string
	for _, by := range []struct {
		n    int64
		what string
	}{{p.ByLog, "what the log says"}, {p.ByFlags, "TCP flags"}, {p.ByPorts, "the likelier service port"}, {p.ByTime, "who sent first"}} {
		if by.n > 0 {
			decided = append(decided, count(by.n, "connection")+" by "+by.what)
		}
	}
	text += "decided who opened " + strings.Join(decided, ", ") + "\n"
	if p.Twice > 0 {
		text += fmt.Sprintf("left out %s that another interface or exporter reports as well\n", count(p.Twice, "row"))
	}
	if p.Open > 0 {
		text += fmt.Sprintf("kept %s open, which later logs may continue\n", count(p.Open, "connection"))
	}
	if p.Apart > 0 {
		text += fmt.Sprintf("left %s apart from what earlier imports have of them; to join them, import all logs into a new folder at once, or in order of time\n", count(p.Apart, "connection"))
	}
	if p.Other > 0 {
		text += fmt.Sprintf("left out %s outside the chosen days\n", count(p.Other, "connection"))
	}
	n, err := io.WriteString(w, text)
	return int64(n), err
}
