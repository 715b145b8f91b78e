package detect_test

import (
	"fmt"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
)

func TestCountries(t *testing.T) {
	const hosts = 40
	tests := []struct {
		name      string
		base, day func(l *lab)
		want      []string
		infos     int // findings below alert
	}{
		{"an ordinary day", nil, nil, nil, 0},
		{"many flows to Russia", nil, func(l *lab) {
			for i := range 5 {
				l.https(180, host(3), fmt.Sprintf("95.163.1.%d", i+1), 20e3, 150e3)
			}
		}, []string{host(3)}, 0},
		{"a new host with many flows", nil, func(l *lab) { l.https(900, host(hosts), "95.163.1.9", 20e3, 150e3) }, []string{host(hosts)}, 0},
		{"single visits by many", nil, func(l *lab) {
			for i := range 12 {
				l.https(1, host(i), "144.120.1.1", 2e3, 20e3)
				l.https(2, host(i), "78.56.1.1", 2e3, 20e3)
			}
		}, nil, 12},
		{"one large page", nil, func(l *lab) { l.https(1, host(4), "78.56.1.1", 2e3, 90e6) }, nil, 1},
		{"a user abroad on both days",
			func(l *lab) { l.https(400, host(5), "95.163.1.1", 20e3, 150e3) },
			func(l *lab) { l.https(500, host(5), "95.163.1.1", 20e3, 150e3) }, nil, 0},
		{"addresses of no known country", nil, func(l *lab) { l.https(900, host(6), "9.9.9.9", 20e3, 150e3) }, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, after := offices(hosts, tt.base, tt.day)
			r := detect.Countries(detect.Input{Baseline: before.profile(), Test: after.profile(), Geo: lookup(t)})
			wantAlerts(t, r.Findings, tt.want...)
			if got := len(r.Findings) - len(tt.want); got != tt.infos {
				t.Errorf("%d findings below medium, want %d", got, tt.infos)
			}
			for _, f := range r.Findings {
				if !f.Severity.Alert() && f.Severity != detect.Info {
					t.Errorf("%s is %s, want info", f.Entity, f.Severity)
				}
			}
		})
	}
}

func TestCountriesGolden(t *testing.T) {
	after := office(2, 40)
	after.https(900, host(3), "95.163.1.1", 20e3, 150e3).https(2, host(3), "78.56.1.1", 1e3, 9e3)
	after.https(1, host(9), "144.120.1.1", 2e3, 20e3)
	golden(t, "countries", detect.Countries(detect.Input{
		Baseline: office(1, 40).profile(), Test: after.profile(), Geo: lookup(t)}))
}

// Without a country database nothing is new.
func TestCountriesWithoutGeo(t *testing.T) {
	after := office(2, 40).https(900, host(3), "95.163.1.1", 20e3, 150e3)
	r := detect.Countries(detect.Input{Baseline: office(1, 40).profile(), Test: after.profile()})
	if r.Known != 0 || len(r.New) != 0 || len(r.Findings) != 0 {
		t.Errorf("%d known countries, %d new ones, %d findings, want none", r.Known, len(r.New), len(r.Findings))
	}
}
