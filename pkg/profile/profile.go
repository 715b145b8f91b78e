// Package profile summarizes a day of flows in exact, mergeable aggregates.
//
// A [Profile] consists of counts, sums, minima, maxima, sets of seconds,
// distributions of sizes and the largest flows of each host. [Merge] is
// associative and commutative, so a day gives the same bytes however it is split
// into files, row groups, threads or machines. Detections, tables and figures read
// profiles, never flows.
//
// Derived values are not stored: the methods of Profile compute totals, hours of
// the network, pairs and services from hosts and conversations.
package profile

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Counts are the additive totals of a set of flows.
type Counts struct {
	Flows int64 `json:"flows"`
	Up    int64 `json:"up_bytes"`   // bytes sent by the sources
	Down  int64 `json:"down_bytes"` // bytes sent by the destinations
}

// Add adds o to c. Sums stop at the largest int64 instead of turning negative.
func (c *Counts) Add(o Counts) {
	c.Flows = saturate(c.Flows, o.Flows)
	c.Up = saturate(c.Up, o.Up)
	c.Down = saturate(c.Down, o.Down)
}

// Bytes returns the bytes of both directions.
func (c Counts) Bytes() int64 { return saturate(c.Up, c.Down) }

// Profile is the aggregates of one or more flow logs.
type Profile struct {
	Sources       []Source       // the logs, by name and hash; sorted, distinct
	Rejected      []Rejected     // rows left out, by reason; sorted
	Hosts         []Host         // by source address; sorted
	Conversations []Conversation // by source, destination, protocol, port; sorted
}

// Source names a log that a profile was made from.
type Source struct {
	Name   string `json:"name"`   // file name without folder
	SHA256 string `json:"sha256"` // of the file's bytes, in hexadecimal
	Rows   int64  `json:"rows"`   // rows in the file, rejected ones included
}

// Rejected counts the rows left out for one reason and locates the first of
// them.
type Rejected struct {
	Reason string `json:"reason"` // such as "timestamp outside the day"
	Count  int64  `json:"count"`
	First  Place  `json:"first"` // the lowest place, by file, row group and row
}

// Place is the position of a row and one of its values.
type Place struct {
	File     string `json:"file"`
	RowGroup int    `json:"row_group"` // from 0
	Row      int64  `json:"row"`       // from 0, within the row group
	Column   string `json:"column"`
	Value    string `json:"value"` // as read
}

// Host is the flows that one source address opened.
type Host struct {
	Addr    netip.Addr
	Slots   []Slot        // half hours with flows; sorted by Index
	Largest []flow.Record // the LargestKept flows with most Up bytes, largest first
}

// Slots of a day.
const (
	SlotLength  = 30 * flow.Minute
	SlotsPerDay = int(flow.Day / SlotLength)
)

// Slot is the flows of one half hour.
type Slot struct {
	Index uint8 // 0 to SlotsPerDay-1
	Counts
}

// largestKept is how many of a host's largest uploads a profile keeps as evidence.
const largestKept = 10

// Key identifies a conversation.
type Key struct {
	Src, Dst netip.Addr
	Proto    flow.Proto
	Port     uint16
}

// Compare orders keys by source, destination, protocol and port.
func (k Key) Compare(o Key) int {
	return cmp.Or(
		k.Src.Compare(o.Src),
		k.Dst.Compare(o.Dst),
		cmp.Compare(k.Proto, o.Proto),
		cmp.Compare(k.Port, o.Port),
	)
}

// Conversation is the flows from one source to one destination and port.
type Conversation struct {
	Key
	Counts
	MaxUp   int64      // most Up bytes of one flow
	MaxDown int64      // most Down bytes of one flow
	First   flow.Time  // start of the first flow
	Last    flow.Time  // start of the last flow
	Hours   [24]uint32 // flows started in each hour
	Seconds Seconds    // seconds in which a flow started
	Sizes   Sizes      // Up bytes of the flows
	Details *Details   // what optional columns say; nil if there were none
}

// compareLargest orders flows by Up bytes, most first, then as flow.Compare.
func compareLargest(a, b flow.Record) int {
	if a.Up != b.Up {
		return cmp.Compare(b.Up, a.Up)
	}
	return flow.Compare(a, b)
}

// Host returns the host with address a, or false where it opened no flow.
func (p *Profile) Host(a netip.Addr) (*Host, bool) {
	i, ok := slices.BinarySearchFunc(p.Hosts, a, func(h Host, a netip.Addr) int { return h.Addr.Compare(a) })
	if !ok {
		return nil, false
	}
	return &p.Hosts[i], true
}

// Of returns the conversations that src opened: a part of p.Conversations.
func (p *Profile) Of(src netip.Addr) []Conversation {
	cs := p.Conversations
	from, _ := slices.BinarySearchFunc(cs, src, func(c Conversation, a netip.Addr) int { return c.Src.Compare(a) })
	n, _ := slices.BinarySearchFunc(cs[from:], src, func(c Conversation, a netip.Addr) int {
		if c.Src == a {
			return -1
		}
		return 1
	})
	return cs[from : from+n]
}
