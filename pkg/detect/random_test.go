package detect_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// Whatever the days, results are numbers that JSON can hold, scores lie from 0
// to 1, and medium is what the score says.
func TestRandomDays(t *testing.T) {
	in := detect.Input{Geo: lookup(t)}
	seeds := uint64(300)
	if testing.Short() {
		seeds = 50
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 5))
		in.Baseline, in.Test, in.Servers = randomDay(r), randomDay(r), randomDay(r)
		res := detect.All(in)
		if _, err := json.Marshal(res); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for _, f := range res.Findings {
			if !(f.Score >= 0 && f.Score <= 1) || f.Severity.Alert() != (f.Score >= 0.5) || !f.Entity.IsValid() {
				t.Errorf("seed %d: %+v", seed, f)
			}
		}
	}
}

// randomDay draws flows of all sizes between few addresses of all kinds.
func randomDay(r *rand.Rand) *profile.Profile {
	addrs := []string{host(1), host(2), host(3), "10.9.9.9", "fd00::1", "2001:db8::1", googleDrive, rented, "95.163.1.1",
		"144.120.1.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "::1", "fe80::1", dns1, resolver, visitor(1), visitor(2)}
	ports := []uint16{0, 53, 443, 65535}
	sizes := []int64{0, 1, 100, 1e6, 1e12, 1 << 55}
	l := &lab{}
	for range r.IntN(400) {
		n := 1 + r.IntN(1+r.IntN(60))
		from := flow.Time(r.IntN(int(flow.Day)))
		l.flows(n, addrs[r.IntN(len(addrs))], addrs[r.IntN(len(addrs))], []flow.Proto{flow.TCP, flow.UDP}[r.IntN(2)], ports[r.IntN(len(ports))],
			sizes[r.IntN(len(sizes))], sizes[r.IntN(len(sizes))], from, from+flow.Time(r.IntN(int(flow.Day-from))))
	}
	return l.profile()
}

func BenchmarkAll(b *testing.B) {
	in := input(b)
	for b.Loop() {
		detect.All(in)
	}
}
