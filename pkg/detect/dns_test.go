package detect_test

import (
	"slices"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

// ask adds n DNS flows over the working day.
func (l *lab) ask(n int, src, resolver string, up, down int64) *lab {
	return l.flows(n, src, resolver, flow.UDP, 53, up, down, 8*flow.Hour, 18*flow.Hour)
}

func TestDNS(t *testing.T) {
	const hosts = 40
	tests := []struct {
		name      string
		base, day func(l *lab)
		want      []string
	}{
		{"an ordinary day", nil, nil, nil},
		{"a host that asks all the time", nil, func(l *lab) { l.ask(600, host(3), dns1, 80, 150) }, []string{host(3)}},
		{"a new host that asks all the time", nil, func(l *lab) {
			l.ask(600, host(hosts), dns1, 80, 150).https(40, host(hosts), googleDrive, 4e3, 37e3)
		}, []string{host(hosts)}},
		{"large requests to an external resolver", nil, func(l *lab) { l.ask(60, host(4), resolver, 4e3, 9e3) }, []string{host(4)}},
		{"a tunnel that is one flow", nil, func(l *lab) { l.ask(1, host(5), resolver, 6e6, 40e6) }, []string{host(5)}},
		{"another resolver, asked as usual", nil, func(l *lab) { l.ask(5, host(6), resolver, 70, 160) }, nil},
		{"a host that always asks much",
			func(l *lab) { l.ask(600, host(7), dns2, 80, 150) },
			func(l *lab) { l.ask(640, host(7), dns2, 80, 150) }, nil},
		{"a resolver that always answers at length",
			func(l *lab) { l.ask(60, host(8), dns2, 400, 9e3) },
			func(l *lab) { l.ask(60, host(8), dns2, 400, 9e3) }, nil},
		{"a busy day", nil, func(l *lab) { l.ask(60, host(9), dns1, 70, 160).https(400, host(9), googleDrive, 4e3, 37e3) }, nil},
		{"a tunnel on a quiet day of a host that asks much",
			func(l *lab) { l.ask(40, host(10), dns1, 70, 160).https(300, host(10), googleDrive, 4e3, 37e3) },
			func(l *lab) { l.ask(400, host(10), dns1, 80, 150) }, []string{host(10)}},
		{"a day of ten times the work",
			func(l *lab) { l.ask(10, host(11), dns1, 70, 160).https(60, host(11), googleDrive, 4e3, 37e3) },
			func(l *lab) { l.ask(100, host(11), dns1, 70, 160).https(600, host(11), googleDrive, 4e3, 37e3) }, nil},
		{"a server that forwards requests", nil, func(l *lab) { l.ask(900, dns1, resolver, 80, 150) }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, after := offices(hosts, tt.base, tt.day)
			r := detect.DNS(detect.Input{Baseline: before.profile(), Test: after.profile()})
			wantAlerts(t, r.Findings, tt.want...)
			if len(r.Servers) != 2 {
				t.Errorf("DNS servers %v, want two", r.Servers)
			}
			if !slices.IsSortedFunc(r.Hosts, func(a, b detect.DNSUse) int { return int(b.Flows - a.Flows) }) {
				t.Error("hosts are not in order of flows")
			}
		})
	}
}

func TestDNSGolden(t *testing.T) {
	after := office(2, 40).ask(600, host(3), dns1, 80, 150).ask(60, host(4), resolver, 4e3, 9e3)
	r := detect.DNS(detect.Input{Baseline: office(1, 40).profile(), Test: after.profile()})
	r.Hosts = r.Hosts[:3]
	golden(t, "dns", r)
}
