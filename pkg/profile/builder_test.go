package profile_test

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/testenv"
)

// TestBuilderRhythm adds flows of one conversation in every kind of order and
// density and compares its rhythm with one that was computed flow by flow.
func TestBuilderRhythm(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for _, n := range []int{1, 2, 3, 4, 5, 8, 9, 100, 2048, 2049, 2699, 2700, 2701, 5400, 90_000, 300_000} {
		for name, at := range map[string]func(i int) flow.Time{
			"in order":    func(i int) flow.Time { return flow.Time(i * int(flow.Day) / n) },
			"backwards":   func(i int) flow.Time { return flow.Time((n - 1 - i) * int(flow.Day) / n) },
			"random":      func(int) flow.Time { return flow.Time(rng.IntN(int(flow.Day))) },
			"one hour":    func(i int) flow.Time { return 7*flow.Hour + flow.Time(i)%flow.Hour },
			"two seconds": func(i int) flow.Time { return flow.Time(i%2) * flow.Second },
		} {
			b := profile.NewBuilder()
			var hours [24]uint32
			var seconds []uint32
			for i := range n {
				r := flow.Record{Time: at(i), Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("::1"), Proto: flow.UDP}
				b.Add(r)
				hours[r.Time.Hour()]++
				seconds = append(seconds, r.Time.Second())
			}
			c := b.Profile().Conversations[0]
			if c.Hours != hours {
				t.Errorf("%d %s: hours %v, want %v", n, name, c.Hours, hours)
			}
			slices.Sort(seconds)
			seconds = slices.Compact(seconds)
			if got := slices.Collect(c.Seconds.All()); !slices.Equal(got, seconds) {
				t.Errorf("%d %s: %d seconds, want %d", n, name, len(got), len(seconds))
			}
		}
	}
}

// TestBuilderOrder adds the flows of many conversations, whose lists grow in
// turn, in two orders: the bytes must be the same.
func TestBuilderOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	flows := make([]flow.Record, 60_000)
	for i := range flows {
		flows[i] = flow.Record{
			Time: flow.Time(rng.IntN(int(flow.Day))), Proto: flow.TCP, Port: uint16(rng.IntN(3)),
			Src: netip.AddrFrom4([4]byte{10, 0, 0, byte(rng.IntN(12))}),
			Dst: netip.AddrFrom4([4]byte{1, 0, 0, byte(rng.ExpFloat64() * 20)}),
			Up:  rng.Int64N(500), Down: rng.Int64N(500),
		}
	}
	want := testenv.Encoded(t, profile.Encode, build(flows))
	rng.Shuffle(len(flows), func(i, j int) { flows[i], flows[j] = flows[j], flows[i] })
	if !bytes.Equal(want, testenv.Encoded(t, profile.Encode, build(flows))) {
		t.Error("the order of the flows shows in the profile")
	}
}

// TestAdders divides flows by several adders and adds the parts in one order
// and another, by several goroutines: the bytes must be those of one builder.
func TestAdders(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	flows := randomFlows(rng, 50_000)
	want := testenv.Encoded(t, profile.Encode, build(flows))
	for _, adders := range []int{1, 2, 5} {
		addrs := profile.NewAddresses()
		b := profile.NewBuilderOf(addrs, profile.NewNames())
		var parts []*profile.Part
		var dividing sync.WaitGroup
		for chunk := range slices.Chunk(flows, len(flows)/adders+1) {
			first, second := new(profile.Part), new(profile.Part)
			parts = append(parts, second, first)
			dividing.Go(func() {
				a := b.Adder()
				a.Divide(columns(addrs, chunk[:len(chunk)/3]), profile.DetailColumns{}, first)
				a.Divide(columns(addrs, chunk[len(chunk)/3:]), profile.DetailColumns{}, second)
			})
		}
		dividing.Wait()
		b.AddParts(3, parts[1:]...)
		b.AddParts(1, parts[0])
		if !bytes.Equal(want, testenv.Encoded(t, profile.Encode, b.Profile())) {
			t.Errorf("%d adders: another profile", adders)
		}
	}
}

func columns(addrs *profile.Addresses, flows []flow.Record) profile.Columns {
	var c profile.Columns
	for _, r := range flows {
		c.Time = append(c.Time, int64(r.Time))
		c.Src, c.Dst = append(c.Src, addrs.Number(r.Src)), append(c.Dst, addrs.Number(r.Dst))
		c.Proto, c.Port = append(c.Proto, uint32(r.Proto)), append(c.Port, int64(r.Port))
		c.Up, c.Down = append(c.Up, r.Up), append(c.Down, r.Down)
	}
	return c
}
