package ingest

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
)

// The longest pauses, in hundredths of a second, between the end of one part of a
// connection and the start of the next.
const (
	// pairSlack is a minute: the interval in which VPC flow logs gather packets,
	// and more than the inactive timeouts of NetFlow.
	pairSlack = int64(flow.Minute)
	// idleSlack is for TCP, if flags say that the part does not begin a connection.
	// Zeek waits as long.
	idleSlack = 5 * int64(flow.Minute)
)

// Pairing says how rows that are parts of connections were joined.
type Pairing struct {
	Rows   int64 // parts of connections
	Flows  int64 // connections that they were joined to
	Joined int64 // connections with rows of both directions
	Pieces int64 // rows that continue a connection in a direction that had rows before
	Twice  int64 // rows that another observer reports as well
	Copies int64 // rows that another file has as well
	Other  int64 // connections outside the chosen days, which are left out

	// How it was decided who opened a connection.
	ByFlags int64 // by TCP flags
	ByPorts int64 // by the likelier service port
	ByTime  int64 // by who sent first
}

// WriteTo writes the pairing for users, and nothing if there was no row.
func (p Pairing) WriteTo(w io.Writer) (int64, error) {
	text := ""
	if p.Copies > 0 {
		text = fmt.Sprintf("left out %s that another log has as well\n", count(p.Copies, "row"))
	}
	if p.Rows == 0 {
		n, err := io.WriteString(w, text)
		return int64(n), err
	}
	text += fmt.Sprintf("joined %s into %s: %s with both directions, %s with one\n",
		count(p.Rows, "row"), count(p.Flows, "connection"), count(p.Joined, "connection"), count(p.Flows-p.Joined, "connection"))
	if p.Pieces > 0 {
		text += fmt.Sprintf("joined %s that continue a connection, such as those of a long one that the exporter cut\n", count(p.Pieces, "row"))
	}
	var decided []string
	for _, by := range []struct {
		n    int64
		what string
	}{{p.ByFlags, "TCP flags"}, {p.ByPorts, "the likelier service port"}, {p.ByTime, "who sent first"}} {
		if by.n > 0 {
			decided = append(decided, count(by.n, "connection")+" by "+by.what)
		}
	}
	text += "decided who opened " + strings.Join(decided, ", ") + "\n"
	if p.Twice > 0 {
		text += fmt.Sprintf("left out %s that another interface or exporter reports as well\n", count(p.Twice, "row"))
	}
	if p.Other > 0 {
		text += fmt.Sprintf("left out %s outside the chosen days\n", count(p.Other, "connection"))
	}
	n, err := io.WriteString(w, text)
	return int64(n), err
}

// Pair joins the rows added so far that are parts of connections. Rows of the same
// protocol, addresses and ports, in either direction, become one flow if each
// begins while the previous ones last or at most a minute after them (five minutes
// if its TCP flags do not begin a connection). The flow begins with the first row
// and ends with the last. A row without a partner becomes a flow of its own.
//
// If several observers, such as the interfaces of both hosts, report the same
// direction of the same connection at the same time, only the rows of the observer
// that saw it first are taken.
//
// The source of a flow is the side that opened the connection. It is found by TCP
// flags if the log has them; else by a port below 1024 on one side only; else by
// which side sent first; else by the likelier service port. The result does not
// depend on the order of the rows.
//
// Rows that several files have, as rotated logs that overlap do, are taken once.
func (s *Sorter) Pair(ctx context.Context) (Pairing, error) {
	p := pairer{add: s.Add, days: s.Chosen}
	for k, err := range distinct(s.parts.sorted(), func([]byte) { p.Copies++ }) {
		if err == nil && p.Rows%(1<<14) == 0 {
			err = ctx.Err()
		}
		if err == nil {
			err = p.take(k)
		}
		if err != nil {
			return Pairing{}, err
		}
	}
	if err := p.flush(); err != nil {
		return Pairing{}, err
	}
	copies, err := s.copies(ctx)
	if p.Copies += copies; err != nil {
		return Pairing{}, err
	}
	return p.Pairing, s.parts.close()
}

// The layout of the key of a part: its two ends, the lower first, so that the
// parts of a connection come one after the other in order of time.
const (
	partEnds  = 1 + 17 + 2 + 17 + 2 // protocol, addresses and ports
	partStart = partEnds
	partRest  = partStart + 8
)

func appendPart(b []byte, f Flow) []byte {
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
	b = append(b, byte(f.Proto))
	for _, end := range []netip.AddrPort{low, high} {
		b = binary.BigEndian.AppendUint16(appendAddr(b, end.Addr()), end.Port())
	}
	b = binary.BigEndian.AppendUint64(b, uint64(moment(f.Date, f.Time))^1<<63)
	b = binary.BigEndian.AppendUint64(b, uint64(f.Up))
	b = binary.BigEndian.AppendUint64(b, uint64(f.Down))
	b = append(b, mark, f.Observer, f.Flags, f.DownFlags)
	return appendFile(appendDetails(b, &f.Details), f.File)
}

// part is one row of a connection: what was seen from its start to its end.
// Direction 0 is from the lower of its ends to the higher, 1 the other.
type part struct {
	direction  int // of the row's source
	oneWay     bool
	patient    bool  // it may come five minutes after the part before
	start, end int64 // in hundredths of a second, as of moment
	bytes      [2]int64
	packets    [2]int64
	flags      [2]uint8
	opener     Opener
	observer   uint8
	timed      bool // whether the end is known
	state      flow.State
	name       string
}

// pairer joins parts that come connection by connection, in order of time.
type pairer struct {
	Pairing
	add   func(Flow) error
	days  []Date
	ends  [partEnds]byte // of the connection
	conn  connection
	names nameTable
}

func (p *pairer) read(k []byte) (h part) {
	h.start = int64(binary.BigEndian.Uint64(k[partStart:]) ^ 1<<63)
	up, down := int64(binary.BigEndian.Uint64(k[partRest:])), int64(binary.BigEndian.Uint64(k[partRest+8:]))
	mark, rest := k[partRest+16], k[partRest+17:]
	h.opener, h.oneWay, h.patient, h.observer = Opener(mark&3), mark&8 != 0, mark&16 != 0, rest[0]
	if mark&4 != 0 {
		h.direction = 1
	}
	d := readDetails(rest[3:], &p.names)
	h.end, h.timed = h.start+d.Duration.Hundredths(), d.Duration.Known()
	h.state, h.name = d.State, d.Name
	h.bytes[h.direction], h.bytes[1-h.direction] = up, down
	h.packets[h.direction], h.packets[1-h.direction] = d.UpPackets, d.DownPackets
	h.flags[h.direction], h.flags[1-h.direction] = rest[1], rest[2]
	return h
}

// connection is the parts of a connection that came so far.
type connection struct {
	rows     [2]int64 // of each direction
	first    [2]int64 // start of each direction
	last     [2]int64 // end of each direction
	bytes    [2]int64
	packets  [2]int64
	flags    [2]uint8
	observer [2]uint8
	opened   [2]bool // whether a row says that the direction's source opened it
	start    int64
	end      int64
	timed    bool
	state    flow.State
	name     string
}

// take takes in the next part.
func (p *pairer) take(k []byte) error {
	p.Rows++
	if !bytes.Equal(k[:partEnds], p.ends[:]) {
		if err := p.flush(); err != nil {
			return err
		}
		p.ends = [partEnds]byte(k[:partEnds])
	}
	h, c := p.read(k), &p.conn
	d := h.direction
	if seen := c.observer[d]; c.rows[d] > 0 && seen != h.observer && seen != 0 && h.observer != 0 && h.start <= c.last[d]+pairSlack {
		p.Twice++
		return nil
	}
	if c.rows != [2]int64{} && !c.continues(&h, flow.Proto(k[0])) {
		if err := p.flush(); err != nil {
			return err
		}
	}
	if c.rows[d] > 0 {
		p.Pieces++
	}
	c.add(&h)
	return nil
}

// continues reports whether a part belongs to the connection.
func (c *connection) continues(h *part, proto flow.Proto) bool {
	flags := h.flags[h.direction]
	pause := h.start - c.end
	if h.patient {
		return pause <= idleSlack+pairSlack
	}
	if proto != flow.TCP || flags == 0 {
		return pause <= pairSlack
	}
	closed := (c.flags[0]|c.flags[1])&(tcpFIN|tcpRST) != 0
	if flags&tcpSYN != 0 {
		return pause <= pairSlack && !(closed && c.rows[h.direction] > 0)
	}
	return pause <= pairSlack || pause <= idleSlack && !closed
}

func (c *connection) add(h *part) {
	if c.rows == [2]int64{} {
		c.start, c.end = h.start, h.end
	}
	c.end = max(c.end, h.end)
	for d := range 2 {
		if d != h.direction && (h.oneWay || h.bytes[d] == 0 && h.packets[d] == 0) {
			continue
		}
		if c.rows[d] == 0 {
			c.first[d], c.observer[d] = h.start, h.observer
		}
		c.rows[d]++
		c.last[d] = max(c.last[d], h.end)
		c.bytes[d], c.packets[d] = saturate(c.bytes[d], h.bytes[d]), saturate(c.packets[d], h.packets[d])
		c.flags[d] |= h.flags[d]
	}
	switch h.opener {
	case openerSrc:
		c.opened[h.direction] = true
	case openerDst:
		c.opened[1-h.direction] = true
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

// flush makes a flow of the connection and forgets it.
func (p *pairer) flush() error {
	c := &p.conn
	if c.rows == [2]int64{} {
		return nil
	}
	f := p.flow()
	*c = connection{}
	if !chosen(p.days, f.Date) {
		p.Other++
		return nil
	}
	return p.add(f)
}

func (p *pairer) flow() Flow {
	c := &p.conn
	p.Flows++
	if c.rows[0] > 0 && c.rows[1] > 0 {
		p.Joined++
	}
	ends := [2]netip.AddrPort{
		netip.AddrPortFrom(readAddr(p.ends[1:]), binary.BigEndian.Uint16(p.ends[18:])),
		netip.AddrPortFrom(readAddr(p.ends[20:]), binary.BigEndian.Uint16(p.ends[37:])),
	}
	up := p.opener(ends)
	down := 1 - up
	var f Flow
	f.Date, f.Time = day(c.start)
	f.Proto = flow.Proto(p.ends[0])
	f.Src, f.SrcPort, f.Dst, f.Port = ends[up].Addr(), ends[up].Port(), ends[down].Addr(), ends[down].Port()
	f.Up, f.Down, f.UpPackets, f.DownPackets = c.bytes[up], c.bytes[down], c.packets[up], c.packets[down]
	f.Flags, f.DownFlags, f.Name = c.flags[up], c.flags[down], c.name
	if c.timed {
		f.Duration = flow.SpanOf(c.end - c.start)
	}
	if f.State = c.state; f.State == flow.UnknownState {
		f.State = flagsState(&f)
	}
	return f
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
		p.ByFlags++
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
