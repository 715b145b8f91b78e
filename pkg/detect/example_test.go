package detect_test

import (
	"fmt"
	"net/netip"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// exampleDays are two days of 30 hosts that use a web server. On the second, the host
// 10.0.0.1 also reaches 300 unknown peers, tries ports of 400 external hosts and holds
// a connection for ten hours, and a host outside tries many internal ones.
func exampleDays() (before, day *profile.Profile) {
	add := func(b *profile.Builder, src, dst string, proto flow.Proto, port uint16, times int, details flow.Details) {
		for i := range times {
			up := int64(300)
			if details.State == flow.Unanswered {
				up = 0
			}
			b.Add(flow.Record{Time: flow.Time(i) * 10 * flow.Minute, Src: netip.MustParseAddr(src), Dst: netip.MustParseAddr(dst), Proto: proto, Port: port, Up: up, Down: up, Details: details})
		}
	}
	var days [2]*profile.Profile
	for i := range days {
		b := profile.NewBuilder()
		for h := range 30 {
			add(b, fmt.Sprintf("10.0.0.%d", h+1), "192.0.2.1", flow.TCP, 443, 12, flow.Details{Duration: 5 * flow.Span(flow.Second)})
		}
		if i == 1 {
			for n := range 300 {
				add(b, "10.0.0.1", fmt.Sprintf("%d.%d.7.9", 30+n%150, n%200), flow.UDP, uint16(2000+37*n), 2, flow.Details{})
			}
			for n := range 400 {
				add(b, "10.0.0.1", fmt.Sprintf("198.18.%d.%d", n/200, 1+n%200), flow.TCP, 23, 1, flow.Details{State: flow.Unanswered})
				add(b, "203.0.113.9", fmt.Sprintf("10.0.%d.%d", 1+n/200, 1+n%200), flow.TCP, 22, 1, flow.Details{State: flow.Unanswered})
			}
			add(b, "10.0.0.1", "203.0.113.77", flow.TCP, 8443, 1, flow.Details{Duration: 10 * flow.Span(flow.Hour)})
		}
		days[i] = b.Profile()
	}
	return days[0], days[1]
}

// Each detection can run alone. Its result has the evidence of each finding and the
// limits that were used.
func Example() {
	before, day := exampleDays()
	in := detect.Input{Baseline: before, Test: day, Intel: []detect.IntelList{{
		Name: "feed.csv", Indicators: []detect.Indicator{{Network: netip.MustParsePrefix("203.0.113.77/32"), Note: "botnet"}},
	}}}
	peers, scan, inbound := detect.ExternalPeers(in), detect.ExternalScan(in), detect.Inbound(in)
	long, hits := detect.LongConnections(in), detect.Hits(in)
	for _, found := range [][]detect.Finding{peers.Findings, scan.Findings, inbound.Findings, long.Findings, hits.Findings} {
		for _, f := range found {
			fmt.Println(f.Rule, f.Entity, f.Severity)
		}
	}
	countries := detect.Countries(in)
	fmt.Println(detect.RuleNewCountry, "ran:", countries.Coverage.Ran)
	fmt.Println(detect.RuleExternalP2P, "ran:", peers.Coverage.Ran)
	fmt.Println(detect.RuleLongConnection, "ran:", long.Coverage.Ran)
	// Output:
	// external-p2p 10.0.0.1 medium
	// external-scan 10.0.0.1 medium
	// inbound-attack 203.0.113.9 medium
	// long-connection 10.0.0.1 medium
	// threat-intel 10.0.0.1 high
	// new-country ran: false
	// external-p2p ran: true
	// long-connection ran: true
}
