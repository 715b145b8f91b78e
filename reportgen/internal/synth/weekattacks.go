package synth

import (
	"fmt"
	"net/netip"

	"github.com/flowbook/flowbook/pkg/flow"
)

// campaign is when an attack is active: from a day on which its host is on,
// for some days or to the end, and from a day on with another destination.
type campaign struct {
	from, to, moves int
}

// active says whether the attack has flows on a day. Its host must be on.
func (c campaign) active(w *Weeks, m member, d weekday) bool {
	return d.index >= c.from && d.index < c.to && w.on(m, d)
}

// start is the time of day at which the attack begins: any on its first day,
// and the start of the day afterwards.
func (c campaign) start(d weekday, first flow.Time) flow.Time {
	if d.index == c.from {
		return first
	}
	return 0
}

// quietDays is the number of days before attacks begin: a week to learn from,
// if more days follow than a few.
const quietDays = 7

// draw draws a campaign for a host: half of them go on to the end, the others
// stop after three to ten days, and a third moves to another destination after some days.
func (w *Weeks) draw(m member, r rng) campaign {
	earliest := quietDays
	if w.opts.Days < quietDays+4 {
		earliest = w.opts.Days / 3
	}
	c := campaign{to: w.opts.Days, moves: w.opts.Days}
	for range 100 {
		c.from = earliest + r.IntN(max(1, w.opts.Days-earliest-1))
		if w.on(m, w.weekday(c.from, "")) {
			break
		}
	}
	if r.chance(0.5) {
		c.to = min(c.to, c.from+3+r.IntN(8))
	}
	if r.chance(1.0/3) && c.to-c.from > 2 {
		c.moves = c.from + 2 + r.IntN(c.to-c.from-2)
	}
	return c
}

// addAttacks plants attacks of every kind, as many as a tenth of the hosts and
// at most twelve, each on a host of its own.
func (w *Weeks) addAttacks() {
	c := w.cast("attacks")
	// Those who have a job of their own are not attacked, so that the truth says
	// one of each.
	busy := map[netip.Addr]bool{}
	for _, b := range w.truth.Benign {
		busy[b.Entity] = true
	}
	var free []member
	for _, m := range c.free {
		if !busy[m.addr] {
			free = append(free, m)
		}
	}
	c.free = free
	kinds := []func(*weeksCast, rng, int){
		w.attackBeacon, w.attackSlowUpload, w.attackTunnel, w.attackFastUpload, w.attackScan,
		w.attackMesh, w.attackNewCountry, w.attackBeacon, w.attackSwarm, w.attackOutsideDNS, w.attackSlowUpload, w.attackBeacon,
	}
	for i, attack := range kinds[:min(len(kinds), max(4, w.opts.Hosts/10))] {
		if len(c.free) < 6 {
			return
		}
		attack(c, w.plan.stream("attack", fmt.Sprint(i)), i)
	}
}

func attackName(i int) string { return fmt.Sprintf("attack %d", i) }

// dates describes a campaign's days.
func (w *Weeks) dates(c campaign) string {
	text := "from " + w.Date(c.from).Format("2006-01-02")
	if c.to < w.opts.Days {
		text += " to " + w.Date(c.to-1).Format("2006-01-02")
	}
	if c.moves < c.to {
		text += ", with another destination from " + w.Date(c.moves).Format("2006-01-02")
	}
	return text
}

// attackBeacon has a host call a command server at a period of one to thirty
// minutes, give or take up to 30 %, by day and night while it is on.
func (w *Weeks) attackBeacon(c *weeksCast, r rng, i int) {
	m := c.take()
	when := w.draw(m, r)
	period, jitter := flow.Time(r.logUniform(60, 1800))*flow.Second, r.between(0.02, 0.3)
	code := []string{"DE", "NL", "US", "FR"}[r.IntN(4)]
	servers := w.plan.pool.reserve(r, code, "", 2)
	first := hours(r.between(0.5, 17))
	up := r.logUniform(300, 3000)
	w.plant("beacon", fmt.Sprintf("calls a server every %d s, give or take %.0f %%, %s", period/flow.Second, 100*jitter, w.dates(when)),
		activity{attackName(i), func(d weekday) []flow.Record {
			if !when.active(w, m, d) {
				return nil
			}
			a := agent{servers[0], 443, flow.TCP, period, jitter, up}
			if d.index >= when.moves {
				a.dst = servers[1]
			}
			return a.calls(m.addr, when.start(d, first), flow.Day, d.rng)
		}})
}

// attackSlowUpload has a host send some hundred megabytes a day, a few at a
// time, to an address that no host uses.
func (w *Weeks) attackSlowUpload(c *weeksCast, r rng, i int) {
	m := c.take()
	when := w.draw(m, r)
	dsts := []netip.Addr{w.plan.pool.reserve(r, "US", "Dropbox, Inc.", 1)[0], w.plan.pool.reserve(r, "NL", "LeaseWeb Netherlands B.V.", 1)[0]}
	size := r.logUniform(80e6, 600e6)
	w.plant("exfiltration", fmt.Sprintf("uploads about %.0f MB a day to one address, %s", size/1e6, w.dates(when)),
		activity{attackName(i), func(d weekday) (flows []flow.Record) {
			if !when.active(w, m, d) {
				return nil
			}
			dst := dsts[0]
			if d.index >= when.moves {
				dst = dsts[1]
			}
			n := 40 + d.IntN(80)
			for _, t := range anyTime(d.rng, n, hours(8), hours(20)) {
				flows = append(flows, upload(t, m.addr, dst, d.logNormal(size/float64(n), 0.4), d.rng))
			}
			return flows
		}})
}

// attackFastUpload has a host send gigabytes to a cloud drive within an hour, on
// one day.
func (w *Weeks) attackFastUpload(c *weeksCast, r rng, i int) {
	m := c.take()
	when := w.draw(m, r)
	t0, n := hours(r.between(8, 20)), 5+r.IntN(10)
	w.plant("exfiltration", "uploads gigabytes to a cloud drive of Microsoft on "+w.Date(when.from).Format("2006-01-02"),
		activity{attackName(i), func(d weekday) (flows []flow.Record) {
			if d.index != when.from {
				return nil
			}
			for k := range n {
				flows = append(flows, upload(t0+flow.Time(k)*4*flow.Minute, m.addr, oneDrive, d.logUniform(80e6, 500e6), d.rng))
			}
			return flows
		}})
}

// attackTunnel has a host talk through the names that the organisation's own
// DNS servers look up.
func (w *Weeks) attackTunnel(c *weeksCast, r rng, i int) {
	m := c.take()
	when := w.draw(m, r)
	n := max(400, 5*dnsShare*float64(w.hostFlows)) * r.between(1, 2)
	first := hours(r.between(1, 16))
	w.plant("dns-c2", fmt.Sprintf("about %.0f DNS requests a day of a tunnel, %s", n, w.dates(when)),
		activity{attackName(i), func(d weekday) (flows []flow.Record) {
			if !when.active(w, m, d) {
				return nil
			}
			from := when.start(d, first)
			v := dns(dnsServers[pickServer(d.rng, m.preferences.primaryDNS)])
			v.up, v.ratio = 215, 1.7
			for _, t := range rhythm(d.rng, from, min(from+hours(10), flow.Day), float64(hours(10))/n, 0.6) {
				flows = append(flows, v.flow(d.rng, t, m.addr))
			}
			return flows
		}})
}

// attackOutsideDNS has a host send large requests to a resolver outside.
func (w *Weeks) attackOutsideDNS(c *weeksCast, r rng, i int) {
	m := c.take()
	when := w.draw(m, r)
	v := dns(w.plan.pool.reserve(r, "NL", "LeaseWeb Netherlands B.V.", 1)[0])
	v.up, v.ratio, v.sigma = 1900, 1.3, [2]float64{0.4, 0.4}
	w.plant("dns-c2", "large DNS requests to an external resolver that no other host uses, "+w.dates(when),
		activity{attackName(i), func(d weekday) (flows []flow.Record) {
			if !when.active(w, m, d) {
				return nil
			}
			for _, t := range anyTime(d.rng, 200+d.IntN(300), hours(9), hours(18)) {
				flows = append(flows, v.flow(d.rng, t, m.addr))
			}
			return flows
		}})
}

// attackScan has a host try ports of most others on one day; none answers.
func (w *Weeks) attackScan(c *weeksCast, r rng, i int) {
	m := c.take()
	when := w.draw(m, r)
	w.plant("internal-scan", "tries ports 22, 445 and 3389 of other hosts on "+w.Date(when.from).Format("2006-01-02"),
		activity{attackName(i), func(d weekday) (flows []flow.Record) {
			if d.index != when.from {
				return nil
			}
			t := hours(d.between(9, 19))
			for _, o := range w.members {
				if o.host == m.host || !o.present(d.index) || !d.chance(0.7) {
					continue
				}
				for _, port := range []uint16{445, 3389, 22} {
					flows = append(flows, flow.Record{Time: t, Src: m.addr, Dst: o.addr, Proto: flow.TCP, Port: port, Up: 60 * int64(1+d.IntN(3))})
					t = min(t+flow.Time(d.ExpFloat64()*float64(flow.Second)), flow.Day-1)
				}
			}
			return flows
		}})
}

// attackMesh has three hosts pass commands on to each other.
func (w *Weeks) attackMesh(c *weeksCast, r rng, i int) {
	hosts := []member{c.take(), c.take(), c.take()}
	when := w.draw(hosts[0], r)
	for j, from := range hosts {
		w.plant("internal-p2p", "talks to the two other members of a mesh, as much either way, "+w.dates(when),
			activity{fmt.Sprintf("%s, %d", attackName(i), j), func(d weekday) (flows []flow.Record) {
				// The mesh is there while all its members are.
				for _, m := range hosts {
					if !when.active(w, m, d) {
						return nil
					}
				}
				for _, to := range hosts {
					if to.host == from.host {
						continue
					}
					v := visit{dst: to.addr, proto: flow.TCP, port: 443, up: 9000, ratio: 1, sigma: [2]float64{0.5, 0.08}}
					for range 3 {
						start := hours(d.between(5, 22))
						for k := range 3 + d.IntN(6) {
							flows = append(flows, v.flow(d.rng, start+flow.Time(k)*20*flow.Second+flow.Time(d.Uint32N(1500)), from.addr))
						}
					}
				}
				return flows
			}})
	}
}

// attackNewCountry has a host work with sites in a country that no host had
// business with.
func (w *Weeks) attackNewCountry(c *weeksCast, r rng, i int) {
	m := c.take()
	when := w.draw(m, r)
	sites := w.plan.pool.reserve(r, newCountry, "", 8)
	w.plant("new-country", "works with sites in Russia, which no host contacted before, "+w.dates(when),
		activity{attackName(i), func(d weekday) []flow.Record {
			if !when.active(w, m, d) {
				return nil
			}
			return w.plan.visits(m.host, 100+d.IntN(200), sites, 16_000, d.rng)
		}})
}

// attackSwarm has a host take part in a network of peers outside, on ports of
// their own.
func (w *Weeks) attackSwarm(c *weeksCast, r rng, i int) {
	m := c.take()
	when := w.draw(m, r)
	var peers []netip.Addr
	var ports []uint16
	for range 60 {
		peers = append(peers, w.plan.pool.reserve(r, []string{"PT", "US", "GB", "ES", "FR", "BR"}[r.IntN(6)], "", 1)[0])
		ports = append(ports, uint16(10_000+r.IntN(50_000)))
	}
	w.plant("external-p2p", "exchanges commands with sixty peers on ports of their own, "+w.dates(when),
		activity{attackName(i), func(d weekday) (flows []flow.Record) {
			if !when.active(w, m, d) {
				return nil
			}
			for _, t := range anyTime(d.rng, 300+d.IntN(300), 0, flow.Day) {
				k := d.IntN(len(peers))
				v := visit{dst: peers[k], proto: flow.UDP, port: ports[k], up: 200, ratio: 0.8, sigma: [2]float64{0.4, 1}}
				flows = append(flows, v.flow(d.rng, t, m.addr))
			}
			return flows
		}})
}
