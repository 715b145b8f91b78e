package detect

import (
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/profile"
)

// joinedFrom is how many destinations of several owners calls go to at least for their
// joint rhythm to be that of one program, as of one that clicks on advertisements: each
// of them has too few calls for a rhythm of its own.
const joinedFrom = 8

// group is the calls of a host on one port, and to one owner if that is valid.
type group struct {
	key   profile.Key // without a destination
	party party
}

// joinedCalls joins a host's conversations with destinations that no host contacted before
// and no other one does, and lists those that are together enough flows for a rhythm: those
// on one port, and of these, those with an owner that the host did not contact. A program
// that takes turns among addresses keeps its rhythm over all of them, and users who look
// around do not. Attempts that fail are those of scans.
func (c *Context) joinedCalls() (calls []dayCall) {
	m := c.memory()
	if len(c.past) < sumDays {
		return nil
	}
	groups := map[group][]*profile.Conversation{}
	var order []group
	add := func(g group, conv *profile.Conversation) {
		if groups[g] == nil {
			order = append(order, g)
		}
		groups[g] = append(groups[g], conv)
	}
	for conv := range c.test.outward() {
		if !hasPorts(conv) || regularByDesign[conv.Port] || fails(conv) || c.newcomer(conv.Src) {
			continue
		}
		if m.destinations[conv.Dst] != nil || c.test.contacted()[conv.Dst] > 1 {
			continue
		}
		key := profile.Key{Src: conv.Src, Proto: conv.Proto, Port: conv.Port}
		add(group{key: key}, conv)
		if of := c.test.party(conv.Dst); !m.knows(conv.Src, of) {
			add(group{key, of}, conv)
		}
	}
	for _, g := range order {
		least := 2
		if g.party == (party{}) {
			least = joinedFrom
		}
		if convs := groups[g]; len(convs) >= least {
			if call, ok := c.test.joinedCall(convs); ok {
				calls = append(calls, call)
			}
		}
	}
	return calls
}

// joinedCall returns the calls of conversations together, and false if they are too few, one
// conversation has half of them, or they are not as even as those of a command channel.
func (d *day) joinedCall(convs []*profile.Conversation) (call dayCall, ok bool) {
	call.addrs = len(convs)
	most := int64(0)
	for _, conv := range convs {
		most = max(most, conv.Flows)
		call.also = append(call.also, conv.Dst)
		if call.conv == nil {
			call.conv = &profile.Conversation{Key: conv.Key, First: conv.First, Last: conv.Last}
		}
		call.conv = join(call.conv, conv)
	}
	if call.conv.Flows < rhythmFlows || 2*most > call.conv.Flows {
		return call, false
	}
	call.cv, call.gap, call.calls = callRhythm(d.gaps(call.conv.Src, call.conv.Seconds, call.conv.Flows))
	top := call.conv.Dst
	call.also = slices.DeleteFunc(call.also, func(a netip.Addr) bool { return a == top })
	slices.SortFunc(call.also, netip.Addr.Compare)
	return call, call.gap >= shortestGap && call.cv <= mostJitter && hoursOf(call.conv) >= beaconHours
}

// hoursOf counts the hours of the day with flows.
func hoursOf(c *profile.Conversation) (hours int) {
	for _, n := range c.Hours {
		if n > 0 {
			hours++
		}
	}
	return hours
}
