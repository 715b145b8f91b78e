package detect_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

// askFor adds a DNS flow of ordinary size for each name, over the working day.
func (l *lab) askFor(src, resolver string, names ...string) *lab {
	from := len(l.records)
	l.ask(len(names), src, resolver, 70, 90)
	for i, name := range names {
		l.records[from+i].Details = flow.Details{Name: name}
	}
	return l
}

// names returns n names: of a tunnel, or of hosts of many domains.
func names(n int, name func(r *rand.Rand, i int) string) (all []string) {
	r := rand.New(rand.NewPCG(5, 6))
	for i := range n {
		all = append(all, name(r, i))
	}
	return all
}

func tunnelName(r *rand.Rand, _ int) string {
	return fmt.Sprintf("%016x%016x.t.example.com", r.Uint64(), r.Uint64())
}

func ordinaryName(_ *rand.Rand, i int) string {
	return fmt.Sprintf("www%d.site%d.example%d.org", i%7, i%90, i%300)
}

// Names that are asked for only once show a tunnel; names of many domains do not.
func TestDNSNames(t *testing.T) {
	const hosts = 40
	everyone := func(name func(r *rand.Rand, i int) string) func(*lab) {
		return func(l *lab) {
			for i := range hosts {
				l.askFor(host(i), dns1, names(700, name)...)
			}
		}
	}
	for _, tt := range []struct {
		name      string
		base, day func(l *lab)
		want      []string
	}{
		{"a tunnel", nil, func(l *lab) { l.askFor(host(3), dns1, names(900, tunnelName)...) }, []string{host(3)}},
		{"a tunnel of a host that asks as much on other days",
			func(l *lab) { l.askFor(host(4), dns1, names(900, ordinaryName)...) },
			func(l *lab) { l.askFor(host(4), dns1, names(900, tunnelName)...) }, []string{host(4)}},
		{"a new host that looks up many sites", nil, func(l *lab) {
			l.askFor(host(hosts), dns1, names(900, ordinaryName)...).https(700, host(hosts), googleDrive, 4e3, 37e3)
		}, nil},
		{"a service that all hosts ask by such names", everyone(tunnelName), everyone(tunnelName), nil},
		{"a program that always asks by such names",
			func(l *lab) { l.askFor(host(5), dns1, names(900, tunnelName)...) },
			func(l *lab) { l.askFor(host(5), dns1, names(900, tunnelName)...) }, nil},
		{"few names that are asked for again and again", func(l *lab) { l.askFor(host(6), dns1, names(900, ordinaryName)...) }, func(l *lab) {
			l.askFor(host(6), dns1, names(900, func(_ *rand.Rand, i int) string { return fmt.Sprintf("server%d.example.com", i%20) })...)
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before, after := offices(hosts, tt.base, tt.day)
			r := detect.DNS(detect.Input{Baseline: before.profile(), Test: after.profile()})
			wantAlerts(t, r.Findings, tt.want...)
		})
	}
	alone := (&lab{}).askFor(host(1), resolver, names(3000, tunnelName)...).https(30, host(1), googleDrive, 4e3, 37e3)
	r := detect.DNS(detect.Input{Test: alone.profile()})
	wantAlerts(t, r.Findings, host(1))
	if n := r.Hosts[0].Subdomains; n == nil || n.Domain != "example.com" || n.Names < 2000 || n.Names > 4000 || n.Length != 34 || n.Entropy < 3.9 {
		t.Errorf("subdomains %+v", n)
	}
}

// Many requests of ordinary size are low if the host has no earlier days.
func TestDNSOrdinaryRequests(t *testing.T) {
	for _, tt := range []struct {
		name     string
		up, down int64
		others   int
		want     []string
	}{
		{"of a host that only asks", 60, 90, 0, nil},
		{"large ones", 100, 400, 4000, []string{host(1)}},
		{"that no connection follows", 60, 90, 200, []string{host(1)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := (&lab{}).ask(20_000, host(1), resolver, tt.up, tt.down)
			if tt.others > 0 {
				l.https(tt.others, host(1), googleDrive, 4e3, 37e3)
			}
			r := detect.DNS(detect.Input{Test: l.profile()})
			wantAlerts(t, r.Findings, tt.want...)
			if len(r.Findings) != 1 {
				t.Errorf("%d findings, want one", len(r.Findings))
			}
		})
	}
}
