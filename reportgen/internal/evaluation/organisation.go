package evaluation

import (
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/synth"
)

// organisation is a synthetic network without an attack into which captures are
// embedded.
type organisation struct {
	detect.Input
	alerted map[netip.Addr]bool // entities with an alert without any capture
}

// newOrganisation makes an organisation of 200 hosts and 100,000 flows a day.
// Its seed is not one of the other worlds.
func newOrganisation() (*organisation, error) {
	plan, err := synth.New(synth.Options{Seed: 201, Flows: 100_000, Hosts: 200, Clean: true})
	if err != nil {
		return nil, err
	}
	o := &organisation{alerted: map[netip.Addr]bool{}}
	if o.Input, err = planInput(plan, variant{}); err != nil {
		return nil, err
	}
	o.Servers = nil
	for _, f := range detect.All(o.Input).Findings {
		if f.Severity.Alert() {
			o.alerted[f.Entity] = true
		}
	}
	return o, nil
}

// Close closes the databases.
func (o *organisation) Close() error { return o.Geo.Close() }

// input returns the organisation's days with further flows on the test day.
func (o *organisation) input(added *profile.Profile) detect.Input {
	in := o.Input
	in.Test = profile.Merge(o.Test, added)
	return in
}

// organisationDNS is the address of the organisation's first DNS server.
var organisationDNS = netip.AddrFrom4([4]byte{192, 168, 100, 225})

// embedding gives the hosts of a capture addresses of the organisation that no
// host of it has.
type embedding map[netip.Addr]netip.Addr

// embedding numbers the hosts of a capture in the order of their addresses. An
// internal DNS server becomes that of the organisation.
func (o *organisation) embedding(c capture) embedding {
	hosts, resolvers := map[netip.Addr]bool{}, map[netip.Addr]bool{}
	for _, d := range c.days {
		for _, r := range d.records {
			for _, a := range []netip.Addr{r.Src, r.Dst} {
				if c.inside.Contains(a) {
					hosts[a] = true
				}
			}
			if r.Port == 53 && c.inside.Contains(r.Dst) && c.inside.Contains(r.Src) {
				resolvers[r.Dst] = true
			}
		}
	}
	e := embedding{}
	sorted := make([]netip.Addr, 0, len(hosts))
	for a := range hosts {
		sorted = append(sorted, a)
	}
	slices.SortFunc(sorted, netip.Addr.Compare)
	for i, a := range sorted {
		e[a] = netip.AddrFrom4([4]byte{192, 168, byte(200 + i/250), byte(1 + i%250)})
		if resolvers[a] {
			e[a] = organisationDNS
		}
	}
	return e
}

func (e embedding) move(a netip.Addr) netip.Addr {
	if to, ok := e[a]; ok {
		return to
	}
	return a
}

// profile returns a day of the capture at the addresses of the embedding.
func (e embedding) profile(d captureDay) *profile.Profile {
	return profileOf(func(yield func(flow.Record) bool) {
		for _, r := range d.records {
			r.Src, r.Dst = e.move(r.Src), e.move(r.Dst)
			if !yield(r) {
				return
			}
		}
	})
}
