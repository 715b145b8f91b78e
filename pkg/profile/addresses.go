package profile

import (
	"net/netip"
	"sync"
)

// Addresses numbers addresses in the order in which they are first seen, so
// that a reader of dictionary-encoded files looks each address up once and not
// once a flow. It is safe for concurrent use.
type Addresses struct {
	mu      sync.RWMutex
	numbers map[netip.Addr]uint32
	addrs   []netip.Addr // by number
}

// NewAddresses returns an empty Addresses.
func NewAddresses() *Addresses {
	return &Addresses{numbers: map[netip.Addr]uint32{}}
}

// Number returns the number of address a, a new one if need be.
func (s *Addresses) Number(a netip.Addr) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := s.numbers[a]
	if !ok {
		n = uint32(len(s.addrs))
		s.numbers[a] = n
		s.addrs = append(s.addrs, a)
	}
	return n
}

// At returns the address with a number that Number gave out.
func (s *Addresses) At(number uint32) netip.Addr {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.addrs[number]
}

// all returns the addresses by number. More may be added after.
func (s *Addresses) all() []netip.Addr {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.addrs
}
