package profile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
)

// MergeEncoded merges encoded profiles and writes what [Encode] writes of their [Merge],
// in memory that does not grow with their conversations: each address of each profile
// takes four bytes, and each name its length. The columns of the result are put together
// from files in the folder scratch, which stay there.
func MergeEncoded(out io.Writer, scratch string, parts ...*Encoded) error {
	m := &merger{parts: parts}
	defer m.close()
	for _, s := range m.spools() {
		if err := s.create(scratch); err != nil {
			return fmt.Errorf("merge profiles: %w", err)
		}
	}
	for _, do := range []func() error{m.addresses, m.nameTable, m.conversations} {
		if err := do(); err != nil {
			return err
		}
	}
	if err := m.write(out); err != nil {
		return fmt.Errorf("merge profiles: %w", err)
	}
	return nil
}

// merger merges encoded profiles.
type merger struct {
	parts  []*Encoded
	counts struct{ addrs, hosts, conversations, details int }
	names  []string // of all parts; sorted
	used   []bool   // which of them the result has

	addrs                                           spool
	hostAddrs, slotCounts, slots, flowCounts, flows spool
	srcs, dsts, masks, hours, seconds, sizes        spool
	places, durations, nameLists                    spool
	numbers, detailNumbers                          []spool

	host   hostCheck // of the source of the last conversation
	last   Key
	detail int // place after the last conversation with details
}

// standIn returns an address that stands for the one with a place in the sorted
// addresses of all parts. Stand-ins have the order of the addresses, so that all that
// compares and merges by address does the same with them.
func standIn(place uint32) netip.Addr {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, place)))
}

// placeOf returns the place that an address stands for.
func placeOf(standIn netip.Addr) uint64 {
	b := standIn.As4()
	return uint64(binary.BigEndian.Uint32(b[:]))
}

// addresses merges the tables of addresses, and gives each part the places of its own.
func (m *merger) addresses() error {
	type run struct {
		of      *Encoded
		current netip.Addr
		places  []uint32
	}
	runs := make([]*run, len(m.parts))
	for i, e := range m.parts {
		runs[i] = &run{of: e, places: make([]uint32, 0, e.counts.addrs)}
	}
	merged := merging[*run]{
		compare: func(a, b *run) int { return a.current.Compare(b.current) },
		advance: func(r *run) (bool, error) {
			if cap(r.places) == len(r.places) {
				return false, nil
			}
			a, err := r.of.addrs.address()
			if err == nil && len(r.places) > 0 && r.current.Compare(a) >= 0 {
				err = errOrder
			}
			if err != nil {
				return false, r.of.fail("addresses", err)
			}
			r.current = a
			return true, nil
		},
		equal: slices.Clone(runs),
	}
	for {
		equal, err := merged.next()
		if err != nil {
			return err
		}
		if len(equal) == 0 {
			break
		}
		raw := equal[0].current.AsSlice()
		m.addrs.b = append(append(m.addrs.b, byte(len(raw))), raw...)
		if err := m.addrs.flush(pieceSize); err != nil {
			return err
		}
		for _, r := range equal {
			r.places = append(r.places, uint32(m.counts.addrs))
		}
		if m.counts.addrs++; m.counts.addrs > maxPlaces {
			return errors.New("merge profiles: more than four billion addresses")
		}
	}
	for _, r := range runs {
		for _, c := range []*cursor{r.of.hostAddrs, r.of.flows, r.of.srcs, r.of.dsts} {
			c.places = r.places
		}
	}
	return nil
}

// maxPlaces is how many addresses stand-ins can stand for.
const maxPlaces = 1<<32 - 1

// nameTable merges the tables of names.
func (m *merger) nameTable() error {
	for _, e := range m.parts {
		m.names = append(m.names, e.names...)
	}
	slices.Sort(m.names)
	m.names = slices.Clip(slices.Compact(m.names))
	m.used = make([]bool, len(m.names))
	for _, e := range m.parts { // the strings of one table are enough
		for i, name := range e.names {
			n, _ := slices.BinarySearch(m.names, name)
			e.names[i] = m.names[n]
		}
	}
	return nil
}

// conversations merges the hosts and conversations.
func (m *merger) conversations() error {
	hosts := merging[*hostRun]{compare: func(a, b *hostRun) int { return a.host.Addr.Compare(b.host.Addr) }, advance: (*hostRun).next}
	conversations := merging[*conversationRun]{compare: func(a, b *conversationRun) int { return a.Compare(b.Key) }, advance: (*conversationRun).next}
	for _, e := range m.parts {
		hosts.equal = append(hosts.equal, &hostRun{of: e, left: e.counts.hosts})
		conversations.equal = append(conversations.equal, &conversationRun{of: e, left: e.counts.conversations, details: e.counts.details, detailAt: -1})
	}
	for {
		equal, err := conversations.next()
		if err != nil {
			return err
		}
		if len(equal) == 0 {
			break
		}
		c := equal[0].Conversation
		for _, r := range equal[1:] {
			c = joinConversations(c, r.Conversation)
		}
		if m.host.host == nil || c.Src != m.last.Src {
			if err := m.nextHost(&hosts); err != nil {
				return err
			}
			if m.host.host == nil || m.host.host.Addr != c.Src {
				return fmt.Errorf("merge profiles: %w (the sources of conversations are not the hosts)", errCorrupt)
			}
		}
		if err := m.host.add(&c); err != nil {
			return fmt.Errorf("merge profiles: %w (conversation %d: %w)", errCorrupt, m.counts.conversations, err)
		}
		if err := m.putConversation(&c); err != nil {
			return fmt.Errorf("merge profiles: %w", err)
		}
		m.last = c.Key
	}
	if err := m.nextHost(&hosts); err != nil {
		return err
	}
	if m.host.host != nil {
		return fmt.Errorf("merge profiles: %w (a host has no conversation)", errCorrupt)
	}
	return nil
}

// nextHost ends the host of the last conversation and begins the next, if there is one.
func (m *merger) nextHost(hosts *merging[*hostRun]) error {
	if m.host.host != nil {
		if err := m.host.end(); err != nil {
			return fmt.Errorf("merge profiles: %w (host %d: %w)", errCorrupt, m.counts.hosts, err)
		}
	}
	m.host = hostCheck{}
	equal, err := hosts.next()
	if err != nil || len(equal) == 0 {
		return err
	}
	h := equal[0].host
	for _, r := range equal[1:] {
		h = joinHosts(h, r.host)
	}
	m.host.host = &h
	return m.putHost(&h)
}

// merging goes through several sorted runs at once.
type merging[R any] struct {
	compare func(a, b R) int      // the current elements of runs
	advance func(R) (bool, error) // goes to the next element, or returns false at the end
	heap    []R                   // by current element, the least first
	equal   []R                   // runs that next returned last, or those of the beginning
}

// next returns the runs whose current element is the next one, or none at the end. The
// elements are valid until it is called again.
func (m *merging[R]) next() ([]R, error) {
	for _, r := range m.equal {
		more, err := m.advance(r)
		if err != nil {
			return nil, err
		}
		if more {
			m.push(r)
		}
	}
	m.equal = m.equal[:0]
	for len(m.heap) > 0 && (len(m.equal) == 0 || m.compare(m.heap[0], m.equal[0]) == 0) {
		m.equal = append(m.equal, m.pop())
	}
	return m.equal, nil
}

func (m *merging[R]) push(r R) {
	m.heap = append(m.heap, r)
	for i := len(m.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if m.compare(m.heap[up], m.heap[i]) <= 0 {
			return
		}
		m.heap[up], m.heap[i] = m.heap[i], m.heap[up]
		i = up
	}
}

func (m *merging[R]) pop() R {
	top, last := m.heap[0], len(m.heap)-1
	m.heap[0] = m.heap[last]
	m.heap = m.heap[:last]
	for i := 0; ; {
		least := i
		for _, down := range []int{2*i + 1, 2*i + 2} {
			if down < last && m.compare(m.heap[down], m.heap[least]) < 0 {
				least = down
			}
		}
		if least == i {
			return top
		}
		m.heap[i], m.heap[least] = m.heap[least], m.heap[i]
		i = least
	}
}
