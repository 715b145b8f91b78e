package detect_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// atRandom adds n flows at random times, of bytes that differ by factors.
func (l *lab) atRandom(n int, src, dst string, proto flow.Proto, port uint16, up, down float64, from, to flow.Time) *lab {
	r := rand.New(rand.NewPCG(11, uint64(n)))
	for range n {
		size := math.Exp(0.5 * r.NormFloat64())
		l.at(from+flow.Time(r.IntN(int(to-from))), src, dst, proto, port, int64(up*size), int64(down*size))
	}
	return l
}

// more adds n flows from src as those over HTTPS that it has already, but on
// another port and at other times.
func (l *lab) more(n int, src string, proto flow.Proto, port uint16, from, to flow.Time) *lab {
	r := rand.New(rand.NewPCG(13, uint64(n)))
	own := l.of(src, 443)
	for range n {
		f := own[r.IntN(len(own))]
		l.at(from+flow.Time(r.IntN(int(to-from))), src, f.Dst.String(), proto, port, f.Up, f.Down)
	}
	return l
}

func (l *lab) of(src string, port uint16) []flow.Record {
	return slices.DeleteFunc(slices.Clone(l.records), func(f flow.Record) bool { return f.Src != mustAddr(src) || f.Port != port })
}

// drop leaves out the flows of src for which odd says so.
func (l *lab) drop(src string, odd func(i int) bool) {
	i := 0
	l.records = slices.DeleteFunc(l.records, func(f flow.Record) bool {
		if f.Src != mustAddr(src) {
			return false
		}
		i++
		return odd(i)
	})
}

// swap gives two hosts each other's address.
func (l *lab) swap(a, b string) {
	for i, f := range l.records {
		switch f.Src {
		case mustAddr(a):
			l.records[i].Src = mustAddr(b)
		case mustAddr(b):
			l.records[i].Src = mustAddr(a)
		}
	}
}

// A change that no other rule covers is found, in small and large networks, and
// no other host is reported.
func TestAnomalyFindsWhatNoRuleNames(t *testing.T) {
	const work, home = 9 * flow.Hour, 18 * flow.Hour
	tests := []struct {
		name string
		day  func(l *lab)
		want detect.Severity
	}{
		{"a miner", func(l *lab) { l.atRandom(300, host(3), rented, flow.TCP, 3333, 900, 1500, 0, flow.Day) }, detect.Medium},
		{"a workstation that serves", func(l *lab) {
			for i := range 15 {
				l.atRandom(6+i%5, host(8+i), host(3), flow.TCP, 8080, 1200, 9000, work, home)
			}
		}, detect.Low},
		{"work all night", func(l *lab) { l.more(200, host(3), flow.TCP, 443, 0, flow.Day) }, detect.Low},
		{"a hoarder", func(l *lab) { l.atRandom(60, host(3), web, flow.TCP, 443, 20e3, 200e6, work, home) }, detect.Low},
		{"a hoarder at night", func(l *lab) { l.atRandom(60, host(3), web, flow.TCP, 443, 20e3, 200e6, 0, 6*flow.Hour) }, detect.Low},
		{"other protocols", func(l *lab) {
			for port := range uint16(6) {
				l.more(25, host(3), flow.UDP, 40000+997*port, work, home)
			}
		}, detect.Low},
		{"other hands", func(l *lab) {
			l.more(150, host(3), flow.TCP, 22, 0, flow.Day)
			l.atRandom(150, host(3), rented, flow.UDP, 51820, 9e3, 400e3, 0, flow.Day)
		}, detect.Medium},
	}
	for _, hosts := range []int{25, 40, 100, 240} {
		before := office(1, hosts).profile()
		for _, tt := range tests {
			after := office(2, hosts)
			tt.day(after)
			r := detect.All(detect.Input{Baseline: before, Test: after.profile(), Geo: lookup(t)})
			for _, f := range r.Findings {
				if f.Rule != detect.RuleHostAnomaly && f.Severity != detect.Info {
					t.Errorf("%s of %d hosts: it has a name, %s: %s", tt.name, hosts, f.Rule, f.Summary)
				}
			}
			if len(unexplained(r).Findings) != 1 {
				t.Errorf("%s of %d hosts: %d findings, want one", tt.name, hosts, len(unexplained(r).Findings))
				continue
			}
			f := unexplained(r).Findings[0]
			t.Logf("%s of %d hosts: %s %.3f %s", tt.name, hosts, f.Severity, f.Score, f.Summary)
			if f.Entity.String() != host(3) || f.Severity.Compare(tt.want) < 0 {
				t.Errorf("%s of %d hosts: %s %s, want %s %s or more: %s", tt.name, hosts, f.Entity, f.Severity, host(3), tt.want, f.Summary)
			}
		}
	}
}

// Ordinary changes of users, devices and whole networks do not raise an alert.
func TestAnomalyIsSilent(t *testing.T) {
	const hosts = 60
	tests := []struct {
		name      string
		base, day func(l *lab)
		most      detect.Severity // of host(3); empty for none
	}{
		{"an ordinary day", nil, nil, ""},
		{"a host that is off nearly all day", nil, func(l *lab) { l.drop(host(3), func(i int) bool { return i > 4 }) }, ""},
		{"a host that was off nearly all day", func(l *lab) { l.drop(host(3), func(i int) bool { return i > 4 }) }, nil, detect.Low},
		{"half a day off", nil, func(l *lab) { l.drop(host(3), func(i int) bool { return i%2 == 0 }) }, ""},
		{"another user", nil, func(l *lab) { l.swap(host(3), host(9)) }, detect.Low},
		{"a new host like the others", func(l *lab) { l.drop(host(3), func(int) bool { return true }) }, nil, ""},
		{"a new printer", nil, func(l *lab) { l.flows(30, host(hosts), web, flow.TCP, 9100, 300, 200, 0, flow.Day) }, detect.Low},
		{"a backup of every night",
			func(l *lab) { l.atRandom(40, host(3), backupSite, flow.TCP, 443, 90e6, 1e6, 2*flow.Hour, 3*flow.Hour) },
			func(l *lab) { l.atRandom(44, host(3), backupSite, flow.TCP, 443, 90e6, 1e6, 2*flow.Hour, 3*flow.Hour) }, ""},
		{"a large file sent", nil, func(l *lab) { l.https(1, host(3), googleDrive, 30e6, 3e5) }, detect.Low},
		{"a film watched", nil, func(l *lab) {
			l.flows(20, host(3), "23.40.1.9", flow.TCP, 443, 2e6, 150e6, 19*flow.Hour, 21*flow.Hour)
		}, detect.Low},
		{"everybody uses something new all day", nil, func(l *lab) {
			for i := range hosts {
				l.atRandom(40+i%9, host(i), rented, flow.UDP, 3478, 900, 1500, 8*flow.Hour, 20*flow.Hour)
			}
		}, ""},
		{"twice the traffic of everybody", nil, func(l *lab) { l.records = append(l.records, l.records...) }, ""},
		{"everybody stays all night", nil, func(l *lab) {
			for i := range hosts {
				l.more(60, host(i), flow.TCP, 443, 0, flow.Day)
			}
		}, ""},
		{"somebody else's scan", nil, func(l *lab) { l.sweep(host(40), hosts, 90) }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, after := offices(hosts, tt.base, tt.day)
			r := unexplained(detect.All(detect.Input{Baseline: before.profile(), Test: after.profile(), Geo: lookup(t)}))
			for _, f := range r.Findings {
				ours := slices.Contains([]string{host(3), host(9), host(hosts)}, f.Entity.String())
				if f.Entity.String() == host(40) && len(r.Findings) == 1 {
					continue // the scanner
				}
				if !ours || tt.most == "" || f.Severity.Compare(tt.most) > 0 {
					t.Errorf("%s %s: %s", f.Entity, f.Severity, f.Summary)
				}
			}
		})
	}
}

// Of a handful of hosts nothing can be learned, and of a dozen little.
func TestAnomalyOfFewHosts(t *testing.T) {
	for hosts := range 12 {
		after := office(2, hosts+1).atRandom(300, host(0), rented, flow.TCP, 3333, 900, 1500, 0, flow.Day)
		r := unexplained(detect.All(detect.Input{Baseline: office(1, hosts+1).profile(), Test: after.profile(), Geo: lookup(t)}))
		if hosts+1 < 10 && len(r.Hosts) > 0 {
			t.Errorf("%d hosts are compared, which teach nothing", hosts+1)
		}
		for _, f := range r.Findings {
			if f.Entity.String() != host(0) {
				t.Errorf("of %d hosts, %s: %s", hosts+1, f.Entity, f.Summary)
			}
		}
	}
}

// A host that a rule names keeps that as its reason, and its device's score.
func TestAnomalyDoesNotCountTwice(t *testing.T) {
	in := input(t)
	r := detect.All(in)
	alone := map[netip.Addr]float64{}
	for _, f := range unexplained(detect.All(in)).Findings {
		alone[f.Entity] = f.Score
	}
	if len(alone) < 3 {
		t.Fatalf("only %d anomalies", len(alone))
	}
	var others []detect.Finding
	for _, f := range r.Findings {
		if f.Rule != detect.RuleHostAnomaly {
			others = append(others, f)
			continue
		}
		c := f.Evidence.(detect.HostChange)
		if len(c.NamedBy) == 0 || f.Severity != detect.Info || f.Score >= alone[f.Entity] {
			t.Errorf("%s %s %.3f, named by %v", f.Entity, f.Severity, f.Score, c.NamedBy)
		}
	}
	without := detect.Devices(others)
	if len(without) != len(r.Devices) {
		t.Fatalf("%d devices, want %d", len(r.Devices), len(without))
	}
	for i, d := range r.Devices {
		if d.Entity != without[i].Entity || d.Score != without[i].Score || d.Severity != without[i].Severity {
			t.Errorf("device %d is %s %.3f, without the anomaly %s %.3f", i, d.Entity, d.Score, without[i].Entity, without[i].Score)
		}
	}
}

// For any days, results are numbers that JSON can hold, a host without a baseline
// day is low at most, no host is above medium, and hosts are sorted by distance.
func TestAnomalyOfRandomDays(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 9))
		day := func() *profile.Profile {
			l := &lab{}
			for i := range 12 + r.IntN(30) {
				for range r.IntN(12) {
					size := math.Exp(36 * r.Float64())
					l.atRandom(1+r.IntN(1+r.IntN(80)), host(i), []string{host(r.IntN(40)), googleDrive, rented, web, "95.163.1.1", "224.0.0.1"}[r.IntN(6)],
						[]flow.Proto{flow.TCP, flow.UDP}[r.IntN(2)], uint16(r.IntN(5)), size*r.Float64(), size*r.Float64(), 0, flow.Day)
				}
			}
			return l.profile()
		}
		in := detect.Input{Baseline: day(), Test: day(), Geo: lookup(t)}
		res := unexplained(detect.All(in))
		if _, err := json.Marshal(res); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for _, f := range res.Findings {
			c := f.Evidence.(detect.HostChange)
			if f.Score < 0.25 || f.Severity.Compare(detect.Medium) > 0 || f.Severity.Alert() != (f.Score >= 0.5) ||
				c.Newcomer && f.Severity.Alert() || c.Distance < c.Limit-0.001 || f.Window[0] > f.Window[1] {
				t.Errorf("seed %d: %+v", seed, f)
			}
		}
		for i, c := range res.Hosts {
			if _, known := in.Baseline.Host(c.Src); known == c.Newcomer {
				t.Errorf("seed %d: %s is said to be new: %v", seed, c.Src, c.Newcomer)
			}
			if i > 0 && c.Newcomer == res.Hosts[i-1].Newcomer && c.Distance > res.Hosts[i-1].Distance+0.001 {
				t.Errorf("seed %d: %s with distance %v comes after %v", seed, c.Src, c.Distance, res.Hosts[i-1].Distance)
			}
		}
	}
}

// unexplained is what the rule finds before others explain it.
func unexplained(r detect.Result) detect.AnomalyResult {
	return r.Outcomes[detect.RuleHostAnomaly].Detail.(detect.AnomalyResult)
}

func ExampleAnomaly() {
	before, after := office(1, 40), office(2, 40)
	after.atRandom(300, "192.168.100.4", "45.9.20.8", flow.TCP, 3333, 900, 1500, 0, flow.Day)

	r := detect.Anomaly(detect.Input{Baseline: before.profile(), Test: after.profile()})
	for _, f := range r.Findings {
		fmt.Println(f.Entity, f.Severity)
	}
	for _, m := range r.Hosts[0].Features[:3] {
		fmt.Println(m.Text)
	}
	// Output:
	// 192.168.100.4 medium
	// share of flows to rarely used services 74 % (0 %)
	// half hours with flows 48 (23)
	// share of flows with new peers 74 % (0 %)
}

// Whatever the sensitivity, limits are numbers.
func TestAnomalyAtAnySensitivity(t *testing.T) {
	in := input(t)
	last := math.MaxInt
	for _, k := range []float64{0.1, 1, 3.5, 8, 30, 1000} {
		in.Sensitivity = k
		r := unexplained(detect.All(in))
		if _, err := json.Marshal(r); err != nil {
			t.Errorf("%v: %v", k, err)
		}
		if len(r.Findings) > last {
			t.Errorf("at %v there are %d findings, after %d at a lower one", k, len(r.Findings), last)
		}
		last = len(r.Findings)
	}
	if last != 0 {
		t.Errorf("%d findings at a thousand standard deviations", last)
	}
}

func TestAnomalyGolden(t *testing.T) {
	after := office(2, 40).atRandom(300, host(3), rented, flow.TCP, 3333, 900, 1500, 0, flow.Day)
	r := unexplained(detect.All(detect.Input{Baseline: office(1, 40).profile(), Test: after.profile(), Geo: lookup(t)}))
	r.Hosts = r.Hosts[:3]
	golden(t, "anomaly", r)
}
