package engine

import (
	"net/netip"
	"sync"
)

// texts numbers texts that flow files do not have, such as names of countries. It is
// safe for concurrent use.
type texts struct {
	mu    sync.RWMutex
	codes map[string]uint32
	all   []string
}

func newTexts() *texts { return &texts{codes: map[string]uint32{}} }

// code returns the number of a text.
func (t *texts) code(s string) uint32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, ok := t.codes[s]
	if !ok {
		c = uint32(len(t.all))
		t.codes[s] = c
		t.all = append(t.all, s)
	}
	return c
}

// Text returns the text with a number.
func (t *texts) Text(code uint32) string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.all[code]
}

// Address returns the zero Addr: none of the texts is an address.
func (t *texts) Address(uint32) netip.Addr { return netip.Addr{} }
