package profile

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"math/bits"
)

// Encoded is an encoded profile that is read piece by piece. See [MergeEncoded].
type Encoded struct {
	Sources  []Source
	Rejected []Rejected

	name   string
	file   *io.SectionReader
	names  []string // of its table of names
	counts struct{ addrs, hosts, conversations, details int }

	// The columns, in the order of the form.
	addrs                                           *cursor
	hostAddrs, slotCounts, slots, flowCounts, flows *cursor
	srcs, dsts, masks, hours, seconds, sizes        *cursor
	places, durations, nameLists                    *cursor
	numbers                                         []*cursor // conversationNumbers
	detailNumbers                                   []*cursor
}

// OpenEncoded verifies the checksum of an encoded profile and finds its parts. The name
// is for errors. The profile is used until r is closed.
func OpenEncoded(name string, r *io.SectionReader) (*Encoded, error) {
	e := &Encoded{name: name}
	if err := e.open(r); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return e, nil
}

func (e *Encoded) open(r *io.SectionReader) error {
	head := make([]byte, min(r.Size(), int64(len(magic))+4))
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	version, err := versionOf(head)
	if err != nil {
		return err
	}
	start := int64(len(magic) + len(version) + 1)
	end := r.Size() - crc32.Size
	if end < start {
		return errCorrupt
	}
	sum := crc32.New(castagnoli)
	sum.Write(head[:start])
	e.file = io.NewSectionReader(r, start, end-start)
	s := &survey{cursor: cursor{from: io.TeeReader(io.NewSectionReader(e.file, 0, end-start), sum), size: surveyBuffer, unread: end - start}, of: e}
	if err := s.profile(version == fmt.Sprint(detailsVersion)); err != nil {
		return fmt.Errorf("%w (%w)", errCorrupt, err)
	}
	var want [crc32.Size]byte
	if _, err := r.ReadAt(want[:], end); err != nil {
		return err
	}
	if sum.Sum32() != binary.LittleEndian.Uint32(want[:]) {
		return errCorrupt
	}
	return nil
}

// survey reads an encoded profile once to find where its columns begin.
type survey struct {
	cursor
	of *Encoded
}

const surveyBuffer = 1 << 20

// column returns a cursor for the column that begins here.
func (s *survey) column() *cursor {
	left := s.left()
	return &cursor{from: io.NewSectionReader(s.of.file, s.of.file.Size()-left, left), size: columnBuffer, unread: left}
}

// numbers passes a column of n numbers.
func (s *survey) numbers(n int) (*cursor, error) {
	c := s.column()
	return c, s.skip(n)
}

// summed passes a column of n numbers and adds up what value makes of each.
func (s *survey) summed(n int, limit uint64, value func(uint64) int) (c *cursor, sum int, err error) {
	c = s.column()
	for range n {
		v, err := s.uint(limit)
		if err != nil {
			return nil, 0, err
		}
		sum += value(v)
	}
	return c, sum, nil
}

// number is the value of a number that counts others.
func number(v uint64) int { return int(v) }

func (s *survey) profile(detailed bool) error {
	e := s.of
	n, err := s.count()
	if err != nil {
		return err
	}
	raw, err := s.bytes(n)
	if err != nil {
		return err
	}
	var h header
	if err := json.Unmarshal(raw, &h); err != nil {
		return err
	}
	e.Sources, e.Rejected = h.Sources, h.Rejected
	if err := (&Profile{Sources: h.Sources, Rejected: h.Rejected}).checkHeader(); err != nil {
		return err
	}
	if e.counts.addrs, err = s.count(); err != nil {
		return err
	}
	e.addrs = s.column()
	for range e.counts.addrs {
		if _, err := s.address(); err != nil {
			return err
		}
	}
	if err := s.hosts(); err != nil {
		return err
	}
	if err := s.conversations(); err != nil {
		return err
	}
	if e.counts.addrs == 0 && e.counts.hosts+e.counts.conversations > 0 {
		return errNoAddrs
	}
	if detailed {
		if err := s.details(); err != nil {
			return err
		}
	}
	if left := s.left(); left > 0 {
		return fmt.Errorf("%d bytes too many", left)
	}
	return nil
}

func (s *survey) hosts() (err error) {
	var n int
	e := s.of
	if e.counts.hosts, err = s.count(); err != nil {
		return err
	}
	if e.hostAddrs, err = s.numbers(e.counts.hosts); err != nil {
		return err
	}
	if e.slotCounts, n, err = s.summed(e.counts.hosts, uint64(SlotsPerDay), number); err != nil {
		return err
	}
	if e.slots, err = s.numbers(4 * n); err != nil {
		return err
	}
	if e.flowCounts, n, err = s.summed(e.counts.hosts, largestKept, number); err != nil {
		return err
	}
	e.flows, err = s.numbers(6 * n)
	return err
}

func (s *survey) conversations() (err error) {
	var listed int
	e := s.of
	n, err := s.count()
	if err != nil {
		return err
	}
	e.counts.conversations = n
	e.numbers = make([]*cursor, len(conversationNumbers))
	columns := []**cursor{&e.srcs, &e.dsts}
	for i := range e.numbers {
		columns = append(columns, &e.numbers[i])
	}
	for _, c := range columns {
		if *c, err = s.numbers(n); err != nil {
			return err
		}
	}
	if e.masks, listed, err = s.summed(n, 1<<24-1, bits.OnesCount64); err != nil {
		return err
	}
	if e.hours, err = s.numbers(listed); err != nil {
		return err
	}
	e.seconds = s.column()
	e.seconds.size = setsBuffer
	for range n {
		if err := s.skipSeconds(); err != nil {
			return fmt.Errorf("seconds: %w", err)
		}
	}
	e.sizes, err = s.distributions(n)
	return err
}

func (s *survey) skipSeconds() error {
	n, err := s.uint(SecondsPerDay)
	if err != nil {
		return err
	}
	if n > listMax {
		_, err = s.bytes(bitmapWords * 8)
		return err
	}
	return s.skip(int(n))
}

// distributions passes n distributions of sizes.
func (s *survey) distributions(n int) (*cursor, error) {
	c := s.column()
	c.size = setsBuffer
	for range n {
		if _, err := s.sizes(); err != nil {
			return nil, fmt.Errorf("sizes: %w", err)
		}
	}
	return c, nil
}

func (s *survey) details() (err error) {
	e := s.of
	n, err := s.count()
	if err != nil {
		return err
	}
	if n == 0 || n > e.counts.conversations {
		return fmt.Errorf("%d of %d conversations have details", n, e.counts.conversations)
	}
	e.counts.details = n
	if e.places, err = s.numbers(n); err != nil {
		return err
	}
	e.detailNumbers = make([]*cursor, len(detailNumbers))
	for i := range e.detailNumbers {
		if e.detailNumbers[i], err = s.numbers(n); err != nil {
			return err
		}
	}
	if e.durations, err = s.distributions(n); err != nil {
		return err
	}
	names, err := s.count()
	if err != nil {
		return err
	}
	for i := range names {
		size, err := s.uint(math.MaxUint16)
		if err != nil {
			return err
		}
		raw, err := s.bytes(int(size))
		if err != nil {
			return err
		}
		if e.names = append(e.names, string(raw)); i > 0 && e.names[i-1] >= e.names[i] {
			return errors.New("names are out of order")
		}
	}
	e.nameLists = s.column()
	for range n {
		n, err := s.uint(namesKept)
		if err != nil {
			return err
		}
		if err := s.skip(2 * int(n)); err != nil {
			return err
		}
	}
	return nil
}
