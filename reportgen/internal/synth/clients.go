package synth

import (
	"fmt"
	"net/netip"

	"github.com/flowbook/flowbook/pkg/flow"
)

// client is an address outside that uses the organisation's public servers.
type client struct {
	addr   netip.Addr
	name   string
	weight float64 // flows, as a multiple of the mean
	ratio  float64 // download over upload
	clocks []*clock
}

// The clients' day: its flows as a share of a day, the minimum mean number
// of a client, and the upload/download ratio, 0.118 in the coursework report.
const (
	clientShare    = 0.25
	clientFlows    = 150
	fewestClients  = 24
	clientUpToDown = 0.118
)

// newClients draws the users of the public servers: most from one
// network of a Portuguese provider, some from others and from abroad.
func (p *Plan) newClients() []*client {
	n := int(clientShare * float64(p.opts.Flows) / clientFlows)
	n = min(max(n, fewestClients), max(p.opts.Hosts, fewestClients))
	r := p.stream("clients")
	clients := make([]*client, n)
	for i := range clients {
		clients[i] = p.newClient(r)
	}
	return clients
}

// homeNetwork is where most clients are. It has room for this many.
const (
	homeNetwork = "82.155.120.0/24"
	homeClients = 180
)

// newClient draws a client who is a person.
func (p *Plan) newClient(r rng) *client {
	var from weighted[string]
	if p.pool.count(homeNetwork) < homeClients {
		from.add(homeNetwork, 75)
	}
	from.add("2.80.0.0/14", 6)
	from.add("95.92.0.0/14", 6)
	from.add("93.108.0.0/16", 5)
	from.add("80.24.0.0/13", 3)
	from.add("91.121.0.0/16", 2)
	from.add("86.128.0.0/10", 2)
	from.add("200.147.0.0/16", 1)
	c := &client{addr: p.pool.reserveIn(r, from.pick(r), 1)[0]}
	c.name = c.addr.String()
	c.weight = min(max(r.logNormal(1, 0.35), 0.4), 2.5)
	c.ratio = 1 / clientUpToDown * (1 + 0.005*r.NormFloat64())
	c.clocks = []*clock{newClock(r)}
	return c
}

// visit draws a flow of a client to the public servers.
func (c *client) visit(r rng) visit {
	v := visit{dst: publicServers[0], proto: flow.TCP, port: 443, up: 9000, ratio: c.ratio, sigma: [2]float64{1, 0.15}}
	switch x := r.Float64(); {
	case x < 0.02:
		v.dst, v.proto, v.port, v.up, v.ratio = publicServers[3], flow.UDP, 53, dnsUp, dnsRatio
	case x < 0.04:
		v.dst, v.port, v.up, v.ratio = publicServers[2], 25, 30_000, 0.04
	case x < 0.08:
		v.port, v.up = 80, 700
	case x < 0.38:
		v.dst = publicServers[1]
	}
	return v
}

// clientDay adds the activity of external users on the servers.
func (p *Plan) clientDay(d *day) {
	total := 0.0
	for _, c := range p.clients {
		total += c.weight
	}
	flows := clientShare * float64(p.opts.Flows)
	for _, c := range p.clients {
		r := p.stream(string(d.name), c.name, "sessions")
		n := flows * c.weight / total / float64(len(c.clocks))
		for _, clock := range c.clocks {
			for times := range sessions(clock, int(n), r) {
				for _, t := range times {
					d.add(c.visit(r).flow(r, t, c.addr))
				}
			}
		}
	}
}

// usualClient is the mean number of flows of a client.
func (p *Plan) usualClient() float64 {
	return clientShare * float64(p.opts.Flows) / float64(len(p.clients))
}

// plantAutomation adds clients that are programs: as many flows and bytes as
// a person, but at regular gaps for half a day.
func (p *Plan) plantAutomation() {
	for i, cv := range []float64{0.2, 0.35, 0.5} {
		r := p.stream("external-automation", fmt.Sprint(i))
		c := p.newClient(r)
		n := p.usualClient() * r.between(0.8, 1.2) * p.opts.Strength
		first := hours(r.between(7, 10))
		length := hours(r.between(9, 12))
		var flows []flow.Record
		for _, t := range rhythm(r, first, first+length, float64(length)/n, cv) {
			flows = append(flows, c.visit(r).flow(r, t, c.addr))
		}
		p.plant(serversDay, "external-automation", fmt.Sprintf("%s at gaps that vary by %.0f percent only", plural(len(flows), "flow"), 100*cv), flows)
	}
}

// addOddClients makes some clients unusual: users who do much, and a service
// that watches the servers. The latter is a program, regular as those planted
// are; that it is wanted is for an allow-list to know.
func (p *Plan) addOddClients() {
	p.clients[0].weight = 5
	p.harmless(p.clients[0].addr, "busy-client", "five times the usual flows, at a person's rhythm")

	office := p.clients[1]
	office.weight = 5
	r := p.stream("office-client")
	for range 4 {
		office.clocks = append(office.clocks, newClock(r))
	}
	p.harmless(office.addr, "shared-client", "five users behind one address")

	r = p.stream("monitoring-client")
	watcher := p.pool.reserveIn(r, "88.198.0.0/16", 1)[0]
	v := visit{dst: publicServers[0], proto: flow.TCP, port: 443, up: 450, ratio: 1.4, sigma: [2]float64{0.02, 0.02}}
	for _, t := range evenly(r, p.scaled(288, 96), 0, flow.Day, 0.01) {
		p.also(serversDay, v.flow(r, t, watcher))
	}
	p.harmless(watcher, "monitoring", "a hired service asks for one page at a fixed period, day and night; its rhythm is a program's")
}
