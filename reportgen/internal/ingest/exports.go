package ingest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"

	"github.com/gopacket/gopacket/layers"
)

// exportMessage is a message of NetFlow or IPFIX.
type exportMessage struct {
	payload  []byte // valid until the next message is read
	exporter exporter
	n        int64 // of its packet, or of the message in a file of messages
}

// exporter is who sends messages to whom, which templates belong to.
type exporter struct {
	from netip.Addr
	to   netip.AddrPort
}

// exportSource reads messages. An error that is a *rowError is of one packet.
type exportSource interface {
	next() (exportMessage, error)
}

// exportVersion returns the version of a message: 5, 9 or 10 (IPFIX), or 0 if it
// is not one. Collectors listen on any port, so the content decides. Some exporters pad
// their messages.
func exportVersion(b []byte) int {
	if len(b) < 20 {
		return 0
	}
	switch size := len(b); binary.BigEndian.Uint16(b) {
	case 5:
		if count := int(binary.BigEndian.Uint16(b[2:])); count > 0 && size >= 24+48*count && (size == 24+48*count || count <= 30 && isRecent(b[8:])) {
			return 5
		}
	case 9:
		if isRecent(b[8:]) && setsFit(b[20:], 0, 1) {
			return 9
		}
	case 10:
		if length := int(binary.BigEndian.Uint16(b[2:])); (length == size || length < size && length >= 20 && isRecent(b[4:])) && setsFit(b[16:], 2, 3) {
			return 10
		}
	}
	return 0
}

// isRecent reports whether seconds since 1970 are of a plausible date.
func isRecent(b []byte) bool { return binary.BigEndian.Uint32(b) > uint32(firstDate)*secondsPerDay }

// isBrokenExport reports whether a payload begins and is as long as a message of NetFlow
// v5, but has another number of records than it says.
func isBrokenExport(b []byte) bool {
	return len(b) > 24 && (len(b)-24)%48 == 0 && binary.BigEndian.Uint16(b) == 5 && exportVersion(b) == 0
}

// setsFit reports whether a message continues with a set of templates, whose number
// is one of those given, or of data.
func setsFit(b []byte, templates ...uint16) bool {
	if len(b) < 4 {
		return false
	}
	id, size := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
	return size >= 4 && size <= len(b) && (id > 255 || id == templates[0] || id == templates[1])
}

// isIPFIX reports whether a file begins as one of IPFIX messages (RFC 5655).
func isIPFIX(start []byte) bool {
	return len(start) >= 20 && binary.BigEndian.Uint16(start) == 10 && isRecent(start[4:]) &&
		setsFit(append(start[16:20:20], make([]byte, 1<<16)...), 2, 3)
}

// capturedExports are the messages in a packet capture.
type capturedExports struct {
	row     *rowReader
	packets *packetReader
}

func (c *capturedExports) next() (exportMessage, error) {
	p := c.packets
	data, _, err := p.next()
	switch {
	case errors.Is(err, errCutCapture):
		return exportMessage{}, c.row.leaveOut(p.n+1, cutOff, err.Error())
	case err != nil:
		return exportMessage{}, err
	}
	src, dst, _, err := p.decode(data)
	if err != nil {
		return exportMessage{}, err
	}
	switch {
	case p.has(layers.LayerTypeUDP):
	case src.IsValid() && p.isFragment():
		return exportMessage{}, c.row.leaveOut(p.n, fragment, src.String()+" to "+dst.String())
	default:
		return exportMessage{}, c.row.leaveOut(p.n, otherLog, "a packet that is not UDP")
	}
	udp := &p.layers.udp
	if exportVersion(udp.Payload) == 0 {
		if int(udp.Length) > 8+len(udp.Payload) {
			return exportMessage{}, c.row.leaveOut(p.n, badMessage, fmt.Sprintf("%d of %d bytes were captured; capture whole packets (tcpdump -s 0)", len(udp.Payload), udp.Length-8))
		}
		if isBrokenExport(udp.Payload) {
			return exportMessage{}, c.row.leaveOut(p.n, badMessage, fmt.Sprintf("%d records in place of %d", (len(udp.Payload)-24)/48, binary.BigEndian.Uint16(udp.Payload[2:])))
		}
		return exportMessage{}, c.row.leaveOut(p.n, otherLog, fmt.Sprintf("UDP to port %d that is not NetFlow v5, v9 or IPFIX", udp.DstPort))
	}
	return exportMessage{udp.Payload, exporter{src, netip.AddrPortFrom(dst, uint16(udp.DstPort))}, p.n}, nil
}

// exportsIn reports whether most of the first packets of a capture are messages of
// NetFlow or IPFIX.
func exportsIn(r *bufio.Reader) bool {
	p, err := newPacketReader(r)
	if err != nil {
		return false
	}
	exports := 0
	for range sniffed {
		data, _, err := p.next()
		if err != nil {
			break
		}
		if _, _, _, err := p.decode(data); err == nil && p.has(layers.LayerTypeUDP) && exportVersion(p.layers.udp.Payload) > 0 {
			exports++
		}
	}
	return exports > 0 && int64(exports)*2 >= p.n
}

// filedExports are the messages of a file of IPFIX.
type filedExports struct {
	in  *bufio.Reader
	b   []byte
	n   int64
	row *rowReader
	end bool
}

func (f *filedExports) next() (exportMessage, error) {
	if f.end {
		return exportMessage{}, io.EOF
	}
	head, err := f.in.Peek(4)
	switch {
	case err == io.EOF && len(head) == 0:
		return exportMessage{}, io.EOF
	case errors.Is(err, io.EOF):
		return exportMessage{}, f.cut()
	case err != nil:
		return exportMessage{}, err
	}
	f.n++
	version, size := binary.BigEndian.Uint16(head), int(binary.BigEndian.Uint16(head[2:]))
	if version != 10 || size < 16 {
		return exportMessage{}, fmt.Errorf("message %d: starts with %s, not as one of IPFIX: the file is damaged; copy it again", f.n, excerpt(head))
	}
	f.b = append(f.b[:0], make([]byte, size)...)
	switch _, err := io.ReadFull(f.in, f.b); {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return exportMessage{}, f.cut()
	case err != nil:
		return exportMessage{}, err
	}
	return exportMessage{f.b, exporter{}, f.n}, nil
}

func (f *filedExports) cut() error {
	f.end = true
	return f.row.leaveOut(f.n, cutOff, "the last message is cut off: the file is truncated, or was being written")
}
