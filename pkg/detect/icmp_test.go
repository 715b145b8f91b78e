package detect_test

import (
	"fmt"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

// A server that answers scanners with "port unreachable" is not a scanner, and one
// that pings others is.
func TestICMP(t *testing.T) {
	for _, tt := range []struct {
		name  string
		port  uint16
		to    string
		rules []string
	}{
		{"port unreachable, outside", 3<<8 | 3, "45.9.20.%d", nil},
		{"port unreachable, inside", 3<<8 | 3, "192.168.100.%d", nil},
		{"echo requests, outside", 8 << 8, "45.9.20.%d", []string{detect.RuleExternalScan}},
		{"echo requests, inside", 8 << 8, "192.168.100.%d", []string{detect.RuleInternalScan}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := office(2, 20)
			for i := range 100 {
				for hour := range flow.Time(24) {
					l.at(hour*flow.Hour+flow.Time(i)*flow.Second, host(3), fmt.Sprintf(tt.to, 100+i), flow.ICMP, tt.port, 100, 0)
				}
			}
			l.at(flow.Hour, host(4), "45.9.20.77", flow.ICMP, 3<<8|1, 1e9, 0) // one of the largest flows
			var rules []string
			for _, f := range detect.All(detect.Input{Test: l.profile()}).Findings {
				if f.Severity.Alert() {
					rules = append(rules, f.Rule)
				}
			}
			if fmt.Sprint(rules) != fmt.Sprint(tt.rules) {
				t.Errorf("alerts of %v, want %v", rules, tt.rules)
			}
		})
	}
}
