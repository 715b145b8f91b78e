package ingest

import (
	"encoding/binary"
	"net/netip"

	"github.com/gopacket/gopacket/layers"

	"github.com/flowbook/flowbook/pkg/flow"
)

// maxFragmented bounds the packets whose fragments are expected.
const maxFragmented = 1 << 14

// fragments finds the connection of the fragments of an IP packet. Only the first
// fragment has ports.
type fragments map[fragmentedPacket]Flow

// fragmentedPacket identifies a packet that was sent in fragments (RFC 791).
type fragmentedPacket struct {
	src, dst netip.Addr
	proto    layers.IPProtocol
	id       uint32
}

// flow returns a fragment as a flow of its own, with the length of the headers in it. It
// returns false if the first fragment was not captured, or not before this one.
func (fs fragments) flow(p *packetReader, src, dst netip.Addr) (f Flow, header int, ok bool) {
	id, offset, data := p.fragment()
	packet := fragmentedPacket{src, dst, p.carried(), id}
	if offset > 0 {
		f, ok = fs[packet]
		return f, 0, ok
	}
	switch f.Proto = flow.Proto(packet.proto); {
	case f.Proto == flow.TCP && len(data) >= 14:
		header, f.Flags = int(data[12]>>4)*4, data[13]
	case (f.Proto == flow.UDP || f.Proto == flow.SCTP) && len(data) >= 8:
		if header = 8; f.Proto == flow.SCTP {
			header = 12
		}
	case isICMP(f.Proto) && len(data) >= 2:
		header = 8
		f.SrcPort, f.Port = icmpEnds(f.Proto, data[0], data[1], true)
	case f.Proto.HasPorts() || isICMP(f.Proto) || f.Proto == 0 || f.Proto == notIP:
		return f, 0, false
	}
	if f.Proto.HasPorts() {
		f.SrcPort, f.Port = binary.BigEndian.Uint16(data), binary.BigEndian.Uint16(data[2:])
	}
	if len(fs) >= maxFragmented {
		clear(fs)
	}
	rest := f
	rest.Flags = 0
	fs[packet] = rest
	return f, header, true
}

// fragment returns the identification of a fragmented packet, the offset of the fragment
// decoded last, and what it carries.
func (p *packetReader) fragment() (id uint32, offset uint16, data []byte) {
	l := &p.layers
	if p.has(layers.LayerTypeIPv6Fragment) {
		return l.fragment6.Identification, l.fragment6.FragmentOffset, l.fragment6.Payload
	}
	return uint32(l.ip4.Id), l.ip4.FragOffset, l.ip4.Payload
}
