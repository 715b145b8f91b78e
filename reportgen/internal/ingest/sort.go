package ingest

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"maps"
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Sorter puts flows in order: by date, and within a date as [flow.Compare]
// has it, so that the result does not depend on the order of adding. It
// is an external merge sort: at most Limit flows are held in memory, and
// sorted runs of them are in temporary files until Close removes them. Rows that
// are parts of connections are sorted by themselves first, with as much memory
// again, until Pair joins them.
//
// The zero value is ready for use. A Sorter is not safe for use by several
// goroutines.
type Sorter struct {
	// Limit is the most flows held in memory, at about 110 bytes each; 0 means 2^20.
	Limit int
	// Dir is the folder for temporary files; empty means the system's.
	Dir string
	// Chosen are the days of the flows that Pair keeps; none means all. All parts
	// of a connection must be known before its day is.
	Chosen []Date

	flows extSort
	parts extSort
	days  map[Date]*sortedDay

	several  bool // flows come from several files, or from earlier imports
	detailed bool
	known    int64 // flows with Known

	first, latest int64  // earliest and latest start of a part of this import, as of moment; latest of earlier ones, too
	settled       int64  // the parts that began before it are summed up, as Resume read it
	later         *later // nil without Resume

	internal int64                  // flows from private sources
	networks map[netip.Prefix]int64 // flows by the network of other sources
	key      []byte                 // memory of a key
}

// sortedDay is what a Sorter knows of a day.
type sortedDay struct {
	flows   int64
	minutes [24*60/64 + 1]uint64 // those in which a flow begins
}

// Add takes in a flow. It fails if a temporary file cannot be written.
func (s *Sorter) Add(f Flow) error {
	s.several = s.several || f.File > 0
	file := min(f.File, math.MaxUint16-1) + 1
	if f.OneWay || f.Part {
		at := moment(f.Date, f.Time)
		if s.parts.empty() {
			s.first, s.latest = at, at
		}
		s.first, s.latest = min(s.first, at), max(s.latest, at)
		s.key = appendFile(appendPart(s.key[:0], &f, rowPart), file)
		return s.parts.add(s.key, s.limit(), s.Dir)
	}
	day := s.days[f.Date]
	if day == nil {
		if day = (&sortedDay{}); s.days == nil {
			s.days = map[Date]*sortedDay{}
		}
		s.days[f.Date] = day
	}
	day.flows++
	day.minutes[f.Time/flow.Minute/64] |= 1 << (f.Time / flow.Minute % 64)
	if f.Known {
		s.known++
	} else {
		s.countSource(f.Src)
	}
	s.detailed = s.detailed || f.Details != flow.Details{}
	s.key = appendFile(appendFlow(s.key[:0], f), file)
	return s.flows.add(s.key, s.limit(), s.Dir)
}

// Earlier reports whether AddEarlier takes flows of a day, and from when to when; to is 0 for the end of the day.
func (s *Sorter) Earlier(d Date) (from, to flow.Time, ok bool) {
	if s.overlaps() && d >= floorDate(s.first)-1 && d <= floorDate(s.latest) {
		return 0, 0, true
	}
	day := s.days[d]
	if day == nil {
		return 0, 0, false
	}
	for m := range flow.Day / flow.Minute {
		if day.beginsIn(m) {
			if !ok {
				from = m * flow.Minute
			}
			to, ok = (m+1)*flow.Minute%flow.Day, true
		}
	}
	return from, to, ok
}

// overlaps reports whether there are parts that may be of connections that earlier imports completed. Resume knows.
func (s *Sorter) overlaps() bool {
	return s.later != nil && (s.first < s.settled || s.settled == math.MinInt64)
}

func floorDate(at int64) Date {
	d, _ := day(at)
	return d
}

func (d *sortedDay) beginsIn(minute flow.Time) bool { return d.minutes[minute/64]>>(minute%64)&1 == 1 }

// AddEarlier adds a flow that an earlier import wrote. Sorted does not yield it, and leaves
// out the same flows of this import. Pair leaves out rows that the flow comprises. So logs
// that overlap with those of earlier imports count once.
func (s *Sorter) AddEarlier(f Flow) error {
	if day := s.days[f.Date]; day != nil && day.beginsIn(f.Time/flow.Minute) {
		s.several = true
		s.key = appendFile(appendFlow(s.key[:0], f), 0)
		if err := s.flows.add(s.key, s.limit(), s.Dir); err != nil {
			return err
		}
	}
	start := moment(f.Date, f.Time)
	if !s.overlaps() || start > s.latest+idleSlack || start+f.Duration.Hundredths() < s.first-idleSlack {
		return nil
	}
	s.key = appendFile(appendPart(s.key[:0], &f, closedPart), 0)
	return s.parts.add(s.key, s.limit(), s.Dir)
}

// HasParts reports whether rows wait for Pair.
func (s *Sorter) HasParts() bool { return !s.parts.empty() }

func (s *Sorter) limit() int { return cmp.Or(s.Limit, 1<<20) }

// Days returns the days of the flows that Sorted yields, in order.
func (s *Sorter) Days() []DayCount {
	flows := map[Date]int64{}
	for date, day := range s.days {
		if day.flows > 0 {
			flows[date] = day.flows
		}
	}
	return dayCounts(flows)
}

// Detailed reports whether a flow that Sorted yields has a value of an optional
// column.
func (s *Sorter) Detailed() bool { return s.detailed }

// maxNetworks bounds the networks that are counted.
const maxNetworks = 1 << 16

func (s *Sorter) countSource(a netip.Addr) {
	if flow.Private.Contains(a) {
		s.internal++
		return
	}
	bits := 16
	if a.Is6() {
		bits = 48
	}
	network, err := a.Prefix(bits)
	if s.networks == nil {
		s.networks = map[netip.Prefix]int64{}
	}
	if _, ok := s.networks[network]; err == nil && (ok || len(s.networks) < maxNetworks) {
		s.networks[network]++
	}
}

// SourceNetworks returns how many flows have a private source and, most flows
// first, the networks (/16, /48 of IPv6) of other sources, at most n of them.
func (s *Sorter) SourceNetworks(n int) (private int64, others []string) {
	networks := slices.SortedFunc(maps.Keys(s.networks), func(a, b netip.Prefix) int {
		return cmp.Or(cmp.Compare(s.networks[b], s.networks[a]), a.Addr().Compare(b.Addr()))
	})
	for _, network := range networks[:min(n, len(networks))] {
		others = append(others, network.String())
	}
	return s.internal, others
}

// Sorted yields the flows added so far, in order; only date and record are
// kept. It yields an error if rows wait for [Sorter.Pair],
// or if a temporary file cannot be read, and no more after it. It may be
// called once, and no flow added afterwards.
func (s *Sorter) Sorted() iter.Seq2[Flow, error] {
	return func(yield func(Flow, error) bool) {
		if !s.parts.empty() {
			yield(Flow{}, errors.New("parts of connections must be joined with Pair before they are sorted"))
			return
		}
		var names nameTable
		for k, err := range distinct(s.flows.sorted(s.Dir, nil), nil) {
			if err != nil {
				yield(Flow{}, err)
				return
			}
			if isImported(k) {
				continue
			}
			if !yield(readFlow(k[:len(k)-keyFile], &names), nil) {
				return
			}
		}
	}
}

// copies counts the flows that another file has as well, which Sorted leaves out.
func (s *Sorter) copies(ctx context.Context) (n int64, err error) {
	if !s.several {
		return 0, nil
	}
	left := func(k []byte) {
		if !isImported(k) {
			s.days[keyDate(k)].flows--
			n++
		}
	}
	for k, err := range distinct(s.flows.sorted(s.Dir, nil), left) {
		if err == nil && binary.BigEndian.Uint16(k[6:])%64 == 0 { // now and then
			err = ctx.Err()
		}
		if err != nil {
			return 0, err
		}
	}
	return max(n-s.known, 0), nil
}

// Close frees the memory and removes the temporary files.
func (s *Sorter) Close() error {
	err := errors.Join(s.flows.close(), s.parts.close())
	if s.later != nil {
		err = errors.Join(err, s.later.flows.Close())
	}
	return err
}

// dayCounts lists days in order.
func dayCounts(days map[Date]int64) []DayCount {
	var counts []DayCount
	for date, flows := range days {
		counts = append(counts, DayCount{date, flows})
	}
	slices.SortFunc(counts, func(a, b DayCount) int { return cmp.Compare(a.Date, b.Date) })
	return counts
}
