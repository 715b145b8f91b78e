package sentinel

import (
	"cmp"
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// Upload is what one internal host sent to one owner of external addresses, or
// to one address where its owner is not known.
type Upload struct {
	Src     netip.Addr
	Dst     netip.Addr // the address that most was sent to
	Owner   geo.Owner  // of Dst
	Country geo.Country
	profile.Counts
	First, Last flow.Time // when the first and the last flow began, 1/100 s
	Score       float64   // modified z-score among the day's hosts
}

// leastHosts is of how many hosts at least one can say what is usual.
const leastHosts = 10

// leastSpread is the least spread of uploads taken for real, on a natural
// logarithm: hosts within about a tenth of each other do the same.
const leastSpread = 0.1

// unusualUploads returns the uploads that stand out of one day, largest score
// first: more was sent than received, and the amount is unusual among the
// largest uploads of the day's internal hosts, one a host. Unusual is a modified
// z-score of the logarithm above 3.5 (0.6745 × (x − median) ÷ MAD; Iglewicz and
// Hoaglin, How to Detect and Handle Outliers, 1993).
//
// It returns false where fewer than ten internal hosts sent anything outside,
// that cannot be judged.
func unusualUploads(p *profile.Profile, l *geo.Lookup, internal flow.Networks) ([]Upload, bool) {
	all := uploads(p, l, internal)
	largest := map[netip.Addr]float64{}
	for _, u := range all {
		if u.Up > 0 {
			largest[u.Src] = max(largest[u.Src], math.Log(float64(u.Up)))
		}
	}
	if len(largest) < leastHosts {
		return nil, false
	}
	var sample, deviations []float64
	for _, v := range largest {
		sample = append(sample, v)
	}
	middle := median(sample)
	for _, v := range sample {
		deviations = append(deviations, math.Abs(v-middle))
	}
	spread := max(median(deviations)/0.6745, leastSpread)

	var unusual []Upload
	for _, u := range all {
		if u.Up <= u.Down {
			continue
		}
		if u.Score = (math.Log(float64(u.Up)) - middle) / spread; u.Score > detect.DefaultSensitivity {
			unusual = append(unusual, u)
		}
	}
	slices.SortFunc(unusual, func(a, b Upload) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), a.Src.Compare(b.Src), a.Dst.Compare(b.Dst))
	})
	return unusual, true
}

// uploads adds up what internal hosts exchanged with owners of external
// addresses.
func uploads(p *profile.Profile, l *geo.Lookup, internal flow.Networks) []Upload {
	type key struct {
		src   netip.Addr
		owner geo.Owner
		dst   netip.Addr // where the owner is not known
	}
	index := map[key]int{}
	most := map[key]int64{}
	owners := map[netip.Addr]geo.Owner{}
	var all []Upload
	for _, c := range outward(p, internal) {
		owner, ok := owners[c.Dst]
		if !ok {
			owner = l.Owner(c.Dst)
			owners[c.Dst] = owner
		}
		k := key{src: c.Src, owner: owner}
		if owner == (geo.Owner{}) {
			k.dst = c.Dst
		}
		i, ok := index[k]
		if !ok {
			i = len(all)
			index[k] = i
			all = append(all, Upload{Src: c.Src, Dst: c.Dst, Owner: owner, First: c.First, Last: c.Last})
			most[k] = c.Up
		}
		u := &all[i]
		u.Add(c.Counts)
		u.First, u.Last = min(u.First, c.First), max(u.Last, c.Last)
		if c.Up > most[k] {
			u.Dst, most[k] = c.Dst, c.Up
		}
	}
	for i := range all {
		all[i].Country = l.Country(all[i].Dst)
	}
	return all
}

// outward returns the pairs of an internal host and an external address, whatever
// the port, in order of both.
func outward(p *profile.Profile, internal flow.Networks) []profile.Conversation {
	var pairs []profile.Conversation
	for i := range p.Conversations {
		c := &p.Conversations[i]
		if !internal.Contains(c.Src) || internal.Contains(c.Dst) || !c.Dst.IsGlobalUnicast() {
			continue
		}
		if n := len(pairs); n > 0 && pairs[n-1].Src == c.Src && pairs[n-1].Dst == c.Dst {
			last := &pairs[n-1]
			last.Add(c.Counts)
			last.First, last.Last = min(last.First, c.First), max(last.Last, c.Last)
			continue
		}
		pairs = append(pairs, profile.Conversation{Key: profile.Key{Src: c.Src, Dst: c.Dst}, Counts: c.Counts, First: c.First, Last: c.Last})
	}
	return pairs
}

// median returns the median of values in any order; there must be at least one.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
