package synth

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// plantMesh has three to five hosts talk to each other on port 443, both ways
// alike.
func (p *Plan) plantMesh(c *cast) {
	size := 3
	if c.full {
		size += p.stream("internal-p2p").IntN(3)
	}
	members := c.takeN(size)
	for _, from := range members {
		var flows []flow.Record
		for _, to := range members {
			if from == to {
				continue
			}
			r := p.stream("internal-p2p", from.name, to.name)
			n := p.planted(24, 6)
			v := visit{dst: to.addr, proto: flow.TCP, port: 443, ratio: 1, sigma: [2]float64{0.5, 0.08}}
			v.up = r.logUniform(70e3, 420e3) * p.opts.Strength / float64(n)
			// A few bursts: commands and what they brought.
			for b := range 3 {
				start := hours(r.between(5, 22))
				for i := range n/3 + min(1, max(0, n%3-b)) {
					flows = append(flows, v.flow(r, start+flow.Time(i)*20*flow.Second+flow.Time(r.Uint32N(1500)), from.addr))
				}
			}
		}
		p.plant(testDay, "internal-p2p", fmt.Sprintf("talks to the %d other members of a mesh, as much either way", size-1), flows)
	}
}

// usualDNS is the mean number of DNS requests of a host in a day.
func (p *Plan) usualDNS() float64 {
	return dnsShare * float64(p.opts.Flows) / float64(p.opts.Hosts)
}

// plantDNS has hosts take commands over DNS: by many requests to the
// organisation's servers, and by large ones to a resolver outside.
func (p *Plan) plantDNS(c *cast) {
	for _, h := range c.takeN(c.several(3)) {
		r := p.stream("dns-c2", h.name)
		n := max(150, p.usualDNS()*r.between(6, 9)) * p.opts.Strength
		first := hours(r.between(6, 11))
		length := hours(r.between(6, 10))
		var flows []flow.Record
		for _, t := range rhythm(r, first, first+length, float64(length)/n, 0.6) {
			v := dns(dnsServers[pickServer(r, h.preferences.primaryDNS)])
			v.up, v.ratio = 215, 1.7 // What is sent hides in longer names.
			flows = append(flows, v.flow(r, t, h.addr))
		}
		p.plant(testDay, "dns-c2", plural(len(flows), "DNS request")+" of a tunnel to the internal servers, which relay them", flows)
	}
	h := c.take()
	r := p.stream("dns-c2", "outside", h.name)
	v := dns(p.pool.reserve(r, "NL", "LeaseWeb Netherlands B.V.", 1)[0])
	v.up, v.ratio, v.sigma = 1900, 1.3, [2]float64{0.4, 0.4}
	first := hours(r.between(8, 12))
	var flows []flow.Record
	for _, t := range anyTime(r, p.planted(400, 60), first, first+hours(6)) {
		flows = append(flows, v.flow(r, t, h.addr))
	}
	p.plant(testDay, "dns-c2", plural(len(flows), "DNS request")+" of about 2 kB to an external resolver that no other host uses", flows)
}

// plantBeacon has a host call one address at a fixed period, give or take.
func (p *Plan) plantBeacon(h *host) {
	r := p.stream("beacon", h.name)
	v := https(p.pool.reserve(r, "DE", "Hetzner Online GmbH", 1)[0], 1100, 5)
	v.sigma = [2]float64{0.1, 0.15}
	first := hours(r.between(5, 8))
	var flows []flow.Record
	for _, t := range evenly(r, p.planted(280, 110), first, hours(23.8), 0.08) {
		flows = append(flows, v.flow(r, t, h.addr))
	}
	every := (flows[len(flows)-1].Time - flows[0].Time) / flow.Time(max(1, len(flows)-1)) / flow.Second
	p.plant(testDay, "beacon", fmt.Sprintf("calls one address of Hetzner every %d seconds, give or take 8 percent", every), flows)
}

// plantScan has a host try ports of the other hosts; none answers.
func (p *Plan) plantScan(h *host) {
	r := p.stream("internal-scan", h.name)
	ports := []uint16{445, 3389, 22}
	targets := slices.DeleteFunc(slices.Clone(p.hosts), func(o *host) bool { return o == h })
	r.Shuffle(len(targets), func(i, j int) { targets[i], targets[j] = targets[j], targets[i] })
	n := max(5, int(float64(len(targets))*min(1, 0.7*p.opts.Strength)))
	t := hours(r.between(9, 19))
	var flows []flow.Record
	for _, target := range targets[:min(n, len(targets))] {
		for _, port := range ports {
			flows = append(flows, flow.Record{Time: t, Src: h.addr, Dst: target.addr, Proto: flow.TCP, Port: port, Up: 60 * int64(1+r.IntN(3))})
			t = min(t+flow.Time(r.ExpFloat64()*float64(flow.Second)), flow.Day-1)
		}
	}
	p.plant(testDay, "internal-scan", fmt.Sprintf("tries ports 22, 445 and 3389 of %s; none answers", plural(len(flows)/len(ports), "internal host")), flows)
}

// plantFastExfiltration has hosts upload a few huge files to a cloud drive in
// the morning, minutes apart.
func (p *Plan) plantFastExfiltration(c *cast) {
	drives := []struct {
		addr  netip.Addr
		owner string
	}{{googleDrive, "Google"}, {oneDrive, "Microsoft"}}
	for _, drive := range drives[:c.several(len(drives))] {
		h := c.take()
		r := p.stream("exfiltration", "fast", h.name)
		t := hours(r.between(8.5, 10.5))
		var flows []flow.Record
		for range 5 + r.IntN(4) {
			up := r.logUniform(50e6, 460e6)
			flows = append(flows, flow.Record{
				Time: t, Src: h.addr, Dst: drive.addr, Proto: flow.TCP, Port: 443,
				Up:   int64(up * p.opts.Strength),
				Down: int64(up * p.opts.Strength / r.between(60, 110)),
			})
			t += flow.Time(1+r.IntN(4))*20*flow.Minute/10 + flow.Time(r.Uint32N(uint32(2*flow.Second)))
		}
		p.plant(testDay, "exfiltration", plural(len(flows), "upload")+" of 50 to 460 MB to a cloud drive of "+drive.owner, flows)
	}
}

// plantSlowExfiltration has a host upload about a megabyte at a time, all day
// long, to one address of a cloud storage provider that it never used.
func (p *Plan) plantSlowExfiltration(h *host) {
	r := p.stream("exfiltration", "slow", h.name)
	dst := p.pool.reserve(r, "US", "Dropbox, Inc.", 1)[0]
	v := https(dst, 1e6*p.opts.Strength, 1.0/40)
	v.sigma = [2]float64{0.4, 0.3}
	var flows []flow.Record
	for _, t := range anyTime(r, p.scaled(400, 120), hours(0.5), hours(23.5)) {
		flows = append(flows, v.flow(r, t, h.addr))
	}
	p.plant(testDay, "exfiltration", plural(len(flows), "modest upload")+" to one address of Dropbox, all day long", flows)
}
