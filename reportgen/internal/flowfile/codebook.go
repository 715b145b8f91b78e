package flowfile

import (
	"encoding/binary"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// badCode is the lowest code of a text that names nothing. The codes below it
// are addresses, or protocols by their IANA number.
const badCode = uint32(1) << 31

// nullCode is the code of a null.
const nullCode = math.MaxUint32

// book gives every distinct address of the files being read a number, so that rows carry
// four bytes where the file has text. Row groups and columns share one book;
// it is safe for concurrent use.
type book struct {
	addrs *profile.Addresses // whose numbers are the codes

	mu     sync.RWMutex
	badIDs map[badText]uint32
	badOf  []badText // by code without badCode

	addrTexts, protoTexts sync.Pool // of *texts
}

type badText struct{ reason, text string }

// newBook returns a book without codes.
func newBook() *book {
	return &book{addrs: profile.NewAddresses(), badIDs: map[badText]uint32{}}
}

// borrow returns the memory of texts looked up before, to be given back.
func (b *book) borrow(proto bool) *texts {
	if t, ok := b.texts(proto).Get().(*texts); ok {
		return t
	}
	return &texts{}
}

func (b *book) giveBack(proto bool, t *texts) { b.texts(proto).Put(t) }

func (b *book) texts(proto bool) *sync.Pool {
	if proto {
		return &b.protoTexts
	}
	return &b.addrTexts
}

// text returns the code of an address or protocol in text.
func (b *book) text(proto bool, s string) uint32 {
	if proto {
		p, err := flow.ParseProto(strings.ToLower(s))
		if err != nil {
			return b.refuse(ReasonProtocol, s)
		}
		return uint32(p)
	}
	a, err := flow.ParseAddr(s)
	if err != nil {
		return b.refuse(ReasonAddress, s)
	}
	return b.addr(a)
}

// number returns the code of a protocol by its IANA number, or of an IPv4
// address by its value as a number.
func (b *book) number(proto bool, n int64) uint32 {
	if proto {
		if p := flow.Proto(n); int64(p) == n && (p == flow.TCP || p == flow.UDP) {
			return uint32(p)
		}
		return b.refuse(ReasonProtocol, strconv.FormatInt(n, 10))
	}
	if n < 0 || n > math.MaxUint32 {
		return b.refuse(ReasonAddress, strconv.FormatInt(n, 10))
	}
	return b.addr(netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(n)))))
}

// raw returns the code of an address given as its 4 or 16 bytes.
func (b *book) raw(bytes []byte) uint32 {
	a, _ := netip.AddrFromSlice(bytes)
	return b.addr(a.Unmap())
}

func (b *book) addr(a netip.Addr) uint32 { return b.addrs.Number(a) }

// refuse returns the code of a text that names nothing.
func (b *book) refuse(reason, text string) uint32 {
	b.mu.Lock()
	defer b.mu.Unlock()
	bad := badText{reason, clip(text)}
	id, ok := b.badIDs[bad]
	if !ok {
		id = badCode | uint32(len(b.badOf))
		b.badIDs[bad] = id
		b.badOf = append(b.badOf, bad)
	}
	return id
}

// at returns the address with a code.
func (b *book) at(code uint32) netip.Addr { return b.addrs.At(code) }

// bad returns why and from which text a code at or above badCode was given.
func (b *book) bad(code uint32) (reason, text string) {
	if code == nullCode {
		return ReasonNull, ""
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	bad := b.badOf[code&^badCode]
	return bad.reason, bad.text
}
