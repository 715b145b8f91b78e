package detect

import (
	"iter"
	"net/netip"

	"github.com/flowbook/flowbook/pkg/profile"
)

// nameOf returns what a host asked for in most flows of a conversation, since a content
// delivery network has many names on one address. Without such a name, and for DNS, it is empty.
func nameOf(c *profile.Conversation) string {
	if c.Details == nil || regularByDesign[c.Port] {
		return ""
	}
	for _, n := range c.Details.Names {
		if 2*n.Flows > c.Flows {
			return n.Name
		}
	}
	return ""
}

// namedCalls joins a host's conversations with several addresses of one name, which
// content delivery networks and command servers behind them have, and lists those
// that are enough flows for a rhythm.
func (d *day) namedCalls() []dayCall {
	return d.namedList.get(func() (calls []dayCall) {
		type service struct {
			key  profile.Key // without a destination
			name string
		}
		joined := map[service]*dayCall{}
		var order []*dayCall
		for c := range d.outward() {
			name := nameOf(c)
			if name == "" {
				continue
			}
			s := service{profile.Key{Src: c.Src, Proto: c.Proto, Port: c.Port}, name}
			to := joined[s]
			if to == nil {
				to = &dayCall{conv: &profile.Conversation{Key: c.Key, First: c.First, Last: c.Last}, name: name}
				joined[s] = to
				order = append(order, to)
			}
			to.addrs++
			to.conv = join(to.conv, c)
		}
		for _, to := range order {
			if to.addrs > 1 && to.conv.Flows >= rhythmCalls {
				if to.cv, to.gap, to.calls = callRhythm(d.gaps(to.conv.Src, to.conv.Seconds, to.conv.Flows)); to.gap >= shortestGap {
					calls = append(calls, *to)
				}
			}
		}
		return calls
	})
}

// join returns the flows of both, with the destination of the more flows so far.
func join(a, b *profile.Conversation) *profile.Conversation {
	sum := &profile.Conversation{Key: a.Key, Counts: a.Counts, MaxUp: max(a.MaxUp, b.MaxUp), MaxDown: max(a.MaxDown, b.MaxDown),
		First: min(a.First, b.First), Last: max(a.Last, b.Last), Hours: a.Hours,
		Seconds: profile.Union(a.Seconds, b.Seconds), Sizes: profile.AddSizes(a.Sizes, b.Sizes)}
	if b.Flows > a.Flows {
		sum.Key = b.Key
	}
	sum.Add(b.Counts)
	for h, n := range b.Hours {
		sum.Hours[h] += n
	}
	return sum
}

// askers counts the hosts that contacted an external address by each name.
func (d *day) askers() map[string]int {
	return d.askerCounts.get(func() map[string]int { return hostsOf(d.outward(), namesOf) })
}

// unnamedCallers counts the hosts that contacted an external address mostly without a name.
func (d *day) unnamedCallers() map[netip.Addr]int {
	return d.unnamedCounts.get(func() map[netip.Addr]int {
		return hostsOf(d.outward(), func(c *profile.Conversation) iter.Seq[netip.Addr] {
			return func(yield func(netip.Addr) bool) {
				if c.Details == nil || 2*c.Details.NamedFlows < c.Flows {
					yield(c.Dst)
				}
			}
		})
	})
}

// hostsOf counts the hosts that have a conversation with each of its keys. The conversations
// of a host are one after the other.
func hostsOf[K comparable](conversations iter.Seq[*profile.Conversation], keys func(*profile.Conversation) iter.Seq[K]) map[K]int {
	counts, last := map[K]int{}, map[K]netip.Addr{}
	for c := range conversations {
		for key := range keys(c) {
			if last[key] != c.Src {
				last[key] = c.Src
				counts[key]++
			}
		}
	}
	return counts
}

// mostAskers is the most hosts that contacted an external address by a name, or by one of those
// of a conversation.
func (d *day) mostAskers(c *profile.Conversation, name string) int {
	most := d.askers()[name]
	for name := range namesOf(c) {
		most = max(most, d.askers()[name])
	}
	return most
}

// namesOf yields what a host asked for in a conversation that is not one with a resolver.
func namesOf(c *profile.Conversation) iter.Seq[string] {
	return func(yield func(string) bool) {
		if c.Details == nil || regularByDesign[c.Port] {
			return
		}
		for _, n := range c.Details.Names {
			if !yield(n.Name) {
				return
			}
		}
	}
}
