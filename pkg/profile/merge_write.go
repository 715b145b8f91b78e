package profile

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"slices"
)

// spool is a column of a profile that is being written, in a file of its own.
type spool struct {
	file *os.File
	b    []byte // what is not in the file yet
}

// create creates the file in a folder.
func (s *spool) create(folder string) (err error) {
	s.file, err = os.CreateTemp(folder, "column-")
	return err
}

// put appends a number.
func (s *spool) put(v uint64) { s.b = binary.AppendUvarint(s.b, v) }

// flush writes the bytes that are not in the file yet, if they are at least so many.
func (s *spool) flush(least int) error {
	if len(s.b) < least {
		return nil
	}
	_, err := s.file.Write(s.b)
	s.b = s.b[:0]
	return err
}

// copyTo writes the column to out.
func (s *spool) copyTo(out io.Writer) error {
	if err := s.flush(0); err != nil {
		return err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(out, s.file)
	return err
}

// spoolPiece is how many bytes of a column are written at once.
const spoolPiece = 64 << 10

// spools returns the columns in the order of the form.
func (m *merger) spools() []*spool {
	if m.numbers == nil {
		m.numbers, m.detailNumbers = make([]spool, len(conversationNumbers)), make([]spool, len(detailNumbers))
	}
	all := []*spool{&m.addrs, &m.hostAddrs, &m.slotCounts, &m.slots, &m.flowCounts, &m.flows, &m.srcs, &m.dsts}
	for i := range m.numbers {
		all = append(all, &m.numbers[i])
	}
	all = append(all, &m.masks, &m.hours, &m.seconds, &m.sizes, &m.places)
	for i := range m.detailNumbers {
		all = append(all, &m.detailNumbers[i])
	}
	return append(all, &m.durations, &m.nameLists)
}

func (m *merger) close() {
	for _, s := range m.spools() {
		if s.file != nil {
			_ = s.file.Close() // only read any more
		}
	}
}

func (m *merger) flush() error {
	for _, s := range m.spools() {
		if err := s.flush(spoolPiece); err != nil {
			return err
		}
	}
	return nil
}

func (m *merger) putHost(h *Host) error {
	m.counts.hosts++
	m.hostAddrs.put(placeOf(h.Addr))
	m.slotCounts.put(uint64(len(h.Slots)))
	m.slots.b = appendSlots(m.slots.b, h.Slots)
	m.flowCounts.put(uint64(len(h.Largest)))
	m.flows.b = appendLargest(m.flows.b, h.Largest, placeOf)
	return m.flush()
}

func (m *merger) putConversation(c *Conversation) error {
	m.srcs.put(placeOf(c.Src))
	m.dsts.put(placeOf(c.Dst))
	for i, number := range conversationNumbers {
		m.numbers[i].put(number.get(c))
	}
	m.masks.put(hourMask(&c.Hours))
	m.hours.b = appendHours(m.hours.b, c)
	m.seconds.b = c.Seconds.append(m.seconds.b)
	m.sizes.b = c.Sizes.append(m.sizes.b)
	if c.Details != nil {
		m.putDetails(c.Details)
	}
	m.counts.conversations++
	if m.counts.conversations%flushEvery != 0 && len(m.seconds.b) < spoolPiece {
		return nil
	}
	return m.flush()
}

// flushEvery is after how many conversations columns are looked at for what can be
// written.
const flushEvery = 1 << 10

func (m *merger) putDetails(d *Details) {
	m.places.put(uint64(m.counts.conversations - m.detail))
	m.detail = m.counts.conversations + 1
	m.counts.details++
	for i, number := range detailNumbers {
		m.detailNumbers[i].put(uint64(*number(d)))
	}
	m.durations.b = d.Durations.append(m.durations.b)
	m.nameLists.put(uint64(len(d.Names)))
	for _, n := range d.Names {
		number, _ := slices.BinarySearch(m.names, n.Name)
		m.used[number] = true
		m.nameLists.put(uint64(number))
		m.nameLists.put(uint64(n.Flows))
	}
}

// write puts the columns together as Encode does.
func (m *merger) write(w io.Writer) error {
	sum := crc32.New(castagnoli)
	buffered := bufio.NewWriterSize(w, pieceSize)
	out := io.MultiWriter(buffered, sum)
	heads := make([]*Profile, len(m.parts))
	for i, e := range m.parts {
		heads[i] = &Profile{Sources: e.Sources, Rejected: e.Rejected}
	}
	p := Merge(heads...)
	head, err := json.Marshal(header{p.Sources, p.Rejected})
	if err != nil {
		return err
	}
	version := FormatVersion
	if m.counts.details > 0 {
		version = detailsVersion
	}
	b := binary.AppendUvarint(fmt.Appendf(nil, "%s%d\n", magic, version), uint64(len(head)))
	if _, err := out.Write(append(b, head...)); err != nil {
		return err
	}
	before := map[*spool]int{&m.addrs: m.counts.addrs, &m.hostAddrs: m.counts.hosts, &m.srcs: m.counts.conversations}
	if m.counts.details > 0 {
		before[&m.places] = m.counts.details
	}
	for _, s := range m.spools() {
		if n, ok := before[s]; ok {
			if _, err := out.Write(binary.AppendUvarint(nil, uint64(n))); err != nil {
				return err
			}
		}
		if s == &m.nameLists && m.counts.details > 0 {
			if err := m.writeNames(out); err != nil {
				return err
			}
			continue
		}
		if err := s.copyTo(out); err != nil {
			return err
		}
	}
	if err := binary.Write(buffered, binary.LittleEndian, sum.Sum32()); err != nil {
		return err
	}
	return buffered.Flush()
}

// writeNames writes the table of the names that are left, and the names of each
// conversation by their places in it.
func (m *merger) writeNames(out io.Writer) error {
	left, b := uint64(0), []byte(nil)
	places := make([]uint64, len(m.names))
	for i, name := range m.names {
		if m.used[i] {
			places[i] = left
			left++
			b = append(binary.AppendUvarint(b, uint64(len(name))), name...)
		}
	}
	if _, err := out.Write(append(binary.AppendUvarint(nil, left), b...)); err != nil {
		return err
	}
	if err := m.nameLists.flush(0); err != nil {
		return err
	}
	size, err := m.nameLists.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	lists := cursor{from: io.NewSectionReader(m.nameLists.file, 0, size), unread: size, size: spoolPiece}
	for b = b[:0]; lists.left() > 0 && err == nil; {
		var n, number, flows uint64
		if n, err = lists.uint(namesKept); err != nil {
			break
		}
		b = binary.AppendUvarint(b, n)
		for range n {
			var err1, err2 error
			number, err1 = lists.uint(uint64(len(places)))
			flows, err2 = lists.uint(math.MaxInt64)
			if err := errors.Join(err1, err2); err != nil {
				return err
			}
			b = binary.AppendUvarint(binary.AppendUvarint(b, places[number]), flows)
		}
		if len(b) >= spoolPiece {
			_, err = out.Write(b)
			b = b[:0]
		}
	}
	if err != nil {
		return err
	}
	_, err = out.Write(b)
	return err
}
