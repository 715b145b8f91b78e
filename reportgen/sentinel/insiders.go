package sentinel

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// Insiders says what the destinations of a subnet are to their network, as far
// as one day tells.
type Insiders struct {
	Servers []Server     // most clients first
	Peers   int          // destinations that are no server
	Mesh    []netip.Addr // peers that open flows to each other both ways; sorted
	Busiest netip.Addr   // who contacted most peers
	Reached int          // how many those are
}

// Server is a destination that many hosts use.
type Server struct {
	Addr    netip.Addr
	Role    detect.Role
	Clients int
}

// NewInsiders tells the servers among the destinations of a subnet, by
// detect.Services, which goes by the share of the day's internal hosts that use
// them, and what the others do among themselves.
func NewInsiders(p *profile.Profile, internal flow.Networks, s Subnet) Insiders {
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
	for pair := range opened {
		if opened[[2]netip.Addr{pair[1], pair[0]}] {
			in.Mesh = append(in.Mesh, pair[0]) // its partner comes with the other direction
		}
	}
	slices.SortFunc(in.Mesh, netip.Addr.Compare)
	in.Mesh = slices.Compact(in.Mesh)
	for src, n := range reached {
		if cmp.Or(cmp.Compare(n, in.Reached), in.Busiest.Compare(src)) > 0 {
			in.Busiest, in.Reached = src, n
		}
	}
	return in
}
