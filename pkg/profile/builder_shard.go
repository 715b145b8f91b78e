package profile

import (
	"math"

	"github.com/flowbook/flowbook/pkg/flow"
)

// shard holds the conversations of a Builder whose hashes begin with the same
// bits.
type shard struct {
	table     []uint32       // open addressing; conversation number plus one; 0 for free
	convs     []conversation // by number
	rhythms   []rhythm       // by number
	sizeLists []sizeList     // by number
	sizes     []sizeCounter  // of conversations with more flows than a block holds
	arena     arena          // of the rhythms' seconds and of the first sizes
	carried   map[carry]uint32

	numbers []uint32 // of the conversations of the rows of a pass
}

// With 256 shards, a day of 100,000 conversations has some 400 a shard, which
// stay in the first-level cache; one of two million has 8,000, which stay in
// the second.
const (
	shardBits  = 8
	shardCount = 1 << shardBits
)

// conversation is the part of a Conversation under construction that is found
// by key; it fills one cache line of 64 bytes.
type conversation struct {
	src, dst    uint32
	first, last flow.Time
	port        uint16
	proto       flow.Proto
	counts      Counts
	maxUp       int64
	maxDown     int64
}

// passRows is how many rows are added in passes, each of which touches one
// cache line a row and depends on nothing of the row before, so that the
// processor waits for many of them at once.
const passRows = 256

// add adds flows of the shard.
func (s *shard) add(rows []row) {
	if len(rows) > 0 && s.table == nil {
		s.table = make([]uint32, 64)
	}
	for len(rows) > 0 {
		n := min(len(rows), passRows)
		s.addPasses(rows[:n])
		rows = rows[n:]
	}
}

// addPasses adds at most passRows flows.
func (s *shard) addPasses(rows []row) {
	if cap(s.numbers) < len(rows) {
		s.numbers = make([]uint32, passRows)
	}
	numbers := s.numbers[:len(rows)]
	mask := uint64(len(s.table) - 1)
	for i := range rows {
		r := &rows[i]
		numbers[i] = s.table[hash(r.src, r.dst, r.proto, r.port)&mask]
	}
	for i := range rows {
		r := &rows[i]
		n := numbers[i] - 1
		if n == math.MaxUint32 || !s.convs[n].is(r) {
			n = s.find(r)
		}
		numbers[i] = n
		s.convs[n].add(r)
	}
	for i := range rows {
		s.addRhythm(numbers[i], rows[i].time)
	}
	for i := range rows {
		s.addSize(numbers[i], rows[i].up)
	}
}

func (c *conversation) is(r *row) bool {
	return c.src == r.src && c.dst == r.dst && c.port == r.port && c.proto == r.proto
}

func (c *conversation) add(r *row) {
	c.counts.Add(Counts{Flows: 1, Up: r.up, Down: r.down})
	c.maxUp, c.maxDown = max(c.maxUp, r.up), max(c.maxDown, r.down)
	c.first, c.last = min(c.first, r.time), max(c.last, r.time)
}

// find returns the number of a flow's conversation, new if need be.
func (s *shard) find(r *row) uint32 {
	mask := uint64(len(s.table) - 1)
	for i := hash(r.src, r.dst, r.proto, r.port) & mask; ; i = (i + 1) & mask {
		at := s.table[i]
		if at == 0 {
			s.convs = append(s.convs, conversation{
				src: r.src, dst: r.dst, proto: r.proto, port: r.port, first: r.time, last: r.time,
			})
			s.rhythms = append(s.rhythms, rhythm{})
			s.sizeLists = append(s.sizeLists, sizeList{})
			at = uint32(len(s.convs))
			s.table[i] = at
			if 2*len(s.convs) > len(s.table) {
				s.grow()
			}
			return at - 1
		}
		if s.convs[at-1].is(r) {
			return at - 1
		}
	}
}

func (s *shard) grow() {
	s.table = make([]uint32, 2*len(s.table))
	mask := uint64(len(s.table) - 1)
	for n := range s.convs {
		c := &s.convs[n]
		i := hash(c.src, c.dst, c.proto, c.port) & mask
		for s.table[i] != 0 {
			i = (i + 1) & mask
		}
		s.table[i] = uint32(n + 1)
	}
}
