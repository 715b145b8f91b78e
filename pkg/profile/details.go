package profile

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"sync"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Details summarize the optional columns of flow files for a conversation. They
// are missing from profiles of files without these columns. A flow without a
// value in a column does not count in the summary of that column.
type Details struct {
	// Durations is how the durations of flows are distributed, in hundredths of a
	// second. Durations.Flows is how many are known.
	Durations Sizes
	// Longest is the longest duration of a flow and Lasted the sum of all
	// durations, in hundredths of a second.
	Longest, Lasted int64

	// PacketFlows is the number of flows whose packets are known, and UpPackets
	// and DownPackets are their packets.
	PacketFlows            int64
	UpPackets, DownPackets int64

	// States is the number of flows by state, UnknownState aside.
	States [flow.NumStates]int64

	// NamedFlows is the number of flows with a name, and Names are the names, at most
	// namesKept of them, in an order that looks random. A conversation with fewer
	// names has all of them. If it has more, the names are a sample in which each
	// of them is as likely (see [Details.DistinctNames]).
	NamedFlows int64
	Names      []Name
}

// Name is a name that clients asked for in a conversation.
type Name struct {
	Name  string
	Flows int64
}

// namesKept is how many names of a conversation a profile keeps.
//
// They are those with the smallest hashes, the bottom-k sample of Cohen and Kaplan
// (Summarizing data using bottom-k sketches, PODC 2007), for which merging is
// exact: a name among the smallest of a union is among the smallest of each of
// its parts.
const namesKept = 64

// DistinctNames estimates how many different names the conversation has: exactly if
// there are at most 64, else with a standard error of about 1/√62 = 13 %.
func (d *Details) DistinctNames() float64 {
	n := len(d.Names)
	if n < namesKept {
		return float64(n)
	}
	return float64(n-1) / (float64(hashName(d.Names[n-1].Name)) / math.MaxUint64)
}

// hashName mixes the bytes of a name so that names have a random order. It is
// FNV-1a with the finalizer of MurmurHash3. It must stay the same for ever.
func hashName(name string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

func compareNames(a, b Name) int {
	if c := cmp.Compare(hashName(a.Name), hashName(b.Name)); c != 0 {
		return c
	}
	return cmp.Compare(a.Name, b.Name)
}

func joinDetails(a, b *Details) *Details {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	d := &Details{
		Durations: AddSizes(a.Durations, b.Durations),
		Longest:   max(a.Longest, b.Longest), Lasted: saturate(a.Lasted, b.Lasted),
		PacketFlows: saturate(a.PacketFlows, b.PacketFlows),
		UpPackets:   saturate(a.UpPackets, b.UpPackets), DownPackets: saturate(a.DownPackets, b.DownPackets),
		NamedFlows: saturate(a.NamedFlows, b.NamedFlows),
		Names: mergeSorted(a.Names, b.Names, func(x, y *Name) int { return compareNames(*x, *y) },
			func(x, y Name) Name { x.Flows = saturate(x.Flows, y.Flows); return x }),
	}
	d.Names = d.Names[:min(len(d.Names), namesKept)]
	for i := range d.States {
		d.States[i] = saturate(a.States[i], b.States[i])
	}
	return d
}

// Names numbers names in the order in which they are first seen, from 1 on; 0
// stands for no name. It is safe for concurrent use.
type Names struct {
	mu      sync.RWMutex
	numbers map[string]uint32
	names   []numberedName // by number less one
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
	}
	return n
}

// At returns the name with a number that Number gave out, and its hash.
func (s *Names) At(number uint32) string {
	if number == 0 {
		return ""
	}
	return s.at(number).name
}

func (s *Names) at(number uint32) numberedName {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.names[number-1]
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

// detailKey is a conversation by the numbers of its addresses.
type detailKey struct {
	src, dst uint32
	port     uint16
	proto    uint8
}

// detailEntry is the Details of a conversation under construction.
type detailEntry struct {
	details Details
	lasting []uint32 // codes of durations that are not in details yet
	names   []namedEntry
}

// detailMemory is about how many bytes the details of a conversation take in a Builder.
const detailMemory = 1 << 10

type namedEntry struct {
	hash   uint64
	number uint32
	flows  int64
}

// lastingMost is how many durations are added to their distribution at once.
const lastingMost = 64

// AddDetails adds the optional columns of flows that are given to Divide as well.
func (a *Adder) AddDetails(c Columns, d DetailColumns, names *Names) {
	if a.details == nil {
		a.details = map[detailKey]*detailEntry{}
	}
	a.names = names
	var last detailKey
	var e *detailEntry
	for i := range c.Time {
		key := detailKey{c.Src[i], c.Dst[i], uint16(c.Port[i]), uint8(c.Proto[i])}
		if e == nil || key != last {
			last = key
			if e = a.details[key]; e == nil {
				e = &detailEntry{}
				a.details[key] = e
			}
		}
		e.add(&d, i, names)
	}
}

func (e *detailEntry) add(c *DetailColumns, i int, names *Names) {
	d := &e.details
	if c.Duration != nil && c.Duration[i] >= 0 {
		d.Longest, d.Lasted = max(d.Longest, c.Duration[i]), saturate(d.Lasted, c.Duration[i])
		if e.lasting = append(e.lasting, sizeCode(c.Duration[i])); len(e.lasting) == lastingMost {
			e.flush()
		}
	}
	up, down := int64(-1), int64(-1)
	if c.UpPackets != nil {
		up = c.UpPackets[i]
	}
	if c.DownPackets != nil {
		down = c.DownPackets[i]
	}
	if up > 0 || down > 0 {
		d.PacketFlows++
		d.UpPackets, d.DownPackets = saturate(d.UpPackets, max(up, 0)), saturate(d.DownPackets, max(down, 0))
	}
	if c.State != nil && c.State[i] > 0 && c.State[i] < uint32(flow.NumStates) {
		d.States[c.State[i]]++
	}
	if c.Name != nil && c.Name[i] > 0 {
		d.NamedFlows++
		e.name(c.Name[i], names)
	}
}

// flush adds the durations that wait to their distribution.
func (e *detailEntry) flush() {
	if len(e.lasting) > 0 {
		var z sizeCounter
		z.addSizes(e.details.Durations)
		for _, code := range e.lasting {
			z.add(code, 1)
		}
		e.details.Durations, e.lasting = Sizes{z.take(nil)}, e.lasting[:0]
	}
}

// name counts a name, if it is one of those with the smallest hashes.
func (e *detailEntry) name(number uint32, names *Names) {
	if n := len(e.names); n > 0 && e.names[n-1].number == number { // often the only one
		e.names[n-1].flows++
		return
	}
	n := names.at(number)
	i, ok := slices.BinarySearchFunc(e.names, n, func(x namedEntry, n numberedName) int {
		if c := cmp.Compare(x.hash, n.hash); c != 0 {
			return c
		}
		return cmp.Compare(names.at(x.number).name, n.name)
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
func (e *detailEntry) finish(names *Names) *Details {
	e.flush()
	d := &e.details
	for _, n := range e.names {
		d.Names = append(d.Names, Name{names.at(n.number).name, n.flows})
	}
	if d.empty() {
		return nil
	}
	return d
}

func (d *Details) empty() bool {
	return len(d.Durations.code) == 0 && d.PacketFlows == 0 && d.NamedFlows == 0 && d.States == [flow.NumStates]int64{}
}

// addDetails puts what the Adders know of details into the conversations.
func (b *Builder) addDetails(p *Profile) {
	for _, a := range b.adders {
		for key, e := range a.details {
			d := e.finish(a.names)
			if d == nil {
				continue
			}
			k := Key{Src: b.addrs.At(key.src), Dst: b.addrs.At(key.dst), Proto: flow.Proto(key.proto), Port: key.port}
			if i, ok := slices.BinarySearchFunc(p.Conversations, k, func(c Conversation, k Key) int { return c.Compare(k) }); ok {
				p.Conversations[i].Details = joinDetails(p.Conversations[i].Details, d)
			}
		}
	}
}

// check verifies the details of a conversation of so many flows.
func (d *Details) check(flows int64) bool {
	states := int64(0)
	for _, n := range d.States {
		states = saturate(states, n)
	}
	most := int64(0)
	for size := range d.Durations.All() {
		most = size
	}
	longest := sizeCode(d.Longest)
	if !d.Durations.isExact() {
		longest = coarseCode(longest)
	}
	return !d.empty() && d.checkNames() && max(states, d.PacketFlows, d.NamedFlows, d.Durations.Flows()) <= flows && d.States[flow.UnknownState] == 0 &&
		(d.PacketFlows > 0 || d.UpPackets == 0 && d.DownPackets == 0) &&
		most == sizeOf(longest) && d.Longest <= d.Lasted && bits.Len64(uint64(d.Lasted)) < 64
}

// checkNames verifies that the names are sorted and distinct, and that their flows
// add up unless names were dropped.
func (d *Details) checkNames() bool {
	named := int64(0)
	for i, n := range d.Names {
		if n.Name == "" || n.Flows < 1 || i > 0 && compareNames(d.Names[i-1], n) >= 0 {
			return false
		}
		named = saturate(named, n.Flows)
	}
	return len(d.Names) <= namesKept && (named == d.NamedFlows || named < d.NamedFlows && len(d.Names) == namesKept)
}
