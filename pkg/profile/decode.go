package profile

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"net/netip"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Errors of Decode; test for them with errors.Is.
var (
	ErrNotProfile = errors.New("not a Flowbook profile")
	errVersion    = errors.New("made by another version of Flowbook; make it again with reportgen profile")
	errCorrupt    = errors.New("the profile is damaged; make it again with reportgen profile")
)

// decode reads a profile that Encode wrote, to the end of r. Whatever the
// bytes, it returns a valid profile or an error.
func decode(r io.Reader) (*Profile, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("decode profile: %w", err)
	}
	return Unmarshal(b)
}

// Unmarshal decodes a profile from the bytes that Encode wrote. The profile
// keeps b, which must not change after.
func Unmarshal(b []byte) (*Profile, error) {
	version, err := versionOf(b)
	if err != nil {
		return nil, err
	}
	end := len(b) - crc32.Size
	start := len(magic) + len(version) + 1
	if end < start || crc32.Checksum(b[:end], castagnoli) != binary.LittleEndian.Uint32(b[end:]) {
		return nil, errCorrupt
	}
	p, err := (&decoder{b: b[start:end], detailed: version == fmt.Sprint(detailsVersion)}).profile()
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", errCorrupt, err)
	}
	return p, nil
}

// versionOf returns the version of the form that an encoded profile begins with.
func versionOf(b []byte) (string, error) {
	body, ok := strings.CutPrefix(string(b[:min(len(b), len(magic)+4)]), magic)
	if !ok {
		return "", ErrNotProfile
	}
	version, _, _ := strings.Cut(body, "\n")
	if version != fmt.Sprint(FormatVersion) && version != fmt.Sprint(detailsVersion) {
		return "", fmt.Errorf("profile format %q: %w", version, errVersion)
	}
	return version, nil
}

// decoder takes numbers off the front of b.
type decoder struct {
	b        []byte
	addrs    []netip.Addr
	places   []uint32 // in a merge, in place of addrs; see standIn
	detailed bool     // whether details come after the conversations
}

var (
	errShort = errors.New("it ends too early")
	errLong  = errors.New("a number is written longer than need be")
	errOrder = errors.New("out of order")

	errNoAddrs = errors.New("rows without addresses")
)

// uint takes one number that is at most limit.
func (d *decoder) uint(limit uint64) (uint64, error) {
	v, n := binary.Uvarint(d.b)
	switch {
	case n <= 0:
		return 0, errShort
	case n > 1 && d.b[n-1] == 0:
		return 0, errLong // or equal profiles would have unequal bytes
	case v > limit:
		return 0, fmt.Errorf("number %d is above %d", v, limit)
	}
	d.b = d.b[n:]
	return v, nil
}

// count takes the number of elements that follow, each at least one byte long.
func (d *decoder) count() (int, error) {
	n, err := d.uint(uint64(len(d.b)))
	return int(n), err
}

// bytes takes n bytes.
func (d *decoder) bytes(n int) ([]byte, error) {
	if n > len(d.b) {
		return nil, errShort
	}
	taken := d.b[:n]
	d.b = d.b[n:]
	return taken, nil
}

// column takes one number for each row and hands it to set.
func column[T any](d *decoder, rows []T, limit uint64, set func(row *T, v uint64)) error {
	for i := range rows {
		if len(d.b) > 0 && d.b[0] < 0x80 && uint64(d.b[0]) <= limit { // as most numbers are
			set(&rows[i], uint64(d.b[0]))
			d.b = d.b[1:]
			continue
		}
		v, err := d.uint(limit)
		if err != nil {
			return err
		}
		set(&rows[i], v)
	}
	return nil
}

func (d *decoder) profile() (*Profile, error) {
	n, err := d.count()
	if err != nil {
		return nil, err
	}
	raw, err := d.bytes(n)
	if err != nil {
		return nil, err
	}
	var h header
	if err := json.Unmarshal(raw, &h); err != nil {
		return nil, err
	}
	if err := d.addresses(); err != nil {
		return nil, fmt.Errorf("addresses: %w", err)
	}
	p := &Profile{Sources: h.Sources, Rejected: h.Rejected}
	if p.Hosts, err = d.hosts(); err != nil {
		return nil, fmt.Errorf("hosts: %w", err)
	}
	if p.Conversations, err = d.conversations(); err != nil {
		return nil, fmt.Errorf("conversations: %w", err)
	}
	if d.detailed {
		if err := d.details(p.Conversations); err != nil {
			return nil, fmt.Errorf("details: %w", err)
		}
	}
	if len(d.b) > 0 {
		return nil, fmt.Errorf("%d bytes too many", len(d.b))
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	return p, nil
}

func (d *decoder) addresses() error {
	n, err := d.count()
	if err != nil {
		return err
	}
	d.addrs = make([]netip.Addr, n)
	for i := range d.addrs {
		if d.addrs[i], err = d.address(); err != nil {
			return err
		}
		if i > 0 && d.addrs[i-1].Compare(d.addrs[i]) >= 0 {
			return errOrder
		}
	}
	return nil
}

// address takes one address.
func (d *decoder) address() (netip.Addr, error) {
	size, err := d.uint(16)
	if err != nil {
		return netip.Addr{}, err
	}
	raw, err := d.bytes(int(size))
	if err != nil {
		return netip.Addr{}, err
	}
	a, ok := netip.AddrFromSlice(raw)
	switch {
	case !ok:
		return a, fmt.Errorf("an address of %d bytes", size)
	case a.Is4In6():
		return a, fmt.Errorf("address %v is IPv4 written as IPv6", a)
	}
	return a, nil
}

// rows takes the number of rows that follow. Each row names an address.
func (d *decoder) rows() (int, error) {
	n, err := d.count()
	if err == nil && n > 0 && len(d.addrs) == 0 {
		err = errNoAddrs
	}
	return n, err
}

// lastAddr is the limit of address numbers.
func (d *decoder) lastAddr() uint64 {
	return uint64(max(len(d.addrs), len(d.places), 1) - 1)
}

// addr returns the address with a number.
func (d *decoder) addr(number uint64) netip.Addr {
	if d.places != nil {
		return standIn(d.places[number])
	}
	return d.addrs[number]
}

func (d *decoder) hosts() ([]Host, error) {
	n, err := d.rows()
	if err != nil {
		return nil, err
	}
	hosts := make([]Host, n)
	if err := column(d, hosts, d.lastAddr(), func(h *Host, v uint64) { h.Addr = d.addr(v) }); err != nil {
		return nil, err
	}
	if err := column(d, hosts, uint64(SlotsPerDay), func(h *Host, v uint64) { h.Slots = make([]Slot, v) }); err != nil {
		return nil, err
	}
	for i := range hosts {
		if i > 0 && hosts[i-1].Addr.Compare(hosts[i].Addr) >= 0 {
			return nil, errOrder
		}
		if err := d.slots(hosts[i].Slots); err != nil {
			return nil, err
		}
	}
	if err := column(d, hosts, largestKept, func(h *Host, v uint64) { h.Largest = make([]flow.Record, v) }); err != nil {
		return nil, err
	}
	for i := range hosts {
		for j := range hosts[i].Largest {
			if hosts[i].Largest[j], err = d.record(hosts[i].Addr); err != nil {
				return nil, err
			}
		}
	}
	return hosts, nil
}

func (d *decoder) slots(slots []Slot) error {
	return errors.Join(
		column(d, slots, uint64(SlotsPerDay-1), func(s *Slot, v uint64) { s.Index = uint8(v) }),
		column(d, slots, math.MaxInt64, func(s *Slot, v uint64) { s.Flows = int64(v) }),
		column(d, slots, math.MaxInt64, func(s *Slot, v uint64) { s.Up = int64(v) }),
		column(d, slots, math.MaxInt64, func(s *Slot, v uint64) { s.Down = int64(v) }),
	)
}

func (d *decoder) record(src netip.Addr) (flow.Record, error) {
	var v [6]uint64
	limits := [6]uint64{uint64(flow.Day - 1), d.lastAddr(), math.MaxUint8, math.MaxUint16, math.MaxInt64, math.MaxInt64}
	for i := range v {
		var err error
		if v[i], err = d.uint(limits[i]); err != nil {
			return flow.Record{}, err
		}
	}
	return flow.Record{
		Time: flow.Time(v[0]), Src: src, Dst: d.addr(v[1]),
		Proto: flow.Proto(v[2]), Port: uint16(v[3]), Up: int64(v[4]), Down: int64(v[5]),
	}, nil
}

func (d *decoder) conversations() ([]Conversation, error) {
	n, err := d.rows()
	if err != nil {
		return nil, err
	}
	cs := make([]Conversation, n)
	masks := make([]uint64, 0, n)
	if err := column(d, cs, d.lastAddr(), func(c *Conversation, v uint64) { c.Src = d.addr(v) }); err != nil {
		return nil, err
	}
	if err := column(d, cs, d.lastAddr(), func(c *Conversation, v uint64) { c.Dst = d.addr(v) }); err != nil {
		return nil, err
	}
	for _, number := range conversationNumbers {
		if err := column(d, cs, number.limit, number.set); err != nil {
			return nil, err
		}
	}
	if err := column(d, cs, 1<<24-1, func(_ *Conversation, v uint64) { masks = append(masks, v) }); err != nil {
		return nil, err
	}
	for i := range cs {
		if err := d.hours(&cs[i], masks[i]); err != nil {
			return nil, err
		}
	}
	for i := range cs {
		if i > 0 && cs[i-1].Compare(cs[i].Key) >= 0 {
			return nil, errOrder
		}
		var bounds secondsBounds
		if cs[i].Seconds, bounds, err = d.seconds(); err != nil {
			return nil, fmt.Errorf("seconds: %w", err)
		}
		if err := cs[i].checkSeconds(bounds, masks[i]); err != nil {
			return nil, err
		}
	}
	for i := range cs {
		if cs[i].Sizes, err = d.sizes(); err != nil {
			return nil, fmt.Errorf("sizes: %w", err)
		}
	}
	return cs, nil
}

// hours takes the counts of those hours of a conversation that its mask names.
func (d *decoder) hours(c *Conversation, mask uint64) error {
	for h := range c.Hours {
		if mask>>h&1 == 0 {
			continue
		}
		v, err := d.uint(math.MaxUint32)
		if err != nil {
			return err
		}
		if v == 0 {
			return errors.New("an hour without flows is listed")
		}
		c.Hours[h] = uint32(v)
	}
	return nil
}
