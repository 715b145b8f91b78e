package detect

import (
	"net/netip"
	"slices"
)

// Context holds the days of an input and what rules derive from them in
// common, such as services, uploads and calls. Each is computed once, on first
// use, and so is the result of each rule at each sensitivity. A Context is not
// safe for concurrent use.
type Context struct {
	in       Input
	baseline *day
	test     *day
	servers  *day
	runs     map[runKey]outcomer

	services lazy[ServicesResult]
	roles    lazy[map[serviceKey]Role]
	uploads  lazy[uploadLimits]
}

// NewContext returns the context of an input. It computes nothing yet. The
// input must not change afterwards.
func NewContext(in Input) *Context {
	locations := newLocations(in.Geo)
	return &Context{in: in, runs: map[runKey]outcomer{},
		baseline: newDay(in.Baseline, in.Internal, locations),
		test:     newDay(in.Test, in.Internal, locations),
		servers:  newDay(in.Servers, in.Internal, locations)}
}

func (c *Context) sensitivity() float64 {
	if c.in.Sensitivity > 0 {
		return c.in.Sensitivity
	}
	return DefaultSensitivity
}

// lazy is a value that is computed on first use.
type lazy[T any] struct {
	value T
	known bool
}

func (l *lazy[T]) get(compute func() T) T {
	if !l.known {
		l.value, l.known = compute(), true
	}
	return l.value
}

// servicesResult is the internal services of both days.
func (c *Context) servicesResult() ServicesResult {
	return c.services.get(func() ServicesResult { return compareServices(c.baseline.services(), c.test.services()) })
}

// serverRoles returns the internal servers of either day with their roles.
func (c *Context) serverRoles() map[serviceKey]Role {
	return c.roles.get(func() map[serviceKey]Role {
		roles := map[serviceKey]Role{}
		r := c.servicesResult()
		for _, s := range slices.Concat(r.Baseline.Services, r.Test.Services) {
			if s.Role != RolePeer {
				roles[s.key()] = s.Role
			}
		}
		return roles
	})
}

// dnsServers returns the internal DNS servers of either day; sorted.
func (c *Context) dnsServers() []netip.Addr {
	var addrs []netip.Addr
	for k, role := range c.serverRoles() {
		if role == RoleDNS {
			addrs = append(addrs, k.addr)
		}
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	return slices.Compact(addrs)
}

// uploadLimits is what the days teach about uploads.
func (c *Context) uploadLimits() uploadLimits {
	return c.uploads.get(func() uploadLimits { return learnUploads(c.baseline.uploads(), c.test.uploads()) })
}
