package detect

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"

	"github.com/flowbook/flowbook/pkg/profile"
)

// namedEntry is a name of a list.
type namedEntry struct {
	ListedName
	list *IntelList
}

// indexNames finds listed names; those that are not valid on the day under test are
// left out.
func (c *Context) indexNames() (index map[string]namedEntry, total int) {
	index = map[string]namedEntry{}
	for i := range c.in.Intel {
		l := &c.in.Intel[i]
		for _, n := range l.Names {
			total++
			if !n.Until.IsZero() && !c.in.TestDate.IsZero() && !c.in.TestDate.Before(n.Until) {
				continue
			}
			if _, ok := index[n.Name]; !ok {
				index[n.Name] = namedEntry{n, l}
			}
		}
	}
	return index, total
}

// listedName returns the entry of a name, or of the closest domain above it.
func listedName(index map[string]namedEntry, name string) (namedEntry, bool) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	for {
		if e, ok := index[name]; ok {
			return e, true
		}
		_, above, ok := strings.Cut(name, ".")
		if !ok {
			return namedEntry{}, false
		}
		name = above
	}
}

// nameHits returns the flows of internal hosts with listed names, and what could
// not be seen.
func (c *Context) nameHits() (hits map[string]*hitFlows, reason string) {
	index, total := c.indexNames()
	if total == 0 {
		return nil, ""
	}
	hits = map[string]*hitFlows{}
	some, sampled := false, 0
	for conv := range c.test.where(func(conv *profile.Conversation) bool { return conv.Details != nil && c.test.inside(conv.Src) }) {
		var known int64
		for _, n := range conv.Details.Names {
			some, known = true, known+n.Flows
			if e, ok := listedName(index, n.Name); ok {
				c.addNameHit(hits, e, conv, n)
			}
		}
		if known < conv.Details.NamedFlows {
			sampled++
		}
	}
	switch {
	case !some:
		reason = fmt.Sprintf("%d domain names of the lists were not looked for, because flows do not contain names", total)
	case sampled > 0:
		reason = fmt.Sprintf("only a sample of the names of %s was looked up in the lists", plural(int64(sampled), "conversation"))
	}
	return hits, reason
}

func (c *Context) addNameHit(hits map[string]*hitFlows, e namedEntry, conv *profile.Conversation, n profile.Name) {
	key := conv.Src.String() + " " + e.Name
	h := hits[key]
	if h == nil {
		h = &hitFlows{Hit: Hit{Src: conv.Src, List: e.list.Name, ListDate: e.list.Date, ListHash: e.list.SHA256, Indicator: e.Name, Note: e.Note},
			opened: true, looked: true}
		hits[key] = h
	}
	h.Flows += n.Flows
	h.span.add(conv)
	server := conv.Port != dnsPort && c.test.outside(conv.Dst)
	h.looked = h.looked && !server
	h.replied = h.replied || server && !fails(conv)
	// The destination is that of most flows, of a connection rather than of a lookup.
	better := server && h.Proto == "" || cmp.Compare(n.Flows, h.most) > 0 && (server || h.looked)
	if h.Dst == (netip.Addr{}) || better {
		h.most, h.Dst, h.Proto, h.Port, h.Name = n.Flows, conv.Dst, conv.Proto.String(), conv.Port, n.Name
		h.Owner, h.Country = c.test.owner(conv.Dst), c.test.country(conv.Dst)
	}
}
