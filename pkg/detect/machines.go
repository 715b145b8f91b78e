package detect

import (
	"math/bits"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// A host with a single purpose, such as a camera or a meter, contacts few external
// addresses: those of its maker, a time server and an update server, which are
// machineReach, or fewer than machineShare of what the median user's host contacts.
// One that is on day and night may contact more, but fewer than that host. Users, and
// malware on their hosts, contact more.
const (
	machineReach = 3
	machineShare = 0.5
)

// alwaysOnShare is the share of the hours of a day in which a host that is on day
// and night opens flows: a host that its user turns off rests for eight hours or more.
const alwaysOnShare = 5.0 / 6

// isMachine says whether a host contacts so few external addresses that it is taken
// for a machine without a user. The flows to one address do not count as those of a
// host that is on. It needs other hosts to compare with; in a small network, in which
// those may be machines too, it contacts fewer than they do, or is on day and night.
func (d *day) isMachine(a, except netip.Addr) bool {
	n, usual := float64(d.reach()[a]), d.usualReach()
	switch hosts := d.internalHosts(); {
	case hosts < 2*pilotHosts:
		return false
	case hosts < leastPeers:
		return n <= machineReach && (n < machineShare*usual || d.alwaysOn(d.hoursOn(a, except)))
	}
	return n <= machineReach || n < machineShare*usual ||
		n < usual && len(d.users()) >= leastUsers && d.alwaysOn(d.hoursOn(a, except))
}

// usualReach is the number of external addresses that the median user's host contacts,
// or the median host if there are too few of users.
func (d *day) usualReach() float64 {
	return d.reachMedian.get(func() float64 {
		var counts []float64
		count := func(a netip.Addr) { counts = append(counts, float64(d.reach()[a])) }
		if users := d.users(); len(users) >= leastUsers {
			for _, a := range users {
				count(a)
			}
		} else {
			for h := range d.hosts() {
				count(h.Addr)
			}
		}
		return middle(counts)
	})
}

// reach counts the external addresses that each host contacts, without those of
// DNS and NTP servers.
func (d *day) reach() map[netip.Addr]int {
	return d.reachCounts.get(func() map[netip.Addr]int {
		counts := map[netip.Addr]int{}
		var last [2]netip.Addr
		for c := range d.outward() {
			if pair := [2]netip.Addr{c.Src, c.Dst}; pair != last && !regularByDesign[c.Port] {
				counts[c.Src]++
				last = pair
			}
		}
		return counts
	})
}

// contacted counts the internal hosts that contacted each external address.
func (d *day) contacted() map[netip.Addr]int { return d.callerCounts.get(d.countCallers) }

func (d *day) countCallers() map[netip.Addr]int {
	callers := map[netip.Addr]int{}
	var last *profile.Conversation
	for c := range d.outward() {
		if last == nil || last.Src != c.Src || last.Dst != c.Dst {
			callers[c.Dst]++
		}
		last = c
	}
	return callers
}

// users lists the internal hosts that are not on day and night.
func (d *day) users() []netip.Addr {
	return d.userList.get(func() (users []netip.Addr) {
		for h := range d.hosts() {
			if !d.alwaysOn(d.hoursOn(h.Addr, netip.Addr{})) {
				users = append(users, h.Addr)
			}
		}
		return users
	})
}

// leastUsers is the fewest users' hosts that show what users do.
const leastUsers = 5

// hoursOn is the hours in which a host opened flows to other addresses than one, as
// bits.
func (d *day) hoursOn(a, except netip.Addr) (hours uint32) {
	cs := d.Of(a)
	for i := range cs {
		if cs[i].Dst != except {
			hours |= hourSet(&cs[i])
		}
	}
	return hours
}

// alwaysOn says whether hours are those of a host that is on as long as the flows of
// the network go. A capture of a part of a day does not show it.
func (d *day) alwaysOn(hours uint32) bool {
	return float64(bits.OnesCount32(hours)) >= alwaysOnShare*float64(flow.Day/flow.Hour)
}

// quietHours is the hours of the day in which users rest, as bits: fewer than a
// quarter as many of their hosts are on as in the busiest hour. There are none if
// there are too few hosts.
func (d *day) quietHours() uint32 { return d.quietSet.get(d.findQuietHours) }

func (d *day) findQuietHours() (quiet uint32) {
	users := d.users()
	if d.internalHosts() < leastPeers || len(users) < leastUsers {
		return 0
	}
	var on [24]int
	for _, a := range users {
		hours := d.hoursOn(a, netip.Addr{})
		for h := range on {
			on[h] += int(hours >> h & 1)
		}
	}
	quietMost := quietShare * float64(slices.Max(on[:]))
	for h, n := range on {
		if float64(n) < quietMost {
			quiet |= 1 << h
		}
	}
	return quiet
}

// quietShare is the share of users' hosts on at most while an office rests; it is at
// night that scheduled jobs run.
const quietShare = 0.25

// rests says whether all of some hours are quiet ones.
func (d *day) rests(hours [24]bool) bool {
	quiet := d.quietHours()
	for h, some := range hours {
		if some && quiet>>h&1 == 0 {
			return false
		}
	}
	return true
}
