package synth

import (
	"net/netip"

	"github.com/flowbook/flowbook/pkg/flow"
)

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
