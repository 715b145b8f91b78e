package ingest

import (
	"bytes"
	"net/netip"
)

// binetflowTable is the table that Argus's ra writes with the fields of the
// CTU-13 data (binetflow), or others that hold what a flow needs.
//
// TotBytes is of both directions and SrcBytes of the source's, so that the
// difference is the destination's; where DstBytes is there it is taken. Bytes
// are those of the packets, link layer included.
//
// A time has no zone: it is told in that of the machine that ran ra.
func binetflowTable(opt Options) (tableSpec, error) {
	s := tableSpec{
		about:  "a log of Argus",
		header: opt.Fields,
		advice: ", or --fields",
		unset:  []string{""},
		trim:   true,
		needed: []field{fieldTime, fieldSrc, fieldDst, fieldPort, fieldProto, fieldUp, fieldTotal},
		flow:   binetflowFlow,
	}
	s.names = [numFields][]string{
		fieldTime: {"StartTime", "stime"}, fieldProto: {"Proto"}, fieldDir: {"Dir"},
		fieldSrc: {"SrcAddr", "saddr"}, fieldSrcPort: {"Sport"}, fieldDst: {"DstAddr", "daddr"}, fieldPort: {"Dport"},
		fieldUp: {"SrcBytes", "sbytes"}, fieldTotal: {"TotBytes", "bytes"},
	}
	return s, nil
}

// binetflowFlow reads a row and turns it around where Argus found that the
// destination opened the connection (<-), or guesses where it did not see who
// did (a question mark).
func binetflowFlow(r *rowReader, line int64) (Flow, error) {
	dir := r.values[fieldDir]
	if bytes.Contains(dir, []byte("who")) { // of ARP
		return Flow{}, r.leaveOut(line, OtherProtocol, excerpt(r.values[fieldProto]))
	}
	f, err := r.flow(line)
	if err != nil {
		return Flow{}, err
	}
	left, right := bytes.IndexByte(dir, '<') >= 0, bytes.IndexByte(dir, '>') >= 0
	switch {
	case bytes.IndexByte(dir, '?') >= 0 || !left && !right:
		f.DirectionGuessed = true
		if opener(netip.AddrPortFrom(f.Src, f.SrcPort), netip.AddrPortFrom(f.Dst, f.Port)) == OpenerDst {
			f.turn()
		}
	case left && !right:
		f.turn()
	}
	return f, nil
}
