package ingest

import (
	"container/list"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

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

// captureDecoder cuts the packets of a capture into connections. The line of a flow
// is the number of its first packet.
type captureDecoder struct {
	row     rowReader
	packets *packetReader
	payload bool // bytes are those of the payload, not of IP packets
	now     time.Time
	open    map[connectionKey]*list.Element
	idle    *list.List // of *openConnection, the one without packets for longest first
	fragments
	done []Flow
	end  bool
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
	hello       []byte  // what the client said first, until its name is known
	deaf        bool    // no name is to come
}

func openCapture(in *lines, r rowReader, opt Options) (decoder, error) {
	if start, _ := in.r.Peek(4); len(start) == 0 {
		return emptyFile{}, nil
	}
	packets, err := newPacketReader(in.r)
	if err != nil {
		return nil, err
	}
	return &captureDecoder{row: r, packets: packets, payload: opt.Bytes != IPBytes,
		open: map[connectionKey]*list.Element{}, idle: list.New(), fragments: fragments{}}, nil
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
	data, info, err := d.packets.next()
	if err != nil {
		cut := errors.Is(err, errCutCapture)
		if !cut && err != io.EOF {
			return err
		}
		d.end = true
		for e := d.idle.Front(); e != nil; e = e.Next() {
			d.finish(e.Value.(*openConnection))
		}
		if cut {
			return d.row.leaveOut(d.packets.n+1, cutOff, err.Error())
		}
		return nil
	}
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

// add adds a packet to its connection.
func (d *captureDecoder) add(data []byte, info gopacket.CaptureInfo) error {
	p := d.packets
	src, dst, size, err := p.decode(data)
	switch {
	case err != nil:
		return err
	case !src.IsValid():
		return d.row.leaveOut(p.n, otherProtocol, "packet without IP")
	}
	var f Flow
	var header int
	var said []byte // what the transport carries
	l := &p.layers
	switch {
	case p.has(layers.LayerTypeTCP):
		f.Proto, f.SrcPort, f.Port, f.Flags = flow.TCP, uint16(l.tcp.SrcPort), uint16(l.tcp.DstPort), packetFlags(&l.tcp)
		header, said = int(l.tcp.DataOffset)*4, l.tcp.Payload
	case p.has(layers.LayerTypeUDP):
		f.Proto, f.SrcPort, f.Port = flow.UDP, uint16(l.udp.SrcPort), uint16(l.udp.DstPort)
		header, said = 8, l.udp.Payload
	case p.has(layers.LayerTypeSCTP):
		f.Proto, f.SrcPort, f.Port = flow.SCTP, uint16(l.sctp.SrcPort), uint16(l.sctp.DstPort)
		header = 12
	case p.has(layers.LayerTypeICMPv4):
		f.Proto, header = flow.ICMP, 8
		f.SrcPort, f.Port = icmpEnds(f.Proto, l.icmp4.TypeCode.Type(), l.icmp4.TypeCode.Code(), true)
	case p.has(layers.LayerTypeICMPv6):
		f.Proto, header = flow.ICMPv6, 8
		f.SrcPort, f.Port = icmpEnds(f.Proto, l.icmp6.TypeCode.Type(), l.icmp6.TypeCode.Code(), true)
	case p.isFragment():
		var ok bool
		if f, header, ok = d.fragments.flow(p, src, dst); !ok {
			return d.row.leaveOut(p.n, fragment, src.String()+" to "+dst.String())
		}
	default:
		if f.Proto = flow.Proto(p.carried()); f.Proto == 0 || f.Proto == notIP {
			return d.row.leaveOut(p.n, otherProtocol, fmt.Sprintf("IP protocol %d", p.carried()))
		}
	}
	f.Src, f.Dst, f.Tunnelled = src, dst, p.inTunnel()
	if f.Up = int64(size); d.payload {
		f.Up = int64(max(size-p.headers()-header, 0))
	}
	d.count(f, info.Timestamp, said)
	return nil
}

// count adds a packet, as a flow of its own, to its connection.
func (d *captureDecoder) count(f Flow, at time.Time, said []byte) {
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
		f.Line, f.Part = d.packets.n, true
		f.Opener = packetOpener(f, src, dst)
		f.Date, f.Time = d.row.time.at(at.Unix(), flow.Time(at.Nanosecond()/1e7))
		f.UpPackets = 1
		c := &openConnection{key: key, flow: f, first: at, last: at, closed: [2]bool{f.Flags&tcpFIN != 0, false}}
		c.listen(&f, said)
		d.open[key] = d.idle.PushBack(c)
		return
	}
	c := e.Value.(*openConnection)
	d.idle.MoveToBack(e)
	if at.After(c.last) {
		c.last = at
	}
	c.listen(&f, said)
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
	case !f.Proto.HasPorts():
		return openerUnknown // Pair decides by the type of ICMP, or by who sent first
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
