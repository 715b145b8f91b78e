package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// isNfdump says whether a file is likely output of nfdump, or a file of nfcapd.
func isNfdump(base string) bool {
	return strings.HasPrefix(base, "nfcapd.") || hasExtension("txt", "csv", "json", "nfdump")(base)
}

// openNfdump detects what a file of nfdump is by its first bytes.
func openNfdump(in *lines, r rowReader, _ Options) (decoder, error) {
	r.icmpForm = icmpPacked
	if start, _ := in.r.Peek(4); isNfcapd(start) {
		return openNfcapd(in.r, r)
	}
	start, err := in.peek()
	switch {
	case errors.Is(err, io.EOF):
		return emptyFile{}, nil
	case err != nil:
		return nil, err
	case bytes.IndexByte(start, 0) >= 0:
		return nil, fmt.Errorf("line %d: starts with %s: a binary file, but not of nfcapd", in.n+1, excerpt(start[:min(len(start), 8)]))
	}
	if start[0] == '[' || start[0] == '{' {
		return openEvents(in, r, &nfdumpSpec)
	}
	first, err := in.first()
	if err != nil {
		return nil, err
	}
	if nfdumpPiped.Match(first) {
		return &nfdumpPipe{nfdumpText{in: in, row: r.named(nfdumpNames)}}, nil
	}
	if bytes.IndexByte(first, ',') >= 0 && !isNfdumpText(first) || bytes.HasPrefix(first, []byte("Date first seen,Duration,Proto,Src IP Addr,")) {
		return newTable(in, r, nfdumpTable(), ',')
	}
	return &nfdumpText{in: in, row: r.named(nfdumpNames)}, nil
}

// nfdumpTable is the table of nfdump -o csv, in the names of version 1.6
// (ts, sa, …), of 1.7 (firstSeen, srcAddr, …) and of the CIDDS data.
//
// A record describes one direction, unless nfdump -b or -B has joined two: such
// records have bytes and packets out. Times are in the time zone of the machine
// that ran nfdump. Up to version 1.7.4 the CSV truncates them to seconds, unlike
// the text.
func nfdumpTable() tableSpec {
	s := tableSpec{
		about:  "the CSV of nfdump",
		advice: "; nfdump prints them without -q",
		unset:  []string{""},
		needed: []field{fieldTime, fieldSrc, fieldDst, fieldSrcPort, fieldPort, fieldProto, fieldUp},
		skip:   nfdumpTail,
		flow:   joinedFlow,

		icmpForm: icmpPacked,
	}
	s.names = [numFields][]string{
		fieldTime: {"ts", "firstSeen", "Date first seen"}, fieldEnd: {"te", "lastSeen"}, fieldDuration: {"td", "duration"},
		fieldSrc: {"sa", "srcAddr", "Src IP Addr"}, fieldSrcPort: {"sp", "srcPort", "Src Pt"}, fieldProto: {"pr", "proto"},
		fieldDst: {"da", "dstAddr", "Dst IP Addr"}, fieldPort: {"dp", "dstPort", "Dst Pt"},
		fieldUp: {"ibyt", "bytes", "inBytes"}, fieldDown: {"obyt", "outBytes"}, fieldObserver: {"ra"},
		fieldUpPackets: {"ipkt", "packets", "inPackets"}, fieldDownPackets: {"opkt", "outPackets"}, fieldFlags: {"flg", "flags", "tcpFlags"},
	}
	return s
}

// nfdumpSpec describes the JSON of nfdump (-o json or ndjson).
var nfdumpSpec = jsonSpec{
	about: "the JSON of nfdump",
	paths: [numFields][]string{
		fieldTime: {"first", "t_first"}, fieldEnd: {"last", "t_last"}, fieldProto: {"proto"}, fieldSrc: {"src4_addr", "src6_addr"}, fieldSrcPort: {"src_port"},
		fieldDst: {"dst4_addr", "dst6_addr"}, fieldPort: {"dst_port"}, fieldUp: {"in_bytes"}, fieldDown: {"out_bytes"},
		fieldUpPackets: {"in_packets"}, fieldDownPackets: {"out_packets"}, fieldFlags: {"tcp_flags"}, fieldObserver: {"ip4_router", "ip6_router", "export_sysid"},
	},
	extra: []string{"type", "icmp_type", "icmp_code"},
	take: func(e *jsonEvent, r *rowReader, line int64) error {
		if kind := e.get("type"); kind != nil && string(kind) != "FLOW" {
			return r.leaveOut(line, otherLog, "type "+excerpt(kind))
		}
		// Records of protocols without ports have none.
		if r.values[fieldSrcPort] == nil && r.values[fieldPort] == nil {
			r.values[fieldSrcPort], r.values[fieldPort] = zeroText, e.typeAndCode("icmp_type", "icmp_code")
		}
		return nil
	},
	flow: joinedFlow,
}

var zeroText = []byte("0")

// nfdumpTail says that a line belongs to what nfdump says before or after the
// records.
func nfdumpTail(line []byte) bool {
	for _, start := range []string{
		"Summary", "flows,bytes,packets", "Time window", "Total flows", "Total records", "Sys:", "Wall:",
		"Aggregated flows", "Top ", "Command line", "No matched flows", "No matching flows", "Flow Record",
	} {
		if bytes.HasPrefix(line, []byte(start)) {
			return true
		}
	}
	// The sums of the summary: six numbers, where a record has a date first.
	return bytes.Count(line, []byte(",")) == 5 && !bytes.ContainsAny(line, "-:. ")
}

// joinedFlow reads a record of one direction, or of both if it has bytes of the
// other.
func joinedFlow(r *rowReader, line int64) (Flow, error) {
	f, err := r.flow(line)
	if err != nil || !f.OneWay {
		return f, err
	}
	down, _, ok := r.count64(fieldDown)
	if !ok {
		return Flow{}, r.unreadable(line, badBytes, fieldDown)
	}
	if down > 0 {
		f.OneWay, f.Part, f.Down = false, true, down
	}
	return f, nil
}
