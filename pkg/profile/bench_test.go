package profile_test

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/testenv"
)

// day is a million flows in order of time between 200 hosts and 400 servers.
func day() []flow.Record {
	rng := rand.New(rand.NewPCG(1, 1))
	flows := make([]flow.Record, 1_000_000)
	for i := range flows {
		flows[i] = flow.Record{
			Time:  flow.Time(uint64(i) * uint64(flow.Day) / uint64(len(flows))),
			Src:   netip.AddrFrom4([4]byte{192, 168, 100, byte(rng.IntN(200))}),
			Dst:   netip.AddrFrom4([4]byte{142, 250, byte(rng.IntN(2)), byte(rng.ExpFloat64() * 30)}),
			Proto: flow.TCP, Port: 443,
			Up:   rng.Int64N(1 << 20),
			Down: rng.Int64N(1 << 24),
		}
	}
	return flows
}

func BenchmarkBuilder(b *testing.B) {
	flows := day()
	for b.Loop() {
		build(flows)
	}
	b.ReportMetric(float64(len(flows)*b.N)/b.Elapsed().Seconds(), "flows/s")
}

func BenchmarkUnmarshal(b *testing.B) {
	p := build(day())
	raw := testenv.Encoded(b, profile.Encode, p)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, err := profile.Unmarshal(raw); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(p.Conversations)), "conversations")
}
