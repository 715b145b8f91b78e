package detect

import (
	"cmp"
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// uploadKey is one host and where its uploads go.
type uploadKey struct {
	src netip.Addr
	party
}

// uploadList is a host's traffic with one owner.
type uploadList struct {
	all   []toAddress                   // by destination; sorted
	sent  profile.Counts                // of what counts as an upload
	into  map[netip.Addr]profile.Counts // the same by destination
	hours [24]bool                      // with flows of these
	large []flow.Record                 // of these, those among the host's largest
	span  span                          // of these

	logSize float64 // see size; set once all is added
}

// toAddress is a host's traffic with one destination.
type toAddress struct {
	dst netip.Addr
	profile.Counts
}

// with returns the traffic with a destination.
func (u *uploadList) with(dst netip.Addr) profile.Counts {
	i, ok := slices.BinarySearchFunc(u.all, dst, func(to toAddress, a netip.Addr) int { return to.dst.Compare(a) })
	if !ok {
		return profile.Counts{}
	}
	return u.all[i].Counts
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
	lists   map[uploadKey]*uploadList
	largest []sizedUpload          // the lists, largest first
	flows   map[netip.Addr]int64   // each host's
	most    map[netip.Addr]float64 // logarithm of each host's largest transfer upward to one address, calls aside
}

type sizedUpload struct {
	uploadKey
	*uploadList
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
	t := uploadTable{lists: map[uploadKey]*uploadList{}, flows: map[netip.Addr]int64{}, most: map[netip.Addr]float64{}}
	keyOf := func(src, dst netip.Addr) uploadKey { return uploadKey{src, d.party(dst)} }
	var last [2]netip.Addr
	var lists []*uploadList // of each source and destination
	var u *uploadList
	for c := range d.outward() {
		t.flows[c.Src] += c.Flows
		if pair := [2]netip.Addr{c.Src, c.Dst}; pair != last {
			last = pair
			k := keyOf(c.Src, c.Dst)
			if u = t.lists[k]; u == nil {
				u = &uploadList{}
				t.lists[k] = u
			}
			u.all = append(u.all, toAddress{dst: c.Dst})
			lists = append(lists, u)
		}
		u.all[len(u.all)-1].Add(c.Counts)
	}
	for k, u := range t.lists {
		for _, n := range u.all {
			if isCall(n.Counts) {
				n.Up = 0
			}
			t.most[k.src] = max(t.most[k.src], logOf(n.Up))
		}
	}
	last = [2]netip.Addr{}
	into := -1
	for c := range d.outward() {
		if pair := [2]netip.Addr{c.Src, c.Dst}; pair != last {
			last = pair
			into++
		}
		u := lists[into]
		if !isUpload(u.with(c.Dst)) {
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
			if u == nil {
				continue // a message of ICMP
			}
			n := profile.Counts{Flows: 1, Up: r.Up, Down: r.Down}
			switch {
			case isUpload(u.with(r.Dst)):
				u.large = append(u.large, r)
			case isUpload(n):
				u.add(r.Dst, n, span{r.Time, r.Time, true})
				u.hours[r.Time.Hour()] = true
				u.large = append(u.large, r)
			}
		}
	}
	for k, u := range t.lists {
		u.logSize = math.Log(max(1, float64(u.sent.Up)-uploadBias*float64(u.sent.Down)))
		t.largest = append(t.largest, sizedUpload{k, u})
	}
	slices.SortFunc(t.largest, func(a, b sizedUpload) int { return cmp.Compare(b.logSize, a.logSize) })
	return t
}

// add adds what counts as an upload.
func (u *uploadList) add(dst netip.Addr, n profile.Counts, during span) {
	u.sent.Add(n)
	if u.into == nil {
		u.into = map[netip.Addr]profile.Counts{}
	}
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
