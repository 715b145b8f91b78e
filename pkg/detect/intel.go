package detect

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// RuleThreatIntel is the id of the rule of Hits.
const RuleThreatIntel = "threat-intel"

var _ = register(RuleThreatIntel, (*Context).hits)

// IntelList is a list of indicators of compromise, and where it comes from.
type IntelList struct {
	Name       string // file name without folder
	SHA256     string // of the file's bytes, in hexadecimal
	Date       string // that the list gives itself, or of the file; as 2006-01-02
	Indicators []Indicator
	Names      int // domain names, which flows without names cannot match
}

// Indicator is an address or a network that a list names.
type Indicator struct {
	Network netip.Prefix
	Port    uint16 // 0 for any
	Note    string // what the list says of it
}

// Hit is the flows between an internal host and a listed address, and the
// evidence of a threat-intel finding.
type Hit struct {
	Src     netip.Addr  `json:"src_ip"`
	Dst     netip.Addr  `json:"dst_ip"`
	Proto   string      `json:"proto"`
	Port    uint16      `json:"port"` // of most flows
	Owner   geo.Owner   `json:"owner"`
	Country geo.Country `json:"country"`
	profile.Counts
	List      string `json:"list"`
	ListDate  string `json:"list_date"`
	ListHash  string `json:"list_sha256"`
	Indicator string `json:"indicator"`
	Note      string `json:"note,omitempty"`
}

func (h Hit) destinations() []endpoint { return []endpoint{{h.Dst, h.Country, h.Owner}} }

// HitsResult is the flows with listed addresses.
type HitsResult struct {
	Hits []Hit // one for each finding, in the same order
	Outcome
}

// Hits finds internal hosts that exchange flows with addresses of the lists of
// indicators. A host that opened a flow that was answered is high; one that
// was not answered, or that answered a listed client, is medium; one that did
// not answer is info, for listed scanners try everybody.
func Hits(in Input) HitsResult { return resultOf[HitsResult](in, RuleThreatIntel) }

// intelIndex finds indicators by address.
type intelIndex struct {
	byPrefix map[netip.Prefix][]intelEntry
	bits     []netip.Prefix // one of each length and family, longest first
}

type intelEntry struct {
	Indicator
	list *IntelList
}

func indexIntel(lists []IntelList) intelIndex {
	x := intelIndex{byPrefix: map[netip.Prefix][]intelEntry{}}
	for i := range lists {
		for _, indicator := range lists[i].Indicators {
			p := indicator.Network.Masked()
			x.byPrefix[p] = append(x.byPrefix[p], intelEntry{indicator, &lists[i]})
			same := func(q netip.Prefix) bool { return q.Bits() == p.Bits() && q.Addr().Is4() == p.Addr().Is4() }
			if !slices.ContainsFunc(x.bits, same) {
				x.bits = append(x.bits, p)
			}
		}
	}
	slices.SortFunc(x.bits, func(a, b netip.Prefix) int { return cmp.Compare(b.Bits(), a.Bits()) })
	return x
}

// find returns the entry of the narrowest network with a, for a port.
func (x intelIndex) find(a netip.Addr, port uint16) (intelEntry, bool) {
	for _, b := range x.bits {
		if b.Addr().Is4() != a.Is4() {
			continue
		}
		p := netip.PrefixFrom(a, b.Bits()).Masked()
		for _, e := range x.byPrefix[p] {
			if e.Port == 0 || e.Port == port {
				return e, true
			}
		}
	}
	return intelEntry{}, false
}

func (c *Context) hits(float64) (r HitsResult) {
	if len(c.in.Intel) == 0 {
		r.Coverage = notRun("no list of indicators")
		return r
	}
	r.Coverage = Coverage{Ran: true}
	names := 0
	for _, l := range c.in.Intel {
		names += l.Names
	}
	if names > 0 {
		r.Coverage.Reason = fmt.Sprintf("%d domain names of the lists cannot be matched, for flows have no names", names)
	}
	type pair struct{ inside, listed netip.Addr }
	type hit struct {
		Hit
		span    span
		most    int64
		opened  bool // by the internal host
		replied bool
	}
	found := map[pair]*hit{}
	index := indexIntel(c.in.Intel)
	see := func(conv *profile.Conversation, inside, listed netip.Addr, port uint16, opened bool) {
		e, ok := index.find(listed, port)
		if !ok {
			return
		}
		h := found[pair{inside, listed}]
		if h == nil {
			h = &hit{Hit: Hit{Src: inside, Dst: listed, Owner: c.test.owner(listed), Country: c.test.country(listed),
				List: e.list.Name, ListDate: e.list.Date, ListHash: e.list.SHA256, Indicator: e.Network.String(), Note: e.Note}}
			if e.Network.IsSingleIP() {
				h.Indicator = listed.String()
			}
			found[pair{inside, listed}] = h
		}
		h.Add(conv.Counts)
		h.span.add(conv)
		if conv.Flows > h.most {
			h.most, h.Proto, h.Port = conv.Flows, conv.Proto.String(), conv.Port
		}
		h.opened = h.opened || opened
		h.replied = h.replied || conv.Down > 0
	}
	for i := range c.test.Conversations {
		conv := &c.test.Conversations[i]
		switch inside := c.test.inside(conv.Src); {
		case inside && c.test.outside(conv.Dst):
			see(conv, conv.Src, conv.Dst, conv.Port, true)
		case !inside && c.test.inside(conv.Dst):
			see(conv, conv.Dst, conv.Src, 0, false)
		}
	}
	for _, h := range found {
		score := 0.249
		switch {
		case h.opened && h.replied:
			score = 0.9
		case h.opened || h.replied:
			score = 0.6
		}
		verb := "exchanged"
		if !h.opened {
			verb = "received"
		}
		note := ""
		if h.Note != "" {
			note = " (" + strings.TrimSpace(h.Note) + ")"
		}
		r.Findings = append(r.Findings, Finding{Entity: h.Src, Severity: severityOf(score), Score: score, Evidence: h.Hit, Window: h.span.window(),
			Summary: fmt.Sprintf("%s %s with %s, which the list %s of %s names%s", verb, plural(h.Flows, "flow"), h.Dst, h.List, cmp.Or(h.ListDate, "unknown date"), note)})
	}
	sortFindings(r.Findings)
	r.Hits = evidenceOf[Hit](r.Findings)
	return r
}
