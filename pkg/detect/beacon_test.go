package detect_test

import (
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

// calls adds n flows from src to dst whose gaps vary by cv.
func (l *lab) calls(src, dst string, n int, gap, cv float64, from flow.Time) *lab {
	start := len(l.records)
	l.steady(src, n, gap, cv, from)
	for i := start; i < len(l.records); i++ {
		l.records[i].Dst = mustAddr(dst)
	}
	return l
}

func TestBeacon(t *testing.T) {
	const hosts = 40
	fresh := "45.9.20.77"
	// Some sites are used enough on an ordinary day to show a rhythm.
	busy := func(day uint64) *lab {
		l := office(day, hosts)
		for i, v := range visitors(12).records {
			l.at(v.Time, host(i%12), googleDrive, flow.TCP, 443, v.Up, v.Down)
		}
		return l
	}
	tests := []struct {
		name      string
		base, day func(l *lab)
		want      []string
	}{
		{"an ordinary day", nil, nil, nil},
		{"every ten minutes, a tenth of jitter", nil, func(l *lab) { l.calls(host(3), fresh, 110, 570, 0.1, 6*flow.Hour) }, []string{host(3)}},
		{"a device that reports on both days",
			func(l *lab) { l.calls(host(4), fresh, 140, 600, 0.01, 0) },
			func(l *lab) { l.calls(host(4), fresh, 140, 600, 0.01, 0) }, nil},
		{"a new device that reports where others do",
			func(l *lab) { l.calls(host(4), fresh, 140, 600, 0.01, 0) },
			func(l *lab) { l.calls(host(hosts), fresh, 140, 600, 0.01, 0) }, nil},
		{"a film fetched in pieces", nil, func(l *lab) { l.calls(host(5), fresh, 600, 10, 0.1, 20*flow.Hour) }, nil},
		{"a few calls", nil, func(l *lab) { l.calls(host(6), fresh, 12, 3600, 0.05, 0) }, nil},
		{"calls at random", nil, func(l *lab) {
			for i, v := range visitors(1).records {
				l.at(v.Time+flow.Time(i), host(7), fresh, flow.TCP, 443, v.Up, v.Down)
			}
		}, nil},
		{"a program that everybody got", nil, func(l *lab) {
			for i := range hosts {
				l.calls(host(i), fresh, 60, 1200, 0.1, flow.Hour)
			}
		}, nil},
		{"an internal server", nil, func(l *lab) { l.calls(host(8), web, 110, 570, 0.1, 6*flow.Hour) }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, after := busy(1), busy(2)
			if tt.base != nil {
				tt.base(before)
			}
			if tt.day != nil {
				tt.day(after)
			}
			in := detect.Input{Baseline: before.profile(), Test: after.profile(), Geo: lookup(t)}
			wantAlerts(t, detect.Beacon(in).Findings, tt.want...)
		})
	}

	after := busy(2).calls(host(3), fresh, 110, 570, 0.1, 6*flow.Hour)
	golden(t, "beacon", detect.Beacon(detect.Input{Baseline: busy(1).profile(), Test: after.profile(), Geo: lookup(t)}))
}
