package ingest

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
)

// zeekNames are the names of the fields of Zeek's connection log.
//
// The originator of the connection is its source and the responder its
// destination.
//
// Bytes are orig_bytes and resp_bytes, the payload, as in the flow logs that
// they are compared with. Zeek leaves them unset if it did not see the payload, as
// for a lone reset. They are then 0 and not orig_ip_bytes, which count headers: a
// column with two meanings would be worse than one whose unknown values are
// counted. [IPBytes] takes orig_ip_bytes and resp_ip_bytes for all.
//
// Zeek derives the payload of TCP from sequence numbers, and its manual warns that
// it may be wrong: a reset with a stray number makes a connection of three packets
// look like gigabytes. If the log has orig_ip_bytes and resp_ip_bytes, the sizes
// of the packets seen, a larger payload is reduced to them.
var zeekNames = [numFields]string{
	fieldTime: "ts", fieldSrc: "id.orig_h", fieldDst: "id.resp_h", fieldPort: "id.resp_p", fieldProto: "proto",
	fieldUp: "orig_bytes", fieldDown: "resp_bytes", fieldUpMost: "orig_ip_bytes", fieldDownMost: "resp_ip_bytes",
	fieldSrcPort: "id.orig_p", fieldDuration: "duration", fieldUpPackets: "orig_pkts", fieldDownPackets: "resp_pkts",
	fieldState: "conn_state", fieldUID: "uid",
}

// zeekSpellings returns the names that a field of the connection log has: those
// of the record id come with the separator that the site chose for scopes, or without
// the scope, or are those of the manual's example of Log::default_field_name_map, of
// ROCK NSM, or of the TON_IoT data.
func zeekSpellings(name string) []string {
	rest, ok := strings.CutPrefix(name, "id.")
	if !ok {
		return append([]string{name}, zeekRenamed[name]...)
	}
	return append([]string{name, "id_" + rest, "id-" + rest, "id$" + rest, "id:" + rest, rest}, zeekRenamed[rest]...)
}

var zeekRenamed = map[string][]string{
	"orig_bytes": {"src_bytes"}, "resp_bytes": {"dst_bytes"}, "orig_pkts": {"src_pkts"}, "resp_pkts": {"dst_pkts"}, "orig_ip_bytes": {"src_ip_bytes"}, "resp_ip_bytes": {"dst_ip_bytes"},
	"orig_h": {"src", "src_ip", "@meta.orig_host"}, "orig_p": {"src_port", "@meta.orig_port"}, "resp_h": {"dst", "dst_ip", "@meta.resp_host"}, "resp_p": {"dst_port", "@meta.resp_port"},
}

// zeekTable is the table that other programs make of the connection log.
func zeekTable(opt Options) (tableSpec, error) {
	s := tableSpec{about: "a Zeek log", unset: []string{"-", "", "(empty)", "NaN", "nan"}, needed: zeekNeeded, flow: zeekStateFlow, icmpForm: icmpSplit}
	names := zeekNames
	if opt.Bytes == IPBytes {
		names = zeekIPNames()
	}
	for f, name := range names {
		if name != "" {
			s.names[f] = zeekSpellings(name)
		}
	}
	return s, nil
}

// zeekField returns the field that a name of the log stands for.
func zeekField(names *[numFields]string, name string) (field, bool) {
	for f, known := range names {
		if known != "" && slices.Contains(zeekSpellings(known), name) {
			return field(f), true
		}
	}
	return 0, false
}

// zeekStates are the values of conn_state.
var zeekStates = map[string]flow.State{
	"S0": flow.Unanswered, "S1": flow.Open, "SF": flow.Established, "REJ": flow.Refused, "S2": flow.Established, "S3": flow.Established,
	"RSTO": flow.Reset, "RSTR": flow.Reset, "RSTOS0": flow.Unanswered, "RSTRH": flow.Other, "SH": flow.Unanswered, "SHR": flow.Other, "OTH": flow.Other,
}

// zeekStateFlow reads a row whose state is in Zeek's words.
func zeekStateFlow(r *rowReader, line int64) (Flow, error) {
	f, err := r.flow(line)
	if err == nil {
		// Zeek gives connections without ports, such as of ICMP, the state OTH.
		if state, ok := zeekStates[string(r.values[fieldState])]; ok && f.Proto.HasPorts() {
			f.State = state
		}
	}
	return f, err
}

// zeekNeeded are the fields that a log must have.
var zeekNeeded = []field{fieldTime, fieldSrc, fieldDst, fieldPort, fieldProto, fieldUp, fieldDown}

// zeekConnLog matches conn.log, perhaps numbered, and what Zeek's and Corelight's rotation
// makes of the name: conn.00:00:00-01:00:00.log.gz, conn_20240419_00:00:00.log. It
// does not match conn-summary.*.log, which is a report in text, nor open_conn.log,
// whose rows are repeated in conn.log once they are closed.
var zeekConnLog = regexp.MustCompile(`^([0-9]+[._-])?conn([._-]?[0-9].*)?\.(log|json|ndjson)(\.labeled)?(\.gz|\.zst|\.bz2|\.xz)?$`)

func isZeekConnLog(base string) bool { return zeekConnLog.MatchString(base) }

// zeekIPNames are zeekNames where the bytes are those of the packets.
func zeekIPNames() [numFields]string {
	names := zeekNames
	names[fieldUp], names[fieldDown] = names[fieldUpMost], names[fieldDownMost]
	names[fieldUpMost], names[fieldDownMost] = "", ""
	return names
}

// openZeek decides by the first characters whether the log is TSV or JSON.
func openZeek(in *lines, r rowReader, opt Options) (decoder, error) {
	start, err := in.peek()
	r.names, r.icmpForm = zeekNames, icmpSplit
	if opt.Bytes == IPBytes {
		r.names = zeekIPNames()
	}
	switch {
	case err == io.EOF:
		return emptyFile{}, nil
	case err != nil:
		return nil, err
	case start[0] == '#':
		return &zeekTSV{in: in, row: r}, nil
	case bytes.IndexByte(start, '{') >= 0, start[0] == '[':
		return openEvents(in, r, zeekSpec(&r.names))
	case bytes.Contains(start, []byte("uid")) || bytes.Contains(start, []byte("orig_h")), bytes.Contains(start, []byte("src_ip")):
		return openTable(zeekTable)(in, r, opt)
	}
	return nil, fmt.Errorf("line %d: %q: not the header of a Zeek log (#fields); if the header is missing, copy it from another conn.log", in.n+1, start)
}

// emptyFile is the decoder of a file without rows.
type emptyFile struct{}

func (emptyFile) Read() (Flow, error) { return Flow{}, io.EOF }
