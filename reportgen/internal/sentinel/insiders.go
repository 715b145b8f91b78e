package sentinel

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// Insiders says what the destinations of a subnet are to their network, as far
// as far as one day shows.
type Insiders struct {
	Servers []Server       // most clients first
	Peers   int            // destinations that are not servers
	Meshes  [][]netip.Addr // three peers or more that hang together by flows both ways; each sorted, the largest first
	Busiest netip.Addr     // who contacted most peers
	Reached int            // how many those are
}

// Server is a destination that many hosts use.
type Server struct {
	Addr    netip.Addr
	Role    detect.Role
	Clients int
}

// newInsiders identifies the servers among the destinations of a subnet, by
// detect.Services, which goes by the share of the day's internal hosts that use
// them, and what the others do among themselves.
func newInsiders(p *profile.Profile, internal flow.Networks, s Subnet) Insiders {
	var in Insiders
	servers := map[netip.Addr]bool{}
	for _, service := range detect.Services(detect.Input{Test: p, Internal: internal}).Test.Services {
		if service.Role != detect.RolePeer && s.Network.Contains(service.Addr) && !servers[service.Addr] {
			servers[service.Addr] = true
			in.Servers = append(in.Servers, Server{service.Addr, service.Role, service.Clients})
		}
	}
	opened := map[[2]netip.Addr]bool{}
	reached := map[netip.Addr]int{}
	for _, r := range s.Rows {
		if servers[r.Dst] {
			continue
		}
		in.Peers++
		for _, src := range r.Sources {
			if src != r.Dst {
				opened[[2]netip.Addr{src, r.Dst}] = true
				reached[src]++
			}
		}
	}
	in.Meshes = meshes(opened)
	for src, n := range reached {
		if cmp.Or(cmp.Compare(n, in.Reached), in.Busiest.Compare(src)) > 0 {
			in.Busiest, in.Reached = src, n
		}
	}
	return in
}

// leastMesh is how many hosts make a mesh: of two that talk to each other there
// are many, such as a client that a server calls back.
const leastMesh = 3

// meshes returns the groups of hosts that hang together by pairs that opened
// flows in both directions.
func meshes(opened map[[2]netip.Addr]bool) [][]netip.Addr {
	partners := map[netip.Addr][]netip.Addr{}
	for pair := range opened {
		if opened[[2]netip.Addr{pair[1], pair[0]}] {
			partners[pair[0]] = append(partners[pair[0]], pair[1])
		}
	}
	seen := map[netip.Addr]bool{}
	var all [][]netip.Addr
	for _, start := range slices.SortedFunc(maps.Keys(partners), netip.Addr.Compare) {
		var group []netip.Addr
		for next := []netip.Addr{start}; len(next) > 0; {
			host := next[len(next)-1]
			next = next[:len(next)-1]
			if !seen[host] {
				seen[host] = true
				group = append(group, host)
				next = append(next, partners[host]...)
			}
		}
		if len(group) >= leastMesh {
			slices.SortFunc(group, netip.Addr.Compare)
			all = append(all, group)
		}
	}
	slices.SortStableFunc(all, func(a, b []netip.Addr) int { return cmp.Compare(len(b), len(a)) })
	return all
}
