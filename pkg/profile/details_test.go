package profile_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// TestDetailsEqualADirectCount compares the details of conversations with those
// counted flow by flow.
func TestDetailsEqualADirectCount(t *testing.T) {
	flows := detailedFlows(rand.New(rand.NewPCG(3, 2)), 30_000)
	type want struct {
		timed, longest, lasted, packetFlows, up, down, named int64
		states                                               [flow.NumStates]int64
		names                                                map[string]int64
	}
	direct := map[profile.Key]*want{}
	for _, r := range flows {
		k := profile.Key{Src: r.Src, Dst: r.Dst, Proto: r.Proto, Port: r.Port}
		w := direct[k]
		if w == nil {
			w = &want{names: map[string]int64{}}
			direct[k] = w
		}
		if r.Duration.Known() {
			w.timed++
			w.longest = max(w.longest, r.Duration.Hundredths())
			w.lasted += r.Duration.Hundredths()
		}
		if r.UpPackets > 0 || r.DownPackets > 0 {
			w.packetFlows++
			w.up, w.down = w.up+r.UpPackets, w.down+r.DownPackets
		}
		if r.State != flow.UnknownState {
			w.states[r.State]++
		}
		if r.Name != "" {
			w.named++
			w.names[r.Name]++
		}
	}
	sampled := 0
	for _, c := range build(flows).Conversations {
		w, d := direct[c.Key], c.Details
		if d == nil {
			t.Fatalf("%v: no details", c.Key)
		}
		got := want{d.Durations.Flows(), d.Longest, d.Lasted, d.PacketFlows, d.UpPackets, d.DownPackets, d.NamedFlows, d.States, nil}
		expect := *w
		expect.names = nil
		if fmt.Sprint(got) != fmt.Sprint(expect) {
			t.Errorf("%v: %v, want %v", c.Key, got, expect)
		}
		if len(d.Names) != min(len(w.names), profile.NamesKept) {
			t.Errorf("%v: %d of %d names", c.Key, len(d.Names), len(w.names))
		}
		for _, n := range d.Names {
			if n.Flows != w.names[n.Name] {
				t.Errorf("%v: %s in %d flows, want %d", c.Key, n.Name, n.Flows, w.names[n.Name])
			}
		}
		if len(w.names) > profile.NamesKept {
			sampled++
		} else if d.DistinctNames() != float64(len(w.names)) {
			t.Errorf("%v: %v names, want %d", c.Key, d.DistinctNames(), len(w.names))
		}
	}
	if sampled == 0 {
		t.Error("no conversation has more names than are kept")
	}
}

func TestDistinctNames(t *testing.T) {
	for _, n := range []int{65, 1000, 100_000} {
		b := profile.NewBuilder()
		for i := range n {
			b.Add(flow.Record{Src: netip.IPv6Loopback(), Dst: netip.IPv6Loopback(), Details: flow.Details{Name: fmt.Sprintf("%x.tunnel.example", i*7919)}})
		}
		got := b.Profile().Conversations[0].Details.DistinctNames()
		if math.Abs(got/float64(n)-1) > 0.35 { // three standard errors are 38 %
			t.Errorf("%v distinct names, want about %d", got, n)
		}
	}
}
