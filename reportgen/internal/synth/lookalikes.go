package synth

import (
	"net/netip"

	"github.com/flowbook/flowbook/pkg/flow"
)

// officeDays are the days of the organisation's hosts.
func officeDays() []dayName { return []dayName{dataDay, testDay} }

// addBackup has a host upload gigabytes at night, on both days.
func (p *Plan) addBackup(h *host) {
	dst := p.pool.reserve(p.stream("backup"), "IE", "Amazon.com, Inc.", 1)[0]
	for _, name := range officeDays() {
		r := p.stream(string(name), "backup")
		for _, t := range evenly(r, 24, hours(2), hours(3.2), 0.3) {
			up := r.logUniform(60e6, 140e6)
			p.also(name, flow.Record{Time: t, Src: h.addr, Dst: dst, Proto: flow.TCP, Port: 443, Up: int64(up), Down: int64(up / r.between(80, 120))})
		}
	}
	p.harmless(h.addr, "backup", "uploads about 2 GB to Amazon between 2 and 3 at night, on both days")
}

// addDownloads has a user download much, twice as much on the test day.
func (p *Plan) addDownloads(h *host) {
	dst := p.pool.reserve(p.stream("downloads"), "US", "Netflix Streaming Services Inc.", 1)[0]
	for _, name := range officeDays() {
		r := p.stream(string(name), "downloads")
		n := 20
		if name == testDay {
			n *= 2
		}
		for _, t := range anyTime(r, n, hours(11), hours(23)) {
			down := r.logUniform(80e6, 900e6)
			p.also(name, flow.Record{Time: t, Src: h.addr, Dst: dst, Proto: flow.TCP, Port: 443, Up: int64(down / r.between(60, 90)), Down: int64(down)})
		}
	}
	p.harmless(h.addr, "downloads", "downloads several GB of video on both days, more on the test day")
}

// addCalls has a user make video calls, which send as much as they receive.
func (p *Plan) addCalls(h *host) {
	dsts := p.pool.reserveIn(p.stream("calls"), "52.112.0.0/14", 2)
	for _, name := range officeDays() {
		r := p.stream(string(name), "calls")
		for _, hour := range []float64{9.5, 11, 14.5, 16} {
			t := hours(hour + r.between(-0.2, 0.2))
			for range 3 + r.IntN(5) {
				v := visit{dst: dsts[r.IntN(2)], proto: flow.UDP, port: 443, up: 30e6, ratio: 1, sigma: [2]float64{0.4, 0.1}}
				p.also(name, v.flow(r, t, h.addr))
				t += flow.Time(r.between(3, 8) * float64(flow.Minute))
			}
		}
	}
	p.harmless(h.addr, "video-calls", "calls over Microsoft on both days, with as much up as down")
}

// addPoller has a device report its state at a fixed period, on both days.
func (p *Plan) addPoller(h *host) {
	v := https(p.pool.reserveIn(p.stream("poller"), "20.40.0.0/13", 1)[0], 700, 1.5)
	v.sigma = [2]float64{0.05, 0.05}
	for _, name := range officeDays() {
		r := p.stream(string(name), "poller")
		for _, t := range evenly(r, p.scaled(288, 96), 0, flow.Day, 0.01) {
			p.also(name, v.flow(r, t, h.addr))
		}
	}
	p.harmless(h.addr, "telemetry", "reports to Microsoft at a fixed period on both days")
}

// addHeavyDNS has a host resolve five times as many names as others do, on
// both days.
func (p *Plan) addHeavyDNS(h *host) {
	for _, name := range officeDays() {
		r := p.stream(string(name), "heavy-dns")
		for times := range sessions(h.clock, int(5*p.usualDNS()), r) {
			for _, t := range times {
				p.also(name, h.resolve(r).flow(r, t, h.addr))
			}
		}
	}
	p.harmless(h.addr, "heavy-dns", "checks links for a living: five times the usual DNS requests, on both days")
}

// addPublicDNS has a host ask a public resolver too, on both days.
func (p *Plan) addPublicDNS(h *host) {
	for _, name := range officeDays() {
		r := p.stream(string(name), "public-dns")
		for times := range sessions(h.clock, p.scaled(300, 30), r) {
			for _, t := range times {
				p.also(name, dns(publicDNS).flow(r, t, h.addr))
			}
		}
	}
	p.harmless(h.addr, "public-dns", "asks Google's public DNS besides the internal servers, on both days")
}

// addUpdates has many hosts fetch a software update on the test day, from an
// address that no host used before.
func (p *Plan) addUpdates(ordinary []*host) {
	r := p.stream("updates")
	dst := p.pool.reserve(r, "US", "Akamai International B.V.", 1)[0]
	for _, h := range ordinary {
		if !r.chance(0.3) {
			continue
		}
		down := r.logUniform(4e6, 25e6)
		p.also(testDay, flow.Record{
			Time: moment(h.clock, r), Src: h.addr, Dst: dst, Proto: flow.TCP, Port: 443,
			Up: int64(down / r.between(80, 120)), Down: int64(down),
		})
		p.harmless(h.addr, "software-update", "fetches an update from an address of Akamai that is new on the test day")
	}
}

// addLargeUploads has some ordinary users, others on each day, send a single
// large file to a cloud drive, as anyone does now and then: up to what a host
// of this sample uploads in a day, and to 40 MB.
func (p *Plan) addLargeUploads(ordinary []*host) {
	const share = 0.03
	largest := min(40e6, httpsUp*float64(p.opts.Flows/p.opts.Hosts))
	for _, name := range officeDays() {
		r := p.stream(string(name), "large-uploads")
		for _, h := range ordinary {
			if !r.chance(share) {
				continue
			}
			up := r.logUniform(largest/4, largest)
			dst := []netip.Addr{googleDrive, oneDrive}[r.IntN(2)]
			p.also(name, flow.Record{
				Time: moment(h.clock, r), Src: h.addr, Dst: dst, Proto: flow.TCP, Port: 443,
				Up: int64(up), Down: int64(up / r.between(60, 110)),
			})
			if name == testDay {
				p.harmless(h.addr, "large-upload", "sends one large file to a cloud drive, as others did on the normal day")
			}
		}
	}
}

// addNewcomers names the hosts that are there on the test day only.
func (p *Plan) addNewcomers() {
	for _, h := range p.hosts {
		if h.joined {
			p.harmless(h.addr, "new-host", "is there on the test day only, and works as everyone does")
		}
	}
}
