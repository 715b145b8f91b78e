package ingest

import (
	"bytes"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
)

// binetflowTable is the table that Argus's ra writes with the fields of the
// CTU-13 data (binetflow), or others that hold what a flow needs.
//
// TotBytes counts both directions and SrcBytes that of the source, so the
// difference is that of the destination, unless the log has DstBytes. Byte counts
// include the headers of packets, down to the link layer. Argus reports a long
// connection every few seconds (ARGUS_FLOW_STATUS_INTERVAL), until racluster joins the
// reports.
//
// Times have no zone: they are in the time zone of the machine that ran ra.
func binetflowTable(opt Options) (tableSpec, error) {
	s := tableSpec{
		about:  "a log of Argus",
		header: opt.Fields,
		advice: ", or with --fields, or print them with ra -u -n -s stime,dur,proto,saddr,sport,dir,daddr,dport,state,spkts,dpkts,sbytes,dbytes",
		unset:  []string{""},
		needed: []field{fieldTime, fieldSrc, fieldDst, fieldPort, fieldProto, fieldUp},
		either: []field{fieldTotal, fieldDown},
		flow:   binetflowFlow,

		icmpForm: icmpSplit,
	}
	s.names = [numFields][]string{
		fieldTime: {"StartTime", "stime"}, fieldProto: {"Proto"}, fieldDir: {"Dir"},
		fieldSrc: {"SrcAddr", "saddr", "srcip"}, fieldSrcPort: {"Sport"}, fieldDst: {"DstAddr", "daddr", "dstip"}, fieldPort: {"Dport", "dsport"},
		fieldUp: {"SrcBytes", "sbytes"}, fieldDown: {"DstBytes", "dbytes"}, fieldTotal: {"TotBytes", "bytes"},
		fieldDuration: {"Dur"}, fieldState: {"State"}, fieldUpPackets: {"SrcPkts", "spkts"}, fieldDownPackets: {"DstPkts", "dpkts"}, fieldTotalPackets: {"TotPkts", "pkts"},
	}
	return s, nil
}

// binetflowFlow reads a row. It swaps source and destination if Argus found that
// the destination opened the connection (<-), and guesses the direction if Argus
// did not see which side did (a question mark).
func binetflowFlow(r *rowReader, line int64) (Flow, error) {
	dir := r.values[fieldDir]
	if bytes.Contains(dir, []byte("who")) { // of ARP
		return Flow{}, r.leaveOut(line, otherProtocol, excerpt(r.values[fieldProto]))
	}
	f, err := r.flow(line)
	if err != nil {
		return Flow{}, err
	}
	state := string(r.values[fieldState])
	byFlags := argusFlags(&f, state)
	left, right := bytes.IndexByte(dir, '<') >= 0, bytes.IndexByte(dir, '>') >= 0
	switch {
	case bytes.IndexByte(dir, '?') >= 0 || !left && !right:
		f.guessDirection()
	case left && !right:
		f.turn()
	}
	if f.Part = true; !f.DirectionGuessed {
		f.Opener = openerSrc
	}
	if f.State = argusState(f.Proto, state); byFlags {
		f.State = flagsState(&f)
	}
	return f, nil
}

// argusStates are the words of Argus for the state of a flow.
var argusStates = map[string]flow.State{
	"REQ": flow.Unanswered, "ACC": flow.Open, "EST": flow.Open, "CON": flow.Open, "FIN": flow.Established, "CLO": flow.Established,
	"RST": flow.Reset, "INT": flow.Unanswered, "RSP": flow.Other,
}

// argusFlags reads a state that is the TCP flags of both directions, such as
// FSPA_FSPA.
func argusFlags(f *Flow, state string) bool {
	up, down, ok := strings.Cut(state, "_")
	if ok && f.Proto == flow.TCP {
		f.Flags, f.DownFlags = tcpFlags([]byte(up)), tcpFlags([]byte(down))
	}
	return ok && f.Proto == flow.TCP
}

// argusState reads a state that is a word.
func argusState(proto flow.Proto, word string) flow.State {
	s := argusStates[strings.ToUpper(word)]
	if proto == flow.UDP && s == flow.Open {
		return flow.Established
	}
	return s
}
