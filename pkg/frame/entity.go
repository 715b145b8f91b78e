package frame

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/query"
)

// EntityKind is what an investigation is about.
type EntityKind string

// The kinds of entities.
const (
	kindHost     EntityKind = "host"             // an address of the internal networks
	kindExternal EntityKind = "external address" //
	kindOwner    EntityKind = "owner"            // all addresses of an owner
	kindCountry  EntityKind = "country"          // all external addresses in a country
)

// Entity is a host, an external address, an owner or a country, and its addresses.
type Entity struct {
	Name string // as the databases write it
	Kind EntityKind

	group func(netip.Addr) string // the entity of the same kind that an address belongs to, or ""
	geo   *geo.Lookup
}

// unknownEntityError reports a name that no day has.
type unknownEntityError struct {
	Name      string
	Nearest   []string // similar names that a day has, nearest first
	databases []string // what is needed to know the owners or the countries of addresses
}

// Error implements error.
func (e *unknownEntityError) Error() string {
	words := fmt.Sprintf("%s: not a host, address, owner or country in the flows", e.Name)
	if len(e.Nearest) > 0 {
		words += "; the nearest are " + strings.Join(e.Nearest, ", ")
	}
	if len(e.databases) > 0 {
		words += "; " + strings.Join(e.databases, ", and ")
	}
	return words
}

// FindEntity returns the entity that a name means: an address, or else the name or
// number (AS15169) of an owner, or else the name or code of a country, in any case.
// It is an error with similar names if none of the days has it.
func FindEntity(name string, l *geo.Lookup, internal flow.Networks, days ...Day) (Entity, error) {
	name = strings.TrimSpace(name)
	addrs := addressesOf(days)
	countryOf := countryLookup(l, internal)
	e := Entity{Name: name, geo: l}
	if a, err := netip.ParseAddr(name); err == nil {
		a = a.Unmap()
		e.Name, e.Kind = a.String(), kindExternal
		inside := internal.Contains(a)
		if inside {
			e.Kind = kindHost
		}
		e.group = func(b netip.Addr) string {
			if internal.Contains(b) != inside {
				return ""
			}
			return b.String()
		}
		if addrs[a] {
			return e, nil
		}
		return e, &unknownEntityError{name, nearestAddrs(a, addrs), nil}
	}
	if mistypedAddress(name) {
		return e, &unknownEntityError{name, query.Nearest(name, texts(addrs)), nil}
	}
	ownerOf := func(a netip.Addr) string { return l.Owner(a).Name }
	country := func(a netip.Addr) string {
		if c := countryOf(a); c.Code != "" {
			return c.Name
		}
		return ""
	}
	names := map[string]bool{}
	owners, countries := false, false
	for a := range addrs {
		owner, code := l.Owner(a), countryOf(a)
		owners, countries = owners || owner.Name != "", countries || code.Code != ""
		names[owner.Name], names[country(a)] = true, true
		switch {
		case owner.Name != "" && (strings.EqualFold(owner.Name, name) || strings.EqualFold(fmt.Sprintf("AS%d", owner.ASN), name)):
			e.Name, e.Kind, e.group = owner.Name, kindOwner, ownerOf
		case e.Kind == "" && code.Code != "" && (strings.EqualFold(code.Name, name) || strings.EqualFold(code.Code, name)):
			e.Name, e.Kind, e.group = code.Name, kindCountry, country
		}
	}
	if e.Kind != "" {
		return e, nil
	}
	delete(names, "")
	var databases []string
	if !owners {
		databases = append(databases, "for owners, set the input asn (-p asn=FILE)")
	}
	if !countries {
		databases = append(databases, "for countries, set the input country (-p country=FILE)")
	}
	return e, &unknownEntityError{name, query.Nearest(name, slices.Sorted(maps.Keys(names))), databases}
}

// mistypedAddress reports whether a name that is not an address is made of what addresses
// are.
func mistypedAddress(name string) bool {
	return strings.ContainsAny(name, ".:") && strings.Trim(name, "0123456789abcdefABCDEF.:/") == ""
}

// texts returns addresses as text, sorted.
func texts(addrs map[netip.Addr]bool) []string {
	var all []string
	for a := range addrs {
		all = append(all, a.String())
	}
	slices.Sort(all)
	return all
}

func addressesOf(days []Day) map[netip.Addr]bool {
	addrs := map[netip.Addr]bool{}
	for _, d := range days {
		for i := range d.Conversations {
			addrs[d.Conversations[i].Src], addrs[d.Conversations[i].Dst] = true, true
		}
	}
	return addrs
}

// nearestListed is the number of names that an error lists.
const nearestListed = 3

// nearestAddrs returns the addresses with the longest common prefix, in their order.
func nearestAddrs(a netip.Addr, addrs map[netip.Addr]bool) []string {
	all := slices.DeleteFunc(slices.Collect(maps.Keys(addrs)), func(b netip.Addr) bool { return b.BitLen() != a.BitLen() })
	distance := func(b netip.Addr) int { // compares as the differences of numbers do
		x, y := a.As16(), b.As16()
		sum := 0
		for i := range x {
			sum = min(sum*256+max(int(x[i])-int(y[i]), int(y[i])-int(x[i])), 1<<40)
		}
		return sum
	}
	slices.SortFunc(all, func(b, c netip.Addr) int { return cmp.Or(cmp.Compare(distance(b), distance(c)), b.Compare(c)) })
	var names []string
	for _, b := range all[:min(nearestListed, len(all))] {
		names = append(names, b.String())
	}
	return names
}

// has reports whether an address is the entity's.
func (e Entity) has(a netip.Addr) bool { return e.group(a) == e.Name }

// meeting is a conversation from the entity's point of view.
type meeting struct {
	*profile.Conversation
	peer           netip.Addr
	opened         bool  // by the entity
	sent, received int64 // by the entity
}

// meetings returns the conversations of the entity on a day.
func (e Entity) meetings(p *profile.Profile) []meeting {
	var all []meeting
	if p == nil {
		return nil
	}
	mine := map[netip.Addr]bool{}
	has := func(a netip.Addr) bool {
		is, known := mine[a]
		if !known {
			is = e.has(a)
			mine[a] = is
		}
		return is
	}
	for i := range p.Conversations {
		c := &p.Conversations[i]
		switch {
		case has(c.Src):
			all = append(all, meeting{c, c.Dst, true, c.Up, c.Down})
		case has(c.Dst):
			all = append(all, meeting{c, c.Src, false, c.Down, c.Up})
		}
	}
	return all
}

// Findings returns the findings that name the entity.
func (e Entity) Findings(fs []detect.Finding) []detect.Finding {
	return slices.DeleteFunc(slices.Clone(fs), func(f detect.Finding) bool { return !slices.ContainsFunc(f.Addresses(), e.has) })
}

// service names the protocol and port of a conversation.
func service(c *profile.Conversation) string { return fmt.Sprintf("%s %d", c.Proto, c.Port) }
