// Package flow defines a network flow: what one line of a flow log says.
//
// A day of flows is a table of seven columns (see Columns). Every other
// package speaks of flows in the terms defined here: times are [Time],
// addresses are [netip.Addr] without zone and unmapped from IPv6, byte
// counts are non-negative int64.
package flow

import (
	"cmp"
	"fmt"
	"net/netip"
)

// The columns of a flow file. Their order in a file does not matter and
// further columns are ignored.
const (
	ColTime  = "timestamp"  // hundredths of a second since midnight
	ColSrc   = "src_ip"     // internal device; in a servers file, the external client
	ColDst   = "dst_ip"     // the address contacted
	ColProto = "proto"      // tcp or udp
	ColPort  = "port"       // destination port
	ColUp    = "up_bytes"   // bytes from source to destination
	ColDown  = "down_bytes" // bytes from destination to source
)

// Columns lists the columns of a flow file in the order in which Flowbook
// writes them.
var Columns = []string{ColTime, ColSrc, ColDst, ColProto, ColPort, ColUp, ColDown}

// Record is one flow.
type Record struct {
	Time  Time       `json:"timestamp"` // when the flow started
	Src   netip.Addr `json:"src_ip"`    // who opened it
	Dst   netip.Addr `json:"dst_ip"`    // whom it contacted
	Proto Proto      `json:"proto"`
	Port  uint16     `json:"port"`       // destination port
	Up    int64      `json:"up_bytes"`   // bytes sent by Src
	Down  int64      `json:"down_bytes"` // bytes sent by Dst
}

// Compare orders records by time, then by every other field, so that any two
// different records have an order that does not depend on where they stood.
func Compare(a, b Record) int {
	return cmp.Or(
		cmp.Compare(a.Time, b.Time),
		a.Src.Compare(b.Src),
		a.Dst.Compare(b.Dst),
		cmp.Compare(a.Proto, b.Proto),
		cmp.Compare(a.Port, b.Port),
		cmp.Compare(a.Up, b.Up),
		cmp.Compare(a.Down, b.Down),
	)
}

// Reader gives flows one at a time. At the end it returns io.EOF.
type Reader interface {
	Read() (Record, error)
}

// Writer takes flows one at a time.
type Writer interface {
	Write(Record) error
}

// Proto is a transport protocol by its IANA number.
type Proto uint8

// The protocols that a flow log distinguishes.
const (
	TCP Proto = 6
	UDP Proto = 17
)

// ParseProto reads "tcp" or "udp" in any case.
func ParseProto(s string) (Proto, error) {
	switch s {
	case "tcp", "TCP", "Tcp":
		return TCP, nil
	case "udp", "UDP", "Udp":
		return UDP, nil
	}
	return 0, fmt.Errorf("protocol %q is neither tcp nor udp", s)
}

// String returns "tcp", "udp" or, for any other protocol, its number.
func (p Proto) String() string {
	switch p {
	case TCP:
		return "tcp"
	case UDP:
		return "udp"
	}
	return fmt.Sprintf("proto-%d", uint8(p))
}

// MarshalText writes the protocol as String does.
func (p Proto) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

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
