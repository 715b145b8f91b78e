package synth

import (
	"iter"
	"math"

	"github.com/flowbook/flowbook/pkg/flow"
)

// The shares of an office's flows that stay inside, of all flows.
const (
	dnsShare  = 0.12
	mailShare = 0.008
)

// webShare is the internal web server's: what countries, DNS and mail leave.
func webShare() float64 {
	abroad := 0.0
	for _, c := range countries() {
		abroad += c.share / 100
	}
	return 1 - abroad - dnsShare - mailShare
}

// preferences is what a person likes, the same on every day.
type preferences struct {
	countries  weighted[string]
	favourites map[string]*weighted[*site] // by country
	all        map[string]*weighted[*site] // sites of everyone, by country
	primaryDNS float64                     // share of requests to the first DNS server
	web        float64                     // share of the internal web server
}

// wandering is the share of visits that go to any site of a country, rather
// than to a favourite: what a person visits changes from day to day.
const wandering = 0.04

// newPreferences draws a person's taste: countries in the office's proportions,
// more or less, the rare ones for some users only; and favourite sites, the
// popular ones more often.
func (p *Plan) newPreferences(r rng) preferences {
	h := preferences{
		favourites: map[string]*weighted[*site]{},
		all:        p.pool.byCountry,
		primaryDNS: r.between(0.55, 0.75),
		web:        webShare(),
	}
	for _, c := range countries() {
		weight := c.share * r.logNormal(1, 0.15)
		if c.share < 1 {
			const fans = 0.5
			liked := r.chance(fans)
			weight = c.share / fans * r.logNormal(1, 0.4)
			if !liked {
				continue
			}
		}
		h.countries.add(c.code, weight)
		sites := p.pool.byCountry[c.code]
		n := int(r.logNormal(1.8, 0.3) * math.Pow(float64(len(sites.items)), 0.6))
		h.favourites[c.code] = sites.sample(r, max(n, 2))
	}
	return h
}

// site draws a site to visit on a day.
func (h *preferences) site(day dayName, r rng) *site {
	code := h.countries.pick(r)
	from := h.favourites[code]
	if r.chance(wandering) {
		from = h.all[code]
	}
	s := from.pick(r)
	for range 8 {
		if !s.idle[day] {
			break
		}
		s = from.pick(r)
	}
	return s
}

// sessionFlows is the mean number of flows of a session.
const sessionFlows = 13

// sessions yields the times of n flows of a person at work, session by
// session, with the pauses of a reader. What midnight cuts off is
// left out.
func sessions(c *clock, n int, r rng) iter.Seq[[]flow.Time] {
	return func(yield func([]flow.Time) bool) {
		var times []flow.Time
		for n > 0 {
			size := min(n, 1+int(r.logNormal(sessionFlows, 0.8)))
			n -= size
			times = times[:0]
			for t := moment(c, r); len(times) < size && t < flow.Day; t += pause(r) {
				times = append(times, t)
			}
			if !yield(times) {
				return
			}
		}
	}
}

// pause is the time to the next flow of a session: mostly about a second,
// since a page opens several connections, at times minutes.
func pause(r rng) flow.Time {
	return flow.Time(min(r.logNormal(5, 1.5)*float64(flow.Second), float64(flow.Hour)))
}

// browse adds n flows of a host's person: each session is on a few sites.
func browse(d *day, h *host, n int, r rng) {
	for times := range sessions(h.clock, n, r) {
		sites := make([]*site, 1+min(int(r.ExpFloat64()*2.5), 8))
		for i := range sites {
			sites[i] = h.preferences.site(d.name, r)
		}
		for _, t := range times {
			d.add(h.visit(sites, r).flow(r, t, h.addr))
		}
	}
}

// visit draws the next flow of a session on sites.
func (h *host) visit(sites []*site, r rng) visit {
	switch x := r.Float64(); {
	case x < dnsShare:
		return h.resolve(r)
	case x < dnsShare+mailShare:
		return mail(r)
	case x < dnsShare+mailShare+h.preferences.web:
		return https(webServer, httpsUp*0.95, h.ratio)
	}
	s := sites[r.IntN(len(sites))]
	v := https(s.addr, httpsUp*s.size, h.ratio)
	if s.quic && r.chance(0.15) {
		v.proto = flow.UDP
	}
	return v
}

// resolve is a DNS request to one of the organisation's servers.
func (h *host) resolve(r rng) visit {
	return dns(dnsServers[pickServer(r, h.preferences.primaryDNS)])
}

func pickServer(r rng, first float64) int {
	if r.chance(first) {
		return 0
	}
	return 1
}

// mail is a look into the mailbox (IMAPS) or a message sent (SMTP).
func mail(r rng) visit {
	v := visit{dst: mailServer, proto: flow.TCP, port: 993, up: 2500, ratio: 9, sigma: [2]float64{0.8, 0.8}}
	if r.chance(0.25) {
		v = visit{dst: mailServer, proto: flow.TCP, port: 25, up: 45_000, ratio: 0.03, sigma: [2]float64{1.2, 0.3}}
	}
	return v
}
