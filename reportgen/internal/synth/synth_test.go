package synth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/flow"
)

func newPlan(tb testing.TB, o Options) *Plan {
	tb.Helper()
	p, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func collect(seq iter.Seq[flow.Record]) []flow.Record { return slices.Collect(seq) }

func TestSameSeedSameDays(t *testing.T) {
	a, b := newPlan(t, Options{Flows: 20_000}), newPlan(t, Options{Flows: 20_000})
	// The order in which days are asked for does not matter, nor how often.
	b.Servers()
	test := collect(b.Test())
	if !slices.Equal(collect(a.Data()), collect(b.Data())) || !slices.Equal(collect(a.Test()), test) || !slices.Equal(collect(a.Servers()), collect(b.Servers())) {
		t.Error("the same options gave different days")
	}
	if d := cmp.Diff(a.Truth(), b.Truth(), cmp.Comparer(func(x, y netip.Addr) bool { return x == y })); d != "" {
		t.Error("the same options gave different truths:", d)
	}
	var dbs [2]bytes.Buffer
	for i, p := range []*Plan{a, b} {
		if err := p.WriteCountryDB(&dbs[i]); err != nil {
			t.Fatal(err)
		}
		if err := p.WriteOwnerDB(&dbs[i]); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(dbs[0].Bytes(), dbs[1].Bytes()) {
		t.Error("the same options gave different databases")
	}
	other := newPlan(t, Options{Flows: 20_000, Seed: 2})
	if slices.Equal(collect(a.Data()), collect(other.Data())) {
		t.Error("another seed gave the same day")
	}
}

// TestDaysAtOnce makes the days of one plan side by side, which the race
// detector watches.
func TestDaysAtOnce(t *testing.T) {
	p := newPlan(t, Options{Flows: MinFlows})
	want := [][]flow.Record{collect(p.Data()), collect(p.Test()), collect(p.Servers())}
	got := make([][]flow.Record, len(want))
	var wg sync.WaitGroup
	for i, seq := range []iter.Seq[flow.Record]{p.Data(), p.Test(), p.Servers()} {
		wg.Go(func() { got[i] = collect(seq) })
	}
	wg.Wait()
	for i := range want {
		if !slices.Equal(want[i], got[i]) {
			t.Errorf("day %d differs", i)
		}
	}
}

// TestStrengthLeavesPeopleAlone checks that planted behaviour draws from streams
// of its own: the normal day does not know of it.
func TestStrengthLeavesPeopleAlone(t *testing.T) {
	weak, strong := newPlan(t, Options{Flows: 20_000}), newPlan(t, Options{Flows: 20_000, Strength: 3})
	if !slices.Equal(collect(weak.Data()), collect(strong.Data())) {
		t.Error("strength changed the normal day")
	}
	sum := func(p *Plan, rule string) (flows int, up int64) {
		for _, planted := range p.Truth().Planted {
			if planted.Rule != rule {
				continue
			}
			for r := range p.Test() {
				if r.Src == planted.Entity && slices.Contains(planted.Peers, r.Dst) {
					flows++
					up += r.Up
				}
			}
		}
		return flows, up
	}
	if _, up := sum(weak, "exfiltration"); up < 1e9 {
		t.Errorf("uploads of %d bytes only", up)
	}
	for _, rule := range []string{"exfiltration", "new-country", "internal-p2p", "dns-c2", "beacon"} {
		weakFlows, weakUp := sum(weak, rule)
		strongFlows, strongUp := sum(strong, rule)
		if strongFlows < weakFlows || strongUp < 3*weakUp/2 {
			t.Errorf("%s: strength 3 gives %d flows and %d bytes, strength 1 gives %d and %d", rule, strongFlows, strongUp, weakFlows, weakUp)
		}
	}
}

func TestOptionsOutOfBounds(t *testing.T) {
	tests := []struct {
		opts Options
		want string
	}{
		{Options{Flows: 10}, "flows 10: must be from 10000"},
		{Options{Flows: -1}, "flows -1"},
		{Options{Hosts: 3}, "hosts 3: must be from 20"},
		{Options{Hosts: MaxHosts + 1}, "to 5000"},
		{Options{Strength: -1}, "strength -1"},
	}
	for _, tt := range tests {
		if _, err := New(tt.opts); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: error %v, want %q", tt.opts, err, tt.want)
		}
	}
}

// TestManySizes draws plans of all sizes and checks what must hold for each.
func TestManySizes(t *testing.T) {
	for _, o := range []Options{
		{Flows: MinFlows, Hosts: MinHosts},
		{Flows: 20_000, Hosts: 40, Seed: 3},
		{Flows: 20_000, Hosts: 500, Seed: 4},
		{Flows: 60_000, Hosts: 60, Seed: 5, Strength: 0.2},
		{Flows: MinFlows, Hosts: 1000, Seed: 6},
	} {
		t.Run(fmt.Sprintf("%d flows %d hosts", o.Flows, o.Hosts), func(t *testing.T) {
			p := newPlan(t, o)
			hosts := map[netip.Addr]bool{}
			for _, h := range p.hosts {
				hosts[h.addr] = true
			}
			if len(hosts) != o.Hosts {
				t.Errorf("%d hosts", len(hosts))
			}
			planted := map[netip.Addr]string{}
			for _, x := range p.Truth().Planted {
				if was, ok := planted[x.Entity]; ok {
					t.Errorf("%s is planted for %s and %s", x.Entity, was, x.Rule)
				}
				planted[x.Entity] = x.Rule
			}
			for _, x := range p.Truth().Benign {
				if rule, ok := planted[x.Entity]; ok {
					t.Errorf("%s is benign (%s) and planted (%s)", x.Entity, x.Kind, rule)
				}
			}
			for _, day := range []iter.Seq[flow.Record]{p.Data(), p.Test()} {
				checkDay(t, collect(day), func(a netip.Addr) bool { return hosts[a] })
			}
			checkDay(t, collect(p.Servers()), func(a netip.Addr) bool { return !a.IsPrivate() })
		})
	}
}

// checkDay checks every flow of a day by itself, and their order.
func checkDay(t *testing.T, flows []flow.Record, source func(netip.Addr) bool) {
	t.Helper()
	if len(flows) == 0 {
		t.Fatal("an empty day")
	}
	if !slices.IsSortedFunc(flows, flow.Compare) {
		t.Error("the day is not in order of time")
	}
	for _, r := range flows {
		switch {
		case r.Time >= flow.Day, r.Up <= 0, r.Down < 0, r.Port == 0, r.Proto != flow.TCP && r.Proto != flow.UDP:
			t.Fatalf("not a flow: %+v", r)
		case !source(r.Src):
			t.Fatalf("%s is not a source of this day", r.Src)
		case r.Src == r.Dst || !r.Dst.IsValid():
			t.Fatalf("no destination: %+v", r)
		}
	}
}

func TestDayStopsWhenAsked(t *testing.T) {
	p := newPlan(t, Options{Flows: MinFlows})
	n := 0
	for range p.Data() {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("%d flows", n)
	}
}

func TestTruthRoundTrip(t *testing.T) {
	want := newPlan(t, Options{Flows: 20_000}).Truth()
	var buf bytes.Buffer
	if err := encodeTruth(&buf, want); err != nil {
		t.Fatal(err)
	}
	var got Truth
	d := json.NewDecoder(&buf)
	d.DisallowUnknownFields()
	if err := d.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, cmp.Comparer(func(x, y netip.Addr) bool { return x == y })); d != "" {
		t.Error(d)
	}
}

func BenchmarkDay(b *testing.B) {
	n := 0
	for b.Loop() {
		for range newPlan(b, Options{}).Test() {
			n++
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "flows/s")
}

func ExampleNew() {
	plan, err := New(Options{Seed: 1, Flows: 20_000, Hosts: 60})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range plan.Truth().Planted {
		if p.Rule == "exfiltration" {
			fmt.Println(p.Entity, p.Description)
		}
	}
	for r := range plan.Data() {
		fmt.Println("the day begins at", r.Time, "on port", r.Port)
		break
	}
	// Output:
	// 192.168.100.69 120 modest uploads to one address of Dropbox, all day long
	// 192.168.100.70 7 uploads of 50 to 460 MB to a cloud drive of Microsoft
	// 192.168.100.97 5 uploads of 50 to 460 MB to a cloud drive of Google
	// the day begins at 00:07:36.98 on port 443
}
