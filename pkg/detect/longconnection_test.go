package detect_test

import (
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

// hold adds one flow that lasts for some hours, on a port of its own.
func (l *lab) hold(src, dst string, hours int64) *lab { return l.holdOn(src, dst, 4444, hours) }

func (l *lab) holdOn(src, dst string, port uint16, hours int64) *lab {
	l.at(8*flow.Hour, src, dst, flow.TCP, port, 90e3, 120e3)
	l.records[len(l.records)-1].Details = flow.Details{Duration: flow.SpanOf(hours * int64(flow.Hour)), State: flow.Open}
	return l
}

func TestLongConnections(t *testing.T) {
	for _, tt := range []struct {
		name      string
		base, day func(l *lab)
		want      []string
	}{
		{"a tunnel", nil, func(l *lab) { l.hold(host(3), rented, 11) }, []string{host(3)}},
		{"one on a port that everyone uses", nil, func(l *lab) { l.holdOn(host(3), rented, 443, 11) }, nil},
		{"a short one", nil, func(l *lab) { l.hold(host(3), rented, 7) }, nil},
		{"one that was there before", func(l *lab) { l.hold(host(3), rented, 11) }, func(l *lab) { l.hold(host(3), rented, 12) }, nil},
		{"one of a new host", nil, func(l *lab) { l.hold(host(99), rented, 11) }, nil},
		{"one that many hosts hold", nil, func(l *lab) {
			for i := range 10 {
				l.hold(host(i), rented, 11)
			}
		}, nil},
		{"one with a software vendor", nil, func(l *lab) { l.hold(host(3), "13.107.42.99", 11) }, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before, after := offices(40, tt.base, tt.day)
			r := detect.LongConnections(detect.Input{Baseline: before.profile(), Test: after.profile(), Geo: lookup(t)})
			wantAlerts(t, r.Findings, tt.want...)
		})
	}
	for _, tt := range []struct {
		name string
		day  *lab
		want detect.Severity
	}{
		{"a port that few programs use", office(2, 40).hold(host(3), rented, 11), detect.Medium},
		{"for five hours", office(2, 40).hold(host(3), rented, 5), detect.Medium},
		{"a port of everyone", office(2, 40).holdOn(host(3), rented, 443, 11), detect.Low},
		{"a tunnel of a user", office(2, 40).holdOn(host(3), rented, 1194, 11), detect.Low},
		{"an administrator", office(2, 40).holdOn(host(3), rented, 22, 11), detect.Low},
		{"what hosts of this network do", office(2, 40).hold(host(3), rented, 11).hold(host(4), "45.9.20.9", 11).hold(host(5), "45.9.21.9", 11), detect.Low},
	} {
		r := detect.LongConnections(detect.Input{Test: tt.day.profile()})
		if len(r.Findings) == 0 || r.Findings[0].Severity != tt.want || !r.Coverage.Ran {
			t.Errorf("without a history, %s: %+v, %+v", tt.name, r.Findings, r.Coverage)
		}
	}
	if r := detect.LongConnections(detect.Input{Test: office(2, 40).profile()}); r.Coverage.Ran || r.Coverage.Reason == "" {
		t.Errorf("without durations: %+v", r.Coverage)
	}
	// It goes on on the next day, and does not become normal.
	monday := time.Date(2024, 3, 18, 0, 0, 0, 0, time.UTC)
	days := []detect.Day{{Date: monday, Profile: office(1, 40).profile()},
		{Date: monday.AddDate(0, 0, 1), Profile: office(2, 40).hold(host(3), rented, 11).profile()}}
	third := detect.All(detect.Input{History: days, TestDate: monday.AddDate(0, 0, 2), Test: office(3, 40).hold(host(3), rented, 11).profile()})
	for _, f := range third.Findings {
		if f.Rule == detect.RuleLongConnection && f.Severity.Alert() && f.State == detect.StateOngoing {
			return
		}
	}
	t.Errorf("third day: %+v", third.Findings)
}
