package sentinel_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/flowbook/flowbook/reportgen/internal/sentinel"
)

// office is a day of n hosts that upload about a megabyte each and receive ten.
func office(n int, more ...flow.Record) sentinel.Day {
	var flows []flow.Record
	for i := range n {
		at := flow.Time(i) * flow.Minute
		flows = append(flows, record(at, fmt.Sprintf("10.0.0.%d", i+1), "198.51.100.7", 1_000_000+int64(i)*20_000, 10_000_000))
	}
	return dayOf(append(flows, more...)...)
}

func TestUnusualUploads(t *testing.T) {
	theft := record(flow.Hour, "10.0.0.5", "203.0.113.9", 2_000_000_000, 20_000)
	for name, c := range map[string]struct {
		day   sentinel.Day
		known bool
		want  []string
	}{
		"quiet":                    {office(30), true, nil},
		"theft":                    {office(30, theft), true, []string{"10.0.0.5 203.0.113.9 2000000000"}},
		"theft in parts":           {office(30, slices.Repeat([]flow.Record{record(1, "10.0.0.5", "203.0.113.9", 9_000_000, 9_000)}, 50)...), true, []string{"10.0.0.5 203.0.113.9 450000000"}},
		"download of that size":    {office(30, record(1, "10.0.0.5", "203.0.113.9", 2_000_000_000, 3_000_000_000)), true, nil},
		"more sent, but little":    {office(30, record(1, "10.0.0.5", "203.0.113.9", 1_100_000, 9)), true, nil},
		"to another inside":        {office(30, record(1, "10.0.0.5", "10.0.0.6", 2_000_000_000, 9)), true, nil},
		"to everyone":              {office(30, record(1, "10.0.0.5", "224.0.0.1", 2_000_000_000, 9)), true, nil},
		"from outside":             {office(30, record(1, "203.0.113.9", "10.0.0.5", 2_000_000_000, 9)), true, nil},
		"too few hosts to say":     {office(9, theft), false, nil},
		"as many as it needs":      {office(10, theft), true, []string{"10.0.0.5 203.0.113.9 2000000000"}},
		"nobody sends anything":    {dayOf(record(1, "10.0.0.1", "203.0.113.9", 0, 5)), false, nil},
		"nobody is inside":         {dayOf(record(1, "203.0.113.1", "203.0.113.9", 7, 5)), false, nil},
		"half of them do the same": {office(10, manyUploads(10)...), true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			uploads, known := sentinel.UnusualUploads(c.day.Profile, nil, flow.Private)
			var got []string
			for _, u := range uploads {
				got = append(got, fmt.Sprint(u.Src, " ", u.Dst, " ", u.Up))
			}
			if known != c.known || !slices.Equal(got, c.want) {
				t.Errorf("got %q, %v, want %q, %v", got, known, c.want, c.known)
			}
		})
	}
}

// manyUploads is an upload of a hundred megabytes by each of n hosts.
func manyUploads(n int) []flow.Record {
	var flows []flow.Record
	for i := range n {
		flows = append(flows, record(1, fmt.Sprintf("10.0.0.%d", i+1), "203.0.113.9", 100_000_000+int64(i), 9))
	}
	return flows
}

// A member of the mesh is named, its servers and its scanner are not.
func TestInsiders(t *testing.T) {
	var flows []flow.Record
	for i := range 20 {
		host := fmt.Sprintf("10.0.0.%d", i+1)
		flows = append(flows, record(flow.Time(i), host, "10.0.0.200", 10, 90), record(flow.Time(i), "10.0.0.9", host, 10, 0))
	}
	for _, a := range []string{"10.0.0.1", "10.0.0.2", "10.0.0.3"} {
		for _, b := range []string{"10.0.0.1", "10.0.0.2", "10.0.0.3"} {
			if a != b {
				flows = append(flows, record(50, a, b, 100, 100))
			}
		}
	}
	flows = append(flows, record(60, "10.0.0.7", "10.0.0.8", 9, 9), record(61, "10.0.0.8", "10.0.0.7", 9, 9)) // two are not a mesh
	day := dayOf(flows...)
	subnets, err := sentinel.FindPeers(t.Context(), day.Rows, nil)
	if err != nil || len(subnets) != 1 {
		t.Fatalf("%d subnets, %v", len(subnets), err)
	}
	got := sentinel.NewInsiders(day.Profile, flow.Private, subnets[0])
	want := sentinel.Insiders{
		Servers: []sentinel.Server{{Addr: netip.MustParseAddr("10.0.0.200"), Role: "web", Clients: 20}},
		Peers:   20, Busiest: netip.MustParseAddr("10.0.0.9"), Reached: 19, // and itself, which is not another host
		Meshes: [][]netip.Addr{{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("10.0.0.3")}},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFindPeers(t *testing.T) {
	day := dayOf(
		record(100, "10.0.0.1", "10.0.0.2", 1, 1), record(300, "10.0.0.3", "10.0.0.2", 1, 1),
		record(300, "10.0.0.1", "10.0.1.2", 1, 1), // from one /24 to another
		record(400, "10.0.1.1", "10.0.1.2", 1, 1), record(900, "10.0.1.1", "10.0.1.2", 1, 1),
		record(500, "fd00::1", "fd00::2", 1, 1), record(600, "fd00::1", "fd00:0:0:1::2", 1, 1),
	)
	for name, c := range map[string]struct {
		networks []netip.Prefix
		want     []string
	}{
		"all found": {nil, []string{"10.0.0.0/24 10.0.0.2 2 0.01", "10.0.1.0/24 10.0.1.2 2 0.004", "fd00::/64 fd00::2 1 NaN"}},
		"one":       {prefixes("10.0.1.0/24"), []string{"10.0.1.0/24 10.0.1.2 2 0.004"}},
		"one in another, in the order given": {prefixes("10.0.1.0/24", "10.0.0.0/16"),
			[]string{"10.0.1.0/24 10.0.1.2 2 0.004", "10.0.0.0/16 10.0.0.2 2 0.01", "10.0.0.0/16 10.0.1.2 3 0.005"}},
		"elsewhere": {prefixes("172.16.0.0/12"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			subnets, err := sentinel.FindPeers(t.Context(), day.Rows, c.networks)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range subnets {
				for _, r := range s.Rows {
					got = append(got, fmt.Sprintf("%s %s %d %.3v", s.Network, r.Dst, r.Flows, r.Frequency))
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func prefixes(texts ...string) []netip.Prefix {
	var ps []netip.Prefix
	for _, s := range texts {
		ps = append(ps, netip.MustParsePrefix(s))
	}
	return ps
}

// Rows that are not flows are skipped, as they were counted when the day was
// read; any other error and the end of the context end the search.
func TestFindPeersErrors(t *testing.T) {
	broken := errors.New("broken")
	rows := func(end error) func(func(flow.Record, error) bool) {
		return func(yield func(flow.Record, error) bool) {
			_ = yield(record(1, "10.0.0.1", "10.0.0.2", 1, 1), nil) &&
				yield(flow.Record{}, &flowfile.RowError{Reason: flowfile.ReasonTime}) &&
				yield(record(2, "10.0.0.1", "10.0.0.2", 1, 1), nil) &&
				end != nil && yield(flow.Record{}, end)
		}
	}
	subnets, err := sentinel.FindPeers(t.Context(), rows(nil), nil)
	if err != nil || len(subnets) != 1 || subnets[0].Rows[0].Flows != 2 || subnets[0].Unordered {
		t.Errorf("%+v, %v", subnets, err)
	}
	if _, err := sentinel.FindPeers(t.Context(), rows(broken), nil); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sentinel.FindPeers(ctx, rows(nil), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAnalyzeRefuses(t *testing.T) {
	for _, percentile := range []int{-1, 101} {
		if _, err := sentinel.Analyze(t.Context(), office(1), nil, sentinel.Options{Percentile: percentile}); err == nil {
			t.Errorf("percentile %d is taken", percentile)
		}
	}
}
