package profile

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// A log records the seconds and sizes that flows added at once contributed to the
// conversations of a shard. It is written and read sequentially, which costs far
// less than growing many sets in random order, and it takes no more memory than
// its entries.
//
// All its numbers are varints. It begins with a second that is not after any
// other. Each conversation that gained a flow has an entry, in order of the
// conversations' numbers: the difference of its number to that of the previous
// entry, and the number of flows that follow. A few flows are listed in order of
// time, each as the difference of its second to the previous one and the code of
// its size. Many flows, and those in the first log of a shard, which may be its
// only one, are written as 0, the length of their Seconds and these, and the
// length of their Sizes and these.

// flowsMost is the most flows that an entry lists.
const flowsMost = 32

// writeLog adds the sorted events of a worker to the shard.
func (s *shard) writeLog(w *worker) {
	for len(s.hours)*chunkSize < s.count {
		s.hours = append(s.hours, new([chunkSize][24]uint16))
	}
	base := slices.Min(w.events).time().Second()
	w.log = binary.AppendUvarint(w.log[:0], uint64(base))
	most := flowsMost
	if len(s.logs) == 0 {
		most = 0
	}
	from, last := uint32(0), 0
	for n, end := range w.next {
		if from == end {
			continue
		}
		events := w.sorted[from:end]
		s.addHours(uint32(n), events)
		w.log = binary.AppendUvarint(w.log, uint64(n-last))
		w.appendEvents(events, base, most)
		from, last = end, n
	}
	s.logs = append(s.logs, bytes.Clone(w.log))
	s.logBytes += len(w.log)
	if s.logBytes > 2*s.compacted+compactAbove*s.count {
		s.compact(w)
	}
}

// compactAbove is how many bytes of logs a conversation has before they are
// compacted: more than most ever have.
const compactAbove = 512

// addHours adds events to the hours of a conversation.
func (s *shard) addHours(n uint32, events []event) {
	hours := &s.hours[n/chunkSize][n%chunkSize]
	hour, hourFrom := 0, flow.Time(math.MaxUint32)
	for _, e := range events {
		if t := e.time(); t-hourFrom >= flow.Hour {
			hour = t.Hour()
			hourFrom = flow.Time(hour) * flow.Hour
		}
		if hours[hour]++; hours[hour] == 0 {
			if s.carried == nil {
				s.carried = map[carry]uint32{}
			}
			s.carried[carry{n, uint8(hour)}] += math.MaxUint16 + 1
		}
	}
}

// appendEvents writes the events of a conversation to the worker's log, as a
// list if they are at most so many.
func (w *worker) appendEvents(events []event, base uint32, most int) {
	if !slices.IsSorted(events) {
		slices.Sort(events)
	}
	if len(events) <= most {
		b := binary.AppendUvarint(w.log, uint64(len(events)))
		for _, e := range events {
			second := e.time().Second()
			b = binary.AppendUvarint(b, uint64(second-base))
			b = binary.AppendUvarint(b, uint64(e.size()))
			base = second
		}
		w.log = b
		return
	}
	w.seconds, w.codes = w.seconds[:0], w.codes[:0]
	for _, e := range events {
		w.seconds = append(w.seconds, e.time().Second())
		w.codes = append(w.codes, e.size())
	}
	w.appendSets(w.take())
}

// take returns the codes of the seconds and sizes that the worker has gathered,
// valid until its next, and forgets them.
func (w *worker) take() (seconds, sizes []byte) {
	w.sets = appendSeconds(w.sets[:0], distinctSeconds(w.seconds))
	n := len(w.sets)
	if w.sizes.n == 0 && !w.sizes.coarse {
		w.sets = w.sizes.appendSizes(w.sets, w.codes)
	} else {
		for _, code := range w.codes {
			w.sizes.add(code, 1)
		}
		w.sets = w.sizes.take(w.sets)
	}
	w.seconds, w.codes = w.seconds[:0], w.codes[:0]
	return w.sets[:n:n], w.sets[n:]
}

// appendSets writes sets to the worker's log.
func (w *worker) appendSets(seconds, sizes []byte) {
	w.log = append(w.log, 0)
	w.log = append(binary.AppendUvarint(w.log, uint64(len(seconds))), seconds...)
	w.log = append(binary.AppendUvarint(w.log, uint64(len(sizes))), sizes...)
}

// logReader reads a log.
type logReader struct {
	rest []byte // from the number of flows of the next entry on
	base uint32
	next int // number of its conversation; -1 at the end
}

// openLogs gives the worker readers of the shard's logs.
func (s *shard) openLogs(w *worker) {
	w.open = w.open[:0]
	for _, log := range s.logs {
		r := logReader{rest: log}
		r.base = uint32(r.uint())
		r.turn()
		w.open = append(w.open, r)
	}
}

// turn goes to the next entry.
func (r *logReader) turn() {
	if len(r.rest) == 0 {
		r.next = -1
		return
	}
	r.next += int(r.uint())
}

// uint takes a number.
func (r *logReader) uint() uint64 {
	x, n := uint64(r.rest[0]), 1
	if x >= 0x80 {
		x, n = binary.Uvarint(r.rest)
	}
	r.rest = r.rest[n:]
	return x
}

// sets takes the next entry, which must be of sets, in the memory of the log.
func (r *logReader) sets() (seconds, sizes []byte) {
	r.rest = r.rest[1:]
	n := r.uint()
	seconds, r.rest = r.rest[:n:n], r.rest[n:]
	n = r.uint()
	sizes, r.rest = r.rest[:n:n], r.rest[n:]
	r.turn()
	return seconds, sizes
}

// gather adds the next entry to what the worker has gathered.
func (r *logReader) gather(w *worker) {
	if r.rest[0] == 0 {
		seconds, sizes := r.sets()
		w.seconds = Seconds{seconds}.appendTo(w.seconds)
		w.sizes.addSizes(Sizes{sizes})
		return
	}
	second := r.base
	for range r.uint() {
		second += uint32(r.uint())
		w.seconds = append(w.seconds, second)
		w.codes = append(w.codes, uint32(r.uint()))
	}
	r.turn()
}

// merged returns the codes of all seconds and sizes of conversation n, valid
// until the worker's next. It must be called for all conversations, in order.
func (w *worker) merged(n int) (seconds, sizes []byte) {
	var only *logReader
	for i := range w.open {
		r := &w.open[i]
		switch {
		case r.next != n:
		case only == nil:
			only = r
		default:
			only.gather(w)
			only = r
		}
	}
	if len(w.seconds) == 0 && only.rest[0] == 0 {
		return only.sets()
	}
	only.gather(w)
	return w.take()
}

// compact makes one of the shard's logs, with one entry for each conversation.
// It bounds the memory of a Builder to what conversations can have: a bitmap of
// the day, and as many sizes as there are rounded ones.
func (s *shard) compact(w *worker) {
	s.openLogs(w)
	w.log = append(w.log[:0], 0)
	for n := range s.count {
		w.log = append(w.log, byte(min(n, 1)))
		w.appendSets(w.merged(n))
	}
	s.logs = append(s.logs[:0], bytes.Clone(w.log))
	clear(s.logs[1:cap(s.logs)])
	s.logBytes, s.compacted = len(w.log), len(w.log)
}

// blockSize is the size of the blocks that hold the sets of a profile.
const blockSize = 64 << 10

// keep returns a copy of sets that the profile keeps.
func (w *worker) keep(seconds, sizes []byte) (Seconds, Sizes) {
	n := len(seconds) + len(sizes)
	if len(w.block) < n {
		w.block = w.freeBlock(n)
	}
	kept := w.block[:n:n]
	w.block = w.block[n:]
	copy(kept[copy(kept, seconds):], sizes)
	return Seconds{kept[:len(seconds):len(seconds)]}, Sizes{kept[len(seconds):]}
}

// freeBlock returns a block of n bytes or more. Logs that have been read are
// such blocks: they are larger than what becomes of them, so that finishing
// takes hardly more memory than the conversations themselves.
func (w *worker) freeBlock(n int) []byte {
	for len(w.free) > 0 {
		block := w.free[len(w.free)-1]
		w.free = w.free[:len(w.free)-1]
		if len(block) >= n {
			return block
		}
	}
	return make([]byte, max(blockSize, n))
}
