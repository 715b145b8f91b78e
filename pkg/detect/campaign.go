package detect

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Entities returns the entities of a finding: its members, or its only one.
func (f Finding) Entities() []netip.Addr {
	if len(f.Members) > 0 {
		return f.Members
	}
	return []netip.Addr{f.Entity}
}

// Parts returns the findings that a campaign joins, or the finding itself.
func (f Finding) Parts() []Finding {
	if len(f.parts) > 0 {
		return f.parts
	}
	return []Finding{f}
}

// partsOf returns the parts of findings.
func partsOf(findings []Finding) []Finding {
	var parts []Finding
	for _, f := range findings {
		parts = append(parts, f.Parts()...)
	}
	return parts
}

// joined makes one finding of those alerts that belong together: of one mesh, of
// hosts that call or send to the same address, of one host that calls several
// addresses, and of what several rules see of one peer-to-peer host. The most severe one stands for them.
func joined(findings []Finding) []Finding {
	sortFindings(findings)
	swarms := map[netip.Addr]map[netip.Addr]bool{}
	for _, f := range findings {
		if e, ok := f.Evidence.(Swarm); ok {
			swarms[f.Entity] = e.peers
		}
	}
	group := make([]int, len(findings)) // the first finding of each one's campaign
	first := map[string]int{}
	root := func(i int) int {
		for group[i] != i {
			i = group[i]
		}
		return i
	}
	for i, f := range findings {
		group[i] = i
		if _, attack := f.Evidence.(InboundAttack); !f.Severity.Alert() && !attack {
			continue
		}
		for _, token := range campaignTokens(f, swarms) {
			j, ok := first[token]
			if !ok {
				first[token] = i
				continue
			}
			a, b := root(i), root(j)
			group[max(a, b)] = min(a, b)
		}
	}
	var out []Finding
	members := map[int][]Finding{}
	for i, f := range findings {
		members[root(i)] = append(members[root(i)], f)
	}
	for i := range findings {
		if fs := members[i]; len(fs) == 1 {
			out = append(out, fs[0])
		} else if len(fs) > 1 {
			out = append(out, campaign(fs))
		}
	}
	return out
}

// campaignTokens are what a finding has in common with others of its campaign.
func campaignTokens(f Finding, swarms map[netip.Addr]map[netip.Addr]bool) []string {
	entity := f.Entity.String()
	switch e := f.Evidence.(type) {
	case meshEvidence:
		var text []string
		for _, a := range e.Members {
			text = append(text, a.String())
		}
		return []string{"mesh " + strings.Join(text, " ")}
	case Call:
		tokens := []string{"calls of " + entity, fmt.Sprintf("calls to %s %s %d", e.Dst, e.Proto, e.Port)}
		if swarms[f.Entity][e.Dst] {
			tokens = append(tokens, "peers of "+entity)
		}
		return tokens
	case Upload:
		return []string{"uploads of " + entity, "uploads to " + e.Dst.String()}
	case Swarm, Tries:
		return []string{"peers of " + entity}
	case InboundAttack:
		return []string{"attack: " + e.Kind}
	}
	return nil
}

// campaign joins findings, which are sorted with the most severe one first.
func campaign(fs []Finding) Finding {
	f := fs[0]
	var members []netip.Addr
	f.parts = nil
	for _, o := range fs {
		members = append(members, o.Entities()...)
		f.parts = append(f.parts, o.Parts()...)
		f.Window[0], f.Window[1] = min(f.Window[0], o.Window[0]), max(f.Window[1], o.Window[1])
		for _, t := range o.Attack {
			if !slices.Contains(f.Attack, t) {
				f.Attack = append(slices.Clone(f.Attack), t)
			}
		}
		if o.Since != "" && (f.Since == "" || o.Since < f.Since) {
			f.Since = o.Since
		}
		if o.State == StateOngoing {
			if f.State != StateOngoing || o.Pause < f.Pause {
				f.Pause = o.Pause
			}
			f.State = StateOngoing
		}
	}
	slices.SortFunc(members, netip.Addr.Compare)
	members = slices.Compact(members)
	f.Members = nil
	if len(members) > 1 {
		f.Members = members
	}
	if e, ok := f.Evidence.(Call); ok {
		e.Also = otherDestinations(e.Dst, f.parts)
		f.Evidence = e
	}
	f.Summary += alike(f, fs[1:], len(members))
	return f
}

// mostOthers is how many destinations of a campaign evidence lists; a
// peer-to-peer bot has hundreds.
const mostOthers = 200

// otherDestinations returns the destinations of a campaign's parts except one.
func otherDestinations(top netip.Addr, parts []Finding) (others []netip.Addr) {
	for _, f := range parts {
		switch e := f.Evidence.(type) {
		case Call:
			others = append(others, e.Dst)
		case Swarm:
			for a := range e.peers {
				others = append(others, a)
			}
		}
	}
	slices.SortFunc(others, netip.Addr.Compare)
	others = slices.DeleteFunc(slices.Compact(others), func(a netip.Addr) bool { return a == top })
	return slices.Clone(others[:min(len(others), mostOthers)])
}

// alike says what a campaign joins beside the finding that stands for it.
func alike(f Finding, others []Finding, hosts int) string {
	if _, attack := f.Evidence.(InboundAttack); attack {
		return "" // which its evidence says
	}
	same, rules := 0, []string{}
	for _, o := range others {
		switch {
		case o.Rule == f.Rule:
			same++
		case !slices.Contains(rules, o.Rule):
			rules = append(rules, o.Rule)
		}
	}
	s := ""
	switch _, mesh := f.Evidence.(meshEvidence); {
	case mesh && hosts > 1:
		s = fmt.Sprintf("; the finding is about %d members", hosts)
	case same > 0 && hosts > 1:
		s = fmt.Sprintf("; and %d more findings like it, about %d hosts", same, hosts)
	case same > 0:
		s = fmt.Sprintf("; and %d more findings like it", same)
	}
	if len(rules) > 0 {
		s += "; also detected by " + strings.Join(rules, " and ")
	}
	return s
}
