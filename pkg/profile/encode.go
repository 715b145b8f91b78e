package profile

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net/netip"
	"slices"
)

// FormatVersion is the version of the encoded form and of what a Profile
// holds. Files of another version are refused by Decode, and a cached profile
// of another version is made anew.
const FormatVersion = 2

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
	b := fmt.Appendf(nil, "%s%d\n", magic, FormatVersion)
	head, err := json.Marshal(header{p.Sources, p.Rejected})
	if err != nil {
		return fmt.Errorf("encode profile: %w", err)
	}
	b = append(binary.AppendUvarint(b, uint64(len(head))), head...)
	table := newAddrTable(p)
	b = table.append(b)
	b = appendHosts(b, p.Hosts, table)
	b = appendConversations(b, p.Conversations, table)
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("encode profile: %w", err)
	}
	return nil
}

// header is the part of an encoded profile that is small and seldom read.
type header struct {
	Sources  []Source   `json:"sources"`
	Rejected []Rejected `json:"rejected"`
}

// addrTable numbers the addresses of a profile in their order.
type addrTable struct {
	sorted []netip.Addr
	number map[netip.Addr]uint64
}

func newAddrTable(p *Profile) *addrTable {
	t := &addrTable{number: map[netip.Addr]uint64{}}
	add := func(a netip.Addr) {
		if _, ok := t.number[a]; !ok {
			t.number[a] = 0
			t.sorted = append(t.sorted, a)
		}
	}
	for i := range p.Hosts {
		add(p.Hosts[i].Addr)
	}
	for i := range p.Conversations {
		add(p.Conversations[i].Src)
		add(p.Conversations[i].Dst)
	}
	slices.SortFunc(t.sorted, netip.Addr.Compare)
	for i, a := range t.sorted {
		t.number[a] = uint64(i)
	}
	return t
}

func (t *addrTable) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(t.sorted)))
	for _, a := range t.sorted {
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
	b = appendColumn(b, hosts, func(h *Host) uint64 { return t.number[h.Addr] })
	b = appendColumn(b, hosts, func(h *Host) uint64 { return uint64(len(h.Slots)) })
	for i := range hosts {
		s := hosts[i].Slots
		b = appendColumn(b, s, func(s *Slot) uint64 { return uint64(s.Index) })
		b = appendColumn(b, s, func(s *Slot) uint64 { return uint64(s.Flows) })
		b = appendColumn(b, s, func(s *Slot) uint64 { return uint64(s.Up) })
		b = appendColumn(b, s, func(s *Slot) uint64 { return uint64(s.Down) })
	}
	b = appendColumn(b, hosts, func(h *Host) uint64 { return uint64(len(h.Largest)) })
	for i := range hosts {
		for _, r := range hosts[i].Largest {
			for _, v := range []uint64{uint64(r.Time), t.number[r.Dst], uint64(r.Proto), uint64(r.Port), uint64(r.Up), uint64(r.Down)} {
				b = binary.AppendUvarint(b, v)
			}
		}
	}
	return b
}

func appendConversations(b []byte, cs []Conversation, t *addrTable) []byte {
	b = binary.AppendUvarint(b, uint64(len(cs)))
	for _, value := range []func(*Conversation) uint64{
		func(c *Conversation) uint64 { return t.number[c.Src] },
		func(c *Conversation) uint64 { return t.number[c.Dst] },
		func(c *Conversation) uint64 { return uint64(c.Proto) },
		func(c *Conversation) uint64 { return uint64(c.Port) },
		func(c *Conversation) uint64 { return uint64(c.Flows) },
		func(c *Conversation) uint64 { return uint64(c.Up) },
		func(c *Conversation) uint64 { return uint64(c.Down) },
		func(c *Conversation) uint64 { return uint64(c.MaxUp) },
		func(c *Conversation) uint64 { return uint64(c.MaxDown) },
		func(c *Conversation) uint64 { return uint64(c.First) },
		func(c *Conversation) uint64 { return uint64(c.Last) },
		func(c *Conversation) uint64 { return hourMask(&c.Hours) },
	} {
		b = appendColumn(b, cs, value)
	}
	for i := range cs {
		for _, n := range cs[i].Hours {
			if n > 0 {
				b = binary.AppendUvarint(b, uint64(n))
			}
		}
	}
	for i := range cs {
		b = cs[i].Seconds.append(b)
	}
	for i := range cs {
		b = cs[i].Sizes.append(b)
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
