package detect

import (
	"net/netip"

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

// Services lists the internal services and tells servers from peers.
func Services(in Input) ServicesResult { return ServicesResult{} }
