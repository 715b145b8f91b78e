package ingest

import (
	"cmp"
	"encoding/binary"
	"errors"
	"iter"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Sorter puts flows in order: by date, and within a date as [flow.Compare]
// has it, so that the result does not depend on the order of adding. It
// is an external merge sort: at most Limit flows are held in memory, and
// sorted runs of them lie in temporary files until Close removes them. The two
// directions of a connection, where a log tells them apart, are sorted by
// themselves first, with as much memory again, until Pair joins them.
//
// The zero value is ready for use. A Sorter is not safe for use by several
// goroutines.
type Sorter struct {
	// Limit is the most flows held in memory, at 61 bytes each; 0 means 2^20.
	Limit int
	// Dir is the folder for temporary files; empty means the system's.
	Dir string
	// Chosen are the days of the flows that Pair keeps; none means all. Both
	// directions must be known before the day of a flow is.
	Chosen []Date

	flows  keys
	oneWay keys
	days   map[Date]int64
}

// Add takes in a flow. It fails where a temporary file cannot be written.
func (s *Sorter) Add(f Flow) error {
	if f.OneWay {
		return s.oneWay.add(makeHalfKey(f), s.limit(), s.Dir)
	}
	if s.days == nil {
		s.days = map[Date]int64{}
	}
	s.days[f.Date]++
	return s.flows.add(makeSortKey(f), s.limit(), s.Dir)
}

func (s *Sorter) limit() int { return cmp.Or(s.Limit, 1<<20) }

// Days returns the days of the flows that Sorted yields, in order.
func (s *Sorter) Days() []DayCount { return dayCounts(s.days) }

// Sorted yields the flows added so far, in order; only date and record are
// kept. It yields an error where rows of one direction wait for [Sorter.Pair],
// and where a temporary file cannot be read, and no more after it. It may be
// called once, and no flow added afterwards.
func (s *Sorter) Sorted() iter.Seq2[Flow, error] {
	return func(yield func(Flow, error) bool) {
		if !s.oneWay.empty() {
			yield(Flow{}, errors.New("flows of one direction are to be joined with Pair before they are sorted"))
			return
		}
		for k, err := range s.flows.sorted() {
			if err != nil {
				yield(Flow{}, err)
				return
			}
			if !yield(k.flow(), nil) {
				return
			}
		}
	}
}

// Close frees the memory and removes the temporary files.
func (s *Sorter) Close() error { return errors.Join(s.flows.close(), s.oneWay.close()) }

// dayCounts lists days in order.
func dayCounts(days map[Date]int64) []DayCount {
	var counts []DayCount
	for date, flows := range days {
		counts = append(counts, DayCount{date, flows})
	}
	slices.SortFunc(counts, func(a, b DayCount) int { return cmp.Compare(a.Date, b.Date) })
	return counts
}

func makeSortKey(f Flow) (k sortKey) {
	b := k[:0]
	b = binary.BigEndian.AppendUint32(b, uint32(f.Date)^1<<31) // so that dates before 1970 come first
	b = binary.BigEndian.AppendUint32(b, uint32(f.Time))
	b = appendAddr(b, f.Src)
	b = appendAddr(b, f.Dst)
	b = append(b, byte(f.Proto))
	b = binary.BigEndian.AppendUint16(b, f.Port)
	b = binary.BigEndian.AppendUint64(b, uint64(f.Up))
	binary.BigEndian.AppendUint64(b, uint64(f.Down))
	return k
}

func (k *sortKey) flow() Flow {
	return Flow{
		Date: Date(binary.BigEndian.Uint32(k[0:]) ^ 1<<31),
		Record: flow.Record{
			Time:  flow.Time(binary.BigEndian.Uint32(k[4:])),
			Src:   readAddr(k[8:]),
			Dst:   readAddr(k[25:]),
			Proto: flow.Proto(k[42]),
			Port:  binary.BigEndian.Uint16(k[43:]),
			Up:    int64(binary.BigEndian.Uint64(k[45:])),
			Down:  int64(binary.BigEndian.Uint64(k[53:])),
		},
	}
}

func appendAddr(b []byte, a netip.Addr) []byte {
	sixteen := a.As16()
	return append(append(b, byte(a.BitLen())), sixteen[:]...)
}

func readAddr(b []byte) netip.Addr {
	a := netip.AddrFrom16([16]byte(b[1:17]))
	if b[0] == 32 {
		return a.Unmap()
	}
	return a
}
