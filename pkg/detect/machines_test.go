package detect_test

import (
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
	}{
		{"an ordinary day", func(*lab) {}, nil},
		{"calls of a user's host", func(l *lab) { l.calls(host(3), fresh, 140, 600, 0.02, 0) }, []string{host(3)}},
		{"calls of a camera", func(l *lab) { camera(l).calls(host(hosts), fresh, 140, 600, 0.02, 0) }, nil},
		{"calls with as much jitter as command channels have", func(l *lab) { l.calls(host(3), fresh, 140, 600, 0.19, 0) }, []string{host(3)}},
		{"calls of two hosts", func(l *lab) {
			for i := range 2 {
				l.calls(host(i), fresh, 140, 600, 0.02, 0)
			}
		}, []string{host(0), host(1)}},
		{"a program of three hosts", func(l *lab) {
			for i := range 3 {
				l.calls(host(i), fresh, 140, 600, 0.02, 0)
			}
		}, nil},
		{"a backup at night", func(l *lab) {
			l.flows(20, host(6), backupSite, flow.TCP, 443, 100e6, 1e6, flow.Hour, 3*flow.Hour)
		}, nil},
		{"a backup at noon", func(l *lab) {
			l.flows(20, host(6), backupSite, flow.TCP, 443, 100e6, 1e6, 12*flow.Hour, 14*flow.Hour)
		}, []string{host(6)}},
		{"an upload at night to an address that stores nothing for others", func(l *lab) {
			l.flows(20, host(6), rented, flow.TCP, 443, 100e6, 1e6, flow.Hour, 3*flow.Hour)
		}, []string{host(6)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			day := office(2, hosts)
			tt.day(day)
			in := detect.Input{Test: day.profile(), Geo: lookup(t)}
			found := append(detect.Beacon(in).Findings, detect.Exfiltration(in).Findings...)
			wantAlerts(t, found, tt.want...)
			if len(tt.want) == 0 && tt.name != "an ordinary day" && len(found) == 0 {
				t.Error("nothing is reported, want a finding of severity low")
			}
		})
	}
}
