package detect

import (
	"math"
	"net/netip"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// uploadKey is one host and one owner, or one address of an unknown owner.
type uploadKey struct {
	src netip.Addr
	uploadTarget
}

// uploadTarget is where uploads go: one owner, or one address of an unknown one.
type uploadTarget struct {
	owner geo.Owner
	dst   netip.Addr // only where the owner is not known
}

// uploadList is a host's traffic with one owner.
type uploadList struct {
	all   map[netip.Addr]profile.Counts // by destination
	sent  profile.Counts                // of what counts as an upload
	into  map[netip.Addr]profile.Counts // the same by destination
	hours [24]bool                      // with flows of these
	large []flow.Record                 // of these, those among the host's largest
	span  span                          // of these

	logSize float64 // see size; set once all is added
}

// top is the destination that took in most; of several, the lowest.
func (u *uploadList) top() (top netip.Addr) {
	for dst, n := range u.into {
		if most := u.into[top].Up; !top.IsValid() || n.Up > most || n.Up == most && dst.Less(top) {
			top = dst
		}
	}
	return top
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

// size is the logarithm of the upload's bytes, beyond those that a call would
// have, so that a call that sends a little more than most is a small upload.
func (u *uploadList) size() float64 {
	if u == nil {
		return 0
	}
	return u.logSize
}

// fast says whether a few flows carry half of the upload or more.
func (u *uploadList) fast() bool {
	var up int64
	for _, r := range u.large {
		up += r.Up
	}
	return up >= u.sent.Up/2
}

// slow says whether the upload is spread over the day.
func (u *uploadList) slow() bool {
	n := 0
	for _, some := range u.hours {
		if some {
			n++
		}
	}
	return n >= slowHours && !u.fast()
}

// slowHours is the fewest hours with flows of an upload that is spread over the
// day: users complete an upload in one or two sessions.
const slowHours = 6

// uploadTable is what the hosts of a day sent outward.
type uploadTable struct {
	lists map[uploadKey]*uploadList
	flows map[netip.Addr]int64   // each host's
	most  map[netip.Addr]float64 // logarithm of each host's largest transfer upward to one address, calls aside
}

// there says whether the host sent anything outward on this day.
func (t uploadTable) there(host netip.Addr) bool {
	_, ok := t.most[host]
	return ok
}

// uploads groups a day's outward traffic by host and owner. An address receives
// uploads if it takes in more than it sends, or else if the host's largest flows
// with it do, because a cloud drive is also read from.
func (d *day) uploads() uploadTable { return d.uploadList.get(d.listUploads) }

func (d *day) listUploads() uploadTable {
	t := uploadTable{map[uploadKey]*uploadList{}, map[netip.Addr]int64{}, map[netip.Addr]float64{}}
	keyOf := func(src, dst netip.Addr) uploadKey {
		k := uploadKey{src, uploadTarget{owner: d.owner(dst)}}
		if k.owner.ASN == 0 {
			k.owner, k.dst = geo.Owner{}, dst
		}
		return k
	}
	for c := range d.outward() {
		k := keyOf(c.Src, c.Dst)
		u, ok := t.lists[k]
		if !ok {
			u = &uploadList{all: map[netip.Addr]profile.Counts{}, into: map[netip.Addr]profile.Counts{}}
			t.lists[k] = u
		}
		t.flows[c.Src] += c.Flows
		n := u.all[c.Dst]
		n.Add(c.Counts)
		u.all[c.Dst] = n
	}
	for k, u := range t.lists {
		for _, n := range u.all {
			if isCall(n) {
				n.Up = 0
			}
			t.most[k.src] = max(t.most[k.src], logOf(n.Up))
		}
	}
	for c := range d.outward() {
		u := t.lists[keyOf(c.Src, c.Dst)]
		if !isUpload(u.all[c.Dst]) {
			continue
		}
		u.add(c.Dst, c.Counts, span{c.First, c.Last, true})
		for hour, n := range c.Hours {
			u.hours[hour] = u.hours[hour] || n > 0
		}
	}
	for h := range d.hosts() {
		for _, r := range h.Largest {
			if !d.outside(r.Dst) {
				continue
			}
			u := t.lists[keyOf(h.Addr, r.Dst)]
			n := profile.Counts{Flows: 1, Up: r.Up, Down: r.Down}
			switch {
			case isUpload(u.all[r.Dst]):
				u.large = append(u.large, r)
			case isUpload(n):
				u.add(r.Dst, n, span{r.Time, r.Time, true})
				u.hours[r.Time.Hour()] = true
				u.large = append(u.large, r)
			}
		}
	}
	for _, u := range t.lists {
		u.logSize = math.Log(max(1, float64(u.sent.Up)-uploadBias*float64(u.sent.Down)))
	}
	return t
}

// add adds what counts as an upload.
func (u *uploadList) add(dst netip.Addr, n profile.Counts, during span) {
	u.sent.Add(n)
	to := u.into[dst]
	to.Add(n)
	u.into[dst] = to
	u.span.join(during)
}

// uploadBias is how many times more bytes must go up than come down before
// traffic counts as an upload. A call sends about as much as it receives, and
// browsing receives several times what it sends.
const uploadBias = 2

func isUpload(c profile.Counts) bool { return c.Up/uploadBias > c.Down }

// isCall says whether about as much goes up as comes down.
func isCall(c profile.Counts) bool { return !isUpload(c) && c.Up > c.Down/uploadBias }
