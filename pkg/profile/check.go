package profile

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// check verifies what ties the parts of a decoded profile together, which the
// decoder of each part cannot see. Whatever reads a profile relies on it: every
// conversation has a host, and the totals of both agree.
func (p *Profile) check() error {
	if err := p.checkHeader(); err != nil {
		return err
	}
	rest := p.Conversations
	for i := range p.Hosts {
		n := 0
		for n < len(rest) && rest[n].Src == p.Hosts[i].Addr {
			n++
		}
		if err := p.Hosts[i].check(rest[:n]); err != nil {
			return fmt.Errorf("host %v: %w", p.Hosts[i].Addr, err)
		}
		rest = rest[n:]
	}
	if len(rest) > 0 {
		return fmt.Errorf("the source of a conversation, %v, is not a host", rest[0].Src)
	}
	return nil
}

func (p *Profile) checkHeader() error {
	for i, s := range p.Sources {
		if s.Rows < 0 {
			return fmt.Errorf("source %q has a negative number of rows", s.Name)
		}
		if i > 0 && compareSources(p.Sources[i-1], s) >= 0 {
			return errors.New("sources are out of order")
		}
	}
	for i, r := range p.Rejected {
		if r.Count <= 0 {
			return fmt.Errorf("%d rejected rows (%s)", r.Count, r.Reason)
		}
		if i > 0 && compareRejected(p.Rejected[i-1], r) >= 0 {
			return errors.New("reasons of rejection are out of order")
		}
	}
	return nil
}

// check compares a host with the conversations that it opened.
func (h *Host) check(cs []Conversation) error {
	if len(cs) == 0 {
		return errors.New("it has no conversation")
	}
	var bySlot, byConversation Counts
	var slotHours, hours [24]int64
	for i, s := range h.Slots {
		if i > 0 && h.Slots[i-1].Index >= s.Index || s.Flows <= 0 {
			return errors.New("its half hours are empty or out of order")
		}
		bySlot.Add(s.Counts)
		slotHours[s.Index/2] = saturate(slotHours[s.Index/2], s.Flows)
	}
	for i := range cs {
		if err := cs[i].check(); err != nil {
			return fmt.Errorf("conversation with %v, port %d: %w", cs[i].Dst, cs[i].Port, err)
		}
		byConversation.Add(cs[i].Counts)
		for hour, n := range cs[i].Hours {
			hours[hour] = saturate(hours[hour], int64(n))
		}
	}
	if bySlot != byConversation || hours != slotHours {
		return errors.New("its half hours and its conversations have different totals")
	}
	return h.checkLargest(cs)
}

// checkLargest compares the largest flows of a host with its conversations.
func (h *Host) checkLargest(cs []Conversation) error {
	flows, most := int64(0), int64(0)
	for i := range cs {
		flows, most = saturate(flows, cs[i].Flows), max(most, cs[i].MaxUp)
	}
	if int64(len(h.Largest)) != min(flows, largestKept) || h.Largest[0].Up != most {
		return errors.New("its largest flows are not those of its conversations")
	}
	for i, r := range h.Largest {
		if i > 0 && compareLargest(h.Largest[i-1], r) > 0 {
			return errors.New("its largest flows are out of order")
		}
		n, ok := slices.BinarySearchFunc(cs, Key{r.Src, r.Dst, r.Proto, r.Port}, func(c Conversation, k Key) int { return c.Compare(k) })
		if !ok || r.Up > cs[n].MaxUp || r.Down > cs[n].MaxDown || r.Time < cs[n].First || r.Time > cs[n].Last {
			return errors.New("one of its largest flows belongs to no conversation")
		}
	}
	return nil
}

// check verifies a conversation by itself. Hours and sizes count in 32 bits and
// stop at the largest number.
func (c *Conversation) check() error {
	flows := int64(0)
	full := false
	for _, n := range c.Hours {
		flows += int64(n)
		full = full || n == math.MaxUint32
	}
	switch {
	case c.Flows < 1 || c.Flows != flows && !full:
		return errors.New("its hours do not add up to its flows")
	case c.First > c.Last || c.MaxUp > c.Up || c.MaxDown > c.Down:
		return errors.New("its first and last, or largest and total, are exchanged")
	}
	if c.Details != nil && !c.Details.check(c.Flows) {
		return errors.New("its details do not match its flows")
	}
	if s := c.Sizes.Flows(); s != c.Flows && c.Flows < math.MaxUint32 {
		return errors.New("its sizes do not add up to its flows")
	}
	return nil
}
