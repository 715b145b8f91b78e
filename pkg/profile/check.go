package profile

import (
	"errors"
	"fmt"
	"math"
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
	k := hostCheck{host: h}
	for i := range cs {
		if err := k.add(&cs[i]); err != nil {
			return fmt.Errorf("conversation with %v, port %d: %w", cs[i].Dst, cs[i].Port, err)
		}
	}
	return k.end()
}

// hostCheck compares a host with the conversations that it opened, one after the other.
type hostCheck struct {
	host  *Host
	sum   Counts
	hours [24]int64
	most  int64 // up bytes of a flow
	found int   // largest flows that belong to a conversation
}

// add checks a conversation by itself and adds it.
func (k *hostCheck) add(c *Conversation) error {
	if err := c.check(); err != nil {
		return err
	}
	k.sum.Add(c.Counts)
	k.most = max(k.most, c.MaxUp)
	for hour, n := range c.Hours {
		k.hours[hour] = saturate(k.hours[hour], int64(n))
	}
	largest := k.host.Largest
	if n := len(largest); n == 0 || c.MaxUp < largest[n-1].Up {
		return nil // which most conversations are
	}
	for i := range largest {
		r := &largest[i]
		if r.Dst == c.Dst && r.Port == c.Port && r.Proto == c.Proto &&
			r.Up <= c.MaxUp && r.Down <= c.MaxDown && r.Time >= c.First && r.Time <= c.Last {
			k.found++
		}
	}
	return nil
}

// end compares the host with all that was added.
func (k *hostCheck) end() error {
	if k.sum.Flows == 0 {
		return errors.New("it has no conversation")
	}
	var sum Counts
	var hours [24]int64
	for i, s := range k.host.Slots {
		if i > 0 && k.host.Slots[i-1].Index >= s.Index || s.Flows <= 0 {
			return errors.New("its half hours are empty or out of order")
		}
		sum.Add(s.Counts)
		hours[s.Index/2] = saturate(hours[s.Index/2], s.Flows)
	}
	if sum != k.sum || hours != k.hours {
		return errors.New("its half hours and its conversations have different totals")
	}
	largest := k.host.Largest
	if int64(len(largest)) != min(k.sum.Flows, largestKept) || largest[0].Up != k.most {
		return errors.New("its largest flows are not those of its conversations")
	}
	for i, r := range largest {
		if i > 0 && compareLargest(largest[i-1], r) > 0 {
			return errors.New("its largest flows are out of order")
		}
	}
	if k.found != len(largest) {
		return errors.New("one of its largest flows belongs to no conversation")
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

// checkSeconds compares the seconds of a conversation with the mask of its hours, and with
// its first and last flow.
func (c *Conversation) checkSeconds(b secondsBounds, mask uint64) error {
	if uint64(b.hours) != mask || b.first != c.First.Second() || b.last != c.Last.Second() || int64(c.Seconds.Len()) > c.Flows {
		return errors.New("the seconds of a conversation do not match its hours, first and last flow")
	}
	return nil
}
