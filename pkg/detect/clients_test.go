package detect_test

import (
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

func TestClients(t *testing.T) {
	const clients = 60
	robot := "203.0.113.7"
	tests := []struct {
		name string
		day  func(l *lab)
		want []string
	}{
		{"an ordinary day", nil, nil},
		{"gaps that vary by a third", func(l *lab) { l.steady(robot, 150, 120, 0.33, 9*flow.Hour) }, []string{robot}},
		{"gaps that vary by half", func(l *lab) { l.steady(robot, 150, 120, 0.5, 9*flow.Hour) }, []string{robot}},
		{"a clock", func(l *lab) { l.steady(robot, 96, 300, 0, 8*flow.Hour) }, []string{robot}},
		{"three programs", func(l *lab) {
			l.steady(robot, 150, 120, 0.3, 9*flow.Hour).steady("203.0.113.8", 140, 150, 0.4, 8*flow.Hour)
			l.steady("203.0.113.9", 400, 60, 0.2, 8*flow.Hour)
		}, []string{robot, "203.0.113.8", "203.0.113.9"}},
		{"a few even flows", func(l *lab) { l.steady(robot, 12, 120, 0.2, 9*flow.Hour) }, nil},
		{"much traffic of a person", func(l *lab) {
			for _, r := range visitors(1).records {
				for i := range 8 {
					l.at(r.Time+flow.Time(i)*170, robot, "200.0.0.11", flow.TCP, 443, 10*r.Up, 10*r.Down)
				}
			}
		}, nil},
		{"an internal host", func(l *lab) { l.steady(host(1), 150, 120, 0.3, 9*flow.Hour) }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := visitors(clients)
			if tt.day != nil {
				tt.day(l)
			}
			r := detect.Clients(detect.Input{Servers: l.profile(), Geo: lookup(t)})
			wantAlerts(t, r.Findings, tt.want...)
			if r.Normal.CV < 1 {
				t.Errorf("the normal client %s has gaps that vary by %.2f, less than by chance", r.Normal.Addr, r.Normal.CV)
			}
		})
	}
}

func TestClientsGolden(t *testing.T) {
	l := visitors(60).steady("203.0.113.7", 150, 120, 0.33, 9*flow.Hour)
	r := detect.Clients(detect.Input{Servers: l.profile(), Geo: lookup(t)})
	r.Clients = r.Clients[:3]
	golden(t, "clients", r)
}
