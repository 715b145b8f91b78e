package frame_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"

	"github.com/go-gota/gota/dataframe"
	"github.com/go-gota/gota/series"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/testenv"
)

// rec is a flow at a second of the day.
func rec(second int, src, dst string, proto flow.Proto, port uint16, up, down int64) flow.Record {
	return flow.Record{Time: flow.Time(second) * flow.Second, Src: netip.MustParseAddr(src), Dst: netip.MustParseAddr(dst),
		Proto: proto, Port: port, Up: up, Down: down}
}

func build(records ...flow.Record) *profile.Profile {
	b := profile.NewBuilder()
	for _, r := range records {
		b.Add(r)
	}
	return b.Profile()
}

// day is a small day with clients of a DNS server, a web server outside and two
// hosts that talk to each other.
func day() *profile.Profile {
	return build(
		rec(3600, "10.0.0.1", "10.0.0.53", flow.UDP, 53, 60, 140),
		rec(3601, "10.0.0.2", "10.0.0.53", flow.UDP, 53, 70, 150),
		rec(3700, "10.0.0.1", "203.0.113.9", flow.TCP, 443, 1000, 9000),
		rec(7300, "10.0.0.1", "203.0.113.9", flow.TCP, 443, 500, 4000),
		rec(9000, "10.0.0.2", "10.0.0.1", flow.TCP, 445, 300, 310),
		rec(86399, "10.0.0.2", "2001:db8::1", flow.TCP, 443, 5, 0),
	)
}

func golden(t *testing.T, name string, f frame.Frame) {
	t.Helper()
	if f.Err != nil {
		t.Fatal(f.Err)
	}
	var got bytes.Buffer
	if err := f.WriteCSV(&got); err != nil {
		t.Fatal(err)
	}
	testenv.Golden(t, filepath.Join("testdata", name+".csv"), got.String())
}

// results are detection results made by hand, so that these tests do not move
// when a detection learns something.
func results() (uploads detect.ExfiltrationResult, peers detect.BotnetResult, clients detect.ClientsResult, findings []detect.Finding) {
	src, dst := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("203.0.113.9")
	uploads.Uploads = []detect.Upload{
		{Src: src, Dst: dst, Owner: geo.Owner{ASN: 64500, Name: "Example Cloud"}, Country: geo.Country{Code: "PT", Name: "Portugal"},
			Counts: profile.Counts{Flows: 4, Up: 1_190_000_000, Down: 9_000_000}, Baseline: 3_800_000, Pace: detect.PaceFast},
		{Src: src, Dst: netip.MustParseAddr("203.0.113.10"), Counts: profile.Counts{Flows: 1, Up: 50, Down: 1}, Pace: detect.PaceSlow},
	}
	uploads.Findings = []detect.Finding{{Severity: detect.High}, {Severity: detect.Info}}
	peers.Pairs = []detect.PeerPair{{Src: src, Dst: dst, Flows: 2, Up: 378527, Down: 379879, Ratio: 0.996, Diff: 0.004}}
	clients.Clients = []detect.Client{
		{Addr: dst, Counts: profile.Counts{Flows: 90, Up: 12, Down: 100}, CV: 0.2, Gap: 240, Coverage: 1},
		{Addr: src, Counts: profile.Counts{Flows: 1, Up: 12, Down: 0}},
	}
	findings = []detect.Finding{
		{Rule: "exfiltration", Entity: netip.MustParseAddr("10.0.0.1"), Severity: detect.High, Score: 0.9, Attack: []string{"T1048", "T1030"},
			Summary: "uploaded much", Window: [2]flow.Time{100, 200}},
		{Rule: "dns-c2", Entity: netip.MustParseAddr("10.0.0.1"), Severity: detect.Medium, Score: 0.6, Summary: "asked much"},
		{Rule: "new-country", Entity: netip.MustParseAddr("10.0.0.2"), Severity: detect.Info, Score: 0.1, Summary: "looked abroad"},
	}
	return
}

func TestFrames(t *testing.T) {
	p := day()
	uploads, peers, clients, findings := results()
	services := detect.Services(detect.Input{Baseline: p, Test: p}).Test
	for name, f := range map[string]frame.Frame{
		"hours":         frame.Hours(p),
		"half-hours":    frame.HalfHours(p, netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("10.9.9.9")),
		"hosts":         frame.Hosts(p),
		"countries":     frame.Countries(p, nil, flow.Private),
		"conversations": frame.Conversations(p),
		"pairs":         frame.Pairs(p),
		"flows":         frame.Flows(p.Hosts[0].Largest),
		"ports":         frame.Ports(p, func(c *profile.Conversation) bool { return c.Src == p.Hosts[0].Addr }),
		"in-subnet":     frame.InSubnet(p, flow.Private),
		"services":      frame.Services(services),
		"uploads":       frame.Uploads(uploads),
		"peer-pairs":    frame.PeerPairs(peers),
		"calls": frame.Calls(detect.BeaconResult{Outcome: detect.Outcome{Findings: findings[:1]}, Calls: []detect.Call{{Src: p.Hosts[0].Addr, Dst: p.Hosts[0].Largest[0].Dst,
			Proto: "tcp", Port: 443, Counts: profile.Counts{Flows: 96, Up: 1, Down: 2}, CV: 0.05, Gap: 900, Hours: 24}}}),
		"sweeps": frame.Sweeps(detect.ScanResult{Outcome: detect.Outcome{Findings: findings[:1]}, Sweeps: []detect.Sweep{{Src: p.Hosts[0].Addr, Targets: 40, Unanswered: 38,
			Ports: []uint16{22, 445}, Counts: profile.Counts{Flows: 80, Up: 1}}}}),
		"changes": frame.Changes(detect.AnomalyResult{Hosts: []detect.HostChange{
			{Src: p.Hosts[0].Addr, Distance: 9.25, Limit: 7, Counts: profile.Counts{Flows: 404, Up: 9, Down: 8}, NamedBy: []string{"beacon", "dns-c2"},
				Features: []detect.Moved{{Text: "flows 404 (102)"}, {Text: "services used 9 (3)"}}},
			{Src: p.Hosts[0].Addr, Distance: 1, Limit: 6, Newcomer: true}}}),
		"clients":  frame.Clients(clients),
		"findings": frame.Findings(findings),
		"alerts":   frame.Findings(frame.Alerts(findings)),
		"devices":  frame.Devices(detect.Devices(findings)),
		"coverage": frame.Coverage([]detect.Coverage{{Rule: "beacon", Ran: true, Hosts: 40, Days: 7}, {Rule: "new-country", Reason: "no country database"}}),
		"compare":  frame.Compare(frame.Hosts(p), frame.Hosts(build(rec(5, "10.0.0.3", "10.0.0.1", flow.TCP, 80, 7, 8))), "src_ip", "flows", "up_bytes"),
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, f) })
	}
}

// TestEmpty: a frame without rows has its columns.
func TestEmpty(t *testing.T) {
	p := &profile.Profile{}
	in := detect.Input{Baseline: p, Test: p}
	for name, f := range map[string]frame.Frame{
		"hosts": frame.Hosts(p), "countries": frame.Countries(p, nil, nil), "conversations": frame.Conversations(p),
		"pairs": frame.Pairs(p), "flows": frame.Flows(nil), "in-subnet": frame.InSubnet(p, flow.Private),
		"half hours": frame.HalfHours(p), "services": frame.Services(detect.Services(in).Test), "uploads": frame.Uploads(detect.Exfiltration(in)),
		"new countries": frame.NewCountries(detect.Countries(in)), "new country hosts": frame.NewCountryHosts(detect.Countries(in)),
		"peers": frame.PeerPairs(detect.Botnet(in)), "dns": frame.DNS(detect.DNS(in)), "clients": frame.Clients(detect.Clients(in)),
		"calls": frame.Calls(detect.Beacon(in)), "sweeps": frame.Sweeps(detect.Scan(in)), "changes": frame.Changes(detect.Anomaly(in)), "owners": frame.Owners(detect.Traffic(in).Public), "findings": frame.Findings(nil), "devices": frame.Devices(nil),
		"sources": frame.Sources(), "rejected": frame.Rejected(frame.Day{Name: "test", Profile: p}),
	} {
		if f.Err != nil || f.Nrow() != 0 || f.Ncol() == 0 {
			t.Errorf("%s: %d rows, %d columns, error %v", name, f.Nrow(), f.Ncol(), f.Err)
		}
		for _, g := range []frame.Frame{frame.Named(f, f.Names()[0], nil), frame.Head(f, 3)} {
			if g.Err != nil || g.Nrow() != 0 {
				t.Errorf("%s: a frame made of it has %d rows, error %v", name, g.Nrow(), g.Err)
			}
		}
	}
	if f := frame.Hours(p); f.Nrow() != 24 {
		t.Errorf("hours of nothing: %d rows and not 24", f.Nrow())
	}
}

// TestTotals checks on random days that no frame loses a flow or a byte.
func TestTotals(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		var rs []flow.Record
		for range rng.IntN(300) {
			rs = append(rs, rec(rng.IntN(86400), fmt.Sprintf("10.0.0.%d", rng.IntN(9)), fmt.Sprintf("203.0.113.%d", rng.IntN(9)),
				flow.TCP, uint16(rng.IntN(3)), rng.Int64N(1e9), rng.Int64N(1e9)))
		}
		p := build(rs...)
		var sources []netip.Addr
		for _, h := range p.Hosts {
			sources = append(sources, h.Addr)
		}
		want := p.Total()
		for name, f := range map[string]frame.Frame{
			"hours": frame.Hours(p), "hosts": frame.Hosts(p), "countries": frame.Countries(p, nil, flow.Private),
			"conversations": frame.Conversations(p), "pairs": frame.Pairs(p), "half hours": frame.HalfHours(p, sources...),
		} {
			got := profile.Counts{Flows: int64(frame.Sum(f, "flows")), Up: int64(frame.Sum(f, "up_bytes")), Down: int64(frame.Sum(f, "down_bytes"))}
			if got != want {
				t.Errorf("%s amounts to %+v, the day to %+v", name, got, want)
			}
		}
	}
}

func TestTop(t *testing.T) {
	f := dataframe.New(
		series.New([]string{"a", "b", "c", "d"}, series.String, "k"),
		series.New([]float64{1, math.NaN(), 3, 3}, series.Float, "v"))
	for _, c := range []struct {
		n    int
		want []string
	}{{0, []string{}}, {2, []string{"c", "d"}}, {4, []string{"c", "d", "a", "b"}}, {9, []string{"c", "d", "a", "b"}}, {-1, []string{"c", "d", "a", "b"}}} {
		got, err := frame.Strings(frame.Top(f, "v", c.n), "k")
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("Top %d: %v (%v), want %v", c.n, got, err, c.want)
		}
	}
	if got, _ := frame.Strings(frame.Above(f, "v", 0.5), "k"); len(got) != 0 {
		t.Errorf("above the median, which is the largest: %v", got)
	}
	if got, _ := frame.Strings(frame.Above(f, "v", 0.2), "k"); !slices.Equal(got, []string{"c", "d"}) {
		t.Errorf("above the lowest fifth: %v", got)
	}
}

func TestErrors(t *testing.T) {
	f := frame.Hosts(day())
	broken := f.Select([]string{"nothing"})
	for name, err := range map[string]error{
		"no such column": second(frame.Floats(f, "nothing")),
		"text as number": second(frame.Floats(f, "src_ip")),
		"broken frame":   second2(frame.Strings(broken, "src_ip")),
		"top by text":    frame.Top(f, "src_ip", 1).Err,
		"compare":        frame.Compare(f, f, "src_ip", "nothing").Err,
		"compare twice":  frame.Compare(frame.Pairs(day()), f, "src_ip", "flows").Err,
		"named":          frame.Named(f, "nothing", nil).Err,
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func second(_ []float64, err error) error { return err }
func second2(_ []string, err error) error { return err }

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		unit        frame.Unit
		v           float64
		want, short string
	}{
		{frame.Bytes, 1_190_000_000, "1.19 GB", "1.19 GB"},
		{frame.Bytes, 435_000_698, "435 MB", "435 MB"},
		{frame.Bytes, 999_999, "1 MB", "1 MB"},
		{frame.Bytes, 0, "0 B", "0 B"},
		{frame.Bytes, 0.5, "0.5 B", "0.5 B"},
		{frame.Bytes, math.NaN(), "–", "–"},
		{frame.Count, 334_778, "334,778", "335 k"},
		{frame.Count, 7460, "7,460", "7,460"},
		{frame.Ratio, 0.1201544, "0.120", "0.120"},
		{frame.Clock, 3417865, "09:29:38", "09:29:38"},
		{frame.Hour, 13, "13:00", "13:00"},
		{frame.Share, 0.125, "12.5 %", "12.5 %"},
		{frame.Share, 1, "100 %", "100 %"},
		{frame.Share, 0.55000001, "55 %", "55 %"},
		{frame.Share, 0.0001, "< 0.1 %", "< 0.1 %"},
		{frame.Share, 0.99999, "> 99.9 %", "> 99.9 %"},
		{frame.Share, 6.51, "651 %", "651 %"},
		{frame.Times, 7392.4, "7,392 ×", "7,392 ×"},
		{frame.Times, 1.44, "1.44 ×", "1.44 ×"},
		{frame.Seconds, 249.6, "250 s", "250 s"},
		{frame.Plain, 443, "443", "443"},
	} {
		if got := c.unit.Format(c.v); got != c.want {
			t.Errorf("unit %d: Format(%v) = %q, want %q", c.unit, c.v, got, c.want)
		}
		if got := c.unit.Short(c.v); got != c.short {
			t.Errorf("unit %d: Short(%v) = %q, want %q", c.unit, c.v, got, c.short)
		}
	}
}

func ExampleCompare() {
	normal := build(rec(3600, "10.0.0.1", "203.0.113.9", flow.TCP, 443, 1_000_000, 0))
	today := build(
		rec(3600, "10.0.0.1", "203.0.113.9", flow.TCP, 443, 1_190_000_000, 0),
		rec(7200, "10.0.0.2", "203.0.113.9", flow.TCP, 443, 5000, 0))
	both := frame.Compare(frame.Hosts(normal), frame.Hosts(today), "src_ip", "up_bytes")
	fmt.Println(both.Filter(dataframe.F{Colname: "test_up_bytes", Comparator: series.Greater, Comparando: 1_000_000}))
	// Output:
	// [1x3] DataFrame
	//
	//     src_ip   baseline_up_bytes test_up_bytes
	//  0: 10.0.0.1 1000000           1190000000
	//     <string> <int>             <int>
}

func ExampleDescribe() {
	c := frame.Describe("test_up_bytes")
	fmt.Println(c.Title, "|", c.Unit.Format(1_190_000_000))
	// Output: Sent (test) | 1.19 GB
}
