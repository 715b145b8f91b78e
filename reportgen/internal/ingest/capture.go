package ingest

import (
	"bufio"
	"bytes"
	"container/list"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Bounds of the connections that a capture is cut into, as Zeek cuts them: a
// connection ends when it has been idle for so long.
const (
	tcpIdle = 5 * time.Minute
	udpIdle = time.Minute
	// maxOpen bounds the connections that are open at once. The one that was idle
	// longest is closed early; [Sorter.Pair] joins its parts.
	maxOpen = 1 << 18
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

// captureDecoder cuts the packets of a capture into connections. The line of a flow
// is the number of its first packet.
type captureDecoder struct {
	row     rowReader
	source  packetSource
	parsers map[gopacket.LayerType]*gopacket.DecodingLayerParser
	decoded []gopacket.LayerType
	payload bool // bytes are those of the payload, not of IP packets
	n       int64
	now     time.Time
	open    map[connectionKey]*list.Element
	idle    *list.List // of *openConnection, the one without packets for longest first
	done    []Flow
	end     bool

	layers packetLayers
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
	payload  gopacket.Payload
	fragment gopacket.Fragment
}

// connectionKey is a connection by its ends, the lower first.
type connectionKey struct {
	proto     flow.Proto
	low, high netip.AddrPort
}

type openConnection struct {
	key         connectionKey
	flow        Flow
	first, last time.Time
	closed      [2]bool // whether each side has sent FIN
}

func openCapture(in *lines, r rowReader, opt Options) (decoder, error) {
	start, _ := in.r.Peek(4)
	if len(start) == 0 {
		return emptyFile{}, nil
	}
	if !isCapture(start) {
		return nil, fmt.Errorf("starts with %s: not a packet capture", excerpt(start))
	}
	source, err := newPacketSource(in.r, start)
	if err != nil {
		return nil, fmt.Errorf("the header of the capture cannot be read: %w", err)
	}
	d := &captureDecoder{row: r, source: source, payload: opt.Bytes != IPBytes, parsers: map[gopacket.LayerType]*gopacket.DecodingLayerParser{},
		open: map[connectionKey]*list.Element{}, idle: list.New()}
	return d, nil
}

func newPacketSource(r *bufio.Reader, start []byte) (packetSource, error) {
	if start[0] == 0x0a {
		return pcapgo.NewNgReader(r, pcapgo.NgReaderOptions{WantMixedLinkType: false, SkipUnknownVersion: true})
	}
	return pcapgo.NewReader(r)
}

func (d *captureDecoder) Read() (Flow, error) {
	for len(d.done) == 0 {
		if d.end {
			return Flow{}, io.EOF
		}
		if err := d.packet(); err != nil {
			return Flow{}, err
		}
	}
	f := d.done[0]
	d.done = d.done[1:]
	return f, nil
}

// packet takes in the next packet. At the end all connections are done.
func (d *captureDecoder) packet() error {
	data, info, err := d.source.ZeroCopyReadPacketData()
	switch {
	case err == io.EOF:
		d.end = true
		for e := d.idle.Front(); e != nil; e = e.Next() {
			d.finish(e.Value.(*openConnection))
		}
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		if d.now.IsZero() {
			return errors.New("the capture ends before its first packet; copy it again")
		}
		d.end = true
		for e := d.idle.Front(); e != nil; e = e.Next() {
			d.finish(e.Value.(*openConnection))
		}
		return d.row.leaveOut(d.n+1, cutOff, "the last packet is cut off: the capture is truncated, or was being written")
	case err != nil:
		return fmt.Errorf("packet %d: %w", d.n+1, err)
	}
	d.n++
	if info.Timestamp.After(d.now) {
		d.now = info.Timestamp
	}
	d.expire()
	return d.add(data, info)
}

// expire closes the connections that have been idle for long.
func (d *captureDecoder) expire() {
	for e := d.idle.Front(); e != nil; e = d.idle.Front() {
		c := e.Value.(*openConnection)
		limit := udpIdle
		if c.key.proto == flow.TCP {
			limit = tcpIdle
		}
		if d.now.Sub(c.last) <= limit && d.idle.Len() <= maxOpen {
			return
		}
		d.close(e)
	}
}

func (d *captureDecoder) close(e *list.Element) {
	c := e.Value.(*openConnection)
	d.idle.Remove(e)
	delete(d.open, c.key)
	d.finish(c)
}

func (d *captureDecoder) finish(c *openConnection) {
	f := c.flow
	f.Duration = flow.SpanOf(int64(c.last.Sub(c.first) / (10 * time.Millisecond)))
	f.State = flow.UnknownState // Pair finds it
	d.done = append(d.done, f)
}

// parser returns the parser of packets of a link type, or nil.
func (d *captureDecoder) parser(link layers.LinkType, data []byte) *gopacket.DecodingLayerParser {
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
	case layers.LinkTypeRaw, layers.LinkTypeIPv4, layers.LinkTypeIPv6, 12, 14:
		if first = layers.LayerTypeIPv4; len(data) > 0 && data[0]>>4 == 6 {
			first = layers.LayerTypeIPv6
		}
	default:
		return nil
	}
	p := d.parsers[first]
	if p == nil {
		l := &d.layers
		p = gopacket.NewDecodingLayerParser(first, &l.ethernet, &l.dot1q, &l.sll, &l.sll2, &l.loopback, &l.ip4, &l.ip6, &l.ext6, &l.tcp, &l.udp, &l.payload, &l.fragment)
		p.IgnoreUnsupported = true
		d.parsers[first] = p
	}
	return p
}

// add adds a packet to its connection.
func (d *captureDecoder) add(data []byte, info gopacket.CaptureInfo) error {
	link := d.source.LinkType()
	p := d.parser(link, data)
	if p == nil {
		return fmt.Errorf("packet %d: link type %s cannot be read; write the capture with Ethernet, Linux cooked or raw IP packets", d.n, link)
	}
	decodeErr := p.DecodeLayers(data, &d.decoded) // what was decoded before an error counts
	var src, dst netip.Addr
	size := 0
	for i := len(d.decoded) - 1; i >= 0; i-- {
		var ok1, ok2 bool
		l := &d.layers
		switch d.decoded[i] {
		case layers.LayerTypeIPv4:
			src, ok1 = netip.AddrFromSlice(l.ip4.SrcIP)
			dst, ok2 = netip.AddrFromSlice(l.ip4.DstIP)
			size = int(l.ip4.Length)
			if size == 0 { // of large segments that a network card cut later
				size = len(l.ip4.Contents) + len(l.ip4.Payload)
			}
		case layers.LayerTypeIPv6:
			src, ok1 = netip.AddrFromSlice(l.ip6.SrcIP)
			dst, ok2 = netip.AddrFromSlice(l.ip6.DstIP)
			size = int(l.ip6.Length) + len(l.ip6.Contents)
		}
		if ok1 && ok2 {
			break
		}
	}
	if !src.IsValid() || len(d.decoded) == 0 {
		if decodeErr != nil {
			return d.row.leaveOut(d.n, otherProtocol, "packet without IP: "+decodeErr.Error())
		}
		return d.row.leaveOut(d.n, otherProtocol, "packet without IP")
	}
	var f Flow
	var header int
	switch last := d.decoded; {
	case contains(last, layers.LayerTypeTCP):
		t := &d.layers.tcp
		f.Proto, f.SrcPort, f.Port, f.Flags = flow.TCP, uint16(t.SrcPort), uint16(t.DstPort), packetFlags(t)
		header = int(t.DataOffset) * 4
	case contains(last, layers.LayerTypeUDP):
		u := &d.layers.udp
		f.Proto, f.SrcPort, f.Port = flow.UDP, uint16(u.SrcPort), uint16(u.DstPort)
		header = 8
	case contains(last, gopacket.LayerTypeFragment):
		return d.row.leaveOut(d.n, fragment, src.String()+" to "+dst.String())
	default:
		return d.row.leaveOut(d.n, otherProtocol, src.Unmap().String()+" to "+dst.Unmap().String())
	}
	f.Src, f.Dst = src.Unmap(), dst.Unmap()
	if f.Up = int64(size); d.payload {
		f.Up = int64(max(size-d.headers()-header, 0))
	}
	d.count(f, info.Timestamp)
	return nil
}

// headers returns the length of the IP header of the packet decoded last.
func (d *captureDecoder) headers() int {
	n := 0
	for _, l := range d.decoded {
		switch l {
		case layers.LayerTypeIPv4:
			n = int(d.layers.ip4.IHL) * 4
		case layers.LayerTypeIPv6:
			n = 40
		case layers.LayerTypeIPv6HopByHop, layers.LayerTypeIPv6Routing, layers.LayerTypeIPv6Destination:
			n += len(d.layers.ext6.Contents)
		}
	}
	return n
}

func contains(all []gopacket.LayerType, l gopacket.LayerType) bool {
	for _, x := range all {
		if x == l {
			return true
		}
	}
	return false
}

func packetFlags(t *layers.TCP) (flags uint8) {
	for i, set := range []bool{t.FIN, t.SYN, t.RST, t.PSH, t.ACK, t.URG, t.ECE, t.CWR} {
		if set {
			flags |= 1 << i
		}
	}
	return flags
}

// count adds a packet, as a flow of its own, to its connection.
func (d *captureDecoder) count(f Flow, at time.Time) {
	src, dst := netip.AddrPortFrom(f.Src, f.SrcPort), netip.AddrPortFrom(f.Dst, f.Port)
	key := connectionKey{f.Proto, src, dst}
	if dst.Compare(src) < 0 {
		key.low, key.high = dst, src
	}
	e := d.open[key]
	if e != nil {
		c := e.Value.(*openConnection)
		// SYN after the end of a connection begins another one.
		over := c.closed[0] && c.closed[1] || (c.flow.Flags|c.flow.DownFlags)&tcpRST != 0
		if over && f.Flags&(tcpSYN|tcpACK) == tcpSYN {
			d.close(e)
			e = nil
		}
	}
	if e == nil {
		f.Line, f.Part = d.n, true
		f.Opener = packetOpener(f, src, dst)
		f.Date, f.Time = d.row.time.at(at.Unix(), flow.Time(at.Nanosecond()/1e7))
		f.UpPackets = 1
		e = d.idle.PushBack(&openConnection{key: key, flow: f, first: at, last: at, closed: [2]bool{f.Flags&tcpFIN != 0, false}})
		d.open[key] = e
		return
	}
	c := e.Value.(*openConnection)
	d.idle.MoveToBack(e)
	if at.After(c.last) {
		c.last = at
	}
	if src == netip.AddrPortFrom(c.flow.Src, c.flow.SrcPort) {
		c.flow.Up, c.flow.UpPackets, c.flow.Flags = c.flow.Up+f.Up, c.flow.UpPackets+1, c.flow.Flags|f.Flags
		c.closed[0] = c.closed[0] || f.Flags&tcpFIN != 0
	} else {
		c.flow.Down, c.flow.DownPackets, c.flow.DownFlags = c.flow.Down+f.Up, c.flow.DownPackets+1, c.flow.DownFlags|f.Flags
		c.closed[1] = c.closed[1] || f.Flags&tcpFIN != 0
	}
}

// packetOpener says who opened a connection by its first packet.
func packetOpener(f Flow, src, dst netip.AddrPort) Opener {
	switch {
	case f.Flags&(tcpSYN|tcpACK) == tcpSYN:
		return openerSrc
	case f.Flags&(tcpSYN|tcpACK) == tcpSYN|tcpACK:
		return openerDst
	}
	if opener(src, dst) == openerDst && src.Port() < systemPorts {
		return openerDst
	}
	return openerSrc
}
