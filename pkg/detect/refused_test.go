package detect_test

import (
	"fmt"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

// Ports that refuse are not answers, whether states say so or sizes.
func TestScanRefused(t *testing.T) {
	for _, tt := range []struct {
		name     string
		state    flow.State
		up, down int64
		want     []string
	}{
		{"refused by state", flow.Refused, 200, 180, []string{host(2)}},
		{"refused by size", flow.UnknownState, 60, 40, []string{host(2)}},
		{"sizes of a refusal, but established", flow.Established, 60, 40, nil},
		{"answered", flow.UnknownState, 600, 400, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := office(2, 12)
			for port := range uint16(30) {
				l.at(10*flow.Hour+flow.Time(port), host(2), host(3), flow.TCP, 40_000+port, tt.up, tt.down)
				l.records[len(l.records)-1].Details = flow.Details{State: tt.state}
			}
			r := detect.Scan(detect.Input{Test: l.profile()})
			wantAlerts(t, r.Findings, tt.want...)
		})
	}
}

// Without a history, hosts with few destinations are machines, gaps that jitter
// does not explain are those of users, and a habit of many hosts is not an alert.
func TestBeaconWithoutHistory(t *testing.T) {
	calls := func(l *lab, src, dst string, cv float64) {
		from := len(l.records)
		l.steady(src, 150, 500, cv, 0)
		for i := range l.records[from:] {
			l.records[from+i].Dst = mustAddr(dst)
		}
	}
	for _, tt := range []struct {
		name string
		day  func(l *lab)
		want []string
	}{
		{"a user's host", func(l *lab) { calls(l, host(2), rented, 0.1) }, []string{host(2)}},
		{"gaps that vary", func(l *lab) { calls(l, host(2), rented, 0.45) }, nil},
		{"a machine", func(l *lab) {
			calls(l, host(40), rented, 0.1)
			l.https(5, host(40), "213.13.7.1", 400, 900).https(5, host(40), "213.13.7.2", 400, 900).https(5, host(40), "213.13.7.3", 400, 900)
		}, nil},
		{"many hosts, each to an address of its own", func(l *lab) {
			for i := range 8 {
				calls(l, host(i), fmt.Sprintf("45.9.20.%d", 10+i), 0.1)
			}
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := office(2, 40)
			tt.day(l)
			wantAlerts(t, detect.Beacon(detect.Input{Test: l.profile()}).Findings, tt.want...)
		})
	}
}
