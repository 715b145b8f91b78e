package ingest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"

	"github.com/flowbook/flowbook/pkg/flow"
)

// The layout of the key of a part: its two ends, the lower first, so that the
// parts of a connection come one after the other in order of time.
const (
	partEnds  = 1 + 17 + 2 + 17 + 2 // protocol, addresses and ports
	partStart = partEnds
	partKind  = partStart + 8
	partRest  = partKind + 1
)

// The kinds of parts. Those that an earlier import left come first.
const (
	closedPart byte = iota // a connection that a flow file has
	openPart               // a connection that an earlier import left open, up to some moment
	rowPart
)

// part is what a row says of a connection, or what several of them said. Direction 0 is from the lower of its ends to the
// higher, 1 the other.
type part struct {
	connection
	kind      byte
	direction int  // of the row's source
	patient   bool // it may come five minutes after the part before
}

// connection is what the parts of a connection that came so far say.
type connection struct {
	rows     [2]int64 // of each direction
	first    [2]int64 // start of each direction, in hundredths of a second, as of moment
	last     [2]int64 // end of each direction
	bytes    [2]int64
	packets  [2]int64
	flags    [2]uint8
	observer [2]uint8
	opened   [2]bool // whether a row says that the direction's source opened it
	start    int64
	end      int64
	timed    bool // whether the end is that of the connection
	total    bool // whether each part counts all of those before it
	state    flow.State
	name     string
}

// appendPart writes a row as a key of the kind rowPart or closedPart.
func appendPart(b []byte, f *Flow, kind byte) []byte {
	src, dst := netip.AddrPortFrom(f.Src, f.SrcPort), netip.AddrPortFrom(f.Dst, f.Port)
	low, high, mark := src, dst, byte(f.Opener)
	if dst.Compare(src) < 0 {
		low, high, mark = dst, src, mark|4
	}
	if f.OneWay {
		mark |= 8
	}
	if f.Patient {
		mark |= 16
	}
	if f.Summed {
		mark |= 32
	}
	if f.Total {
		mark |= 64
	}
	b = append(b, byte(f.Proto))
	for _, end := range []netip.AddrPort{low, high} {
		b = binary.BigEndian.AppendUint16(appendAddr(b, end.Addr()), end.Port())
	}
	b = append(appendMoment(b, moment(f.Date, f.Time)), kind)
	b = binary.BigEndian.AppendUint64(b, uint64(f.Up))
	b = binary.BigEndian.AppendUint64(b, uint64(f.Down))
	b = append(b, mark, f.Observer, f.Flags, f.DownFlags)
	return appendDetails(b, &f.Details)
}

// appendMoment writes a moment as bytes of the same order.
func appendMoment(b []byte, at int64) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(at)^1<<63)
}

func readMoment(b []byte) int64 { return int64(binary.BigEndian.Uint64(b) ^ 1<<63) }

// readPart reads a key without its file.
func readPart(k []byte, names *nameTable) (h part) {
	h.kind = k[partKind]
	if h.kind == openPart {
		h.connection = readConnection(k, names)
		return h
	}
	h.start = readMoment(k[partStart:])
	up, down := int64(binary.BigEndian.Uint64(k[partRest:])), int64(binary.BigEndian.Uint64(k[partRest+8:]))
	mark, rest := k[partRest+16], k[partRest+17:]
	if mark&4 != 0 {
		h.direction = 1
	}
	h.patient, h.total = mark&16 != 0, mark&64 != 0
	details := readDetails(rest[3:], names)
	// The length of a sum of connections is not that of one of them.
	h.end, h.timed = h.start+details.Duration.Hundredths(), details.Duration.Known() && mark&32 == 0
	h.state, h.name = details.State, details.Name
	d := h.direction
	h.bytes[d], h.bytes[1-d] = up, down
	h.packets[d], h.packets[1-d] = details.UpPackets, details.DownPackets
	h.flags[d], h.flags[1-d] = rest[1], rest[2]
	switch Opener(mark & 3) {
	case openerSrc:
		h.opened[d] = true
	case openerDst:
		h.opened[1-d] = true
	}
	for d := range 2 {
		if oneWay := mark&8 != 0; d != h.direction && (oneWay || h.bytes[d] == 0 && h.packets[d] == 0) {
			h.bytes[d], h.packets[d], h.flags[d] = 0, 0, 0
			continue
		}
		h.rows[d], h.first[d], h.last[d], h.observer[d] = 1, h.start, h.end, rest[0]
	}
	return h
}

// appendConnection writes a connection between two ends as a key of the kind openPart.
func appendConnection(b, ends []byte, c *connection) []byte {
	b = append(appendMoment(append(b, ends...), c.start), openPart)
	b = append(appendMoment(b, c.end), byte(c.state))
	for d := range 2 {
		b = binary.BigEndian.AppendUint64(b, uint64(c.rows[d]))
		b = appendMoment(appendMoment(b, c.first[d]), c.last[d])
		b = binary.BigEndian.AppendUint64(b, uint64(c.bytes[d]))
		b = binary.BigEndian.AppendUint64(b, uint64(c.packets[d]))
		b = append(b, c.flags[d], c.observer[d], truth(c.opened[d]))
	}
	return append(append(b, truth(c.timed)|truth(c.total)<<1), c.name...)
}

// The sizes of a connection of the kind openPart, and of its directions.
const (
	openDirection = 5*8 + 3
	openSize      = partRest + 8 + 1 + 2*openDirection + 1
)

func readConnection(k []byte, names *nameTable) (c connection) {
	c.start, c.end = readMoment(k[partStart:]), readMoment(k[partRest:])
	c.state = flow.State(k[partRest+8])
	for d := range 2 {
		b := k[partRest+9+d*openDirection:]
		c.rows[d] = int64(binary.BigEndian.Uint64(b))
		c.first[d], c.last[d] = readMoment(b[8:]), readMoment(b[16:])
		c.bytes[d], c.packets[d] = int64(binary.BigEndian.Uint64(b[24:])), int64(binary.BigEndian.Uint64(b[32:]))
		c.flags[d], c.observer[d], c.opened[d] = b[40], b[41], b[42] == 1
	}
	c.timed, c.total, c.name = k[openSize-1]&1 == 1, k[openSize-1]&2 == 2, names.name(k[openSize:])
	return c
}

func truth(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// checkPart returns an error if a key that was stored cannot be read.
func checkPart(k []byte) error {
	size := partRest + 16 + 4 + detailsSize
	if len(k) > partKind && k[partKind] == openPart {
		size = openSize
	}
	if len(k) < size || k[partKind] > rowPart || bytes.IndexByte(k[size:], 0) >= 0 ||
		k[1] != 32 && k[1] != 128 || k[20] != 32 && k[20] != 128 || k[size-1] > byte(flow.NumStates) {
		return errors.New("not a part of a connection")
	}
	return nil
}

// merge adds to a connection what another part of it says.
func (c *connection) merge(h *connection) {
	if c.rows == [2]int64{} {
		*c = *h
		return
	}
	c.start, c.end = min(c.start, h.start), max(c.end, h.end)
	for d := range 2 {
		c.opened[d] = c.opened[d] || h.opened[d]
		if h.rows[d] == 0 {
			continue
		}
		if c.rows[d] == 0 {
			c.first[d], c.last[d], c.observer[d] = h.first[d], h.last[d], h.observer[d]
		}
		c.first[d], c.last[d] = min(c.first[d], h.first[d]), max(c.last[d], h.last[d])
		c.rows[d] += h.rows[d]
		if c.total {
			c.bytes[d], c.packets[d] = max(c.bytes[d], h.bytes[d]), max(c.packets[d], h.packets[d])
		} else {
			c.bytes[d], c.packets[d] = saturate(c.bytes[d], h.bytes[d]), saturate(c.packets[d], h.packets[d])
		}
		c.flags[d] |= h.flags[d]
	}
	c.timed = c.timed || h.timed
	if h.state == flow.Refused || c.state == flow.UnknownState || c.state == flow.Open && h.state != flow.UnknownState {
		c.state = h.state
	}
	if c.name == "" {
		c.name = h.name
	}
}

// saturate adds two counts and stops at the largest int64.
func saturate(a, b int64) int64 {
	if s := a + b; s >= 0 {
		return s
	}
	return 1<<63 - 1
}
