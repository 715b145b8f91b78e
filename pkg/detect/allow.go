package detect

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/geo"
)

// Allowance names findings that are known and wanted. A finding is allowed
// where all that is given of Network, Owner and Country fits its entity, or
// fits every destination that it is about, and where its rule is among Rules.
// At least one field but Reason must be given.
type Allowance struct {
	Network netip.Prefix // of the entity or of the destinations
	Owner   string       // a word or more of an owner's name in any case, or its number such as AS15169
	Country string       // two letters
	Rules   []string     // none means all
	Reason  string       // why it is allowed; for readers
}

// AllowList is the behaviour that an organisation knows and permits. It is
// applied to findings and never to flows, so limits are still learned from
// allowed flows.
type AllowList []Allowance

// Apply takes the allowed findings out of a result and its devices. It returns
// the result and how many findings each allowance took; where several fit, the
// first counts. The detections' own results stay whole.
func (l AllowList) Apply(r Result) (Result, []int) {
	hidden := make([]int, len(l))
	var shown []Finding
	for _, f := range partsOf(r.Findings) {
		if i := slices.IndexFunc(l, func(a Allowance) bool { return a.allows(f) }); i >= 0 {
			hidden[i]++
			continue
		}
		shown = append(shown, f)
	}
	outcomes := r.Outcomes
	if len(l) > 0 {
		r = Combine(shown)
	}
	r.Outcomes = outcomes
	return r, hidden
}

// endpoint is an address that a finding is about, with its country and owner.
type endpoint struct {
	addr    netip.Addr
	country geo.Country
	owner   geo.Owner
}

// directed is evidence that says where the entity's flows went.
type directed interface{ destinations() []endpoint }

// destinationsOf returns where the flows of a finding went, if its evidence says
// so.
func destinationsOf(f Finding) []endpoint {
	if e, ok := f.Evidence.(directed); ok {
		return e.destinations()
	}
	return nil
}

func (a Allowance) allows(f Finding) bool {
	if len(a.Rules) > 0 && !slices.Contains(a.Rules, f.Rule) {
		return false
	}
	entity := endpoint{addr: f.Entity}
	if c, ok := f.Evidence.(Client); ok {
		entity.country, entity.owner = c.Country, c.Owner
	}
	if a.fits(entity) {
		return true
	}
	to := destinationsOf(f)
	return len(to) > 0 && !slices.ContainsFunc(to, func(p endpoint) bool { return !a.fits(p) })
}

func (a Allowance) fits(p endpoint) bool {
	return (!a.Network.IsValid() || a.Network.Contains(p.addr)) &&
		(a.Country == "" || strings.EqualFold(a.Country, p.country.Code)) &&
		(a.Owner == "" || a.isOwner(p.owner))
}

// isOwner compares whole words, so that Box does not stand for Dropbox.
func (a Allowance) isOwner(o geo.Owner) bool {
	if n, ok := strings.CutPrefix(strings.ToUpper(a.Owner), "AS"); ok && n == fmt.Sprint(o.ASN) && o.ASN != 0 {
		return true
	}
	name, want := ownerWords(o.Name), ownerWords(a.Owner)
	for i := 0; len(want) > 0 && i+len(want) <= len(name); i++ {
		if slices.Equal(name[i:i+len(want)], want) {
			return true
		}
	}
	return false
}

// ownerWords splits a name at all but letters and digits.
func ownerWords(name string) []string {
	return strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r > 127)
	})
}

func (u Upload) destinations() []endpoint { return []endpoint{{u.Dst, u.Country, u.Owner}} }
func (c Call) destinations() []endpoint {
	to := []endpoint{{c.Dst, c.Country, c.Owner}}
	if c.Addresses > 0 && c.Name == "" {
		for _, a := range c.Also {
			to = append(to, endpoint{addr: a})
		}
	}
	return to
}
func (u DNSUse) destinations() []endpoint { return []endpoint{{addr: u.TopResolver}} }

func (m meshEvidence) destinations() []endpoint {
	var peers []endpoint
	for _, a := range m.Peers {
		peers = append(peers, endpoint{addr: a})
	}
	return peers
}

// Of a host with several new countries only the address used most is known,
// so networks and owners match only if there is one country.
func (h NewCountryHost) destinations() []endpoint {
	var to []endpoint
	for _, c := range h.Countries {
		to = append(to, endpoint{country: c.Country})
	}
	if len(to) == 1 {
		to[0].addr, to[0].owner = h.TopDst, h.TopOwner
	}
	return to
}
