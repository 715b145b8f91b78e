package detect_test

import (
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

// mesh makes the given hosts talk to each other both ways.
func (l *lab) mesh(up, down int64, members ...string) *lab {
	for i, a := range members {
		for j, b := range members {
			if i != j {
				l.https(12, a, b, up+int64(100*i), down+int64(100*j))
			}
		}
	}
	return l
}

func TestBotnet(t *testing.T) {
	const hosts = 40
	three := []string{host(3), host(11), host(20)}
	five := []string{host(1), host(7), host(12), host(23), host(31)}
	tests := []struct {
		name      string
		base, day func(l *lab)
		want      []string
		lows      int // findings below alert
	}{
		{"an ordinary day", nil, nil, nil, 0},
		{"a mesh of three", nil, func(l *lab) { l.mesh(10e3, 10e3, three...) }, three, 0},
		{"a mesh of five", nil, func(l *lab) { l.mesh(10e3, 10e3, five...) }, five, 0},
		{"a ring of four", nil, func(l *lab) {
			l.mesh(10e3, 10e3, host(1), host(2)).mesh(10e3, 10e3, host(2), host(3))
			l.mesh(10e3, 10e3, host(3), host(4)).mesh(10e3, 10e3, host(4), host(1))
		}, []string{host(1), host(2), host(3), host(4)}, 0},
		{"the same mesh on both days", func(l *lab) { l.mesh(10e3, 10e3, three...) }, func(l *lab) { l.mesh(10e3, 10e3, three...) }, nil, 0},
		{"two hosts", nil, func(l *lab) { l.mesh(10e3, 10e3, host(3), host(11)) }, nil, 2},
		{"downloads from each other", nil, func(l *lab) { l.mesh(1e3, 90e3, three...) }, nil, 0},
		{"a scan without answers", nil, func(l *lab) {
			for i := range hosts {
				if i != 3 {
					l.flows(1, host(3), host(i), flow.TCP, 445, 120, 0, 9*flow.Hour, 10*flow.Hour)
				}
			}
		}, nil, 0},
		{"one way only", nil, func(l *lab) {
			l.https(9, host(3), host(4), 10e3, 10e3).https(9, host(4), host(5), 10e3, 10e3).https(9, host(3), host(5), 10e3, 10e3)
		}, nil, 0},
		{"a new internal server", nil, func(l *lab) {
			for i := range hosts {
				l.https(3, host(i), "192.168.100.240", 10e3, 10e3)
			}
		}, nil, 0},
		{"calls between desks as on the baseline day",
			func(l *lab) {
				for i := range 20 {
					l.mesh(1e6, 1e6, host(2*i), host(2*i+1))
				}
			},
			func(l *lab) {
				for i := range 19 {
					l.mesh(1e6, 1e6, host(2*i+1), host(2*i+2))
				}
				l.mesh(1e6, 1e6, host(0), host(4), host(9))
			}, nil, 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, after := offices(hosts, tt.base, tt.day)
			r := detect.Botnet(detect.Input{Baseline: before.profile(), Test: after.profile()})
			wantAlerts(t, r.Findings, tt.want...)
			if tt.lows == 2 && len(r.Findings) != 2 {
				t.Errorf("%d findings, want a low one for each of two hosts", len(r.Findings))
			}
		})
	}
}

func TestBotnetGolden(t *testing.T) {
	after := office(2, 40).mesh(10e3, 10e3, host(3), host(11), host(20)).mesh(9e3, 9e3, host(30), host(31))
	after.https(3, host(5), host(6), 1e3, 9e3)
	r := detect.Botnet(detect.Input{Baseline: office(1, 40).profile(), Test: after.profile()})
	golden(t, "botnet", r)
	if r.Other != 3 {
		t.Errorf("%d other pairs, want the two of two hosts and one that is one way", r.Other)
	}
}
