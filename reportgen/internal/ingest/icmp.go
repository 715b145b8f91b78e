package ingest

import (
	"bytes"

	"github.com/flowbook/flowbook/pkg/flow"
)

// ports reads the ports of a row. Protocols without ports have 0, and ICMP its type
// and code as the port of the destination.
func (r *rowReader) ports(line int64, f *Flow) error {
	src, dst := r.values[fieldSrcPort], r.values[fieldPort]
	if !f.Proto.HasPorts() {
		if isICMP(f.Proto) {
			r.icmp(f, src, dst)
		}
		return nil
	}
	var ok bool
	if f.Port, ok = port(dst); !ok {
		return r.unreadable(line, badPort, fieldPort)
	}
	// Only rows of one direction must have the source port, without which they
	// cannot find each other.
	if f.SrcPort, ok = port(src); !ok && r.oneWay {
		return r.unreadable(line, badPort, fieldSrcPort)
	}
	r.lost = r.lost || !ok && src != nil
	return nil
}

func isICMP(p flow.Proto) bool { return p == flow.ICMP || p == flow.ICMPv6 }

// icmpForm is where a log has the type and code of ICMP.
type icmpForm int

const (
	icmpNone    icmpForm = iota // nowhere that is known
	icmpPacked                  // 256 times the type, and the code, as the destination port; or type.code
	icmpSplit                   // the type as the source port, the code or the type of the answer as the other
	icmpWritten                 // the destination port, as Flowbook has it
)

// icmp reads the type and code of ICMP.
func (r *rowReader) icmp(f *Flow, src, dst []byte) {
	var kind, code uint16
	switch before, after, pointed := bytes.Cut(dst, []byte(".")); {
	case r.icmpForm == icmpNone, r.icmpForm == icmpSplit && src == nil:
		return
	case r.icmpForm == icmpWritten:
		f.Port, _ = port(dst)
		return
	case r.icmpForm == icmpSplit: // of Zeek, or of Argus, which writes an identifier in hexadecimal after the type
		kind, _ = port(src)
		if code, _ = port(dst); code > 255 || bytes.HasPrefix(dst, []byte("0x")) || isAnswer(f.Proto, uint8(code), uint8(kind)) {
			code = 0
		}
	case pointed: // of nfdump
		kind, _ = port(before)
		code, _ = port(after)
	default:
		packed, _ := port(dst)
		kind, code = packed>>8, packed&0xff
	}
	f.SrcPort, f.Port = icmpEnds(f.Proto, uint8(kind), uint8(code), r.oneWay)
}

// icmpRequests are the types that a type of ICMP answers.
var icmpRequests = map[flow.Proto]map[uint8]uint8{
	flow.ICMP:   {0: 8, 14: 13, 16: 15, 18: 17, 9: 10},
	flow.ICMPv6: {129: 128, 132: 131, 134: 133, 136: 135, 140: 139},
}

// isAnswer reports whether a type of ICMP answers another.
func isAnswer(p flow.Proto, answer, request uint8) bool {
	to, ok := icmpRequests[p][answer]
	return ok && to == request
}

// icmpEnds returns the ports that stand for a type and code. In logs of one
// direction, an answer has them at its source, so that it finds its request.
func icmpEnds(p flow.Proto, kind, code uint8, oneWay bool) (src, dst uint16) {
	if request, ok := icmpRequests[p][kind]; ok && oneWay {
		return uint16(request) << 8, 0
	}
	return 0, uint16(kind)<<8 | uint16(code)
}

// typeAndCode joins the type and code of ICMP, which an event has at two paths.
func (e *jsonEvent) typeAndCode(kind, code string) []byte {
	v := e.get(kind)
	if v == nil {
		return zeroText
	}
	start := len(e.memory)
	e.memory = append(append(append(e.memory, v...), '.'), e.get(code)...)
	return e.memory[start:len(e.memory):len(e.memory)]
}
