package detect

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// Role is what an internal service is to its network.
type Role string

// The roles of an internal service.
const (
	RoleDNS    Role = "dns"    // a server on port 53 or 853
	RoleWeb    Role = "web"    // a server on port 80, 443, 8080 or 8443
	RoleMail   Role = "mail"   // a server on a port of SMTP, POP3 or IMAP
	RoleServer Role = "server" // a server on any other port
	RolePeer   Role = "peer"   // too few hosts use it, or it uses most of its clients itself
)

// Service is an internal address that internal hosts contacted on a port.
type Service struct {
	Addr    netip.Addr
	Proto   flow.Proto
	Port    uint16
	Role    Role
	Clients int     // internal hosts that opened a flow to it
	Share   float64 // clients ÷ internal hosts of the day, 0 to 1
	New     bool    // test day only: the baseline day has no such address, protocol and port
	profile.Counts
}

// ServiceDay is the internal services of one day, most clients first.
type ServiceDay struct {
	Hosts      int // internal hosts that opened a flow
	MinClients int // clients from which a service is a server
	Services   []Service
}

// ServicesResult is the internal services of both days.
type ServicesResult struct {
	Baseline, Test ServiceDay
	Thresholds     []Threshold
}

// A service is a server from serverShare of the day's hosts, but not with
// fewer clients than serverFloor: the members of a mesh of five have four each.
// If there are fewer hosts than that, all others must use it.
const (
	serverShare = 0.1
	serverFloor = 5
)

// Services lists the internal services and separates servers from peers.
func Services(in Input) ServicesResult { return NewContext(in).servicesResult() }

func compareServices(baseline, test ServiceDay) ServicesResult {
	r := ServicesResult{Baseline: baseline, Test: test}
	known := map[serviceKey]bool{}
	for _, s := range r.Baseline.Services {
		known[s.key()] = true
	}
	r.Test.Services = slices.Clone(test.Services)
	for i := range r.Test.Services {
		s := &r.Test.Services[i]
		s.New = !known[s.key()]
	}
	for _, d := range []struct {
		name string
		ServiceDay
	}{{"baseline", r.Baseline}, {"test", r.Test}} {
		r.Thresholds = append(r.Thresholds, Threshold{
			Name: "clients of a server, " + d.name + " day", Value: float64(d.MinClients), Unit: "hosts",
			From: fmt.Sprintf("%.0f %% of the day's %d internal hosts, at least %d, at most all others",
				100*serverShare, d.Hosts, serverFloor),
		})
	}
	return r
}

// serviceKey identifies a service.
type serviceKey struct {
	addr  netip.Addr
	proto flow.Proto
	port  uint16
}

func (s Service) key() serviceKey { return serviceKey{s.Addr, s.Proto, s.Port} }

func keyOf(c *profile.Conversation) serviceKey { return serviceKey{c.Dst, c.Proto, c.Port} }

// services lists the internal services of a day.
func (d *day) services() ServiceDay { return d.serviceList.get(d.listServices) }

func (d *day) listServices() ServiceDay {
	r := ServiceDay{Hosts: d.internalHosts()}
	r.MinClients = minClients(r.Hosts)

	clients := map[serviceKey][]netip.Addr{}
	counts := map[serviceKey]profile.Counts{}
	opened := map[[2]netip.Addr]bool{}
	for c := range d.within() {
		k := keyOf(c)
		clients[k] = append(clients[k], c.Src)
		total := counts[k]
		total.Add(c.Counts)
		counts[k] = total
		opened[[2]netip.Addr{c.Src, c.Dst}] = true
	}
	for k, srcs := range clients {
		back := 0
		for _, src := range srcs {
			if opened[[2]netip.Addr{k.addr, src}] {
				back++
			}
		}
		s := Service{Addr: k.addr, Proto: k.proto, Port: k.port, Role: RolePeer, Counts: counts[k],
			Clients: len(srcs), Share: ratio(int64(len(srcs)), int64(r.Hosts))}
		// A server answers its clients; what opens flows to most of them in
		// turn is one of them.
		if len(srcs) >= r.MinClients && 2*back <= len(srcs) {
			s.Role = serverRole(k.port)
		}
		r.Services = append(r.Services, s)
	}
	slices.SortFunc(r.Services, func(a, b Service) int {
		return cmp.Or(cmp.Compare(b.Clients, a.Clients), a.Addr.Compare(b.Addr),
			cmp.Compare(a.Proto, b.Proto), cmp.Compare(a.Port, b.Port))
	})
	return r
}

// minClients is how many clients make a server in a network of so many hosts.
func minClients(hosts int) int {
	return max(1, min(max(serverFloor, int(serverShare*float64(hosts))), hosts-1))
}

func serverRole(port uint16) Role {
	switch port {
	case 53, 853:
		return RoleDNS
	case 80, 443, 8080, 8443:
		return RoleWeb
	case 25, 110, 143, 465, 587, 993, 995:
		return RoleMail
	}
	return RoleServer
}
