package profile

import (
	"cmp"
	"math"
	"math/bits"

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

func (d *Details) empty() bool {
	return len(d.Durations.code) == 0 && d.PacketFlows == 0 && d.NamedFlows == 0 && d.States == [flow.NumStates]int64{}
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
