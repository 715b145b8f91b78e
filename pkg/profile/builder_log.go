package profile

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// A log says which seconds and sizes the conversations of a shard gained by
// flows that were added at once. It is written and read from its begin to its
// end, which costs far less than growing a set here and a set there, and takes
// no more memory than what is in it. In order of their number, each conversation
// that gained any has an entry: the difference of its number to that of the
// entry before, the length of its Seconds and these, the length of its Sizes
// and these.

// writeLog adds the sorted events of a worker to the shard.
func (s *shard) writeLog(w *worker) {
	s.hours = append(s.hours, make([][24]uint16, len(s.convs)-len(s.hours))...)
	w.log = w.log[:0]
	from, last := uint32(0), 0
	for n, end := range w.next {
		if from == end {
			continue
		}
		w.log = binary.AppendUvarint(w.log, uint64(n-last))
		w.appendEntry(s.gain(w, uint32(n), w.sorted[from:end]))
		from, last = end, n
	}
	s.logs = append(s.logs, bytes.Clone(w.log))
	s.logBytes += len(w.log)
	if s.logBytes > 2*s.compacted+compactAbove*len(s.convs) {
		s.compact(w)
	}
}

// compactAbove is how many bytes of logs a conversation has before they are
// compacted: more than most ever have, and little beside what else it takes.
const compactAbove = 256

// gain adds events to the hours of a conversation, and returns the codes of
// their seconds and sizes. They are valid until the worker's next.
func (s *shard) gain(w *worker, n uint32, events []event) (seconds, sizes []byte) {
	list := resized(w.list, len(events))[:0]
	hours, hour, hourFrom := &s.hours[n], 0, flow.Time(math.MaxUint32)
	last := uint32(math.MaxUint32)
	for _, e := range events {
		t := flow.Time(e >> 32)
		if t-hourFrom >= flow.Hour {
			hour = t.Hour()
			hourFrom = flow.Time(hour) * flow.Hour
		}
		if hours[hour]++; hours[hour] == 0 {
			s.carry(n, hour)
		}
		if second := t.Second(); second != last {
			list = append(list, second)
			last = second
		}
	}
	w.entry = appendSeconds(w.entry[:0], distinctSeconds(list))
	length := len(w.entry)
	list = list[:0]
	for _, e := range events {
		list = append(list, uint32(e))
	}
	w.entry = w.sizes.appendSizes(w.entry, list)
	w.list = list
	return w.entry[:length], w.entry[length:]
}

// carry notes that the 16 bits of an hour have overflowed.
func (s *shard) carry(n uint32, hour int) {
	if s.carried == nil {
		s.carried = map[carry]uint32{}
	}
	s.carried[carry{n, uint8(hour)}] += math.MaxUint16 + 1
}

func (w *worker) appendEntry(seconds, sizes []byte) {
	w.log = append(binary.AppendUvarint(w.log, uint64(len(seconds))), seconds...)
	w.log = append(binary.AppendUvarint(w.log, uint64(len(sizes))), sizes...)
}

// logReader reads a log.
type logReader struct {
	rest []byte // from the lengths of the next entry on
	next int    // number of its conversation; -1 at the end
}

// openLogs returns readers of the shard's logs.
func (s *shard) openLogs(w *worker) []logReader {
	w.open = w.open[:0]
	for _, log := range s.logs {
		r := logReader{rest: log}
		r.turn()
		w.open = append(w.open, r)
	}
	return w.open
}

// turn goes to the next entry.
func (r *logReader) turn() {
	if len(r.rest) == 0 {
		r.next = -1
		return
	}
	r.next += int(r.length())
}

// length takes a number.
func (r *logReader) length() uint64 {
	x, n := uint64(r.rest[0]), 1
	if x >= 0x80 {
		x, n = binary.Uvarint(r.rest)
	}
	r.rest = r.rest[n:]
	return x
}

// take returns the sets of the next entry, in the memory of the log.
func (r *logReader) take() (Seconds, Sizes) {
	n := r.length()
	seconds := r.rest[:n:n]
	r.rest = r.rest[n:]
	n = r.length()
	sizes := r.rest[:n:n]
	r.rest = r.rest[n:]
	r.turn()
	return Seconds{seconds}, Sizes{sizes}
}

// compact makes one of the shard's logs, which has one entry for each
// conversation.
func (s *shard) compact(w *worker) {
	if len(s.logs) < 2 {
		return
	}
	logs := s.openLogs(w)
	w.log = w.log[:0]
	last := 0
	for n := range s.convs {
		first := slices.IndexFunc(logs, func(r logReader) bool { return r.next == n })
		if first < 0 {
			continue
		}
		w.log = binary.AppendUvarint(w.log, uint64(n-last))
		last = n
		w.appendEntry(w.merge(logs[first:], n))
	}
	s.logs = append(s.logs[:0], bytes.Clone(w.log))
	clear(s.logs[1:cap(s.logs)])
	s.logBytes, s.compacted = len(w.log), len(w.log)
}

// merge returns the codes of all seconds and sizes of conversation n. The first
// of the logs must have an entry of it. The result is valid until the worker's
// next.
func (w *worker) merge(logs []logReader, n int) (seconds, sizes []byte) {
	set, counts := logs[0].take()
	list, entries := w.list[:0], 1
	for i := range logs[1:] {
		r := &logs[1+i]
		if r.next != n {
			continue
		}
		if entries++; entries == 2 {
			list = set.appendTo(list)
			w.sizes.addSizes(counts)
		}
		set, counts = r.take()
		list = set.appendTo(list)
		w.sizes.addSizes(counts)
	}
	w.list = list
	if entries == 1 {
		return set.code, counts.code
	}
	w.entry = appendSeconds(w.entry[:0], distinctSeconds(list))
	length := len(w.entry)
	w.entry = w.sizes.take(w.entry)
	return w.entry[:length], w.entry[length:]
}
