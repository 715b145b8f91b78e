package synth

import (
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// host is a device of a person.
type host struct {
	addr        netip.Addr
	name        string  // the address as text, for labels
	weight      float64 // flows, as a multiple of the mean
	ratio       float64 // download over upload on 443
	clock       *clock
	preferences preferences
	joined      bool // on the test day only
}

// active says whether the host is there on a day.
func (h *host) active(day dayName) bool { return day == testDay || !h.joined }

// newHosts draws the roster: addresses from 192.168.100.0/24 on, in order.
func (p *Plan) newHosts() []*host {
	r := p.stream("hosts")
	joined := joinedHosts(p.opts.Hosts)
	hosts := make([]*host, 0, p.opts.Hosts)
	for _, i := range r.Perm(p.opts.Hosts) {
		hosts = append(hosts, &host{joined: i < joined})
	}
	for i, addr := range p.hostAddrs(r) {
		h := hosts[i]
		h.addr, h.name = addr, addr.String()
		own := p.stream("habits", h.name)
		h.weight = min(max(own.logNormal(1, 0.5), 0.25), 3)
		h.ratio = httpsRatio + 0.08*own.NormFloat64()
		h.clock = newClock(own)
		h.preferences = p.newPreferences(own)
	}
	return hosts
}

// joinedHosts is how many hosts are new on the test day: 3 of 200.
func joinedHosts(hosts int) int {
	return max(1, int(math.Round(float64(hosts)*3/200)))
}

// hostAddrs draws as many addresses of the first networks from
// 192.168.100.0/24 on as there are hosts; a network takes 240.
func (p *Plan) hostAddrs(r rng) []netip.Addr {
	const perNetwork = 240
	var addrs []netip.Addr
	for left, third := p.opts.Hosts, 100; left > 0; left, third = left-perNetwork, third+1 {
		free := make([]netip.Addr, 0, 254)
		for last := range 253 {
			a := netip.AddrFrom4([4]byte{192, byte(168 + third/256), byte(third % 256), byte(last + 2)})
			if a != webServer && a != mailServer && !slices.Contains(dnsServers[:], a) {
				free = append(free, a)
			}
		}
		r.Shuffle(len(free), func(i, j int) { free[i], free[j] = free[j], free[i] })
		addrs = append(addrs, free[:min(left, perNetwork)]...)
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	return addrs
}

// officeDay adds the activity of users on an ordinary day.
func (p *Plan) officeDay(d *day) {
	total := 0.0
	for _, h := range p.hosts {
		if h.active(d.name) {
			total += h.weight
		}
	}
	flows := float64(p.opts.Flows) * p.stream(string(d.name), "flows").between(0.965, 0.985)
	for _, h := range p.hosts {
		if !h.active(d.name) {
			continue
		}
		r := p.stream(string(d.name), h.name, "sessions")
		n := flows * h.weight / total * r.logNormal(1, 0.08)
		browse(d, h, int(n), r)
	}
}

// officeHours is how many flows an office of 200 has in each hour of a day:
// nearly nothing before 4, a peak from 11 to 13, a tail into the evening.
var officeHours = [24]float64{
	60, 40, 40, 90, 2400, 6800, 18100, 29300, 55000, 76000, 91000, 96000,
	97300, 99500, 92000, 77800, 64200, 49000, 37000, 27000, 19500, 13500, 8800, 5200,
}

// slot is the resolution of a clock.
const slot = flow.Hour / 4

// clock says when a person is at work.
type clock = weighted[flow.Time]

// newClock draws a person's hours: the office's, earlier or later by an hour
// or so, with a lunch break. Most of what the break puts off is done in the
// hour before it and the hour after it.
func newClock(r rng) *clock {
	shift := 0.4 * r.NormFloat64() // hours
	lunch := r.between(11.5, 14)
	length := r.between(0.5, 1.25)
	const idle = 0.65
	before, after := lunch-1, lunch+length+1
	var c clock
	for t := flow.Time(0); t < flow.Day; t += slot {
		hour := float64(t+slot/2) / float64(flow.Hour)
		w := officeAt(hour - shift)
		switch {
		case hour >= lunch && hour < lunch+length:
			w *= 1 - idle
		case hour >= before && hour < after:
			w *= 1 + idle*length/2
		}
		c.add(t, w)
	}
	return &c
}

// officeAt interpolates between the middles of the office's hours.
func officeAt(hour float64) float64 {
	x := min(max(hour-0.5, 0), 22.999)
	i := int(x)
	f := x - float64(i)
	return officeHours[i]*(1-f) + officeHours[i+1]*f
}

// moment draws a time of work.
func moment(c *clock, r rng) flow.Time {
	return c.pick(r) + flow.Time(r.Uint32N(uint32(slot)))
}

// hours turns a time of day in hours into a flow.Time.
func hours(h float64) flow.Time { return flow.Time(h * float64(flow.Hour)) }
