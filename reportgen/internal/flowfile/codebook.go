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

	names *profile.Names // whose numbers are the codes of names

	texts [numTextKinds]sync.Pool // of *texts
}

type badText struct{ reason, text string }

// newBook returns a book without codes.
func newBook() *book {
	return &book{addrs: profile.NewAddresses(), names: profile.NewNames(), badIDs: map[badText]uint32{}}
}

// borrow returns the memory of texts looked up before, to be given back.
func (b *book) borrow(kind textKind) *texts {
	if t, ok := b.texts[kind].Get().(*texts); ok {
		return t
	}
	return &texts{}
}

func (b *book) giveBack(kind textKind, t *texts) { b.texts[kind].Put(t) }

// text returns the code of a text of a kind.
func (b *book) text(kind textKind, s string) uint32 {
	switch kind {
	case stateText:
		state, _ := flow.ParseState(strings.ToLower(s)) // other words say nothing
		return uint32(state)
	case nameText:
		return b.names.Number(s)
	case protocolText:
		p, err := flow.ParseProto(s)
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
func (b *book) number(kind textKind, n int64) uint32 {
	if kind == protocolText {
		if p := flow.Proto(n); int64(p) == n {
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
	bad := badText{reason, Clip(text)}
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
