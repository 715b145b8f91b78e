package profile_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/testenv"
)

// randomFlows makes flows among few hosts, so that conversations repeat, with
// one conversation active in most seconds of the day.
func randomFlows(rng *rand.Rand, n int) []flow.Record {
	flows := make([]flow.Record, n)
	for i := range flows {
		r := flow.Record{
			Time:  flow.Time(rng.IntN(int(flow.Day))),
			Src:   netip.AddrFrom4([4]byte{192, 168, 100, byte(rng.IntN(9))}),
			Dst:   netip.AddrFrom4([4]byte{8, 8, byte(rng.IntN(3)), byte(rng.IntN(5))}),
			Proto: []flow.Proto{flow.TCP, flow.UDP}[rng.IntN(2)],
			Port:  []uint16{53, 443}[rng.IntN(2)],
			Up:    rng.Int64N(50), // small, so that the largest flows tie
			Down:  rng.Int64N(1 << 30),
		}
		if rng.IntN(10) == 0 {
			r.Src, r.Dst = netip.MustParseAddr("fd00::1"), netip.MustParseAddr("2001:db8::2")
		}
		flows[i] = r
	}
	return flows
}

// detailedFlows returns randomFlows. Most have some details, and a few
// conversations have more names than a profile keeps.
func detailedFlows(rng *rand.Rand, n int) []flow.Record {
	flows := randomFlows(rng, n)
	for i := range flows {
		d := &flows[i].Details
		if rng.IntN(3) > 0 {
			d.Duration = flow.SpanOf(rng.Int64N(int64(1) << rng.IntN(20)))
		}
		if rng.IntN(3) > 0 {
			d.UpPackets, d.DownPackets = rng.Int64N(9), rng.Int64N(9)
		}
		d.State = flow.State(rng.IntN(int(flow.NumStates)))
		if rng.IntN(2) > 0 {
			d.Name = fmt.Sprintf("host%d.example", rng.IntN(1+30*(1+int(flows[i].Dst.As16()[15]))))
		}
	}
	return flows
}

func build(flows []flow.Record) *profile.Profile {
	b := profile.NewBuilder()
	for _, r := range flows {
		b.Add(r)
	}
	return b.Profile()
}

func TestMergeOfAnySplitGivesTheSameBytes(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 0))
		flows := []func(*rand.Rand, int) []flow.Record{randomFlows, detailedFlows}[seed%2](rng, 1+rng.IntN(60_000))
		want := testenv.Encoded(t, profile.Encode, build(flows))

		shuffled := slices.Clone(flows)
		rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		parts := make([][]flow.Record, 1+rng.IntN(7))
		for _, r := range shuffled {
			k := rng.IntN(len(parts))
			parts[k] = append(parts[k], r)
		}
		profiles := make([]*profile.Profile, len(parts))
		for i, part := range parts {
			profiles[i] = build(part)
		}
		if got := testenv.Encoded(t, profile.Encode, profile.Merge(profiles...)); !bytes.Equal(got, want) {
			t.Fatalf("seed %d: %d flows in %d parts give another profile", seed, len(flows), len(parts))
		}
	}
}

func TestMergeIsAssociativeAndCommutative(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	// One of the parts has no details.
	a, b, c := build(detailedFlows(rng, 900)), build(randomFlows(rng, 20_000)), build(detailedFlows(rng, 70_000))
	want := testenv.Encoded(t, profile.Encode, profile.Merge(profile.Merge(a, b), c))
	for name, got := range map[string]*profile.Profile{
		"a(bc)": profile.Merge(a, profile.Merge(b, c)),
		"c(ba)": profile.Merge(c, profile.Merge(b, a)),
		"abc":   profile.Merge(a, b, c),
		"0abc0": profile.Merge(&profile.Profile{}, a, b, c, &profile.Profile{}),
	} {
		if !bytes.Equal(testenv.Encoded(t, profile.Encode, got), want) {
			t.Errorf("%s differs from (ab)c", name)
		}
	}
}

func TestAggregatesEqualADirectCount(t *testing.T) {
	flows := randomFlows(rand.New(rand.NewPCG(3, 1)), 30_000)
	p := build(flows)
	type want struct {
		counts  profile.Counts
		seconds map[uint32]bool
	}
	direct := map[profile.Key]*want{}
	var total profile.Counts
	for _, r := range flows {
		k := profile.Key{Src: r.Src, Dst: r.Dst, Proto: r.Proto, Port: r.Port}
		if direct[k] == nil {
			direct[k] = &want{seconds: map[uint32]bool{}}
		}
		one := profile.Counts{Flows: 1, Up: r.Up, Down: r.Down}
		direct[k].counts.Add(one)
		total.Add(one)
		direct[k].seconds[r.Time.Second()] = true
	}
	if p.Total() != total {
		t.Errorf("total %+v, want %+v", p.Total(), total)
	}
	if len(p.Conversations) != len(direct) {
		t.Fatalf("%d conversations, want %d", len(p.Conversations), len(direct))
	}
	for _, c := range p.Conversations {
		w := direct[c.Key]
		if c.Counts != w.counts || c.Seconds.Len() != len(w.seconds) {
			t.Errorf("%v: %+v in %d seconds, want %+v in %d", c.Key, c.Counts, c.Seconds.Len(), w.counts, len(w.seconds))
		}
	}
	slices.SortFunc(flows, func(a, b flow.Record) int { return int(b.Up - a.Up) })
	for _, h := range p.Hosts {
		i := slices.IndexFunc(flows, func(r flow.Record) bool { return r.Src == h.Addr })
		if h.Largest[0].Up != flows[i].Up || len(h.Largest) != profile.LargestKept {
			t.Errorf("%v: largest %d of %d kept, want %d", h.Addr, h.Largest[0].Up, len(h.Largest), flows[i].Up)
		}
	}
}

func TestRejectedRowsAddUp(t *testing.T) {
	a, b := profile.NewBuilder(), profile.NewBuilder()
	a.Reject("null", profile.Place{File: "x", RowGroup: 1, Row: 4, Column: "port"})
	b.Reject("null", profile.Place{File: "x", RowGroup: 0, Row: 9, Column: "port"})
	b.Reject("negative", profile.Place{File: "x", RowGroup: 0, Row: 2, Column: "up_bytes", Value: "-1"})
	got := profile.Merge(a.Profile(), b.Profile())
	want := []profile.Rejected{
		{Reason: "negative", Count: 1, First: profile.Place{File: "x", Row: 2, Column: "up_bytes", Value: "-1"}},
		{Reason: "null", Count: 2, First: profile.Place{File: "x", Row: 9, Column: "port"}},
	}
	if diff := cmp.Diff(want, got.Rejected); diff != "" {
		t.Error(diff)
	}
	if got.RejectedRows() != 3 {
		t.Errorf("%d rows rejected, want 3", got.RejectedRows())
	}
}

func TestSumsSaturate(t *testing.T) {
	r := flow.Record{Src: netip.IPv6Loopback(), Dst: netip.IPv6Loopback(), Up: 1<<63 - 1, Down: 1 << 62}
	p := build([]flow.Record{r, r, r})
	if got, want := p.Total(), (profile.Counts{Flows: 3, Up: 1<<63 - 1, Down: 1<<63 - 1}); got != want {
		t.Errorf("total %+v, want %+v", got, want)
	}
}

var exact = cmp.Options{
	cmp.AllowUnexported(profile.Seconds{}),
	cmp.Comparer(func(a, b profile.Sizes) bool {
		return a.Exact() == b.Exact() && maps.Equal(maps.Collect(a.All()), maps.Collect(b.All()))
	}),
	cmpopts.EquateComparable(netip.Addr{}),
	cmpopts.EquateEmpty(),
}

func TestDecodeReadsWhatEncodeWrote(t *testing.T) {
	p := build(randomFlows(rand.New(rand.NewPCG(5, 5)), 70_000))
	p.Sources = []profile.Source{{Name: "data.parquet", SHA256: "ab", Rows: 70_000}}
	detailed := build(detailedFlows(rand.New(rand.NewPCG(5, 6)), 20_000))
	for name, p := range map[string]*profile.Profile{"full": p, "empty": {}, "detailed": detailed} {
		version := profile.FormatVersion
		if name == "detailed" {
			version = profile.DetailsVersion
		}
		if head := fmt.Sprintf("flowbook profile %d\n", version); !bytes.HasPrefix(testenv.Encoded(t, profile.Encode, p), []byte(head)) {
			t.Errorf("%s: it does not begin with %q", name, head)
		}
		got, err := profile.Decode(bytes.NewReader(testenv.Encoded(t, profile.Encode, p)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(p, got, exact); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
