package synth

import (
	"github.com/flowbook/flowbook/pkg/flow"
)

// fullCast is the number of hosts from which on every role is played, and
// some by several hosts. Smaller organisations have one of a kind, so that
// most of their hosts stay ordinary.
const fullCast = 60

// cast gives each role a host of its own.
type cast struct {
	free []*host // drawn by seed; those that join on the test day are not among them
	full bool
}

func (c *cast) take() *host {
	h := c.free[0]
	c.free = c.free[1:]
	return h
}

func (c *cast) takeN(n int) []*host {
	hosts := c.free[:n]
	c.free = c.free[n:]
	return hosts
}

// several is n, or one in a small organisation.
func (c *cast) several(n int) int {
	if c.full {
		return n
	}
	return 1
}

// castRoles draws who plays what, and makes the flows of every role.
func (p *Plan) castRoles() {
	c := &cast{full: p.opts.Hosts >= fullCast}
	for _, h := range p.hosts {
		if !h.joined {
			c.free = append(c.free, h)
		}
	}
	p.stream("roles").Shuffle(len(c.free), func(i, j int) { c.free[i], c.free[j] = c.free[j], c.free[i] })

	p.plantFastExfiltration(c)
	p.plantSlowExfiltration(c.take())
	p.plantNewCountry(c)
	p.plantMesh(c)
	p.plantDNS(c)
	p.plantBeacon(c.take())
	p.plantScan(c.take())
	p.plantAutomation()

	p.addBackup(c.take())
	p.addForeigner(c.take())
	p.addDownloads(c.take())
	p.addCalls(c.take())
	p.addPoller(c.take())
	if c.full {
		p.addHeavyDNS(c.take())
		p.addPublicDNS(c.take())
	}
	p.addUpdates(c.free)
	p.addOddCountries(c.free)
	p.addLargeUploads(c.free)
	p.addNewcomers()
	p.addOddClients()
}

// evenly yields n times from first to last: each a step after the one before,
// with a jitter of up to that share of a step to either side.
func evenly(r rng, n int, first, last flow.Time, jitter float64) []flow.Time {
	step := float64(last-first) / float64(n)
	times := make([]flow.Time, n)
	for i := range times {
		times[i] = first + flow.Time(max(0, (float64(i)+0.5+r.between(-jitter, jitter))*step))
	}
	return times
}

// anyTime yields n times between first and last.
func anyTime(r rng, n int, first, last flow.Time) []flow.Time {
	times := make([]flow.Time, n)
	for i := range times {
		times[i] = first + flow.Time(r.Uint32N(uint32(last-first)))
	}
	return times
}

// rhythm yields times from first on until last, whose gaps have the given mean
// and coefficient of variation.
func rhythm(r rng, first, last flow.Time, mean, cv float64) []flow.Time {
	var times []flow.Time
	for t := float64(first); t < float64(last); t += r.gamma(mean, cv) {
		times = append(times, flow.Time(t))
	}
	return times
}
