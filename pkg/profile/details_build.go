package profile

import (
	"cmp"
	"slices"
	"sync"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Names numbers names in the order in which they are first seen, from 1 on; 0
// stands for no name. It is safe for concurrent use.
type Names struct {
	mu      sync.RWMutex
	numbers map[string]uint32
	names   []numberedName // by number less one
	letters int64          // bytes of all names
}

type numberedName struct {
	name string
	hash uint64
}

// NewNames returns an empty Names.
func NewNames() *Names { return &Names{numbers: map[string]uint32{}} }

// Number returns the number of a name, a new one if need be.
func (s *Names) Number(name string) uint32 {
	if name == "" {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := s.numbers[name]
	if !ok {
		s.names = append(s.names, numberedName{name, hashName(name)})
		n = uint32(len(s.names))
		s.numbers[name] = n
		s.letters += int64(len(name))
	}
	return n
}

// Bytes is about how much memory the names take.
func (s *Names) Bytes() int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.letters + int64(32*len(s.numbers)+24*cap(s.names))
}

// At returns the name with a number that Number gave out, and its hash.
func (s *Names) At(number uint32) string {
	if number == 0 {
		return ""
	}
	return s.at(number).name
}

func (s *Names) at(number uint32) numberedName { return s.all()[number-1] }

// all returns the names by number less one. More may be added after.
func (s *Names) all() []numberedName {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.names
}

// DetailColumns are the optional columns of flows, each of the length of their
// Columns, or nil if no flow has it. Unknown numbers are -1.
type DetailColumns struct {
	Duration               []int64  // hundredths of a second
	UpPackets, DownPackets []int64  // 0 of both is unknown as well
	State                  []uint32 // as flow.State
	Name                   []uint32 // numbers of names
}

// detailColumns puts details into columns.
func detailColumns(rows []flow.Details, names *Names) (c DetailColumns) {
	for i := range rows {
		d := &rows[i]
		lasted, up, down := int64(-1), d.UpPackets, d.DownPackets
		if d.Duration.Known() {
			lasted = d.Duration.Hundredths()
		}
		c.Duration = append(c.Duration, lasted)
		c.UpPackets, c.DownPackets = append(c.UpPackets, up), append(c.DownPackets, down)
		c.State, c.Name = append(c.State, uint32(d.State)), append(c.Name, names.Number(d.Name))
	}
	return c
}

// known reports whether there is a column.
func (c *DetailColumns) known() bool {
	return c.Duration != nil || c.UpPackets != nil || c.DownPackets != nil || c.State != nil || c.Name != nil
}

// row returns the details of flow i.
func (c *DetailColumns) row(i int) detailRow {
	r := unknownDetails
	if c.Duration != nil {
		r.duration = c.Duration[i]
	}
	if c.UpPackets != nil {
		r.up = c.UpPackets[i]
	}
	if c.DownPackets != nil {
		r.down = c.DownPackets[i]
	}
	if c.State != nil && c.State[i] < uint32(flow.NumStates) {
		r.state = uint8(c.State[i])
	}
	if c.Name != nil {
		r.name = c.Name[i]
	}
	return r
}

// detailRow is the details of a flow that waits to be added.
type detailRow struct {
	duration, up, down int64  // -1 if unknown
	name               uint32 // 0 if unknown
	state              uint8
}

// unknownDetails are the details of a flow without any.
var unknownDetails = detailRow{duration: -1, up: -1, down: -1}

// detailEntry is the Details of a conversation under construction.
type detailEntry struct {
	details Details
	names   []namedEntry
}

type namedEntry struct {
	hash   uint64
	number uint32
	flows  int64
}

// detailMemory returns about how many bytes the details of the shard take.
func (s *shard) detailMemory() int64 { return int64(len(s.details)) * chunkSize * 400 }

// addDetails adds the details of n flows to those of the worker; they may be missing.
func (w *worker) addDetails(rows []detailRow, n int) {
	if len(rows) > 0 {
		w.details = append(w.details, rows...)
		return
	}
	w.details = append(w.details, slices.Repeat([]detailRow{unknownDetails}, n)...)
}

// addDetails adds the sorted details of a worker to the conversations of the shard.
func (s *shard) addDetails(w *worker, names []numberedName) {
	for len(s.details)*chunkSize < s.count {
		s.details = append(s.details, new([chunkSize]detailEntry))
	}
	from := uint32(0)
	for n, end := range w.next {
		if from < end {
			s.details[n/chunkSize][n%chunkSize].add(w, w.sortedDetails[from:end], names)
			from = end
		}
	}
}

// add adds the details of flows.
func (e *detailEntry) add(w *worker, rows []detailRow, names []numberedName) {
	d := &e.details
	w.codes = w.codes[:0]
	for i := range rows {
		r := &rows[i]
		if r.duration >= 0 {
			d.Longest, d.Lasted = max(d.Longest, r.duration), saturate(d.Lasted, r.duration)
			w.codes = append(w.codes, sizeCode(r.duration))
		}
		if r.up > 0 || r.down > 0 {
			d.PacketFlows++
			d.UpPackets, d.DownPackets = saturate(d.UpPackets, max(r.up, 0)), saturate(d.DownPackets, max(r.down, 0))
		}
		if r.state > 0 {
			d.States[r.state]++
		}
		if r.name > 0 {
			d.NamedFlows++
			e.name(r.name, names)
		}
	}
	switch {
	case len(w.codes) == 0:
	case len(d.Durations.code) == 0:
		w.sets = w.sizes.appendSizes(w.sets[:0], w.codes)
		_, d.Durations = w.keep(nil, w.sets)
	default:
		w.sizes.addSizes(d.Durations)
		for _, code := range w.codes {
			w.sizes.add(code, 1)
		}
		d.Durations = Sizes{w.sizes.take(nil)}
	}
	w.codes = w.codes[:0]
}

// name counts a name, if it is one of those with the smallest hashes.
func (e *detailEntry) name(number uint32, names []numberedName) {
	if n := len(e.names); n > 0 && e.names[n-1].number == number { // often the only one
		e.names[n-1].flows++
		return
	}
	n := names[number-1]
	i, ok := slices.BinarySearchFunc(e.names, n, func(x namedEntry, n numberedName) int {
		if c := cmp.Compare(x.hash, n.hash); c != 0 {
			return c
		}
		return cmp.Compare(names[x.number-1].name, n.name)
	})
	switch {
	case ok:
		e.names[i].flows++
	case i < namesKept:
		if len(e.names) == namesKept {
			e.names = e.names[:namesKept-1]
		}
		e.names = slices.Insert(e.names, i, namedEntry{n.hash, number, 1})
	}
}

// finish returns the Details, or nil if nothing is known.
func (e *detailEntry) finish(names []numberedName) *Details {
	d := &e.details
	for _, n := range e.names {
		d.Names = append(d.Names, Name{names[n.number-1].name, n.flows})
	}
	e.names = nil
	if d.empty() {
		return nil
	}
	return d
}
