package detect

import (
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// dayCall is a conversation described as calls.
type dayCall struct {
	conv    *profile.Conversation
	name    string // what the host asked for, if it is the same for all flows
	addrs   int    // of the name, if the conversations with several addresses are joined
	cv, gap float64
	calls   int64
	days    int // whose calls are added up; 0 of those of one day
}

// calls lists the conversations of a day that are enough flows for a rhythm.
func (d *day) calls() []dayCall {
	return d.callList.get(func() (calls []dayCall) {
		for c := range d.outward() {
			if c.Flows >= rhythmCalls && hasPorts(c) {
				if cv, gap, n := callRhythm(c.Seconds, c.Flows); gap >= shortestGap {
					calls = append(calls, dayCall{conv: c, name: nameOf(c), cv: cv, gap: gap, calls: n})
				}
			}
		}
		return calls
	})
}

// call describes a conversation as calls.
func (d *day) call(of dayCall) Call {
	c := of.conv
	call := Call{CV: of.cv, Gap: of.gap, Calls: of.calls, Name: of.name, Addresses: of.addrs, Days: of.days, Src: c.Src, Dst: c.Dst, Proto: c.Proto.String(), Port: c.Port,
		Owner: d.owner(c.Dst), Country: d.country(c.Dst), Counts: c.Counts, party: d.party(c.Dst)}
	for _, n := range c.Hours {
		if n > 0 {
			call.Hours++
		}
	}
	return call
}

// callDays is the fewest days whose calls are added up, as of uploads (see sumDays).
const callDays = sumDays

// callsOverDays lists the conversations of the day under test that are too few calls
// for a rhythm on each day and enough together: those of a program that calls every few
// hours. Only gaps within a day count, since hosts are off at night.
//
// The host must have been there before, must be the only one that contacts the
// destination, and must not have contacted its owner before: services of an owner whose
// programs the host already runs change their addresses.
func (c *Context) callsOverDays() (calls []dayCall) {
	m := c.memory()
	for conv := range c.test.outward() {
		to := m.destinations[conv.Dst]
		if to == nil || to.others || to.host != conv.Src || conv.Flows >= rhythmCalls || !hasPorts(conv) ||
			regularByDesign[conv.Port] || m.contacts[conv.Src][c.test.party(conv.Dst)] != to.day {
			continue
		}
		if host, ok := m.hosts[conv.Src]; !ok || to.since(host) < beaconHours*flow.Hour {
			continue
		}
		gaps, days := callGaps(conv.Seconds), 1
		for _, d := range c.past[to.day:] {
			if old := d.conversation(conv.Key); old != nil {
				gaps = append(gaps, callGaps(old.Seconds)...)
				days++
			}
		}
		if n := int64(len(gaps)); days >= callDays && n+1 >= rhythmCalls {
			if cv, gap := gapRhythm(gaps, n); gap >= shortestGap {
				calls = append(calls, dayCall{conv: conv, name: nameOf(conv), cv: cv, gap: gap, calls: n + 1, days: days})
			}
		}
	}
	return calls
}

// conversation returns the conversation of a day with a key; nil if there is none.
func (d *day) conversation(k profile.Key) *profile.Conversation {
	cs := d.Of(k.Src)
	i, ok := slices.BinarySearchFunc(cs, k, func(c profile.Conversation, k profile.Key) int { return c.Key.Compare(k) })
	if !ok {
		return nil
	}
	return &cs[i]
}
