package detect_test

import (
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

// sweep has src try ports of n hosts, which answer with down bytes.
func (l *lab) sweep(src string, n int, down int64) *lab {
	for i := range n {
		if host(i) == src {
			continue
		}
		for _, port := range []uint16{22, 445} {
			l.flows(1, src, host(i), flow.TCP, port, 120, down, 9*flow.Hour, 10*flow.Hour)
		}
	}
	return l
}

// round has src ask some hosts how they are.
func (l *lab) round(src string, from, to int) *lab {
	for i := from; i < to; i++ {
		if host(i) != src {
			l.flows(30, src, host(i), flow.UDP, 161, 300, 900, 8*flow.Hour, 20*flow.Hour)
		}
	}
	return l
}

// withoutAnswers removes the bytes of destinations, as in a log that records one
// direction, and has each host use a service or two of others.
func withoutAnswers(l *lab) {
	for i := range 40 {
		l.https(2, host(i), host((i+7)%40), 500, 0)
	}
	for i := range l.records {
		l.records[i].Down = 0
	}
}

// Without a history, a host that logs in to many hosts is an alert, and one that only
// opens their ports is low: it may watch them.
func TestPasswordsGuessedInside(t *testing.T) {
	for _, tt := range []struct {
		name     string
		up, down int64
		want     []string
	}{
		{"short sessions", 1800, 2500, []string{host(3)}},
		{"an open port", 200, 120, nil},
		{"files copied", 40e3, 900e3, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := office(1, 40)
			for i := 10; i < 30; i++ {
				l.flows(2, host(3), host(i), flow.TCP, 3389, tt.up, tt.down, 9*flow.Hour, 17*flow.Hour)
			}
			wantAlerts(t, detect.Scan(detect.Input{Test: l.profile(), Geo: lookup(t)}).Findings, tt.want...)
		})
	}
}

func TestScan(t *testing.T) {
	const hosts = 40
	tests := []struct {
		name      string
		base, day func(l *lab)
		want      []string
	}{
		{"an ordinary day", nil, nil, nil},
		{"a scan without answers", nil, func(l *lab) { l.sweep(host(3), 30, 0) }, []string{host(3)}},
		{"a scan with answers", nil, func(l *lab) { l.sweep(host(3), 30, 90) }, []string{host(3)}},
		{"a new host that scans", nil, func(l *lab) { l.sweep(host(hosts), 12, 0) }, []string{host(hosts)}},
		{"many ports of one host", nil, func(l *lab) {
			for port := range uint16(40) {
				l.flows(1, host(3), host(9), flow.TCP, 8000+port, 60, 0, 9*flow.Hour, 10*flow.Hour)
			}
		}, []string{host(3)}},
		{"many ports of a server", nil, func(l *lab) {
			for port := range uint16(40) {
				l.flows(1, host(3), web, flow.TCP, 8000+port, 60, 0, 9*flow.Hour, 10*flow.Hour)
			}
		}, []string{host(3)}},
		{"many ports that answer", nil, func(l *lab) {
			for port := range uint16(40) {
				l.flows(1, host(3), host(9), flow.TCP, 8000+port, 6000, 9000, 9*flow.Hour, 10*flow.Hour)
			}
		}, nil},
		{"a monitor that takes in more hosts",
			func(l *lab) { l.round(host(3), 0, 20) },
			func(l *lab) { l.round(host(3), 0, 36) }, nil},
		{"a monitor that scans another port",
			func(l *lab) { l.round(host(3), 0, 20) },
			func(l *lab) { l.round(host(3), 0, 20).sweep(host(3), 40, 0) }, []string{host(3)}},
		{"a scan by a host with a few shares", func(l *lab) { l.round(host(3), 4, 9) },
			func(l *lab) { l.round(host(3), 4, 40) }, []string{host(3)}},
		{"a log without bytes from destinations",
			func(l *lab) { withoutAnswers(l) },
			func(l *lab) { withoutAnswers(l) }, nil},
		{"an inventory on both days",
			func(l *lab) { l.sweep(host(4), 30, 0) },
			func(l *lab) { l.sweep(host(4), 32, 0) }, nil},
		{"a mesh of five", nil, func(l *lab) { l.mesh(10e3, 10e3, host(1), host(2), host(3), host(4), host(5)) }, nil},
		{"a few neighbours", nil, func(l *lab) { l.sweep(host(0), 6, 0) }, nil},
		{"a network of peers",
			func(l *lab) {
				for i := range hosts {
					l.sweep(host(i), 3+i, 500)
				}
			},
			func(l *lab) { l.sweep(host(0), 34, 500) }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, after := offices(hosts, tt.base, tt.day)
			in := detect.Input{Baseline: before.profile(), Test: after.profile()}
			wantAlerts(t, detect.Scan(in).Findings, tt.want...)
		})
	}

	after := office(2, hosts).sweep(host(3), 30, 0)
	golden(t, "scan", detect.Scan(detect.Input{Baseline: office(1, hosts).profile(), Test: after.profile()}))
}

// A log that records one direction does not show which hosts answered a scan, and the
// finding does not say so.
func TestScanWithoutAnswers(t *testing.T) {
	before, day := office(1, 40), office(2, 40)
	day.sweep(host(3), 30, 0)
	for _, l := range []*lab{before, day} {
		for i := range l.records {
			l.records[i].Up, l.records[i].Down = 0, 0
		}
	}
	r := detect.Scan(detect.Input{Baseline: before.profile(), Test: day.profile()})
	wantAlerts(t, r.Findings, host(3))
	if s := r.Sweeps[0]; s.Targets < 29 || s.Unanswered+s.Closed != 0 || strings.Contains(r.Findings[0].Summary, "answer") {
		t.Errorf("%+v: %s", s, r.Findings[0].Summary)
	}
	if !strings.Contains(r.Coverage.Reason, "unanswered flows cannot be identified") {
		t.Errorf("coverage: %s", r.Coverage.Reason)
	}
}
