package synth

import (
	"fmt"
	"math"
	"net/netip"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
)

// addJobs adds what programs do for the organisation: jobs of the night, the
// week and the month, services that report home, rollouts, and users with
// habits of their own.
func (w *Weeks) addJobs() {
	c := w.cast("jobs")
	w.addNightlyBackup(c.take())
	w.addPayroll(c.take())
	w.addScanner(c.take())
	w.addDownloader(c.take())
	w.addLinkChecker(c.take())
	w.addUploads()
	w.addCallers()
	w.addAgents()
	w.addDevices()
	w.addRollouts()
	w.addOddities()
	w.addFileShares()
}

// cast gives each role a host of its own that is there on all days.
func (w *Weeks) cast(label string) *weeksCast {
	c := &weeksCast{}
	for _, m := range w.members {
		if !m.machine && m.from == 0 && m.to == w.opts.Days {
			c.free = append(c.free, m)
		}
	}
	r := w.plan.stream("roles", label)
	r.Shuffle(len(c.free), func(i, j int) { c.free[i], c.free[j] = c.free[j], c.free[i] })
	return c
}

type weeksCast struct{ free []member }

func (c *weeksCast) take() member {
	m := c.free[0]
	c.free = c.free[1:]
	return m
}

func (w *Weeks) job(name string, run func(d weekday) []flow.Record) {
	w.activities = append(w.activities, activity{"job " + name, run})
}

// upload is one large transfer out.
func upload(t flow.Time, src, dst netip.Addr, up float64, r rng) flow.Record {
	return flow.Record{Time: t, Src: src, Dst: dst, Proto: flow.TCP, Port: 443, Up: int64(up), Down: int64(up / r.between(60, 110))}
}

// addNightlyBackup has a host upload changes each night and everything on
// Saturday night; now and then a night fails and the next one has twice as much.
func (w *Weeks) addNightlyBackup(m member) {
	dst := w.plan.pool.reserve(w.plan.stream("week backup"), "IE", "Amazon.com, Inc.", 1)[0]
	failed := func(i int) bool { return w.plan.stream("backup failed", fmt.Sprint(i)).chance(0.04) }
	w.job("backup", func(d weekday) (flows []flow.Record) {
		if failed(d.index) {
			return nil
		}
		size := d.logNormal(1.2e9, 0.3)
		if d.date.Weekday() == time.Saturday {
			size *= 8
		}
		if d.index > 0 && failed(d.index-1) {
			size *= 2
		}
		n := 12 + d.IntN(12)
		for _, t := range evenly(d.rng, n, hours(1.5), hours(3), 0.3) {
			flows = append(flows, upload(t, m.addr, dst, size/float64(n)*d.between(0.7, 1.3), d.rng))
		}
		return flows
	})
	w.harmless(m.host, "backup", "uploads 1 to 2 GB each night and eight times as much on Saturdays")
}

// addPayroll has a user upload to a bank on Fridays and, ten times as much, on
// the last working day of the month.
func (w *Weeks) addPayroll(m member) {
	dst := w.plan.pool.reserve(w.plan.stream("week payroll"), "PT", "NOS COMUNICACOES, S.A.", 1)[0]
	w.job("payroll", func(d weekday) (flows []flow.Record) {
		size := 0.0
		if d.date.Weekday() == time.Friday {
			size = 25e6
		}
		if d.lastOfMonth() {
			size = 250e6
		}
		for _, t := range anyTime(d.rng, int(math.Ceil(size/40e6)), hours(14), hours(17)) {
			flows = append(flows, upload(t, m.addr, dst, d.logNormal(30e6, 0.3), d.rng))
		}
		return flows
	})
	w.harmless(m.host, "month-end", "uploads to a bank on Fridays, and ten times as much on the last working day of the month")
}

// addScanner has a host look for weaknesses of all others on Wednesday nights.
func (w *Weeks) addScanner(m member) {
	w.job("scanner", func(d weekday) (flows []flow.Record) {
		if d.date.Weekday() != time.Wednesday {
			return nil
		}
		t := hours(22)
		for _, o := range w.members {
			if o.host == m.host || !o.present(d.index) {
				continue
			}
			for _, port := range []uint16{22, 80, 135, 443, 445, 3389} {
				flows = append(flows, flow.Record{Time: t, Src: m.addr, Dst: o.addr, Proto: flow.TCP, Port: port, Up: 60, Down: 54})
				t = min(t+flow.Time(d.IntN(40)), flow.Day-1)
			}
		}
		return flows
	})
	w.harmless(m.host, "vulnerability-scanner", "scans all hosts on Wednesday nights")
}

// addDownloader has a user watch films.
func (w *Weeks) addDownloader(m member) {
	dst := w.plan.pool.reserve(w.plan.stream("week downloads"), "US", "Netflix Streaming Services Inc.", 1)[0]
	w.job("downloads", func(d weekday) (flows []flow.Record) {
		if !w.on(m, d) {
			return nil
		}
		for _, t := range anyTime(d.rng, 5+d.IntN(30), hours(11), hours(23)) {
			down := d.logUniform(80e6, 900e6)
			flows = append(flows, flow.Record{Time: t, Src: m.addr, Dst: dst, Proto: flow.TCP, Port: 443, Up: int64(down / d.between(60, 90)), Down: int64(down)})
		}
		return flows
	})
	w.harmless(m.host, "downloads", "downloads several GB of video")
}

// addLinkChecker has a host resolve five times as many names as others do.
func (w *Weeks) addLinkChecker(m member) {
	w.job("link checker", func(d weekday) (flows []flow.Record) {
		if !w.on(m, d) {
			return nil
		}
		for times := range sessions(m.clock, int(5*dnsShare*float64(w.hostFlows)*d.logNormal(1, 0.2)), d.rng) {
			for _, t := range times {
				flows = append(flows, m.resolve(d.rng).flow(d.rng, t, m.addr))
			}
		}
		return flows
	})
	w.harmless(m.host, "heavy-dns", "checks links for a living: five times the usual DNS requests")
}

// addUploads has anyone send a large file to a cloud drive now and then.
func (w *Weeks) addUploads() {
	const share = 0.03 // of the hosts, on a working day
	w.job("large uploads", func(d weekday) (flows []flow.Record) {
		for _, m := range w.members {
			if !d.chance(share) || m.machine || !w.on(m, d) {
				continue
			}
			dst := []netip.Addr{googleDrive, oneDrive}[d.IntN(2)]
			flows = append(flows, upload(moment(m.clock, d.rng), m.addr, dst, d.logUniform(3e6, 60e6), d.rng))
		}
		return flows
	})
}

// addCallers has a third of the users make video calls on some days.
func (w *Weeks) addCallers() {
	r := w.plan.stream("week calls")
	relays := w.plan.pool.reserveIn(r, "52.112.0.0/14", 12)
	w.job("video calls", func(d weekday) (flows []flow.Record) {
		for _, m := range w.members {
			if !d.chance(0.2) || m.machine || d.weekend() || !w.on(m, d) {
				continue
			}
			for range 1 + d.IntN(3) {
				v := visit{dst: relays[d.IntN(len(relays))], proto: flow.UDP, port: 3478, up: d.logUniform(20e6, 400e6), ratio: 1, sigma: [2]float64{0.3, 0.15}}
				flows = append(flows, v.flow(d.rng, hours(d.between(9, 17)), m.addr))
			}
		}
		return flows
	})
}

// agent is a program that reports to its maker at a period while its host is on.
type agent struct {
	dst    netip.Addr
	port   uint16
	proto  flow.Proto
	period flow.Time
	jitter float64 // of the period
	up     float64
}

func (a agent) calls(src netip.Addr, first, last flow.Time, r rng) (flows []flow.Record) {
	v := visit{dst: a.dst, proto: a.proto, port: a.port, up: a.up, ratio: 1.5, sigma: [2]float64{0.08, 0.1}}
	for t := first + flow.Time(r.between(0, float64(a.period))); t < last; t += flow.Time(float64(a.period) * (1 + r.between(-a.jitter, a.jitter))) {
		flows = append(flows, v.flow(r, t, src))
	}
	return flows
}

// hoursOn returns from when to when a host is on.
func (m member) hoursOn(r rng) (first, last flow.Time) {
	if m.machine {
		return 0, flow.Day
	}
	first = hours(r.between(7, 9.5))
	return first, first + hours(r.between(7.5, 10.5))
}

// addAgents gives most hosts the programs that an organisation has everywhere:
// protection, management and the time.
func (w *Weeks) addAgents() {
	r := w.plan.stream("week agents")
	type spread struct {
		agent
		share float64
	}
	for i, s := range []spread{
		{agent{w.plan.pool.reserveIn(r, "20.40.0.0/13", 1)[0], 443, flow.TCP, 30 * flow.Minute, 0.1, 1800}, 0.9},
		{agent{w.plan.pool.reserveIn(r, "13.104.0.0/14", 1)[0], 443, flow.TCP, 60 * flow.Minute, 0.02, 900}, 0.7},
		{agent{w.plan.pool.reserveIn(r, "17.0.0.0/8", 1)[0], 123, flow.UDP, 64 * flow.Minute, 0.05, 76}, 0.8},
	} {
		users := w.plan.stream("week agents", fmt.Sprint(i))
		has := make([]bool, len(w.members))
		for j := range has {
			has[j] = users.chance(s.share)
		}
		w.job(fmt.Sprintf("agent %d", i), func(d weekday) (flows []flow.Record) {
			for j, m := range w.members {
				if has[j] && w.on(m, d) {
					first, last := m.hoursOn(d.rng)
					flows = append(flows, s.calls(m.addr, first, last, d.rng)...)
				}
			}
			return flows
		})
	}
}

// addDevices has each machine in three report to a maker of its own, whom no
// other host knows, day and night.
func (w *Weeks) addDevices() {
	r := w.plan.stream("week devices")
	for i, m := range w.members {
		if !m.machine || !r.chance(1.0/3) {
			continue
		}
		a := agent{w.plan.pool.reserve(r, []string{"US", "DE", "NL"}[r.IntN(3)], "", 1)[0], 443, flow.TCP,
			flow.Time(r.logUniform(60, 1800)) * flow.Second, r.between(0, 0.2), r.logUniform(300, 4000)}
		w.job(fmt.Sprintf("device %d", i), func(d weekday) []flow.Record {
			if !m.present(d.index) {
				return nil
			}
			return a.calls(m.addr, 0, flow.Day, d.rng)
		})
		w.harmless(m.host, "device", "a machine that reports to its maker at a fixed period, day and night")
	}
}

// pilotHosts is how many hosts a rollout has on its first day at the least. A
// program that a single host begins to run cannot be distinguished from a command channel.
const pilotHosts = 3

// addRollouts has a new service come into use about each fifth day: a share of
// the hosts has a program of it from then on, all of them by the third day, or
// its users work with it.
func (w *Weeks) addRollouts() {
	r := w.plan.stream("week rollouts")
	for day := 1; day < w.opts.Days; day++ {
		if !r.chance(0.2) {
			continue
		}
		share := max(r.logUniform(0.05, 0.5), 2*pilotHosts/float64(w.opts.Hosts))
		a := agent{w.plan.pool.reserve(r, []string{"US", "IE", "DE"}[r.IntN(3)], "", 1)[0], 443, flow.TCP,
			flow.Time(r.logUniform(300, 3600)) * flow.Second, r.between(0.02, 0.3), r.logUniform(500, 5000)}
		program := r.chance(0.5)
		w.job(fmt.Sprintf("rollout %d", day), func(d weekday) (flows []flow.Record) {
			if d.index < day {
				return nil
			}
			users := w.plan.stream("week rollouts", fmt.Sprint(day))
			joined := 0
			for _, m := range w.members {
				joins := day + int(users.between(0, 3))
				if !users.chance(share) || !m.present(day) {
					continue
				}
				if joined++; joined <= pilotHosts {
					joins = day
				}
				if d.index < joins || !w.on(m, d) {
					continue
				}
				if program {
					first, last := m.hoursOn(d.rng)
					flows = append(flows, a.calls(m.addr, first, last, d.rng)...)
				} else {
					flows = append(flows, w.plan.visits(m.host, 4+d.IntN(30), []netip.Addr{a.dst}, httpsUp, d.rng)...)
				}
			}
			return flows
		})
	}
	// Updates on the second Tuesday and on some other days, from new addresses.
	w.job("updates", func(d weekday) (flows []flow.Record) {
		share := 0.0
		switch {
		case d.date.Weekday() == time.Tuesday && d.date.Day() >= 8 && d.date.Day() <= 14:
			share = 0.7
		case d.chance(0.15):
			share = 0.2
		}
		base := w.plan.stream("week updates", fmt.Sprint(d.index)).Uint32N(1 << 16)
		dst := netip.AddrFrom4([4]byte{23, 40, byte(base >> 8), byte(base)})
		for _, m := range w.members {
			if !d.chance(share) || !w.on(m, d) {
				continue
			}
			down := d.logUniform(20e6, 400e6)
			flows = append(flows, flow.Record{Time: moment(m.clock, d.rng), Src: m.addr, Dst: dst, Proto: flow.TCP, Port: 443, Up: int64(down / d.between(60, 120)), Down: int64(down)})
		}
		return flows
	})
}

// addOddities has users look up sites in countries that no host contacted before.
func (w *Weeks) addOddities() {
	r := w.plan.stream("week odd countries")
	odd := oddCountries()
	sitesOf := map[string][]netip.Addr{}
	for _, c := range odd {
		sitesOf[c.code] = w.plan.pool.reserve(r, c.code, "", 3)
	}
	w.job("odd countries", func(d weekday) (flows []flow.Record) {
		for _, m := range w.members {
			if !d.chance(0.01) || m.machine || !w.on(m, d) {
				continue
			}
			flows = append(flows, w.plan.visits(m.host, 1+d.IntN(10), sitesOf[odd[d.IntN(len(odd))].code], httpsUp, d.rng)...)
		}
		return flows
	})
}

// addFileShares has users use a file server, printers, and a few each other's
// devices.
func (w *Weeks) addFileShares() {
	server := netip.AddrFrom4([4]byte{192, 168, 100, 1}) // no host has it
	var printers []member
	for _, m := range w.members {
		if m.machine && len(printers) < 1+w.opts.Hosts/50 {
			printers = append(printers, m)
		}
	}
	w.job("file shares", func(d weekday) (flows []flow.Record) {
		for i, m := range w.members {
			if m.machine || !w.on(m, d) {
				continue
			}
			v := visit{dst: server, proto: flow.TCP, port: 445, up: 40_000, ratio: 4, sigma: [2]float64{1.2, 1}}
			for _, t := range anyTime(d.rng, 2+d.IntN(12), hours(8), hours(18)) {
				flows = append(flows, v.flow(d.rng, t, m.addr))
			}
			if len(printers) > 0 && d.chance(0.3) {
				v := visit{dst: printers[i%len(printers)].addr, proto: flow.TCP, port: 9100, up: 400_000, ratio: 0.01, sigma: [2]float64{1, 0.3}}
				flows = append(flows, v.flow(d.rng, moment(m.clock, d.rng), m.addr))
			}
		}
		return flows
	})
}
