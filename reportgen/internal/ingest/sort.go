package ingest

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"maps"
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
	days  map[Date]int64

	several  bool // flows come from several files
	detailed bool
	internal int64                  // flows from private sources
	networks map[netip.Prefix]int64 // flows by the network of other sources
	key      []byte                 // memory of a key
}

// Add takes in a flow. It fails if a temporary file cannot be written.
func (s *Sorter) Add(f Flow) error {
	s.several = s.several || f.File > 0
	if f.OneWay || f.Part {
		s.key = appendPart(s.key[:0], f)
		return s.parts.add(s.key, s.limit(), s.Dir)
	}
	if s.days == nil {
		s.days = map[Date]int64{}
	}
	s.days[f.Date]++
	s.countSource(f.Src)
	s.detailed = s.detailed || f.Details != flow.Details{}
	s.key = appendFlow(s.key[:0], f)
	return s.flows.add(s.key, s.limit(), s.Dir)
}

func (s *Sorter) limit() int { return cmp.Or(s.Limit, 1<<20) }

// Days returns the days of the flows that Sorted yields, in order.
func (s *Sorter) Days() []DayCount { return dayCounts(s.days) }

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
		for k, err := range distinct(s.flows.sorted(), nil) {
			if err != nil {
				yield(Flow{}, err)
				return
			}
			if !yield(readFlow(k, &names), nil) {
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
	for k, err := range distinct(s.flows.sorted(), func(k []byte) { s.days[readFlow(k, &nameTable{}).Date]--; n++ }) {
		if err == nil && binary.BigEndian.Uint16(k[6:])%64 == 0 { // now and then
			err = ctx.Err()
		}
		if err != nil {
			return 0, err
		}
	}
	return n, nil
}

// Close frees the memory and removes the temporary files.
func (s *Sorter) Close() error { return errors.Join(s.flows.close(), s.parts.close()) }

// dayCounts lists days in order.
func dayCounts(days map[Date]int64) []DayCount {
	var counts []DayCount
	for date, flows := range days {
		counts = append(counts, DayCount{date, flows})
	}
	slices.SortFunc(counts, func(a, b DayCount) int { return cmp.Compare(a.Date, b.Date) })
	return counts
}

// appendFlow writes a flow as bytes whose order is that of flow.Compare: numbers
// are big-endian, and an address is its length before its sixteen bytes, since
// IPv4 comes before IPv6.
func appendFlow(b []byte, f Flow) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(f.Date)^1<<31) // so that dates before 1970 come first
	b = binary.BigEndian.AppendUint32(b, uint32(f.Time))
	b = appendAddr(b, f.Src)
	b = appendAddr(b, f.Dst)
	b = append(b, byte(f.Proto))
	b = binary.BigEndian.AppendUint16(b, f.Port)
	b = binary.BigEndian.AppendUint64(b, uint64(f.Up))
	b = binary.BigEndian.AppendUint64(b, uint64(f.Down))
	return appendFile(appendDetails(b, &f.Details), f.File)
}

func readFlow(k []byte, names *nameTable) Flow {
	return Flow{
		Date: Date(binary.BigEndian.Uint32(k[0:]) ^ 1<<31),
		Record: flow.Record{
			Time:    flow.Time(binary.BigEndian.Uint32(k[4:])),
			Src:     readAddr(k[8:]),
			Dst:     readAddr(k[25:]),
			Proto:   flow.Proto(k[42]),
			Port:    binary.BigEndian.Uint16(k[43:]),
			Up:      int64(binary.BigEndian.Uint64(k[45:])),
			Down:    int64(binary.BigEndian.Uint64(k[53:])),
			Details: readDetails(k[61:], names),
		},
	}
}

// appendDetails writes the optional part of a flow. A duration has a byte before
// it that says whether it is known.
func appendDetails(b []byte, d *flow.Details) []byte {
	known := byte(0)
	if d.Duration.Known() {
		known = 1
	}
	b = binary.BigEndian.AppendUint32(append(b, known), uint32(d.Duration.Hundredths()))
	b = binary.BigEndian.AppendUint16(b, d.SrcPort)
	b = binary.BigEndian.AppendUint64(b, uint64(d.UpPackets))
	b = binary.BigEndian.AppendUint64(b, uint64(d.DownPackets))
	return append(append(b, byte(d.State)), d.Name...)
}

func readDetails(k []byte, names *nameTable) (d flow.Details) {
	if k[0] == 1 {
		d.Duration = flow.SpanOf(int64(binary.BigEndian.Uint32(k[1:])))
	}
	d.SrcPort = binary.BigEndian.Uint16(k[5:])
	d.UpPackets = int64(binary.BigEndian.Uint64(k[7:]))
	d.DownPackets = int64(binary.BigEndian.Uint64(k[15:]))
	d.State = flow.State(k[23])
	d.Name = names.name(k[24:])
	return d
}

// nameTable converts names to strings. A log repeats few names often, so each is
// stored once. The zero value is empty.
type nameTable struct {
	names map[string]string
}

func (t *nameTable) name(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := t.names[string(b)]; ok {
		return s
	}
	if t.names == nil || len(t.names) >= maxAddrs {
		t.names = map[string]string{}
	}
	s := string(b)
	t.names[s] = s
	return s
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
