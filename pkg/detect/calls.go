package detect

import (
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// dayCall is a conversation described as calls.
type dayCall struct {
	conv    *profile.Conversation
	name    string       // what the host asked for in most flows
	addrs   int          // if the conversations with several addresses are joined, their number
	also    []netip.Addr // of joined conversations without a common name, the other addresses
	cv, gap float64
	calls   int64
	days    int // whose calls are added up; 0 of those of one day
}

// calls lists the conversations of a day that are enough flows for a rhythm.
func (d *day) calls() []dayCall {
	return d.callList.get(func() (calls []dayCall) {
		for c := range d.outward() {
			if c.Flows >= rhythmCalls && hasPorts(c) {
				if cv, gap, n := callRhythm(d.gaps(c.Src, c.Seconds, c.Flows)); gap >= shortestGap {
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
	call.Hours, call.Also = hoursOf(c), of.also
	if len(of.also) > 0 { // of no single owner
		call.Owner, call.Country, call.party = geo.Owner{}, geo.Country{}, party{}
	}
	return call
}

// fewCallsOf lists the conversations of the day under test that are too few calls for the
// rhythm of any program and yet even: those of one that calls every few hours. No host
// contacted the destination before, only one does now, and it did not contact the owner.
// A day or two do not show which owners a host's programs contact.
func (c *Context) fewCallsOf() (calls []dayCall) {
	m := c.memory()
	if len(c.past) < sumDays {
		return nil
	}
	for conv := range c.test.outward() {
		if m.destinations[conv.Dst] != nil || c.test.contacted()[conv.Dst] > 1 || !hasPorts(conv) || regularByDesign[conv.Port] || toAnyCountry[conv.Port] ||
			c.newcomer(conv.Src) || m.knows(conv.Src, c.test.party(conv.Dst)) {
			continue
		}
		gaps := c.test.callGaps(conv)
		if n := int64(len(gaps)); n+1 >= fewCalls && n+1 < rhythmCalls {
			if cv, gap := gapRhythm(gaps, n); gap >= 60 {
				calls = append(calls, dayCall{conv: conv, name: nameOf(conv), cv: cv, gap: gap, calls: n + 1})
			}
		}
	}
	return calls
}

// callGaps returns the gaps in seconds between the calls of a conversation.
func (d *day) callGaps(conv *profile.Conversation) []uint32 {
	gaps, _ := d.gaps(conv.Src, conv.Seconds, conv.Flows)
	return callGaps(gaps)
}

// callDays is the fewest days whose calls are added up.
const callDays = 2

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
		if to == nil || !m.beganWith(conv.Src, to) || conv.Flows >= rhythmCalls || !hasPorts(conv) ||
			regularByDesign[conv.Port] || toAnyCountry[conv.Port] || m.contacts[conv.Src][c.test.party(conv.Dst)] != to.day {
			continue
		}
		gaps, days := c.test.callGaps(conv), 1
		for _, d := range c.past[to.day:] {
			if old := d.conversation(conv.Key); old != nil {
				gaps = append(gaps, d.callGaps(old)...)
				days++
			}
		}
		if n := int64(len(gaps)); days >= callDays && n+1 >= fewCalls {
			// A day limits its gaps, so that those of random calls look even, too.
			if cv, gap := gapRhythm(gaps, n); gap >= shortestGap && cv <= mostJitter {
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
