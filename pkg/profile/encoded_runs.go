package profile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/flowbook/flowbook/pkg/flow"
)

// fail says where an encoded profile is damaged.
func (e *Encoded) fail(where string, err error) error {
	return fmt.Errorf("%s: %w (%s: %w)", e.name, errCorrupt, where, err)
}

// hostRun is the hosts of an encoded profile, one after the other.
type hostRun struct {
	of   *Encoded
	left int
	host Host
}

// next goes to the next host.
func (r *hostRun) next() (bool, error) {
	if r.left == 0 {
		return false, nil
	}
	r.left--
	if err := r.read(); err != nil {
		return false, r.of.fail("hosts", err)
	}
	return true, nil
}

func (r *hostRun) read() error {
	e, before := r.of, r.host.Addr
	place, err := e.hostAddrs.uint(e.hostAddrs.lastAddr())
	if err != nil {
		return err
	}
	r.host = Host{Addr: e.hostAddrs.addr(place)}
	if before.IsValid() && before.Compare(r.host.Addr) >= 0 {
		return errOrder
	}
	n, err := e.slotCounts.uint(uint64(SlotsPerDay))
	if err != nil {
		return err
	}
	if err := e.slots.fill(4 * int(n) * binary.MaxVarintLen64); err != nil {
		return err
	}
	r.host.Slots = make([]Slot, n)
	if err := e.slots.decoder.slots(r.host.Slots); err != nil {
		return err
	}
	if n, err = e.flowCounts.uint(largestKept); err != nil {
		return err
	}
	if err := e.flows.fill(6 * int(n) * binary.MaxVarintLen64); err != nil {
		return err
	}
	r.host.Largest = make([]flow.Record, n)
	for i := range r.host.Largest {
		if r.host.Largest[i], err = e.flows.record(r.host.Addr); err != nil {
			return err
		}
	}
	return nil
}

// conversationRun is the conversations of an encoded profile, one after the other.
type conversationRun struct {
	of       *Encoded
	left     int // conversations
	details  int // of them
	detailAt int // conversations before the next with details; -1 if it is not known
	Conversation
}

// next goes to the next conversation.
func (r *conversationRun) next() (bool, error) {
	if r.left == 0 && r.details > 0 {
		return false, r.of.fail("details", errNoConversation)
	}
	if r.left == 0 {
		return false, nil
	}
	r.left--
	if err := r.read(); err != nil {
		return false, r.of.fail("conversations", err)
	}
	return true, nil
}

func (r *conversationRun) read() error {
	e, before := r.of, r.Key
	r.Conversation = Conversation{}
	c := &r.Conversation
	src, err := e.srcs.uint(e.srcs.lastAddr())
	if err != nil {
		return err
	}
	dst, err := e.dsts.uint(e.dsts.lastAddr())
	if err != nil {
		return err
	}
	c.Src, c.Dst = e.srcs.addr(src), e.dsts.addr(dst)
	for i, number := range conversationNumbers {
		v, err := e.numbers[i].uint(number.limit)
		if err != nil {
			return err
		}
		number.set(c, v)
	}
	if before.Src.IsValid() && before.Compare(c.Key) >= 0 {
		return errOrder
	}
	mask, err := e.masks.uint(1<<24 - 1)
	if err != nil {
		return err
	}
	if err := e.hours.fill(len(c.Hours) * binary.MaxVarintLen64); err != nil {
		return err
	}
	if err := e.hours.decoder.hours(c, mask); err != nil {
		return err
	}
	var bounds secondsBounds
	if c.Seconds, bounds, err = e.seconds.seconds(); err != nil {
		return err
	}
	if err := c.checkSeconds(bounds, mask); err != nil {
		return err
	}
	if c.Sizes, err = e.sizes.sizes(); err != nil {
		return err
	}
	return r.readDetails()
}

// readDetails reads the details of the current conversation, if it has some.
func (r *conversationRun) readDetails() error {
	if r.details > 0 && r.detailAt < 0 {
		skipped, err := r.of.places.uint(math.MaxInt32)
		if err != nil {
			return err
		}
		r.detailAt = int(skipped)
	}
	if r.details == 0 || r.detailAt > 0 {
		r.detailAt--
		return nil
	}
	r.detailAt, r.details = -1, r.details-1
	e, d := r.of, &Details{}
	for i, number := range detailNumbers {
		v, err := e.detailNumbers[i].uint(math.MaxInt64)
		if err != nil {
			return err
		}
		*number(d) = int64(v)
	}
	var err error
	if d.Durations, err = e.durations.sizes(); err != nil {
		return err
	}
	n, err := e.nameLists.uint(namesKept)
	if err != nil {
		return err
	}
	if n > 0 && len(e.names) == 0 {
		return errors.New("names without a table")
	}
	for range n {
		number, err := e.nameLists.uint(uint64(max(len(e.names), 1) - 1))
		if err != nil {
			return err
		}
		flows, err := e.nameLists.uint(math.MaxInt64)
		if err != nil {
			return err
		}
		d.Names = append(d.Names, Name{e.names[number], int64(flows)})
	}
	r.Details = d
	return nil
}
