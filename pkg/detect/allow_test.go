package detect_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
)

func TestAllowList(t *testing.T) {
	network := netip.MustParsePrefix
	result := detect.All(input(t))
	all := map[string]bool{}
	parts := func(r detect.Result) (parts []detect.Finding) {
		for _, f := range r.Findings {
			parts = append(parts, f.Parts()...)
		}
		return parts
	}
	for _, f := range parts(result) {
		all[f.Rule+" "+f.Entity.String()] = true
	}
	tests := []struct {
		name  string
		allow detect.Allowance
		want  []string // findings hidden
	}{
		{"a host", detect.Allowance{Network: network(host(3) + "/32")}, []string{"exfiltration " + host(3), "host-anomaly " + host(3)}},
		{"a destination", detect.Allowance{Network: network("142.250.0.0/15")}, []string{"exfiltration " + host(3)}},
		{"an owner by a word of its name", detect.Allowance{Owner: "google"}, []string{"exfiltration " + host(3)}},
		{"an owner by number", detect.Allowance{Owner: "AS15169"}, []string{"exfiltration " + host(3)}},
		{"part of a word", detect.Allowance{Owner: "goo"}, nil},
		// The visits are as regular as a clock, too.
		{"a country", detect.Allowance{Country: "ru"}, []string{"beacon " + host(4), "new-country " + host(4)}},
		{"a client's network", detect.Allowance{Network: network("203.0.113.0/24"), Rules: []string{"external-automation"}}, []string{"external-automation 203.0.113.7"}},
		{"a network under another rule", detect.Allowance{Network: network("203.0.113.0/24"), Rules: []string{"beacon"}}, nil},
		{"a rule", detect.Allowance{Rules: []string{"internal-scan", "dns-c2"}}, []string{"dns-c2 " + host(8), "internal-scan " + host(9)}},
		{"a resolver", detect.Allowance{Network: network(dns1 + "/32")}, []string{"dns-c2 " + host(8)}},
		{"one of two peers", detect.Allowance{Network: network(host(5) + "/32")}, []string{"internal-p2p " + host(5)}},
		{"owner and country of different places", detect.Allowance{Owner: "Google", Country: "RU"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			shown, hidden := detect.AllowList{tt.allow}.Apply(result)
			left := map[string]bool{}
			for _, f := range parts(shown) {
				left[f.Rule+" "+f.Entity.String()] = true
			}
			var got []string
			for f := range all {
				if !left[f] {
					got = append(got, f)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, tt.want) {
				t.Errorf("hides %v, want %v", got, tt.want)
			}
			if n := len(parts(result)) - len(parts(shown)); hidden[0] != n {
				t.Errorf("says %d, hides %d", hidden[0], n)
			}
			for _, d := range shown.Devices {
				for _, f := range d.Findings {
					if !left[f.Rule+" "+f.Entity.String()] {
						t.Errorf("device %s still has %s", d.Entity, f.Rule)
					}
				}
			}
		})
	}
}

// A service that was hired to watch the public servers.
func ExampleAllowList() {
	servers := visitors(60).steady("203.0.113.7", 150, 120, 0.3, 0)
	found := detect.All(detect.Input{Servers: servers.profile()})
	allow := detect.AllowList{{
		Network: netip.MustParsePrefix("203.0.113.7/32"),
		Rules:   []string{detect.RuleExternalAutomation},
		Reason:  "hired monitoring",
	}}
	shown, hidden := allow.Apply(found)
	fmt.Println(len(found.Findings), "found,", len(shown.Findings), "shown,", hidden[0], "allowed:", allow[0].Reason)
	// Output: 1 found, 0 shown, 1 allowed: hired monitoring
}
