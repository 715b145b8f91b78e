package ingest

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
)

// The TCP flags of packets (RFC 9293), as bits of one number. A flow has those of
// all its packets.
const (
	tcpFIN = 1 << iota
	tcpSYN
	tcpRST
	tcpPSH
	tcpACK
	tcpURG
	tcpECE
	tcpCWR
)

// tcpFlags reads TCP flags as programs write them: a number, in decimal or
// hexadecimal, or letters, with points and blanks in the places of flags that are
// not set (nfdump's "...AP.SF", Zeek's and Argus's "FSPA").
func tcpFlags(v []byte) uint8 {
	v = bytes.TrimSpace(v)
	if n, ok := digits(v); ok {
		return uint8(n)
	}
	if hex, ok := cutPrefixFold(string(v), "0x"); ok {
		n, err := strconv.ParseUint(hex, 16, 16)
		if err != nil {
			return 0
		}
		return uint8(n)
	}
	flags := uint8(0)
	for _, c := range v {
		i := strings.IndexByte("FSRPAUEC", c)
		switch {
		case i >= 0:
			flags |= 1 << i
		case c == 'W': // of CWR
			flags |= tcpCWR
		case c != '.' && c != ' ' && c != '-':
			return 0
		}
	}
	return flags
}

// hexFlags reads TCP flags in hexadecimal without a prefix.
func hexFlags(v []byte) []byte {
	n, err := strconv.ParseUint(strings.TrimPrefix(string(v), "0x"), 16, 8)
	if err != nil {
		return nil
	}
	return strconv.AppendUint(nil, n, 10)
}

// flagsState derives the state of a connection from the flags and packets of both
// directions.
func flagsState(f *Flow) flow.State {
	up, down := f.Flags, f.DownFlags
	answered := f.Down > 0 || f.DownPackets > 0 || down != 0
	switch {
	case f.Proto != flow.TCP || up|down == 0:
		return packetsState(f, answered)
	case !answered:
		if up&tcpACK == 0 || up&tcpSYN != 0 {
			return flow.Unanswered
		}
		return flow.Other
	default:
		return answeredState(up, down)
	}
}

// packetsState derives the state of a connection without TCP flags.
func packetsState(f *Flow, answered bool) flow.State {
	known := f.UpPackets > 0 || f.DownPackets > 0 || f.Flags|f.DownFlags != 0
	switch {
	case known && f.Proto != flow.TCP && answered:
		return flow.Established
	case known && !answered && f.UpPackets > 0:
		return flow.Unanswered
	}
	return flow.UnknownState
}

// answeredState derives the state of a TCP connection with an answer from the
// flags of both directions.
func answeredState(up, down uint8) flow.State {
	switch {
	case down&tcpRST != 0 && down&tcpSYN == 0 && up&(tcpPSH|tcpFIN) == 0 && (up&tcpSYN != 0 || up == 0):
		return flow.Refused
	case (up|down)&tcpSYN == 0:
		if (up|down)&tcpRST != 0 {
			return flow.Reset
		}
		return flow.Other // its start was not seen
	case up&tcpFIN != 0 && down&tcpFIN != 0:
		return flow.Established // a reset after that is of a program that has closed
	case (up|down)&tcpRST != 0:
		return flow.Reset
	case up == 0 && down&tcpFIN != 0 || down == 0 && up&tcpFIN != 0:
		return flow.Established
	}
	return flow.Open
}

// hostName reads the name of a host as DNS compares names: in lower case, without
// a final point. It returns "" if the name is not valid text.
func hostName(v []byte) string {
	const most = 253 // bytes of a name in DNS
	v = bytes.TrimSuffix(bytes.TrimSpace(v), []byte("."))
	if len(v) == 0 || len(v) > most || bytes.IndexFunc(v, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\uFFFD' }) >= 0 {
		return ""
	}
	return strings.ToLower(string(v))
}
