package synth

import (
	"bytes"
	"math"
	"net/netip"
	"slices"
	"testing"

	"github.com/oschwald/geoip2-golang/v2"

	"github.com/flowbook/flowbook/pkg/flow"
)

// shape is what a day amounts to.
type shape struct {
	flows     int
	hours     [24]float64 // shares
	ports     map[string]float64
	countries map[string]float64 // "" is the inside
	hosts     map[netip.Addr]*hostShape
	dsts      map[netip.Addr]map[netip.Addr]bool // sources by destination
}

type hostShape struct {
	up443, down443, up53, down53 float64
	flows443                     int
	times                        []flow.Time
}

func newShape(tb testing.TB, p *Plan, flows []flow.Record) *shape {
	tb.Helper()
	country := openCountry(tb, p)
	s := &shape{flows: len(flows), ports: map[string]float64{}, countries: map[string]float64{}, hosts: map[netip.Addr]*hostShape{}, dsts: map[netip.Addr]map[netip.Addr]bool{}}
	each := 1 / float64(len(flows))
	for _, r := range flows {
		s.hours[r.Time.Hour()] += each
		s.countries[country(r.Dst)] += each
		h := s.hosts[r.Src]
		if h == nil {
			h = &hostShape{}
			s.hosts[r.Src] = h
		}
		h.times = append(h.times, r.Time)
		switch r.Port {
		case 443:
			s.ports["https"] += each
			h.up443 += float64(r.Up)
			h.down443 += float64(r.Down)
			h.flows443++
		case 53:
			s.ports["dns"] += each
			h.up53 += float64(r.Up)
			h.down53 += float64(r.Down)
		default:
			s.ports["other"] += each
		}
		if s.dsts[r.Dst] == nil {
			s.dsts[r.Dst] = map[netip.Addr]bool{}
		}
		s.dsts[r.Dst][r.Src] = true
	}
	return s
}

// openCountry gives the country of an address as the plan's own database
// states it.
func openCountry(tb testing.TB, p *Plan) func(netip.Addr) string {
	tb.Helper()
	var buf bytes.Buffer
	if err := p.WriteCountryDB(&buf); err != nil {
		tb.Fatal(err)
	}
	db, err := geoip2.OpenBytes(buf.Bytes())
	if err != nil {
		tb.Fatal(err)
	}
	known := map[netip.Addr]string{}
	return func(a netip.Addr) string {
		if code, ok := known[a]; ok {
			return code
		}
		rec, err := db.Country(a)
		if err != nil {
			tb.Fatal(err)
		}
		known[a] = rec.Country.ISOCode
		return rec.Country.ISOCode
	}
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s is %.4g, want %.4g ± %.2g", what, got, want, tolerance)
	}
}

func TestShapeOfANormalDay(t *testing.T) {
	p := newPlan(t, Options{Flows: 100_000})
	s := newShape(t, p, collect(p.Data()))
	near(t, "the number of flows", float64(s.flows), 100_000, 5000)
	near(t, "the number of hosts", float64(len(s.hosts)), 197, 0)
	near(t, "HTTPS", s.ports["https"], 0.87, 0.02)
	near(t, "DNS", s.ports["dns"], 0.12, 0.01)
	for code, share := range map[string]float64{"": 0.28, "US": 0.344, "PT": 0.283, "NL": 0.0185, "NA": 0.014} {
		near(t, "country "+code, s.countries[code], share, 0.05*share+0.004)
	}
	for _, c := range countries() {
		if s.countries[c.code] == 0 {
			t.Errorf("no host contacts %s", c.name)
		}
	}
	for _, c := range append(oddCountries(), oddCountry{code: newCountry}) {
		if s.countries[c.code] != 0 {
			t.Errorf("%s is there on the normal day", c.code)
		}
	}
	night := s.hours[0] + s.hours[1] + s.hours[2] + s.hours[3]
	if night > 0.005 {
		t.Errorf("%.3f of the flows are before 4 h", night)
	}
	for h, n := range s.hours {
		if n > s.hours[11]*1.15 {
			t.Errorf("%d h has more flows than the peak at 11 h", h)
		}
	}
	for _, h := range []int{7, 10, 14, 17, 20, 23} {
		want := officeHours[h] / sum(officeHours[:])
		near(t, "an hour's share", s.hours[h], want, 0.35*want)
	}
	for _, server := range []netip.Addr{dnsServers[0], dnsServers[1], webServer, mailServer} {
		if n := len(s.dsts[server]); n < 180 {
			t.Errorf("only %d hosts use %s", n, server)
		}
	}
	if n := len(s.dsts); n < 700 || n > 5000 {
		t.Errorf("%d destinations", n)
	}
}

func sum(xs []float64) float64 {
	total := 0.0
	for _, x := range xs {
		total += x
	}
	return total
}

// TestRatiosAndRhythm checks what detections measure of ordinary hosts:
// download over upload, and the gaps of a person.
func TestRatiosAndRhythm(t *testing.T) {
	p := newPlan(t, Options{Flows: 400_000})
	s := newShape(t, p, collect(p.Data()))
	odd := map[netip.Addr]bool{}
	for _, b := range p.Truth().Benign {
		odd[b.Entity] = odd[b.Entity] || !slices.Contains([]string{"odd-country", "software-update", "new-host"}, b.Kind)
	}
	within := 0
	for a, h := range s.hosts {
		if odd[a] {
			continue
		}
		ratio := h.down443 / h.up443
		if math.Abs(ratio-httpsRatio) < 0.4 {
			within++
		}
		near(t, "DNS of "+a.String(), h.down53/h.up53, dnsRatio, 0.4)
		if cv := variation(h.times); cv < 1.5 {
			t.Errorf("the gaps of %s vary by %.0f %%, which no person's do", a, 100*cv)
		}
	}
	// A few hosts send a large file that day.
	if share := float64(within) / float64(len(s.hosts)); share < 0.8 {
		t.Errorf("only %.2f of the hosts have a ratio near %v", share, httpsRatio)
	}
}

// variation is the coefficient of variation of the gaps between times.
func variation(times []flow.Time) float64 {
	var gaps []float64
	for i := 1; i < len(times); i++ {
		gaps = append(gaps, float64(times[i]-times[i-1]))
	}
	mean := sum(gaps) / float64(len(gaps))
	squares := 0.0
	for _, g := range gaps {
		squares += (g - mean) * (g - mean)
	}
	return math.Sqrt(squares/float64(len(gaps))) / mean
}

func TestShapeOfTheClientsDay(t *testing.T) {
	p := newPlan(t, Options{Flows: 400_000})
	s := newShape(t, p, collect(p.Servers()))
	near(t, "the number of flows", float64(s.flows), 100_000, 10_000)
	near(t, "HTTPS", s.ports["https"], 0.92, 0.02)
	for dst := range s.dsts {
		if !netip.MustParsePrefix("200.0.0.0/24").Contains(dst) {
			t.Errorf("%s is not a public server", dst)
		}
	}
	home := 0
	for a, h := range s.hosts {
		if netip.MustParsePrefix(homeNetwork).Contains(a) {
			home++
		}
		if i := slices.IndexFunc(p.Truth().Benign, func(b Benign) bool { return b.Entity == a && b.Kind == "monitoring" }); i < 0 {
			near(t, "upload over download of "+a.String(), h.up443/h.down443, clientUpToDown, 0.012)
		}
	}
	if home < len(s.hosts)/2 {
		t.Errorf("only %d of %d clients are in %s", home, len(s.hosts), homeNetwork)
	}
	automated := 0
	for _, planted := range p.Truth().Planted {
		if planted.Rule != "external-automation" {
			continue
		}
		automated++
		cv := variation(s.hosts[planted.Entity].times)
		if cv < 0.15 || cv > 0.6 {
			t.Errorf("the gaps of %s vary by %.0f %%", planted.Entity, 100*cv)
		}
	}
	if automated < 3 {
		t.Errorf("%d automated clients", automated)
	}
	for _, c := range p.clients {
		if cv := variation(s.hosts[c.addr].times); cv < 1.2 {
			t.Errorf("the gaps of %s vary by %.0f %%, which no person's do", c.addr, 100*cv)
		}
	}
}

// TestEveryAddressIsOnTheMap checks that both databases know every address
// outside, by the library that reads GeoLite2.
func TestEveryAddressIsOnTheMap(t *testing.T) {
	p := newPlan(t, Options{Flows: 50_000})
	country := openCountry(t, p)
	var buf bytes.Buffer
	if err := p.WriteOwnerDB(&buf); err != nil {
		t.Fatal(err)
	}
	owners, err := geoip2.OpenBytes(buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	names := countryNames()
	seen := map[netip.Addr]bool{}
	for _, flows := range [][]flow.Record{collect(p.Data()), collect(p.Test()), collect(p.Servers())} {
		for _, r := range flows {
			for _, a := range []netip.Addr{r.Src, r.Dst} {
				if seen[a] || a.IsPrivate() || slices.Contains(publicServers[:], a) {
					continue
				}
				seen[a] = true
				if names[country(a)] == "" {
					t.Errorf("%s is in no named country", a)
				}
				if asn, err := owners.ASN(a); err != nil || asn.AutonomousSystemNumber == 0 || asn.AutonomousSystemOrganization == "" {
					t.Errorf("%s has no owner: %v", a, err)
				}
			}
		}
	}
	if len(seen) < 1000 {
		t.Errorf("only %d addresses", len(seen))
	}
}

func TestNetworksAreDisjoint(t *testing.T) {
	all := networks
	for i, a := range all {
		if a.prefix != a.prefix.Masked() {
			t.Errorf("%s has bits beyond its length", a.prefix)
		}
		for _, b := range all[i+1:] {
			if a.prefix.Overlaps(b.prefix) {
				t.Errorf("%s and %s overlap", a.prefix, b.prefix)
			}
		}
	}
}
