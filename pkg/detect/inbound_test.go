package detect_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// Attacks from outside are one finding of each kind a day, whatever other clients
// use the hosts; a sign of success raises its severity.
func TestInbound(t *testing.T) {
	scan := func(l *lab) {
		for port := range uint16(600) {
			l.flows(1, "104.156.155.13", host(0), flow.TCP, 1000+port, 40, 0, 7*flow.Hour, 14*flow.Hour)
		}
		for i := range 40 {
			l.flows(5, fmt.Sprintf("185.1.1.%d", i+1), host(0), flow.TCP, 23, 40, 0, flow.Hour, 2*flow.Hour)
		}
	}
	guess := func(l *lab) { l.flows(300, "203.0.113.50", host(1), flow.TCP, 22, 2000, 3000, 0, 20*flow.Hour) }
	turns := func(sources int, port uint16) func(l *lab) {
		return func(l *lab) {
			for i := range sources {
				l.flows(12, fmt.Sprintf("185.1.1.%d", i+1), host(1), flow.TCP, port, 2000, 3000, flow.Hour, 20*flow.Hour)
			}
		}
	}
	tests := []struct {
		name      string
		day       func(l *lab)
		severity  detect.Severity // of the worst finding
		findings  int
		attackers []string
	}{
		{"people", func(l *lab) {
			for i := range 20 {
				l.flows(30, visitor(i), host(0), flow.TCP, 443, 1000, 9000, 8*flow.Hour, 20*flow.Hour)
			}
		}, "", 0, nil},
		{"a service that is down", func(l *lab) { l.flows(3, visitor(1), host(0), flow.TCP, 443, 100, 0, 0, flow.Hour) }, "", 0, nil},
		{"scans", scan, detect.Medium, 1, []string{"104.156.155.13", "185.1.1.1", "185.1.1.40"}},
		{"guesses", guess, detect.Medium, 1, []string{"203.0.113.50"}},
		{"both", func(l *lab) { scan(l); guess(l) }, detect.Medium, 2, []string{"104.156.155.13", "203.0.113.50"}},
		{"guesses of three in turn", turns(3, 22), detect.Medium, 1, []string{"185.1.1.1", "185.1.1.3"}},
		{"short sessions of two", turns(2, 22), "", 0, nil},
		{"users who poll their mail", turns(9, 993), "", 0, nil},
		{"a break-in", func(l *lab) {
			guess(l)
			l.at(21*flow.Hour, "203.0.113.50", host(1), flow.TCP, 22, 400_000, 90_000)
		}, detect.High, 1, []string{"203.0.113.50"}},
		{"remote work", func(l *lab) {
			for i := range 4 {
				l.flows(12, visitor(i), host(1), flow.TCP, 22, 300_000, 2_000_000, 8*flow.Hour, 18*flow.Hour)
			}
		}, "", 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := office(2, 3)
			tt.day(l)
			r := detect.Inbound(detect.Input{Test: l.profile()})
			if len(r.Findings) != tt.findings || tt.findings > 0 && r.Findings[0].Severity != tt.severity {
				t.Fatalf("findings %+v, want %d of %s", r.Findings, tt.findings, tt.severity)
			}
			found := map[netip.Addr]bool{}
			for _, f := range r.Findings {
				for _, a := range f.Entities() {
					found[a] = true
				}
			}
			for _, a := range tt.attackers {
				if !found[mustAddr(a)] {
					t.Errorf("%s is in no finding", a)
				}
			}
			if found[mustAddr(visitor(1))] {
				t.Error("a visitor is taken for an attacker")
			}
			// The same flows as a log of the public servers.
			r = detect.Inbound(detect.Input{Test: office(2, 3).profile(), Servers: l.profile()})
			if len(r.Findings) != tt.findings {
				t.Errorf("%d findings in a servers log, want %d", len(r.Findings), tt.findings)
			}
		})
	}
	// Attackers timed by a program do not get findings or devices of their own.
	l := office(2, 3)
	scan(l)
	all := detect.All(detect.Input{Test: l.profile()})
	if n := len(all.Devices); n != 1 {
		t.Errorf("%d devices, want the first scanner only", n)
	}
	if r := detect.Inbound(detect.Input{Test: office(2, 3).profile()}); r.Coverage.Ran || r.Coverage.Reason == "" {
		t.Errorf("without inbound flows: coverage %+v", r.Coverage)
	}
}

// A member of a peer-to-peer network has peers in many networks on ports of
// their own; a caller and a browser have not.
func TestExternalPeers(t *testing.T) {
	peers := func(l *lab, src string, n, flows int) {
		for i := range n {
			l.flows(flows, src, fmt.Sprintf("%d.%d.7.9", 30+i%150, i%200), flow.UDP, uint16(2000+37*i), 300, 250, 0, 24*flow.Hour)
		}
	}
	for _, tt := range []struct {
		name string
		add  func(l *lab)
		want []string
	}{
		{"a bot with lasting peers", func(l *lab) { peers(l, host(0), 30, 48) }, []string{host(0)}},
		{"a bot with many peers", func(l *lab) { peers(l, host(0), 300, 2) }, []string{host(0)}},
		{"a few calls", func(l *lab) { peers(l, host(0), 5, 40) }, nil},
		{"a service with many addresses", func(l *lab) {
			for i := range 60 {
				l.flows(3, host(0), fmt.Sprintf("%d.1.1.1", 30+i), flow.TCP, 5228, 300, 300, 0, 24*flow.Hour)
			}
		}, nil},
		{"an application of all", func(l *lab) {
			for h := range 40 {
				peers(l, host(h), 30, 3)
			}
		}, nil},
	} {
		for _, history := range []*profile.Profile{nil, office(1, 40).profile()} {
			l := office(2, 40)
			tt.add(l)
			r := detect.ExternalPeers(detect.Input{Baseline: history, Test: l.profile()})
			t.Run(fmt.Sprintf("%s, history %v", tt.name, history != nil), func(t *testing.T) { wantAlerts(t, r.Findings, tt.want...) })
		}
	}
}

// A host whose first contacts outside mostly fail is a scanner; one that browses
// and meets a few dead servers is not.
func TestExternalScan(t *testing.T) {
	to := func(l *lab, src string, n int, port uint16, down int64) {
		for i := range n {
			l.flows(1, src, fmt.Sprintf("45.%d.%d.9", i/250, i%250), flow.TCP, port, 60, down, 10*flow.Hour, 11*flow.Hour)
		}
	}
	try := func(l *lab, src string, n int, down int64) { to(l, src, n, 445, down) }
	l := office(2, 40)
	try(l, host(1), 400, 0)
	try(l, host(2), 8, 0)
	to(l, host(3), 400, 443, 500)
	for _, history := range []*profile.Profile{nil, office(1, 40).profile()} {
		r := detect.ExternalScan(detect.Input{Baseline: history, Test: l.profile()})
		wantAlerts(t, r.Findings, host(1))
	}
	// Spam, and what a mail server sends that did so before, or takes mail too.
	for _, history := range []*profile.Profile{nil, office(1, 40).profile()} {
		mail := office(2, 40)
		to(mail, host(5), 60, 25, 500)
		to(mail, host(6), 60, 25, 500)
		mail.flows(3, rented, host(6), flow.TCP, 25, 9000, 500, 10*flow.Hour, 11*flow.Hour)
		wantAlerts(t, detect.ExternalScan(detect.Input{Baseline: history, Test: mail.profile()}).Findings, host(5))
	}
	sends := func(seed uint64) *lab {
		l := office(seed, 40)
		to(l, host(5), 60, 25, 500)
		return l
	}
	before := []detect.Day{{Profile: office(1, 40).profile()}, {Profile: sends(3).profile()}, {Profile: sends(4).profile()}}
	wantAlerts(t, detect.ExternalScan(detect.Input{History: before, Test: sends(2).profile()}).Findings, host(5))
	ports := office(2, 40)
	for port := range uint16(20) {
		ports.flows(1, host(4), rented, flow.TCP, 980+port, 1800, 6800, 10*flow.Hour, 11*flow.Hour)
	}
	wantAlerts(t, detect.ExternalScan(detect.Input{Test: ports.profile()}).Findings, host(4))
	alone := &lab{}
	try(alone, host(1), 400, 0)
	wantAlerts(t, detect.ExternalScan(detect.Input{Test: alone.profile()}).Findings, host(1))
	silent := alone.https(1, host(2), googleDrive, 40e3, 0)
	if r := detect.ExternalScan(detect.Input{Test: silent.profile()}); r.Coverage.Ran || len(r.Findings) != 0 {
		t.Errorf("a log without bytes of destinations: %+v", r.Coverage)
	}
}

// Alerts that belong together are one finding with members; devices keep their
// own scores, and the allow list takes members out.
func TestCampaigns(t *testing.T) {
	l := office(2, 40)
	for _, h := range []int{1, 2, 3} {
		l.beacon(host(h), rented, 300, 0.05)
	}
	l.beacon(host(4), "45.9.20.77", 400, 0.05).beacon(host(4), "45.9.20.78", 500, 0.05)
	l.mesh(10e3, 10e3, host(5), host(6), host(7))
	in := detect.Input{Baseline: office(1, 40).profile(), Test: l.profile()}
	r := detect.All(in)
	members := map[string][]netip.Addr{}
	for _, f := range r.Findings {
		if f.Severity.Alert() {
			members[f.Rule+" "+f.Entity.String()] = f.Members
		}
	}
	three := func(hosts ...int) (as []netip.Addr) {
		for _, h := range hosts {
			as = append(as, mustAddr(host(h)))
		}
		slices.SortFunc(as, netip.Addr.Compare)
		return as
	}
	if len(members) != 3 || !slices.Equal(members["beacon "+host(1)], three(1, 2, 3)) && !slices.Equal(members["beacon "+host(2)], three(1, 2, 3)) && !slices.Equal(members["beacon "+host(3)], three(1, 2, 3)) {
		t.Errorf("campaigns %v", members)
	}
	if m, ok := members["beacon "+host(4)]; !ok || m != nil {
		t.Errorf("campaigns %v: two calls of one host are one finding without members", members)
	}
	if !slices.Equal(members["internal-p2p "+host(5)], three(5, 6, 7)) {
		t.Errorf("campaigns %v", members)
	}
	if len(r.Devices) != 7 {
		t.Errorf("%d devices, want 7", len(r.Devices))
	}
	shown, hidden := detect.AllowList{{Network: netip.MustParsePrefix(host(2) + "/32"), Rules: []string{"beacon"}}}.Apply(r)
	if hidden[0] != 1 || len(shown.Devices) != 6 {
		t.Errorf("hid %d parts, left %d devices", hidden[0], len(shown.Devices))
	}
	for _, f := range shown.Findings {
		if slices.Contains(f.Members, mustAddr(host(2))) {
			t.Errorf("%s still has %s", f.Rule, host(2))
		}
	}
}

func TestInferNetworks(t *testing.T) {
	for _, tt := range []struct {
		name, want string // networks inferred beside the private ones
		fits       bool
		day        func(l *lab)
	}{
		{"private", "", true, func(l *lab) { l.https(50, host(1), "8.8.4.4", 1, 1) }},
		{"one public network", "147.32.84.0/24", true, func(l *lab) {
			for i := range 30 {
				l.https(9, fmt.Sprintf("147.32.84.%d", i+1), fmt.Sprintf("%d.1.1.1", i+20), 1, 1)
			}
		}},
		{"several parts of one", "147.32.0.0/16", true, func(l *lab) {
			for i := range 30 {
				l.https(9, fmt.Sprintf("147.32.%d.7", i+1), fmt.Sprintf("%d.1.1.1", i+20), 1, 1)
			}
		}},
		{"one client of one server", "147.32.80.0/24", true, func(l *lab) { l.https(90, "147.32.80.37", "141.193.213.20", 1, 1) }},
		{"a carrier's", "100.64.0.0/10", true, func(l *lab) {
			for i := range 30 {
				l.https(9, fmt.Sprintf("100.%d.3.7", 64+i), fmt.Sprintf("%d.1.1.1", i+20), 1, 1)
			}
		}},
		{"none", "", false, func(l *lab) {
			for i := range 60 {
				l.https(1, fmt.Sprintf("%d.1.1.1", i+20), fmt.Sprintf("%d.2.2.2", i+100), 1, 1)
			}
		}},
		{"IPv6", "2001:db8:1:2::/64", true, func(l *lab) {
			for i := range 30 {
				l.https(9, fmt.Sprintf("2001:db8:1:2::%d", i+1), fmt.Sprintf("2600:%d::1", i+20), 1, 1)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := &lab{}
			tt.day(l)
			n := detect.InferNetworks(l.profile())
			var got []string
			for _, s := range n.Inferred {
				got = append(got, s.Network.String())
			}
			if strings.Join(got, " ") != tt.want && tt.fits || (n.Internal != nil) != tt.fits {
				t.Errorf("inferred %v, internal %v, want %s, %v", got, n.Internal, tt.want, tt.fits)
			}
			if !tt.fits && len(n.Candidates) == 0 {
				t.Error("no candidate is named")
			}
		})
	}
}
