package detect

import (
	"iter"
	"net/netip"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// day is a profile seen from inside the organisation.
type day struct {
	*profile.Profile
	internal flow.Networks
}

func (in Input) day(p *profile.Profile) day {
	d := day{p, in.Internal}
	if p == nil {
		d.Profile = &profile.Profile{}
	}
	if in.Internal == nil {
		d.internal = flow.Private
	}
	return d
}

func (in Input) days() (baseline, test day) { return in.day(in.Baseline), in.day(in.Test) }

func (in Input) sensitivity() float64 {
	if in.Sensitivity > 0 {
		return in.Sensitivity
	}
	return DefaultSensitivity
}

// inside says whether a is one of the organisation's addresses.
func (d day) inside(a netip.Addr) bool { return d.internal.Contains(a) }

// outside says whether a is an address elsewhere. Broadcast, multicast,
// loopback and link-local addresses are neither inside nor outside.
func (d day) outside(a netip.Addr) bool {
	return a.IsGlobalUnicast() && a != broadcast && !d.inside(a)
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// hosts yields the internal hosts that opened a flow.
func (d day) hosts() iter.Seq[*profile.Host] {
	return func(yield func(*profile.Host) bool) {
		for i := range d.Hosts {
			if h := &d.Hosts[i]; d.inside(h.Addr) && !yield(h) {
				return
			}
		}
	}
}

// internalHosts counts the internal hosts that opened a flow.
func (d day) internalHosts() (n int) {
	for range d.hosts() {
		n++
	}
	return n
}

// within yields the conversations between two different internal hosts.
func (d day) within() iter.Seq[*profile.Conversation] {
	return d.where(func(c *profile.Conversation) bool {
		return c.Src != c.Dst && d.inside(c.Dst) && d.inside(c.Src)
	})
}

// outward yields the conversations from internal hosts to external addresses.
func (d day) outward() iter.Seq[*profile.Conversation] {
	return d.where(func(c *profile.Conversation) bool { return d.inside(c.Src) && d.outside(c.Dst) })
}

// inward yields the conversations that external clients opened.
func (d day) inward() iter.Seq[*profile.Conversation] {
	return d.where(func(c *profile.Conversation) bool { return d.outside(c.Src) })
}

func (d day) where(keep func(*profile.Conversation) bool) iter.Seq[*profile.Conversation] {
	return func(yield func(*profile.Conversation) bool) {
		for i := range d.Conversations {
			if c := &d.Conversations[i]; keep(c) && !yield(c) {
				return
			}
		}
	}
}

// places looks up each address once.
type places struct {
	geo   *geo.Lookup
	known map[netip.Addr]place
}

type place struct {
	country geo.Country
	owner   geo.Owner
}

func (in Input) places() places { return places{in.Geo, map[netip.Addr]place{}} }

func (p places) of(a netip.Addr) place {
	at, ok := p.known[a]
	if !ok {
		at = place{p.geo.Country(a), p.geo.Owner(a)}
		p.known[a] = at
	}
	return at
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
