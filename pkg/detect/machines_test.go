package detect_test

import (
	"slices"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

func TestWithoutHistory(t *testing.T) {
	const hosts = 20
	fresh := "45.9.20.77"
	// camera is on day and night, and contacts as many addresses as some users do.
	camera := func(l *lab) *lab {
		for i := range 8 {
			l.flows(24, host(hosts), visitor(i), flow.TCP, 443, 500, 800, 0, flow.Day)
		}
		return l
	}
	tests := []struct {
		name string
		day  func(l *lab)
		want []string
		low  bool
	}{
		{"an ordinary day", func(*lab) {}, nil, false},
		{"calls of a user's host", func(l *lab) { l.calls(host(3), fresh, 140, 600, 0.02, 0) }, []string{host(3)}, false},
		{"calls of a camera", func(l *lab) { camera(l).calls(host(hosts), fresh, 140, 600, 0.02, 0) }, nil, true},
		{"calls with as much jitter as command channels have", func(l *lab) { l.calls(host(3), fresh, 140, 600, 0.19, 0) }, []string{host(3)}, false},
		{"calls of two hosts", func(l *lab) {
			for i := range 2 {
				l.calls(host(i), fresh, 140, 600, 0.02, 0)
			}
		}, []string{host(0), host(1)}, false},
		{"a program of three hosts", func(l *lab) {
			for i := range 3 {
				l.calls(host(i), fresh, 140, 600, 0.02, 0)
			}
		}, nil, true},
		{"a server that refuses a host without end", func(l *lab) {
			l.flows(700, host(3), fresh, flow.TCP, 5888, 0, 0, 9*flow.Hour, 9*flow.Hour+7*flow.Minute)
		}, []string{host(3)}, false},
		{"a page that opens many connections at once", func(l *lab) {
			l.flows(60, host(3), fresh, flow.TCP, 443, 900, 4000, 9*flow.Hour, 9*flow.Hour+flow.Second)
		}, nil, false},
		{"a server that refused three hosts for a while", func(l *lab) {
			for i := range 3 {
				l.flows(700, host(i), fresh, flow.TCP, 5888, 0, 0, 9*flow.Hour, 9*flow.Hour+7*flow.Minute)
			}
		}, nil, false},
		{"a backup at night", func(l *lab) {
			l.flows(20, host(6), backupSite, flow.TCP, 443, 100e6, 1e6, flow.Hour, 3*flow.Hour)
		}, nil, true},
		{"a backup at noon", func(l *lab) {
			l.flows(20, host(6), backupSite, flow.TCP, 443, 100e6, 1e6, 12*flow.Hour, 14*flow.Hour)
		}, []string{host(6)}, false},
		{"an upload at night to an address that stores nothing for others", func(l *lab) {
			l.flows(20, host(6), rented, flow.TCP, 443, 100e6, 1e6, flow.Hour, 3*flow.Hour)
		}, []string{host(6)}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			day := office(2, hosts)
			tt.day(day)
			in := detect.Input{Test: day.profile(), Geo: lookup(t)}
			found := slices.Concat(detect.Beacon(in).Findings, detect.Exfiltration(in).Findings)
			wantAlerts(t, found, tt.want...)
			if tt.low != (len(tt.want) == 0 && len(found) > 0) {
				t.Errorf("%d findings, want some of severity low: %t", len(found), tt.low)
			}
		})
	}
}
