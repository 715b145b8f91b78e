package detect_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// The servers and some destinations of the office.
const (
	dns1, dns2  = "192.168.100.225", "192.168.100.234"
	web, mail   = "192.168.100.239", "192.168.100.230"
	googleDrive = "142.250.184.196"
	oneDrive    = "13.107.42.17"
	backupSite  = "52.95.1.10"
	rented      = "45.9.20.8" // an address whose owner stores nothing for others
	resolver    = "8.8.8.8"
)

// world says where the addresses of the tests lie: network, country, owner.
var world = []struct {
	cidr, code, country string
	asn                 uint32
	owner               string
}{
	{"142.250.0.0/15", "US", "United States", 15169, "Google LLC"},
	{"8.8.8.0/24", "US", "United States", 15169, "Google LLC"},
	{"13.104.0.0/14", "US", "United States", 8075, "Microsoft Corporation"},
	{"52.95.0.0/16", "US", "United States", 16509, "Amazon.com, Inc."},
	{"213.13.0.0/16", "PT", "Portugal", 3243, "MEO"},
	{"23.32.0.0/11", "NL", "Netherlands", 20940, "Akamai International B.V."},
	{"82.155.0.0/16", "PT", "Portugal", 3243, "MEO"},
	{"45.9.20.0/24", "NL", "Netherlands", 49505, "Rented Hosts Ltd"},
	{"193.136.0.0/16", "DE", "Germany", 680, "Verein"},
	{"62.4.0.0/16", "FR", "France", 3215, "Orange"},
	{"151.1.0.0/16", "IT", "Italy", 3269, "Telecom Italia"},
	{"194.1.0.0/16", "SE", "Sweden", 1257, "Tele2"},
	{"133.1.0.0/16", "JP", "Japan", 2907, "SINET"},
	{"95.163.0.0/16", "RU", "Russian Federation", 47764, "VK LLC"},
	{"144.120.0.0/16", "FJ", "Fiji", 9241, "Telecom Fiji"},
	{"78.56.0.0/16", "LV", "Latvia", 12578, "Tet"},
}

// lookup is a geo.Lookup of the world.
func lookup(tb testing.TB) *geo.Lookup {
	tb.Helper()
	open := func(kind string, record func(i int) mmdbtype.Map) *geo.DB {
		tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, BuildEpoch: 1})
		if err != nil {
			tb.Fatal(err)
		}
		for i, w := range world {
			_, network, err := net.ParseCIDR(w.cidr)
			if err != nil {
				tb.Fatal(err)
			}
			if err := tree.Insert(network, record(i)); err != nil {
				tb.Fatal(err)
			}
		}
		var buf bytes.Buffer
		if _, err := tree.WriteTo(&buf); err != nil {
			tb.Fatal(err)
		}
		db, err := geo.OpenBytes(kind, buf.Bytes())
		if err != nil {
			tb.Fatal(err)
		}
		return db
	}
	l, err := geo.New(
		open("GeoLite2-Country", func(i int) mmdbtype.Map {
			return mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String(world[i].code),
				"names": mmdbtype.Map{"en": mmdbtype.String(world[i].country)}}}
		}),
		open("GeoLite2-ASN", func(i int) mmdbtype.Map {
			return mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(world[i].asn),
				"autonomous_system_organization": mmdbtype.String(world[i].owner)}
		}))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := l.Close(); err != nil {
			tb.Error(err)
		}
	})
	return l
}

// lab is a day in the making.
type lab struct{ records []flow.Record }

// flows adds n flows of equal bytes, evenly spread from one time to another.
func (l *lab) flows(n int, src, dst string, proto flow.Proto, port uint16, up, down int64, from, to flow.Time) *lab {
	for i := range n {
		at := from + flow.Time(int64(to-from)*int64(i)/int64(n))
		l.at(at, src, dst, proto, port, up, down)
	}
	return l
}

func (l *lab) at(at flow.Time, src, dst string, proto flow.Proto, port uint16, up, down int64) {
	l.records = append(l.records, flow.Record{Time: min(at, flow.Day-1), Src: mustAddr(src), Dst: mustAddr(dst),
		Proto: proto, Port: port, Up: up, Down: down})
}

func mustAddr(s string) netip.Addr { return netip.MustParseAddr(s) }

// https adds n flows over the working day.
func (l *lab) https(n int, src, dst string, up, down int64) *lab {
	return l.flows(n, src, dst, flow.TCP, 443, up, down, 9*flow.Hour, 17*flow.Hour)
}

func (l *lab) profile() *profile.Profile {
	b := profile.NewBuilder()
	for _, r := range l.records {
		b.Add(r)
	}
	return b.Profile()
}

// host is the i-th host of the office, from 0.
func host(i int) string { return fmt.Sprintf("192.168.100.%d", i+1) }

// office is an ordinary day of n hosts: each uses the servers, browses sites
// of its own, and varies from the others and from day to day as users do.
func office(day uint64, n int) *lab {
	l := &lab{}
	for i := range n {
		habits := rand.New(rand.NewPCG(1, uint64(i)))
		today := rand.New(rand.NewPCG(day, uint64(i)))
		around := func(median, sigma float64) float64 { return median * math.Exp(sigma*today.NormFloat64()) }
		activity := math.Exp(0.5 * habits.NormFloat64())
		sites := make([]string, 12)
		for s := range sites {
			sites[s] = site(habits)
		}
		requests := max(8, int(60*activity*math.Exp(0.2*today.NormFloat64())))
		for range requests {
			at := flow.Time(around(float64(12*flow.Hour), 0.2))
			up := int64(around(4000, 1))
			if today.IntN(60) == 0 {
				l.at(at, host(i), rare(today), flow.TCP, 443, up, up*9)
			}
			l.at(at, host(i), sites[int(float64(len(sites))*today.Float64()*today.Float64())], flow.TCP, 443, up, int64(float64(up)*around(9.25, 0.3)))
			if today.IntN(7) == 0 {
				size := int64(around(70, 0.2))
				l.at(at, host(i), []string{dns1, dns2}[today.IntN(2)], flow.UDP, 53, size, size*23/10)
			}
		}
		l.https(3, host(i), web, 1500, 14000)
		l.flows(2, host(i), mail, flow.TCP, 993, 900, 7000, 9*flow.Hour, 18*flow.Hour)
		l.flows(1, host(i), dns1, flow.UDP, 53, 70, 160, 8*flow.Hour, 9*flow.Hour)
	}
	return l
}

// site draws an address in one of the countries that everyone contacts.
func site(r *rand.Rand) string {
	places := []string{"142.250.184", "13.107.42", "52.95.1", "213.13.7", "213.13.8", "23.40.1"}
	return fmt.Sprintf("%s.%d", places[r.IntN(len(places))], 1+r.IntN(40))
}

// rare draws an address in one of the countries that some visit now and then.
func rare(r *rand.Rand) string {
	places := []string{"193.136.1", "62.4.1", "151.1.1", "194.1.1", "133.1.1"}
	return fmt.Sprintf("%s.%d", places[r.IntN(len(places))], 1+r.IntN(20))
}

// visitors is an ordinary day of n external clients of a public server: each
// comes in bursts of a few seconds between flows, hours apart.
func visitors(n int) *lab {
	l := &lab{}
	for i := range n {
		r := rand.New(rand.NewPCG(7, uint64(i)))
		at := 7*flow.Hour + flow.Time(r.IntN(int(2*flow.Hour)))
		for at < 22*flow.Hour {
			for range 4 + r.IntN(9) {
				up := int64(1000 * math.Exp(r.NormFloat64()))
				l.at(at, visitor(i), "200.0.0.11", flow.TCP, 443, up, up*17/2)
				at += flow.Time(r.ExpFloat64() * float64(4*flow.Second))
			}
			at += flow.Time(r.ExpFloat64() * float64(70*flow.Minute))
		}
	}
	return l
}

func visitor(i int) string { return fmt.Sprintf("82.155.120.%d", i+1) }

// steady adds a client with n flows whose gaps vary by cv.
func (l *lab) steady(src string, n int, gap, cv float64, from flow.Time) *lab {
	r := rand.New(rand.NewPCG(3, uint64(n)))
	at := float64(from)
	for range n {
		l.at(flow.Time(at), src, "200.0.0.11", flow.TCP, 443, 1000, 8500)
		at += max(0, gap*float64(flow.Second)*(1+cv*r.NormFloat64()))
	}
	return l
}

// offices are the baseline day and the test day of an office, with what base and
// day add to them unless they are nil.
func offices(hosts int, base, day func(*lab)) (before, after *lab) {
	before, after = office(1, hosts), office(2, hosts)
	if base != nil {
		base(before)
	}
	if day != nil {
		day(after)
	}
	return before, after
}

// wantAlerts asserts which entities have an alert.
func wantAlerts(t *testing.T, fs []detect.Finding, want ...string) {
	t.Helper()
	alerts := map[string]bool{}
	for _, f := range fs {
		if f.Severity.Alert() {
			for _, a := range f.Entities() {
				alerts[a.String()] = true
			}
		}
	}
	got := slices.Sorted(maps.Keys(alerts))
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("alerts on %v, want %v", got, want)
		for _, f := range fs {
			t.Logf("%s %s %s %.3f %s", f.Rule, f.Entity, f.Severity, f.Score, f.Summary)
		}
	}
}

// golden compares v as indented JSON with testdata/name.json.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	testenv.Golden(t, filepath.Join("testdata", name+".json"), buf.String())
}
