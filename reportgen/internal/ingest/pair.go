package ingest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"net/netip"

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
	// startSlack is how much the starts of a connection differ in reports of it, since some have
	// whole seconds.
	startSlack = 2 * int64(flow.Second)
)

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
// Of rows that each count a connection from its start, as firewalls report long ones, the last is
// taken.
//
// Rows that several files have, as rotated logs that overlap do, are taken once. So are rows
// that an earlier import had, as [Sorter.AddEarlier] says.
func (s *Sorter) Pair(ctx context.Context) (Pairing, error) {
	p := pairer{sorter: s}
	for k, err := range distinct(s.parts.sorted(s.Dir, &s.flows), func([]byte) { p.Copies++ }) {
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
	if s.later != nil {
		err = s.later.end()
	}
	return p.Pairing, errors.Join(err, s.parts.close())
}

// pairer joins parts that come connection by connection, in order of time.
type pairer struct {
	Pairing
	sorter *Sorter
	ends   [partEnds]byte // of the connection
	conn   connection
	fresh  bool // it has a row that was not imported before
	left   bool // its parts so far are among those left to a later import
	names  nameTable

	// earlier is what an earlier import knew of the connection before the moment known.
	earlier connection
	known   int64
}

// take takes in the next part, whose key ends with its file.
func (p *pairer) take(k []byte) error {
	imported := isImported(k)
	k = k[:len(k)-keyFile]
	if !bytes.Equal(k[:partEnds], p.ends[:]) {
		if err := p.flush(); err != nil {
			return err
		}
		p.ends, p.earlier = [partEnds]byte(k[:partEnds]), connection{}
	}
	h, c := readPart(k, &p.names), &p.conn
	if p.isEarlier(&h, imported) || p.isTwice(&h) {
		return nil
	}
	if c.rows != [2]int64{} && !c.continues(&h, flow.Proto(k[0])) {
		if err := p.flush(); err != nil {
			return err
		}
	}
	if h.kind == rowPart && c.rows != [2]int64{} && !imported {
		if h.total {
			p.Reports++
		} else if c.rows[h.direction] > 0 {
			p.Pieces++
		}
	}
	if later := p.sorter.later; later != nil && h.start >= later.edge {
		if err := errors.Join(p.leave(later), later.add(k)); err != nil {
			return err
		}
	}
	p.fresh = p.fresh || !imported
	c.merge(&h.connection)
	return nil
}

// isEarlier takes in what flow files have of the connection, and reports whether a part is that, or is a row that an
// earlier import had.
func (p *pairer) isEarlier(h *part, imported bool) bool {
	switch {
	case h.kind == closedPart:
		if p.fresh && p.conn.continues(h, flow.Proto(p.ends[0])) {
			p.Apart++
		}
		p.earlier, p.known = h.connection, math.MaxInt64
		return true
	case h.kind == openPart:
		p.earlier, p.known = h.connection, p.sorter.settled
	case !imported:
		p.Rows++
		if h.start < p.known && p.earlier.covers(h) {
			p.Copies++
			return true
		}
		if p.known == math.MaxInt64 && p.earlier.rows != [2]int64{} && p.conn.rows == [2]int64{} && p.earlier.continues(h, flow.Proto(p.ends[0])) {
			p.Apart++
		}
	}
	return false
}

// isTwice reports whether another observer has reported what a row says.
func (p *pairer) isTwice(h *part) bool {
	d, c := h.direction, &p.conn
	if h.kind != rowPart || c.rows[d] == 0 || h.start > c.last[d]+pairSlack {
		return false
	}
	seen := c.observer[d]
	twice := seen != h.observer[d] && seen != 0 && h.observer[d] != 0
	if twice {
		p.Twice++
	}
	return twice
}

// covers reports whether the connection has the bytes of a row already: those of its direction, at its time.
func (c *connection) covers(h *part) bool {
	d := h.direction
	return (c.bytes[d] > 0 || c.packets[d] > 0) && h.start >= c.first[d] && h.end <= c.last[d]
}

// continues reports whether a part belongs to the connection.
func (c *connection) continues(h *part, proto flow.Proto) bool {
	if h.total || c.total {
		return h.total == c.total && h.start-c.start <= startSlack
	}
	flags := h.flags[h.direction]
	pause := h.start - c.end
	if h.patient || h.kind == openPart {
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

// leave leaves what is known of the connection to a later import, once.
func (p *pairer) leave(to *later) error {
	if p.left || p.conn.rows == [2]int64{} {
		p.left = true
		return nil
	}
	p.left = true
	return to.add(appendConnection(nil, p.ends[:], &p.conn))
}

// flush makes a flow of the connection and forgets it.
func (p *pairer) flush() error {
	c := &p.conn
	if c.rows == [2]int64{} {
		return nil
	}
	before, later := p.Pairing, p.sorter.later
	f := p.flow()
	if !p.fresh {
		p.Pairing = before
	}
	if later != nil && c.end >= later.edge {
		if err := p.leave(later); err != nil {
			return err
		}
	}
	open := p.left
	*c, p.left, p.fresh = connection{}, false, false
	switch {
	case !chosen(p.sorter.Chosen, f.Date):
		p.Other++
		return nil
	case open:
		p.Open++
		return later.flows.Add(f)
	}
	return p.sorter.Add(f)
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
