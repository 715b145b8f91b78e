// Package flow defines a network flow: one connection, as a row of a flow file
// describes it.
//
// A flow file is a Parquet file of one day. These columns are required:
//
//	timestamp   start of the flow, in 1/100 s since midnight
//	src_ip      the side that opened it: an internal device or, in a servers
//	            file, the external client
//	dst_ip      the address contacted
//	proto       tcp, udp or another IP protocol (see [Proto])
//	port        destination port; of ICMP, 256 times the type and the code; of
//	            other protocols without ports, 0
//	up_bytes    bytes from source to destination
//	down_bytes  bytes from destination to source
//
// Version 2 adds optional columns. A null, like a missing column, means unknown:
//
//	duration      from the first to the last packet, in 1/100 s
//	src_port      source port
//	up_packets    packets from source to destination
//	down_packets  packets from destination to source
//	state         how the connection went: established, refused, unanswered,
//	              reset, open or other (see [State])
//	name          what the client asked for: TLS server name, HTTP host or DNS query
//
// The order of columns does not matter, and further columns are ignored.
//
// All packages use the types of this one: times are [Time], addresses are
// [netip.Addr] without zone and unmapped from IPv6, byte counts are non-negative
// int64.
package flow

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"
)

// The required columns of a flow file.
const (
	ColTime  = "timestamp"  // hundredths of a second since midnight
	ColSrc   = "src_ip"     // internal device; in a servers file, the external client
	ColDst   = "dst_ip"     // the address contacted
	ColProto = "proto"      // tcp, udp or another protocol
	ColPort  = "port"       // destination port, or type and code of ICMP
	ColUp    = "up_bytes"   // bytes from source to destination
	ColDown  = "down_bytes" // bytes from destination to source
)

// The optional columns of a flow file.
const (
	ColDuration    = "duration"     // hundredths of a second
	ColSrcPort     = "src_port"     // source port
	ColUpPackets   = "up_packets"   // packets from source to destination
	ColDownPackets = "down_packets" // packets from destination to source
	ColState       = "state"        // a State in text
	ColName        = "name"         // what the client asked for
)

// Columns lists the required columns of a flow file in the order in which
// Flowbook writes them.
var Columns = []string{ColTime, ColSrc, ColDst, ColProto, ColPort, ColUp, ColDown}

// OptionalColumns lists the optional columns of a flow file in the order in which
// Flowbook writes them, after the required ones.
var OptionalColumns = []string{ColDuration, ColSrcPort, ColUpPackets, ColDownPackets, ColState, ColName}

// Record is one flow.
type Record struct {
	Time  Time       `json:"timestamp"` // when the flow started
	Src   netip.Addr `json:"src_ip"`    // who opened it
	Dst   netip.Addr `json:"dst_ip"`    // whom it contacted
	Proto Proto      `json:"proto"`
	Port  uint16     `json:"port"`       // destination port, or type and code of ICMP
	Up    int64      `json:"up_bytes"`   // bytes sent by Src
	Down  int64      `json:"down_bytes"` // bytes sent by Dst

	Details `json:"-"`
}

// Details are the optional columns of a flow. The zero value means that all of
// them are unknown.
type Details struct {
	Duration    Span   // from the first to the last packet
	SrcPort     uint16 // 0 if unknown
	UpPackets   int64  // packets sent by Src; with DownPackets 0 too, unknown
	DownPackets int64  // packets sent by Dst
	State       State  // how the connection went; 0 if unknown
	Name        string // TLS server name, HTTP host or DNS query; empty if unknown
}

// Span is a length of time that may be unknown, as the zero value is. It is
// written by [SpanOf] and read by Known and Hundredths.
type Span uint32 // hundredths of a second, and one, so that no time at all is known

// SpanOf returns a span of hundredths of a second, at most a year and at least 0.
func SpanOf(hundredths int64) Span {
	return Span(min(max(hundredths, 0), 366*int64(Day))) + 1
}

// Known reports whether the length is known.
func (s Span) Known() bool { return s > 0 }

// Hundredths returns the length in hundredths of a second, and 0 if it is unknown.
func (s Span) Hundredths() int64 { return int64(max(s, 1)) - 1 }

// State is how a connection went.
type State uint8

// The states of connections. A log that does not say leaves the state unknown.
const (
	UnknownState State = iota
	Established        // both sides sent, and the connection ended in order
	Refused            // the destination, or a firewall, refused it
	Unanswered         // the destination sent nothing
	Reset              // it was established, and one side broke it off
	Open               // it was established, and its end was not seen
	Other              // something else, such as a connection whose start was not seen
	NumStates          // the number of states, UnknownState included
)

var stateNames = [NumStates]string{"", "established", "refused", "unanswered", "reset", "open", "other"}

// ParseState reads a state by its name. The empty text is UnknownState.
func ParseState(s string) (State, error) {
	for i, name := range stateNames {
		if s == name {
			return State(i), nil
		}
	}
	return 0, fmt.Errorf("state %q is not one of %s", s, strings.Join(stateNames[1:], ", "))
}

// String returns the name of the state, which is empty for UnknownState.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("state-%d", uint8(s))
}

// Compare orders records by time, then by every other field, so that the order
// of two different records does not depend on their earlier positions.
func Compare(a, b Record) int {
	return cmp.Or(
		cmp.Compare(a.Time, b.Time),
		a.Src.Compare(b.Src),
		a.Dst.Compare(b.Dst),
		cmp.Compare(a.Proto, b.Proto),
		cmp.Compare(a.Port, b.Port),
		cmp.Compare(a.Up, b.Up),
		cmp.Compare(a.Down, b.Down),
		cmp.Compare(a.Duration, b.Duration),
		cmp.Compare(a.SrcPort, b.SrcPort),
		cmp.Compare(a.UpPackets, b.UpPackets),
		cmp.Compare(a.DownPackets, b.DownPackets),
		cmp.Compare(a.State, b.State),
		cmp.Compare(a.Name, b.Name),
	)
}

// ParseAddr reads an IPv4 or IPv6 address. An IPv4 address written in IPv6
// form (::ffff:1.2.3.4) becomes IPv4; a zone is refused, since an address
// with one means something on a single machine only.
func ParseAddr(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("address %q is neither IPv4 nor IPv6", s)
	}
	if a.Zone() != "" {
		return netip.Addr{}, fmt.Errorf("address %q has a zone", s)
	}
	return a.Unmap(), nil
}

// Time is a moment of a day in hundredths of a second since midnight,
// from 0 to [Day]-1.
type Time uint32

// Units of Time.
const (
	Second Time = 100
	Minute      = 60 * Second
	Hour        = 60 * Minute
	Day         = 24 * Hour
)

// Hour returns the hour of the day, 0 to 23.
func (t Time) Hour() int { return int(t / Hour) }

// Second returns the second of the day, 0 to 86,399.
func (t Time) Second() uint32 { return uint32(t / Second) }

// String writes the time as 09:29:38.65.
func (t Time) String() string {
	return fmt.Sprintf("%02d:%02d:%02d.%02d", t/Hour, t/Minute%60, t/Second%60, t%Second)
}

// Clock writes a time to the minute, such as "20:05".
func (t Time) Clock() string { return fmt.Sprintf("%02d:%02d", t.Hour(), t/Minute%60) }
