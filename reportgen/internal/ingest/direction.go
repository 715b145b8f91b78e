package ingest

import (
	"net/netip"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Opener says which side of a connection opened it, as far as the log knows.
type Opener int8

// The knowledge of who opened a connection.
const (
	openerUnknown Opener = iota
	openerSrc
	openerDst
)

// The ranges of ports. A port below systemPorts is of a service (RFC 6335
// calls them system ports), one from ephemeralPorts on was most likely given to a
// client: Linux takes them from 32768, and IANA's dynamic ports begin at 49152.
const (
	systemPorts    = 1024
	ephemeralPorts = 32768
)

// serviceRank orders ports by how likely they are those of a service, the
// likeliest first.
func serviceRank(port uint16) int {
	switch {
	case port < systemPorts:
		return 0
	case port < ephemeralPorts:
		return 1
	}
	return 2
}

// opener guesses from the ports alone which side opened a connection: not the
// side whose port is the likelier service port. Multicast and broadcast addresses
// never open a connection.
func opener(src, dst netip.AddrPort) Opener {
	switch {
	case dst.Addr().IsMulticast() || dst.Addr() == broadcast:
		return openerSrc
	case src.Addr().IsMulticast() || src.Addr() == broadcast:
		return openerDst
	}
	switch a, b := serviceRank(src.Port()), serviceRank(dst.Port()); {
	case a < b:
		return openerDst
	case a > b:
		return openerSrc
	}
	return openerUnknown
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// guessDirection makes the side with the likelier port of a client the source.
func (f *Flow) guessDirection() {
	f.DirectionGuessed = true
	if f.Proto.HasPorts() && opener(netip.AddrPortFrom(f.Src, f.SrcPort), netip.AddrPortFrom(f.Dst, f.Port)) == openerDst {
		f.turn()
	}
}

// turn exchanges the two sides of a flow.
func (f *Flow) turn() {
	f.Src, f.Dst = f.Dst, f.Src
	f.SrcPort, f.Port = f.Port, f.SrcPort
	f.Up, f.Down = f.Down, f.Up
	f.UpPackets, f.DownPackets = f.DownPackets, f.UpPackets
	f.Flags, f.DownFlags = f.DownFlags, f.Flags
}

// opener returns the direction whose source opened the connection.
func (p *pairer) opener(ends [2]netip.AddrPort) int {
	c := &p.conn
	sent := 0 // the direction that sent first
	if c.rows[0] == 0 || c.rows[1] > 0 && c.first[1] < c.first[0] {
		sent = 1
	}
	// The type of a request of ICMP is at the end that it goes to.
	if !flow.Proto(p.ends[0]).HasPorts() && ends[0].Port() != ends[1].Port() {
		p.ByPorts++
		if ends[0].Port() == 0 {
			return 0
		}
		return 1
	}
	if d, ok := c.openerByFlags(); ok {
		if c.flags == [2]uint8{} {
			p.ByLog++
		} else {
			p.ByFlags++
		}
		return d
	}
	byPort := -1
	switch opener(ends[sent], ends[1-sent]) {
	case openerSrc:
		byPort = sent
	case openerDst:
		byPort = 1 - sent
	}
	// A port below 1024 outweighs who sent first, which clocks and sampling disturb.
	certain := byPort >= 0 && ends[1-byPort].Port() < systemPorts
	both := c.rows[0] > 0 && c.rows[1] > 0
	switch {
	case certain, byPort >= 0 && (!both || c.first[0] == c.first[1]):
		p.ByPorts++
		return byPort
	case both && c.first[0] == c.first[1]:
		// Two equals: the higher port, or else the lower address, always the same.
		p.ByPorts++
		if ends[0].Port() < ends[1].Port() {
			return 1
		}
		return 0
	}
	p.ByTime++
	return sent
}

// openerByFlags returns the direction whose source opened the connection by the
// flags of TCP: it sent SYN and no ACK, or SYN where the other did not.
func (c *connection) openerByFlags() (int, bool) {
	for d := range 2 {
		if c.opened[d] && !c.opened[1-d] {
			return d, true
		}
	}
	for d := range 2 {
		mine, other := c.flags[d], c.flags[1-d]
		first := mine&(tcpSYN|tcpACK) == tcpSYN && other&(tcpSYN|tcpACK) != tcpSYN
		alone := mine&tcpSYN != 0 && other != 0 && other&tcpSYN == 0
		if first || alone {
			return d, true
		}
	}
	// An answer alone: SYN with ACK and nothing else, or RST without SYN.
	for d := range 2 {
		mine := c.flags[d]
		if c.rows[1-d] == 0 && (mine == tcpSYN|tcpACK || mine&tcpRST != 0 && mine&(tcpSYN|tcpPSH|tcpFIN) == 0) {
			return 1 - d, true
		}
	}
	return 0, false
}
