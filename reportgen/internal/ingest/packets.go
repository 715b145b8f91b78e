package ingest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// isCapture reports whether a file begins as a packet capture, pcap or pcapng.
func isCapture(start []byte) bool {
	for _, magic := range []string{"\xd4\xc3\xb2\xa1", "\xa1\xb2\xc3\xd4", "\x4d\x3c\xb2\xa1", "\xa1\xb2\x3c\x4d", "\x0a\x0d\x0d\x0a"} {
		if bytes.HasPrefix(start, []byte(magic)) {
			return true
		}
	}
	return false
}

// packetSource reads the packets of a capture.
type packetSource interface {
	ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error)
	LinkType() layers.LinkType
}

// packetReader reads and decodes the packets of a capture.
type packetReader struct {
	source  packetSource
	parsers map[gopacket.LayerType]*gopacket.DecodingLayerParser
	decoded []gopacket.LayerType // of the packet decoded last
	inner   []gopacket.LayerType // those of the innermost IP packet in it
	layers  packetLayers         // of that packet, those in inner
	n       int64                // number of the packet read last, from 1
}

type packetLayers struct {
	ethernet layers.Ethernet
	dot1q    layers.Dot1Q
	sll      layers.LinuxSLL
	sll2     layers.LinuxSLL2
	loopback layers.Loopback
	ip4      layers.IPv4
	ip6      layers.IPv6
	ext6     layers.IPv6ExtensionSkipper
	tcp      layers.TCP
	udp      layers.UDP
	sctp     layers.SCTP
	icmp4    layers.ICMPv4
	icmp6    layers.ICMPv6
	payload  gopacket.Payload

	fragment6 layers.IPv6Fragment
	fragment  gopacket.Fragment
}

func newPacketReader(r *bufio.Reader) (*packetReader, error) {
	start, _ := r.Peek(4)
	if !isCapture(start) {
		return nil, fmt.Errorf("starts with %s: not a packet capture", excerpt(start))
	}
	p := &packetReader{parsers: map[gopacket.LayerType]*gopacket.DecodingLayerParser{}}
	var err error
	if start[0] == 0x0a {
		p.source, err = pcapgo.NewNgReader(r, pcapgo.NgReaderOptions{WantMixedLinkType: false, SkipUnknownVersion: true})
	} else {
		p.source, err = pcapgo.NewReader(r)
	}
	if err != nil {
		return nil, fmt.Errorf("the header of the capture cannot be read: %w", err)
	}
	return p, nil
}

// errCutCapture is the error of a capture that ends within a packet.
var errCutCapture = errors.New("the last packet is cut off: the capture is truncated, or was being written")

// next returns the next packet, which is valid until the one after it, and io.EOF
// at the end of the capture.
func (p *packetReader) next() ([]byte, gopacket.CaptureInfo, error) {
	data, info, err := p.source.ZeroCopyReadPacketData()
	switch {
	case err == io.EOF:
		return nil, info, io.EOF
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		if p.n == 0 {
			return nil, info, errors.New("the capture ends before its first packet; copy it again")
		}
		p.source = endOfCapture{p.source}
		return nil, info, errCutCapture
	case err != nil:
		return nil, info, fmt.Errorf("packet %d: %w", p.n+1, err)
	}
	p.n++
	return data, info, nil
}

// endOfCapture is a capture whose packets are read.
type endOfCapture struct{ packetSource }

func (endOfCapture) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	return nil, gopacket.CaptureInfo{}, io.EOF
}

// parser returns the parser of packets of a link type, or nil.
func (p *packetReader) parser(link layers.LinkType, data []byte) *gopacket.DecodingLayerParser {
	var first gopacket.LayerType
	switch link {
	case layers.LinkTypeEthernet:
		first = layers.LayerTypeEthernet
	case layers.LinkTypeLinuxSLL:
		first = layers.LayerTypeLinuxSLL
	case layers.LinkTypeLinuxSLL2:
		first = layers.LayerTypeLinuxSLL2
	case layers.LinkTypeNull, layers.LinkTypeLoop:
		first = layers.LayerTypeLoopback
	case layers.LinkTypePPP, layers.LinkTypePPP_HDLC:
		first = layers.LayerTypePPP
	case layers.LinkTypePPPEthernet:
		first = layers.LayerTypePPPoE
	case layers.LinkTypeC_HDLC:
		first = ciscoHDLC
	case layers.LinkTypePFLog:
		first = layers.LayerTypePFLog
	case layers.LinkTypeRaw, layers.LinkTypeIPv4, layers.LinkTypeIPv6, 12, 14:
		if first = layers.LayerTypeIPv4; len(data) > 0 && data[0]>>4 == 6 {
			first = layers.LayerTypeIPv6
		}
	default:
		return nil
	}
	parser := p.parsers[first]
	if parser == nil {
		l := &p.layers
		parser = gopacket.NewDecodingLayerParser(first, &l.ethernet, &l.dot1q, &l.sll, &l.sll2, &l.loopback, &l.ip4, &l.ip6, &l.ext6, &l.fragment6,
			&l.tcp, &l.udp, &l.sctp, &l.icmp4, &l.icmp6, &l.payload, &l.fragment)
		for _, layer := range tunnelLayers() {
			parser.AddDecodingLayer(layer)
		}
		parser.IgnoreUnsupported = true
		p.parsers[first] = parser
	}
	return parser
}

// decode returns the addresses and the length of the innermost IP packet in a packet.
// They are not valid if there is none.
func (p *packetReader) decode(data []byte) (src, dst netip.Addr, size int, err error) {
	link := p.source.LinkType()
	parser := p.parser(link, data)
	if parser == nil {
		return src, dst, 0, fmt.Errorf("packet %d: link type %s cannot be read; write the capture with Ethernet, Linux cooked or raw IP packets", p.n, link)
	}
	_ = parser.DecodeLayers(data, &p.decoded) // what was decoded before an error counts
	l := &p.layers
	p.inner = nil
	for i := len(p.decoded) - 1; i >= 0; i-- {
		var from, to []byte
		switch p.decoded[i] {
		case layers.LayerTypeIPv4:
			from, to = l.ip4.SrcIP, l.ip4.DstIP
			if size = int(l.ip4.Length); size == 0 { // of large segments that a network card cut later
				size = len(l.ip4.Contents) + len(l.ip4.Payload)
			}
		case layers.LayerTypeIPv6:
			from, to, size = l.ip6.SrcIP, l.ip6.DstIP, int(l.ip6.Length)+len(l.ip6.Contents)
		default:
			continue
		}
		a, ok1 := netip.AddrFromSlice(from)
		b, ok2 := netip.AddrFromSlice(to)
		if ok1 && ok2 {
			p.inner = p.decoded[i:]
			return a.Unmap(), b.Unmap(), size, nil
		}
	}
	return src, dst, 0, nil
}

// has reports whether the innermost IP packet decoded last has a layer.
func (p *packetReader) has(layer gopacket.LayerType) bool { return slices.Contains(p.inner, layer) }

// isFragment reports whether the packet decoded last is a part of an IP packet
// without its ports.
func (p *packetReader) isFragment() bool { return p.has(gopacket.LayerTypeFragment) }

// inTunnel reports whether the innermost IP packet is inside another one.
func (p *packetReader) inTunnel() bool {
	outer := p.decoded[:len(p.decoded)-len(p.inner)]
	return slices.Contains(outer, layers.LayerTypeIPv4) || slices.Contains(outer, layers.LayerTypeIPv6)
}

// carried returns the protocol that the innermost IP packet carries.
func (p *packetReader) carried() layers.IPProtocol {
	for i := len(p.inner) - 1; i >= 0; i-- {
		switch p.inner[i] {
		case layers.LayerTypeIPv4:
			return p.layers.ip4.Protocol
		case layers.LayerTypeIPv6:
			return p.layers.ip6.NextHeader
		case layers.LayerTypeIPv6HopByHop, layers.LayerTypeIPv6Routing, layers.LayerTypeIPv6Destination:
			return p.layers.ext6.NextHeader
		case layers.LayerTypeIPv6Fragment:
			return p.layers.fragment6.NextHeader
		}
	}
	return 0
}

// headers returns the length of the header of the innermost IP packet.
func (p *packetReader) headers() int {
	n := 0
	for _, l := range p.inner {
		switch l {
		case layers.LayerTypeIPv4:
			n = int(p.layers.ip4.IHL) * 4
		case layers.LayerTypeIPv6:
			n = 40
		case layers.LayerTypeIPv6HopByHop, layers.LayerTypeIPv6Routing, layers.LayerTypeIPv6Destination:
			n += len(p.layers.ext6.Contents)
		case layers.LayerTypeIPv6Fragment:
			n += len(p.layers.fragment6.Contents)
		}
	}
	return n
}

func packetFlags(t *layers.TCP) (flags uint8) {
	for i, set := range []bool{t.FIN, t.SYN, t.RST, t.PSH, t.ACK, t.URG, t.ECE, t.CWR} {
		if set {
			flags |= 1 << i
		}
	}
	return flags
}
