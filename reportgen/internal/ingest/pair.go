package ingest

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// pairSlack is the longest pause, in hundredths of a second, between the end
// of one direction and the start of the other that are joined: a minute, the
// interval in which VPC flow logs gather packets, and more than the timeouts
// of NetFlow.
const pairSlack = int64(flow.Minute)

// Pairing says what became of rows that tell one direction of a connection.
type Pairing struct {
	Rows    int64 // of one direction
	Joined  int64 // flows of two rows
	Alone   int64 // flows of one row, of which no other direction is in the log
	Guessed int64 // flows of which only the ports tell who opened them
	Twice   int64 // rows that another observer tells as well
	Other   int64 // flows of those joined or alone that are outside the chosen days, and left out
}

// WriteTo writes the pairing for people, and nothing where there was no row.
func (p Pairing) WriteTo(w io.Writer) (int64, error) {
	if p.Rows == 0 {
		return 0, nil
	}
	text := fmt.Sprintf("joined %s of one direction each into %s: %s went both ways, %s one way\n",
		count(p.Rows, "row"), count(p.Joined+p.Alone, "flow"), count(p.Joined, "flow"), count(p.Alone, "flow"))
	if p.Guessed > 0 {
		text += fmt.Sprintf("took the side with the likelier service port as the destination where time does not tell, in %s\n", count(p.Guessed, "flow"))
	}
	if p.Twice > 0 {
		text += fmt.Sprintf("left out %s that another interface or exporter tells as well\n", count(p.Twice, "row"))
	}
	if p.Other > 0 {
		text += fmt.Sprintf("left out %s outside the chosen days\n", count(p.Other, "flow"))
	}
	n, err := io.WriteString(w, text)
	return int64(n), err
}

// Pair joins the rows of one direction added so far: two rows of the same
// protocol, addresses and ports in opposite directions, of which one begins
// while the other lasts or at most a minute after, become one flow. It began with
// the earlier row. A row that finds no other becomes a flow without answer.
//
// Where several observers, such as the interfaces of both hosts, tell the same
// direction of the same connection at the same time, only the rows of the one
// that saw it first are taken.
//
// Who opened a connection, and so is its source, is told by TCP flags where
// the log has them; else by a port below 1024 on one side only; else by
// who sent first; else by the likelier service port. What became of the rows does not depend
// on their order.
func (s *Sorter) Pair(ctx context.Context) (Pairing, error) {
	p := pairer{add: s.Add, days: s.Chosen}
	for k, err := range s.oneWay.sorted() {
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
	return p.Pairing, s.oneWay.close()
}

// The layout of the key of a row of one direction: its two ends, the lower
// first, so that the rows of a connection stand together in order of time.
const (
	halfEnds  = 1 + 17 + 2 + 17 + 2 // protocol, addresses and ports
	halfStart = halfEnds
	halfRest  = halfStart + 8
)

func makeHalfKey(f Flow) (k sortKey) {
	src, dst := netip.AddrPortFrom(f.Src, f.SrcPort), netip.AddrPortFrom(f.Dst, f.Port)
	low, high, reverse := src, dst, byte(0)
	if dst.Compare(src) < 0 {
		low, high, reverse = dst, src, 1
	}
	b := k[:0]
	b = append(b, byte(f.Proto))
	for _, end := range []netip.AddrPort{low, high} {
		b = binary.BigEndian.AppendUint16(appendAddr(b, end.Addr()), end.Port())
	}
	b = binary.BigEndian.AppendUint64(b, uint64(moment(f.Date, f.Time))^1<<63)
	b = binary.BigEndian.AppendUint64(b, uint64(f.Up))
	b = binary.BigEndian.AppendUint32(b, f.Duration)
	_ = append(b, reverse<<2|byte(f.Opener), f.Observer)
	return k
}

// half is one direction of a connection.
type half struct {
	proto      flow.Proto
	src, dst   netip.AddrPort
	start, end int64 // in hundredths of a second, as of moment
	bytes      int64
	opener     Opener
	observer   uint8
}

func (k *sortKey) half() (h half, reverse int) {
	h.proto = flow.Proto(k[0])
	h.src = netip.AddrPortFrom(readAddr(k[1:]), binary.BigEndian.Uint16(k[18:]))
	h.dst = netip.AddrPortFrom(readAddr(k[20:]), binary.BigEndian.Uint16(k[37:]))
	h.start = int64(binary.BigEndian.Uint64(k[halfStart:]) ^ 1<<63)
	h.bytes = int64(binary.BigEndian.Uint64(k[halfRest:]))
	h.end = h.start + int64(binary.BigEndian.Uint32(k[halfRest+8:]))
	last := k[halfRest+12]
	h.opener, reverse, h.observer = Opener(last&3), int(last>>2), k[halfRest+13]
	if reverse == 1 {
		h.src, h.dst = h.dst, h.src
	}
	return h, reverse
}

// waitingMost bounds the rows of one connection that wait for the other
// direction, and with them the memory.
const waitingMost = 1 << 8

// pairer joins rows that come connection by connection, in order of time.
type pairer struct {
	Pairing
	add     func(Flow) error
	days    []Date
	ends    [halfEnds]byte // of the connection
	waiting [2][]half      // for the other direction, in order of time
	taken   [2]half        // the last row of each direction
}

// take takes in the next row. Of the rows of the other direction that wait,
// the last is the nearest in time.
func (p *pairer) take(k *sortKey) error {
	p.Rows++
	if !bytes.Equal(k[:halfEnds], p.ends[:]) {
		if err := p.flush(); err != nil {
			return err
		}
		p.ends, p.taken = [halfEnds]byte(k[:halfEnds]), [2]half{}
	}
	h, reverse := k.half()
	if before := p.taken[reverse]; before.observer != h.observer && before.observer != 0 && h.observer != 0 && h.start <= before.end+pairSlack {
		p.Twice++
		return nil
	}
	p.taken[reverse] = h
	for i := range p.waiting {
		if err := p.expire(i, h.start); err != nil {
			return err
		}
	}
	other := p.waiting[1-reverse]
	if n := len(other); n > 0 {
		p.waiting[1-reverse] = other[:n-1]
		return p.join(other[n-1], h)
	}
	p.waiting[reverse] = append(p.waiting[reverse], h)
	return nil
}

// expire gives up on the rows that ended too long before a moment.
func (p *pairer) expire(i int, now int64) error {
	var err error
	excess := len(p.waiting[i]) - waitingMost
	p.waiting[i] = slices.DeleteFunc(p.waiting[i], func(h half) bool {
		excess--
		if err != nil || h.end+pairSlack >= now && excess < 0 {
			return false
		}
		err = p.alone(h)
		return true
	})
	return err
}

// flush ends a connection.
func (p *pairer) flush() error {
	for i, waiting := range p.waiting {
		for _, h := range waiting {
			if err := p.alone(h); err != nil {
				return err
			}
		}
		p.waiting[i] = waiting[:0]
	}
	return nil
}

// alone makes a flow of a row without another.
func (p *pairer) alone(h half) error {
	p.Alone++
	f := h.flow()
	who := h.opener
	if who == OpenerUnknown {
		who = opener(h.src, h.dst)
		p.Guessed++
	}
	if who == OpenerDst {
		f.turn()
	}
	return p.keep(f)
}

// keep adds a flow of a chosen day.
func (p *pairer) keep(f Flow) error {
	if !chosen(p.days, f.Date) {
		p.Other++
		return nil
	}
	return p.add(f)
}

// join makes a flow of two rows, of which a began first or at the same time.
func (p *pairer) join(a, b half) error {
	p.Joined++
	f := a.flow()
	f.Down = b.bytes
	if p.opener(a, b) == OpenerDst {
		f.turn()
	}
	return p.keep(f)
}

// opener says whether the source or the destination of a opened the connection.
func (p *pairer) opener(a, b half) Opener {
	switch {
	case a.opener != OpenerUnknown:
		return a.opener
	case b.opener == OpenerSrc:
		return OpenerDst
	case b.opener == OpenerDst:
		return OpenerSrc
	}
	guess := opener(a.src, a.dst)
	service := guess == OpenerDst && a.src.Port() < systemPorts // which outweighs who sent first
	if a.start < b.start && !service {
		return OpenerSrc
	}
	p.Guessed++
	switch {
	case guess != OpenerUnknown:
		return guess
	case a.src.Port() < a.dst.Port():
		return OpenerDst
	case a.src.Port() == a.dst.Port() && a.dst.Addr().Less(a.src.Addr()):
		return OpenerDst // of two equals, the lower address, so that it is always the same
	}
	return OpenerSrc
}

func (h half) flow() Flow {
	day := floorDiv(h.start, int64(flow.Day))
	f := Flow{Date: Date(day), SrcPort: h.src.Port()}
	f.Time = flow.Time(h.start - day*int64(flow.Day))
	f.Src, f.Dst, f.Port, f.Up = h.src.Addr(), h.dst.Addr(), h.dst.Port(), h.bytes
	f.Proto = h.proto
	return f
}
