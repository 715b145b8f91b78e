package detect_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

// Rules that need bytes do not run if the log has none, and nothing is said of answers.
func TestLogWithoutBytes(t *testing.T) {
	l := office(1, 20)
	for i := range l.records {
		l.records[i].Up, l.records[i].Down = 0, 0
		l.records[i].State = flow.Other
	}
	r := detect.All(detect.Input{Test: l.profile()})
	wantAlerts(t, r.Findings)
	for _, c := range r.Coverage() {
		switch c.Rule {
		case detect.RuleExfiltration, detect.RuleInternalP2P, detect.RuleExternalScan:
			if c.Ran || !strings.Contains(c.Reason, "no flow has byte") {
				t.Errorf("%s: ran %t, %q", c.Rule, c.Ran, c.Reason)
			}
		case detect.RuleDNSC2, detect.RuleBeacon:
			if !c.Ran || !strings.Contains(c.Reason, "no flow has byte counts") && !strings.Contains(c.Reason, "no owner database") {
				t.Errorf("%s: ran %t, %q", c.Rule, c.Ran, c.Reason)
			}
		}
	}
}

// If most hosts get no answer, the network is at fault and not a host.
func TestOutage(t *testing.T) {
	for _, tt := range []struct {
		hosts int
		want  []string
	}{
		{1, []string{host(0)}},
		{5, nil},
	} {
		t.Run(fmt.Sprint(tt.hosts), func(t *testing.T) {
			l := office(1, 7)
			for i := range tt.hosts {
				for j := range 60 {
					l.flows(1, host(i), fmt.Sprintf("45.9.%d.%d", 20+i, j+1), flow.TCP, 443, 60, 0, 9*flow.Hour, 17*flow.Hour)
				}
			}
			r := detect.ExternalScan(detect.Input{Test: l.profile(), Geo: lookup(t)})
			wantAlerts(t, r.Findings, tt.want...)
			if len(r.Findings) != tt.hosts {
				t.Errorf("%d findings, want %d", len(r.Findings), tt.hosts)
			}
		})
	}
}
