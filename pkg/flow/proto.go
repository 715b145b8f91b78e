package flow

import (
	"fmt"
	"strconv"
	"strings"
)

// Proto is a protocol on top of IP by its IANA number.
//
// Profiles, and so the detections, count TCP and UDP. Flow files hold flows of
// every protocol.
type Proto uint8

// Protocols by name.
const (
	ICMP   Proto = 1
	TCP    Proto = 6
	UDP    Proto = 17
	DCCP   Proto = 33
	ICMPv6 Proto = 58
	SCTP   Proto = 132
)

// protoNames are the names of protocols as Flowbook writes them. All others are
// written by number, such as proto-99.
var protoNames = map[Proto]string{
	ICMP: "icmp", 2: "igmp", 4: "ipip", TCP: "tcp", UDP: "udp", DCCP: "dccp", 41: "ipv6", 46: "rsvp", 47: "gre", 50: "esp", 51: "ah",
	ICMPv6: "icmp6", 88: "eigrp", 89: "ospf", 103: "pim", 112: "vrrp", 115: "l2tp", SCTP: "sctp", 136: "udplite",
}

var protoNumbers = func() map[string]Proto {
	numbers := map[string]Proto{}
	for p, name := range protoNames {
		numbers[name] = p
	}
	return numbers
}()

// ParseProto reads a protocol as String writes it, in any case, or its number.
func ParseProto(s string) (Proto, error) {
	switch s {
	case "tcp", "TCP", "Tcp":
		return TCP, nil
	case "udp", "UDP", "Udp":
		return UDP, nil
	}
	lower := strings.ToLower(s)
	if p, ok := protoNumbers[lower]; ok {
		return p, nil
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(lower, "proto-"), 10, 8)
	if err != nil {
		return 0, fmt.Errorf("protocol %q is not known; want tcp, udp, icmp, another name, or its number", s)
	}
	return Proto(n), nil
}

// String returns the name of the protocol, such as tcp, or its number, such as
// proto-99.
func (p Proto) String() string {
	switch p {
	case TCP:
		return "tcp"
	case UDP:
		return "udp"
	}
	if name, ok := protoNames[p]; ok {
		return name
	}
	return fmt.Sprintf("proto-%d", uint8(p))
}

// MarshalText writes the protocol as String does.
func (p Proto) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// HasPorts reports whether packets of the protocol have ports.
func (p Proto) HasPorts() bool {
	return p == TCP || p == UDP || p == SCTP || p == DCCP || p == 136
}
