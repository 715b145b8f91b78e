package detect

import (
	"maps"
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// uploadKey is one host and one owner, or one address of an unknown owner.
type uploadKey struct {
	src   netip.Addr
	owner geo.Owner
	dst   netip.Addr // only where the owner is not known
}

// uploadList is a host's traffic with one owner.
type uploadList struct {
	all    map[netip.Addr]profile.Counts // by destination
	biased profile.Counts                // of the destinations that took in uploadBias times what they gave
	top    netip.Addr                    // of these, the one with most up bytes
	span   span                          // of these
}

func (u *uploadList) total() (up int64) {
	if u == nil {
		return 0
	}
	for _, c := range u.all {
		up += c.Up
	}
	return up
}

// uploadTable is what the hosts of a day sent outward.
type uploadTable struct {
	lists  map[uploadKey]*uploadList
	record map[netip.Addr]int64 // each host's largest upload to one address
}

// uploads groups a day's outward traffic by host and owner.
func (d day) uploads(at places) uploadTable {
	t := uploadTable{map[uploadKey]*uploadList{}, map[netip.Addr]int64{}}
	keyOf := func(c *profile.Conversation) uploadKey {
		k := uploadKey{src: c.Src, owner: at.of(c.Dst).owner}
		if k.owner.ASN == 0 {
			k.owner, k.dst = geo.Owner{}, c.Dst
		}
		return k
	}
	for c := range d.outward() {
		k := keyOf(c)
		u, ok := t.lists[k]
		if !ok {
			u = &uploadList{all: map[netip.Addr]profile.Counts{}}
			t.lists[k] = u
		}
		n := u.all[c.Dst]
		n.Add(c.Counts)
		u.all[c.Dst] = n
		t.record[c.Src] = max(t.record[c.Src], n.Up)
	}
	for c := range d.outward() {
		u := t.lists[keyOf(c)]
		if n := u.all[c.Dst]; isUpload(n) {
			u.biased.Add(c.Counts)
			u.span.add(c)
			// Conversations come in order of destination, so of equal ones the
			// lowest address stays.
			if top := u.all[u.top]; !u.top.IsValid() || n.Up > top.Up {
				u.top = c.Dst
			}
		}
	}
	return t
}

func isUpload(c profile.Counts) bool { return c.Up/uploadBias > c.Down }

// leastUploads is how many hosts must upload on the baseline day to learn from
// what they do. Where fewer do, what people send is taken to be as uncertain as
// fileScale.
const leastUploads = 2

// fileScale is the least standard deviation, of the logarithm, taken for that
// of what people send: a handful of uploads may happen to be alike.
const fileScale = 0.5

// biasedTail is the tail of uploads in the sense of isUpload. Of two, the smaller
// one is the median, since the other may be a backup that is not made every day.
func biasedTail(values []float64) tail {
	t := tailOf(values)
	if n := len(values); n >= leastUploads {
		t.median = slices.Sorted(slices.Values(values))[(n-1)/2]
	}
	t.limit = max(t.limit, t.median+DefaultSensitivity*fileScale)
	return t
}

// uploadLimits is what the days teach about uploads, as logarithms.
type uploadLimits struct {
	level  spread // each host's largest upload to one address
	record spread // how that changes from one day to the next
	growth spread // how each host's largest upload to one owner changes
	biased tail   // each host's largest upload in the sense of isUpload that is none of every day, of those that have one
}

func learnUploads(before, after uploadTable) uploadLimits {
	var level, record []float64
	for src, up := range before.record {
		level = append(level, logOf(up))
		if now, ok := after.record[src]; ok {
			record = append(record, logOf(now)-logOf(up))
		}
	}
	return uploadLimits{spreadOf(level), spreadOf(record), spreadOf(growths(before, after)), biasedTail(before.biased(after))}
}

// biased returns each host's largest upload in the sense of isUpload, but for
// those that the host makes again on the other day: a backup of every night
// says nothing of what people send.
func (t uploadTable) biased(other uploadTable) []float64 {
	best := map[netip.Addr]float64{}
	for k, u := range t.lists {
		if u.biased.Up == 0 {
			continue
		}
		if again := other.lists[k]; again != nil && again.biased.Up >= u.biased.Up/2 {
			continue
		}
		best[k.src] = max(best[k.src], logOf(u.biased.Up))
	}
	return slices.Collect(maps.Values(best))
}

// growths returns how much each host's largest upload to one owner grew from
// one day to the next.
func growths(before, after uploadTable) []float64 {
	best := map[netip.Addr]int64{}
	for k, u := range before.lists {
		best[k.src] = max(best[k.src], u.total())
	}
	change := map[netip.Addr]float64{}
	for k, u := range before.lists {
		now := after.lists[k].total()
		if now == 0 || u.total() != best[k.src] {
			continue
		}
		// Where two owners share the first place, the one that grew more
		// counts, so that the result does not depend on their order.
		grew := logOf(now) - logOf(u.total())
		if old, ok := change[k.src]; !ok || grew > old {
			change[k.src] = grew
		}
	}
	return slices.Collect(maps.Values(change))
}

// excess is that of an upload whose host sent old bytes to the same owner on
// the baseline day, and record at most to one address; 0 for none.
func (l uploadLimits) excess(up, old, record int64, k float64) float64 {
	unknown := 0.0
	if l.biased.n < leastUploads {
		unknown = fileScale
	}
	level := l.level.excessNoisy(logOf(up), k, unknown)
	if up == 0 || level <= 0 {
		return 0
	}
	excess := level
	if record > 0 {
		beyond := l.record.excessNoisy(logOf(up)-logOf(record), k, unknown)
		excess = max(excess, math.Sqrt(level*max(beyond, 0)))
	}
	if old > 0 {
		excess = min(excess, l.growth.excess(logOf(up)-logOf(old), k))
	}
	if l.biased.n >= leastUploads {
		excess = min(excess, l.biased.excess(logOf(up), k))
	}
	return excess
}

func (l uploadLimits) thresholds(k float64) []Threshold {
	var biased []Threshold
	if l.biased.n >= leastUploads {
		biased = append(biased, l.biased.threshold("up_bytes where more goes up than comes down", "bytes", k, "each host's largest such upload on the baseline day that is none of every day, and exp(1.75) times their median at least"))
	}
	return slices.Concat(biased,
		l.level.threshold("up_bytes to one owner", "bytes", k, "each host's largest upload to one address on the baseline day"),
		l.record.threshold("up_bytes ÷ the host's own largest", "ratio", k, "test ÷ baseline of each host's largest upload to one address"),
		l.growth.threshold("up_bytes ÷ those to the same owner on the baseline day", "ratio", k, "test ÷ baseline of each host's largest upload to one owner"),
	)
}
