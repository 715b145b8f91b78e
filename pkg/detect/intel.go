package detect

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
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
	Names      []ListedName
}

// ListedName is a domain name that a list names, for itself and all names below it.
type ListedName struct {
	Name  string    // in lower case, without a dot at its end
	Until time.Time // not valid from then on; zero if always
	Note  string    // what the list says of it
}

// Indicator is an address, a network or a port that a list names.
type Indicator struct {
	Network netip.Prefix // invalid for a port of any external address
	Port    uint16       // 0 for any
	Proto   flow.Proto   // of the port; 0 for any
	Until   time.Time    // not valid from then on; zero if always
	Note    string       // what the list says of it
}

func (i Indicator) String() string {
	switch {
	case !i.Network.IsValid() && i.Proto == 0:
		return fmt.Sprintf("port %d", i.Port)
	case !i.Network.IsValid():
		return fmt.Sprintf("%d/%s", i.Port, i.Proto)
	case i.Network.IsSingleIP():
		return i.Network.Addr().String()
	}
	return i.Network.String()
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
	Name      string `json:"name,omitempty"` // that the host asked for, if the list gives a name
	Note      string `json:"note,omitempty"`
}

func (h Hit) destinations() []endpoint { return []endpoint{{h.Dst, h.Country, h.Owner}} }

// HitsResult is the flows with listed addresses and names.
type HitsResult struct {
	Hits []Hit // one for each finding, in the same order
	Outcome
}

// Hits finds internal hosts that exchange flows with addresses of the lists of
// indicators, or that ask for names of the lists, if flows have names. A host that opened a flow that was answered is high; one that
// was not answered, or that answered a listed client, is medium; one that did
// not answer is info, for listed scanners try everybody. Flows to a port that is
// listed without an address are low, since harmless programs use it too. A host that
// looks a listed name up is medium, and one that connects to a server by such a
// name is high.
//
// [All] raises the findings of other rules that name the host and a listed
// address, and lowers the hits that they explain to info.
func Hits(in Input) HitsResult { return resultOf[HitsResult](in, RuleThreatIntel) }

// intelIndex finds indicators by address.
type intelIndex struct {
	byPrefix map[netip.Prefix][]intelEntry
	bits     []netip.Prefix // one of each length and family, longest first
	byPort   map[uint16][]intelEntry
}

type intelEntry struct {
	Indicator
	list *IntelList
}

// indexIntel leaves out what is not valid on the date, if that is known.
func indexIntel(lists []IntelList, date time.Time) intelIndex {
	x := intelIndex{byPrefix: map[netip.Prefix][]intelEntry{}, byPort: map[uint16][]intelEntry{}}
	for i := range lists {
		for _, indicator := range lists[i].Indicators {
			if !indicator.Until.IsZero() && !date.IsZero() && !date.Before(indicator.Until) {
				continue
			}
			if !indicator.Network.IsValid() {
				x.byPort[indicator.Port] = append(x.byPort[indicator.Port], intelEntry{indicator, &lists[i]})
				continue
			}
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

// find returns the entry of the narrowest network with a, for a port, or else
// the entry of the port. The port is 0 if a opened the flow.
func (x intelIndex) find(a netip.Addr, proto flow.Proto, port uint16) (intelEntry, bool) {
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
	for _, e := range x.byPort[port] {
		if e.Proto == 0 || e.Proto == proto {
			return e, true
		}
	}
	return intelEntry{}, false
}

// hitFlows is the flows of a host with a listed address.
type hitFlows struct {
	Hit
	span      span
	most      int64 // flows of the conversation with most
	opened    bool  // by the internal host
	replied   bool
	portAlone bool // the list gives a port and no network
	looked    bool // the list gives a name, which was only looked up
}

func (h *hitFlows) finding() Finding {
	score := 0.249
	switch {
	case h.portAlone:
		score = 0.3
	case h.looked:
		score = 0.6
	case h.opened && h.replied:
		score = 0.9
	case h.opened || h.replied:
		score = 0.6
	}
	verb, preposition := "exchanged", "with"
	if !h.opened {
		verb = "received"
	}
	if h.Name != "" {
		verb, preposition = "opened", "for"
	}
	note := ""
	if h.Note != "" {
		note = " (" + strings.TrimSpace(h.Note) + ")"
	}
	return Finding{Entity: h.Src, Severity: severityOf(score), Score: score, Evidence: h.Hit, Window: h.span.window(),
		Summary: fmt.Sprintf("%s %s %s %s, which is on the list %s of %s%s", verb, plural(h.Flows, "flow"), preposition, h.target(), h.List, cmp.Or(h.ListDate, "unknown date"), note)}
}

func (c *Context) hits(float64) (r HitsResult) {
	if len(c.in.Intel) == 0 {
		r.Coverage = notRun("no list of indicators")
		return r
	}
	r.Coverage = Coverage{Ran: true}
	type pair struct {
		inside, listed netip.Addr
		portAlone      bool
	}
	found := map[pair]*hitFlows{}
	index := indexIntel(c.in.Intel, c.in.TestDate)
	see := func(conv *profile.Conversation, inside, listed netip.Addr, port uint16, opened bool) {
		e, ok := index.find(listed, conv.Proto, port)
		if !ok {
			return
		}
		h := found[pair{inside, listed, !e.Network.IsValid()}]
		if h == nil {
			h = &hitFlows{Hit: Hit{Src: inside, Dst: listed, Owner: c.test.owner(listed), Country: c.test.country(listed),
				List: e.list.Name, ListDate: e.list.Date, ListHash: e.list.SHA256, Indicator: e.String(), Note: e.Note},
				portAlone: !e.Network.IsValid()}
			found[pair{inside, listed, !e.Network.IsValid()}] = h
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
		r.Findings = append(r.Findings, h.finding())
	}
	named, reason := c.nameHits()
	r.Coverage.Reason = reason
	for _, h := range named {
		r.Findings = append(r.Findings, h.finding())
	}
	sortFindings(r.Findings)
	r.Hits = evidenceOf[Hit](r.Findings)
	return r
}

// target is what the list names, in a sentence.
func (h Hit) target() string {
	if h.Name != "" {
		return h.Name
	}
	if _, err := netip.ParsePrefix(h.Indicator); err == nil || h.Indicator == h.Dst.String() {
		return h.Dst.String()
	}
	return fmt.Sprintf("%s on %s %d", h.Dst, h.Proto, h.Port)
}

// listed raises findings by what lists name: a finding of a host that a hit is
// of, and of the listed address, becomes one degree more severe, high at least,
// and names the list. The hit is then lowered to info. Hits at info, and those of ports alone, raise
// nothing.
func listed(findings []Finding) []Finding {
	findings = slices.Clone(findings)
	for i := range findings {
		hit := &findings[i]
		h, ok := hit.Evidence.(Hit)
		if !ok || !hit.Severity.Alert() {
			continue
		}
		var by []string
		for j := range findings {
			f := &findings[j]
			if f.Rule == RuleThreatIntel || f.Severity == Info || f.Entity != hit.Entity && f.Entity != h.Dst ||
				!slices.Contains(f.Addresses(), h.Dst) {
				continue
			}
			f.Severity = Severities()[max(High.rank(), min(f.Severity.rank()+1, Critical.rank()))]
			f.Summary += fmt.Sprintf("; %s is on the list %s of %s", h.target(), h.List, cmp.Or(h.ListDate, "unknown date"))
			if !slices.Contains(by, f.Rule) {
				by = append(by, f.Rule)
			}
		}
		if len(by) > 0 {
			slices.Sort(by)
			hit.Summary += "; explained by " + strings.Join(by, " and ")
			hit.capped(Info)
		}
	}
	return findings
}
