package ingest

import "net/netip"

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

// turn exchanges the two sides of a flow.
func (f *Flow) turn() {
	f.Src, f.Dst = f.Dst, f.Src
	f.SrcPort, f.Port = f.Port, f.SrcPort
	f.Up, f.Down = f.Down, f.Up
	f.UpPackets, f.DownPackets = f.DownPackets, f.UpPackets
	f.Flags, f.DownFlags = f.DownFlags, f.Flags
}
