package detect

import (
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// day is a profile seen from inside the organisation, with what several rules
// derive from it.
type day struct {
	*profile.Profile
	internal  flow.Networks
	locations *locations

	date  time.Time // midnight; zero if unknown
	index int       // in the history

	hostCount       lazy[int]
	serviceList     lazy[ServiceDay]
	uploadList      lazy[uploadTable]
	callerCounts    lazy[map[netip.Addr]int]
	reachCounts     lazy[map[netip.Addr]int]
	answersKnown    lazy[bool]
	bytesKnown      lazy[bool]
	reachMedian     lazy[float64]
	userList        lazy[[]netip.Addr]
	quietSet        lazy[uint32]
	callList        lazy[[]dayCall]
	namedList       lazy[[]dayCall]
	askerCounts     lazy[map[string]int]
	unnamedCounts   lazy[map[netip.Addr]int]
	neighbourCounts lazy[map[neighbourhood]int]
	dnsUse          lazy[dnsHosts]
	askingCounts    lazy[map[string]int]
	countries       lazy[countryTraffic]
	swarmList       lazy[map[netip.Addr]Swarm]
	withinList      lazy[[]*profile.Conversation]
	outwardList     lazy[[]*profile.Conversation]
	closedCounts    lazy[map[netip.Addr]int]
	roundCounts     lazy[map[profile.Key]int]
	tryList         lazy[map[netip.Addr]Tries]
	offered         lazy[map[serviceKey]bool]
	guessList       lazy[map[profile.Key]int64]
	domainList      lazy[map[string][]netip.Addr]
	clientList      lazy[[]Client]
	holderList      lazy[map[serviceName]map[netip.Addr]bool]
	silenceLists    map[netip.Addr][][2]uint32 // of the hosts that were asked for
	span            lazy[span]
	toServers       byRoles[[]float64]
	toPeers         byRoles[peerTable]
}

// nothing is a profile without flows.
var nothing = &profile.Profile{}

// newDay returns a day; one without flows if it has no profile.
func newDay(d Day, internal flow.Networks, locations *locations) *day {
	if d.Profile == nil {
		d.Profile = nothing
	}
	if internal == nil {
		internal = flow.Private
	}
	return &day{Profile: d.Profile, internal: internal, locations: locations, date: d.Date}
}

// prepare computes what all rules need of a day, so that several days can be
// prepared at once.
func (d *day) prepare() {
	d.internalHosts()
	d.services()
	d.uploads()
	d.calls()
	d.contacted()
	d.dns()
	d.countryTraffic()
	d.swarms()
	d.extent()
	d.closedPorts()
	d.visits()
	d.allTries()
}

// inside says whether a is one of the organisation's addresses.
func (d *day) inside(a netip.Addr) bool { return d.internal.Contains(a) }

// outside says whether a is an address elsewhere. Broadcast, multicast,
// loopback and link-local addresses are neither inside nor outside.
func (d *day) outside(a netip.Addr) bool {
	return a.IsGlobalUnicast() && a != broadcast && !d.inside(a)
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// hosts yields the internal hosts that opened a flow.
func (d *day) hosts() iter.Seq[*profile.Host] {
	return func(yield func(*profile.Host) bool) {
		for i := range d.Hosts {
			if h := &d.Hosts[i]; d.inside(h.Addr) && !yield(h) {
				return
			}
		}
	}
}

// internalHosts counts the internal hosts that opened a flow.
func (d *day) internalHosts() int {
	return d.hostCount.get(func() (n int) {
		for range d.hosts() {
			n++
		}
		return n
	})
}

// within yields the conversations between two different internal hosts.
func (d *day) within() iter.Seq[*profile.Conversation] {
	return slices.Values(d.withinList.get(func() []*profile.Conversation {
		return slices.Collect(d.where(func(c *profile.Conversation) bool {
			return c.Src != c.Dst && d.inside(c.Dst) && d.inside(c.Src) && initiates(c)
		}))
	}))
}

// outward yields the conversations from internal hosts to external addresses.
func (d *day) outward() iter.Seq[*profile.Conversation] {
	return slices.Values(d.outwardList.get(func() []*profile.Conversation {
		list := make([]*profile.Conversation, 0, len(d.Conversations))
		for h := range d.hosts() {
			cs := d.Of(h.Addr)
			for i := range cs {
				if d.outside(cs[i].Dst) && initiates(&cs[i]) {
					list = append(list, &cs[i])
				}
			}
		}
		return list
	}))
}

// inward yields the conversations that external clients opened.
func (d *day) inward() iter.Seq[*profile.Conversation] {
	return d.where(func(c *profile.Conversation) bool { return d.outside(c.Src) && initiates(c) })
}

// initiates says whether a source opened a conversation because it wants something of
// the destination. Most messages of ICMP are about other flows, such as one that was
// refused; only a request for an echo is not.
func initiates(c *profile.Conversation) bool {
	switch c.Proto {
	case flow.ICMP:
		return c.Port>>8 == 8
	case flow.ICMPv6:
		return c.Port>>8 == 128
	}
	return true
}

// hasPorts says whether the protocol of a conversation has ports.
func hasPorts(c *profile.Conversation) bool { return c.Proto == flow.TCP || c.Proto == flow.UDP }

func (d *day) where(keep func(*profile.Conversation) bool) iter.Seq[*profile.Conversation] {
	return func(yield func(*profile.Conversation) bool) {
		for i := range d.Conversations {
			if c := &d.Conversations[i]; keep(c) && !yield(c) {
				return
			}
		}
	}
}

// locations looks up each address once. It is safe for concurrent use.
type locations struct {
	geo   *geo.Lookup
	mu    sync.RWMutex
	known map[netip.Addr]location
}

// location is where an address is and whose it is.
type location struct {
	country geo.Country
	owner   geo.Owner
}

func newLocations(l *geo.Lookup) *locations {
	return &locations{geo: l, known: map[netip.Addr]location{}}
}

func (l *locations) of(a netip.Addr) location {
	l.mu.RLock()
	at, ok := l.known[a]
	l.mu.RUnlock()
	if !ok {
		at = location{l.geo.Country(a), l.geo.Owner(a)}
		l.mu.Lock()
		l.known[a] = at
		l.mu.Unlock()
	}
	return at
}

// country and owner are those of an address, zero if unknown.
func (d *day) country(a netip.Addr) geo.Country { return d.locations.of(a).country }
func (d *day) owner(a netip.Addr) geo.Owner     { return d.locations.of(a).owner }

// extent is the time from the first to the last flow of internal hosts; zeros if
// there is none.
func (d *day) extent() (first, last flow.Time) {
	s := d.span.get(func() (s span) {
		for c := range d.where(func(c *profile.Conversation) bool { return d.inside(c.Src) }) {
			s.add(c)
		}
		return s
	})
	return s.first, s.last
}

// text is the date of a day, empty if unknown.
func (d *day) text() string {
	if d.date.IsZero() {
		return ""
	}
	return d.date.Format(time.DateOnly)
}

// name names a day of a history of n days in a sentence.
func (d *day) name(n int) string {
	if d.date.IsZero() && n == 1 {
		return "the baseline day"
	}
	if d.date.IsZero() {
		return fmt.Sprintf("day %d of the history", d.index+1)
	}
	return d.text()
}

// firstFlow is the start of the first flow that a host opened.
func (d *day) firstFlow(a netip.Addr) flow.Time {
	first := flow.Day
	cs := d.Of(a)
	for i := range cs {
		first = min(first, cs[i].First)
	}
	return first
}

// span is the time from the first to the last of some flows.
type span struct {
	first, last flow.Time
	some        bool
}

func (s *span) add(c *profile.Conversation) { s.join(span{c.First, c.Last, true}) }

func (s *span) join(o span) {
	switch {
	case !s.some:
		*s = o
	case o.some:
		s.first, s.last = min(s.first, o.first), max(s.last, o.last)
	}
}

func (s span) window() [2]flow.Time { return [2]flow.Time{s.first, s.last} }

// byRoles is a value that depends on which services are servers. The contexts
// that share a day know more servers the later their test day is, so that the
// number of servers says whether they are the same.
type byRoles[T any] struct {
	value T
	known bool
	roles int
}

func (b *byRoles[T]) get(servers map[serviceKey]Role, compute func() T) T {
	if !b.known || b.roles != len(servers) {
		b.value, b.known, b.roles = compute(), true, len(servers)
	}
	return b.value
}
