package profile

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"net/netip"

	"github.com/flowbook/flowbook/pkg/flow"
)

// The versions of the encoded form. A profile has DetailsVersion if a
// conversation has [Details], and FormatVersion if not. Decode refuses other
// versions, and the cache recomputes profiles that have them.
const (
	FormatVersion  = 2
	detailsVersion = 3
)

// magic begins every encoded profile; the version follows it.
const magic = "flowbook profile "

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Encode writes p to w. Equal profiles have equal bytes.
//
// The form is made for decoding in milliseconds: a header, the sources and
// rejected rows as JSON, the table of addresses, then one column after the
// other as unsigned varints, addresses as their place in the table, and a
// CRC-32C of all that at the end.
func Encode(w io.Writer, p *Profile) error {
	sum := crc32.New(castagnoli)
	out := io.MultiWriter(w, sum)
	// A profile may be as large as memory allows once: it is written piece by
	// piece, each in the memory of the one before.
	put := func(b []byte) ([]byte, error) {
		if _, err := out.Write(b); err != nil {
			return nil, fmt.Errorf("encode profile: %w", err)
		}
		return b[:0], nil
	}
	version, detailed := FormatVersion, p.hasDetails()
	if detailed {
		version = detailsVersion
	}
	b := fmt.Appendf(nil, "%s%d\n", magic, version)
	head, err := json.Marshal(header{p.Sources, p.Rejected})
	if err != nil {
		return fmt.Errorf("encode profile: %w", err)
	}
	b = append(binary.AppendUvarint(b, uint64(len(head))), head...)
	table := newAddrTable(p)
	b = table.append(b)
	if b, err = put(appendHosts(b, p.Hosts, table)); err != nil {
		return err
	}
	if b, err = putConversations(b, p.Conversations, table, put); err != nil {
		return err
	}
	if detailed {
		if b, err = putDetails(b, p.Conversations, put); err != nil {
			return err
		}
	}
	if b, err = put(b); err != nil {
		return err
	}
	_, err = put(binary.LittleEndian.AppendUint32(b, sum.Sum32()))
	return err
}

// pieceSize is about how many bytes are written at once.
const pieceSize = 256 << 10

// header is the part of an encoded profile that is small and seldom read.
type header struct {
	Sources  []Source   `json:"sources"`
	Rejected []Rejected `json:"rejected"`
}

// addrTable has the places of the addresses of a profile in their order.
type addrTable struct {
	addrs    *Addresses
	rank     []uint32 // places, by number
	src, dst []uint32 // places of the ends of each conversation
}

func newAddrTable(p *Profile) *addrTable {
	n := len(p.Conversations)
	t := &addrTable{addrs: NewAddresses(), src: make([]uint32, n), dst: make([]uint32, n)}
	for i := range p.Hosts {
		t.addrs.Number(p.Hosts[i].Addr)
		for _, r := range p.Hosts[i].Largest {
			t.addrs.Number(r.Dst)
		}
	}
	for i := range p.Conversations {
		c := &p.Conversations[i]
		if i > 0 && c.Src == p.Conversations[i-1].Src {
			t.src[i] = t.src[i-1]
		} else {
			t.src[i] = t.addrs.Number(c.Src)
		}
		t.dst[i] = t.addrs.Number(c.Dst)
	}
	t.rank = ranks(t.addrs.all())
	for i := range t.src {
		t.src[i], t.dst[i] = t.rank[t.src[i]], t.rank[t.dst[i]]
	}
	return t
}

// place returns the place of an address.
func (t *addrTable) place(a netip.Addr) uint64 { return uint64(t.rank[t.addrs.Number(a)]) }

func (t *addrTable) append(b []byte) []byte {
	sorted := make([]netip.Addr, len(t.rank))
	for i, a := range t.addrs.all() {
		sorted[t.rank[i]] = a
	}
	b = binary.AppendUvarint(b, uint64(len(sorted)))
	for _, a := range sorted {
		raw := a.AsSlice()
		b = append(append(b, byte(len(raw))), raw...)
	}
	return b
}

// appendColumn writes one number of each element.
func appendColumn[T any](b []byte, rows []T, value func(*T) uint64) []byte {
	for i := range rows {
		b = binary.AppendUvarint(b, value(&rows[i]))
	}
	return b
}

func appendHosts(b []byte, hosts []Host, t *addrTable) []byte {
	b = binary.AppendUvarint(b, uint64(len(hosts)))
	b = appendColumn(b, hosts, func(h *Host) uint64 { return t.place(h.Addr) })
	b = appendColumn(b, hosts, func(h *Host) uint64 { return uint64(len(h.Slots)) })
	for i := range hosts {
		b = appendSlots(b, hosts[i].Slots)
	}
	b = appendColumn(b, hosts, func(h *Host) uint64 { return uint64(len(h.Largest)) })
	for i := range hosts {
		b = appendLargest(b, hosts[i].Largest, t.place)
	}
	return b
}

func appendSlots(b []byte, s []Slot) []byte {
	b = appendColumn(b, s, func(s *Slot) uint64 { return uint64(s.Index) })
	b = appendColumn(b, s, func(s *Slot) uint64 { return uint64(s.Flows) })
	b = appendColumn(b, s, func(s *Slot) uint64 { return uint64(s.Up) })
	return appendColumn(b, s, func(s *Slot) uint64 { return uint64(s.Down) })
}

// appendLargest writes the largest flows of a host, with the places of their
// destinations.
func appendLargest(b []byte, flows []flow.Record, place func(netip.Addr) uint64) []byte {
	for _, r := range flows {
		for _, v := range []uint64{uint64(r.Time), place(r.Dst), uint64(r.Proto), uint64(r.Port), uint64(r.Up), uint64(r.Down)} {
			b = binary.AppendUvarint(b, v)
		}
	}
	return b
}

// conversationNumbers are the numbers of conversations, column by column, each with its
// limit.
var conversationNumbers = []struct {
	limit uint64
	get   func(*Conversation) uint64
	set   func(*Conversation, uint64)
}{
	{math.MaxUint8, func(c *Conversation) uint64 { return uint64(c.Proto) }, func(c *Conversation, v uint64) { c.Proto = flow.Proto(v) }},
	{math.MaxUint16, func(c *Conversation) uint64 { return uint64(c.Port) }, func(c *Conversation, v uint64) { c.Port = uint16(v) }},
	{math.MaxInt64, func(c *Conversation) uint64 { return uint64(c.Flows) }, func(c *Conversation, v uint64) { c.Flows = int64(v) }},
	{math.MaxInt64, func(c *Conversation) uint64 { return uint64(c.Up) }, func(c *Conversation, v uint64) { c.Up = int64(v) }},
	{math.MaxInt64, func(c *Conversation) uint64 { return uint64(c.Down) }, func(c *Conversation, v uint64) { c.Down = int64(v) }},
	{math.MaxInt64, func(c *Conversation) uint64 { return uint64(c.MaxUp) }, func(c *Conversation, v uint64) { c.MaxUp = int64(v) }},
	{math.MaxInt64, func(c *Conversation) uint64 { return uint64(c.MaxDown) }, func(c *Conversation, v uint64) { c.MaxDown = int64(v) }},
	{uint64(flow.Day - 1), func(c *Conversation) uint64 { return uint64(c.First) }, func(c *Conversation, v uint64) { c.First = flow.Time(v) }},
	{uint64(flow.Day - 1), func(c *Conversation) uint64 { return uint64(c.Last) }, func(c *Conversation, v uint64) { c.Last = flow.Time(v) }},
}

// putConversations appends the conversations to b and puts what is ready.
func putConversations(b []byte, cs []Conversation, t *addrTable, put func([]byte) ([]byte, error)) (_ []byte, err error) {
	b = binary.AppendUvarint(b, uint64(len(cs)))
	for _, numbers := range [][]uint32{t.src, t.dst} {
		if b, err = put(appendColumn(b, numbers, func(n *uint32) uint64 { return uint64(*n) })); err != nil {
			return nil, err
		}
	}
	for _, number := range conversationNumbers {
		if b, err = put(appendColumn(b, cs, number.get)); err != nil {
			return nil, err
		}
	}
	if b, err = put(appendColumn(b, cs, func(c *Conversation) uint64 { return hourMask(&c.Hours) })); err != nil {
		return nil, err
	}
	for _, set := range []func([]byte, *Conversation) []byte{
		appendHours,
		func(b []byte, c *Conversation) []byte { return c.Seconds.append(b) },
		func(b []byte, c *Conversation) []byte { return c.Sizes.append(b) },
	} {
		for i := range cs {
			if b = set(b, &cs[i]); len(b) < pieceSize {
				continue
			}
			if b, err = put(b); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

// appendHours writes the counts of the hours that have any.
func appendHours(b []byte, c *Conversation) []byte {
	for _, n := range c.Hours {
		if n > 0 {
			b = binary.AppendUvarint(b, uint64(n))
		}
	}
	return b
}

// hourMask has bit h set where hour h has flows.
func hourMask(hours *[24]uint32) uint64 {
	var m uint64
	for h, n := range hours {
		if n > 0 {
			m |= 1 << h
		}
	}
	return m
}
