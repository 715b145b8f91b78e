package detect_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
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

// A call that was too short on its first day has not moved on the next.
func TestBeaconOfTwoDays(t *testing.T) {
	const fresh = "45.9.20.77"
	var days []detect.Day
	for day := range 6 {
		l := office(uint64(day+1), 40)
		switch day {
		case 4:
			l.calls(host(3), fresh, 25, 700, 0.1, 12*flow.Hour)
		case 5:
			l.calls(host(3), fresh, 50, 700, 0.1, 8*flow.Hour)
		}
		days = append(days, detect.Day{Date: monday.AddDate(0, 0, day), Profile: l.profile()})
	}
	wantAlerts(t, detect.Beacon(under(t, days)).Findings, host(3))
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
		{"every hour", nil, func(l *lab) { l.calls(host(6), fresh, 24, 3590, 0.05, 0) }, []string{host(6)}},
		{"several connections a call", nil, func(l *lab) {
			l.calls(host(3), fresh, 110, 570, 0.1, 6*flow.Hour)
			for _, r := range l.records[len(l.records)-110:] {
				l.at(r.Time+flow.Second, host(3), fresh, flow.TCP, 443, r.Up, r.Down)
				l.at(r.Time+3*flow.Second, host(3), fresh, flow.TCP, 443, r.Up, r.Down)
			}
		}, []string{host(3)}},
		{"three hosts under one command", nil, func(l *lab) {
			for i := range 3 {
				l.calls(host(i), fresh, 110, 570, 0.1, 6*flow.Hour)
			}
		}, []string{host(0), host(1), host(2)}},
		{"a program that a third got", nil, func(l *lab) {
			for i := range hosts / 3 {
				l.calls(host(i), fresh, 60, 1200, 0.1, flow.Hour)
			}
		}, nil},
		{"a service that moved to another address of its owner",
			func(l *lab) { l.calls(host(4), "45.9.20.78", 140, 600, 0.1, 0) },
			func(l *lab) { l.calls(host(4), fresh, 140, 600, 0.1, 0) }, nil},
		{"every hour of a working day", nil, func(l *lab) { l.calls(host(6), fresh, 11, 3590, 0.05, 8*flow.Hour) }, []string{host(6)}},
		{"a few calls", nil, func(l *lab) { l.calls(host(6), fresh, 8, 3600, 0.05, 8*flow.Hour) }, nil},
		{"a push service with an address for each host", nil, func(l *lab) {
			for i := range 8 {
				l.calls(host(i), fmt.Sprintf("45.9.20.%d", 80+i), 24, 1680, 0.01, 8*flow.Hour)
			}
		}, nil},
		{"a command channel at an owner with a push service", nil, func(l *lab) {
			for i := range 8 {
				l.calls(host(i), fmt.Sprintf("45.9.20.%d", 80+i), 24, 1680, 0.01, 8*flow.Hour)
			}
			l.calls(host(9), fresh, 110, 570, 0.1, 6*flow.Hour)
		}, []string{host(9)}},
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

	// A run at one sensitivity does not change what another one in the same context finds: at
	// a low one, the uneven calls of others are those of a program too.
	after := busy(2).calls(host(30), fresh, 24, 2000, 0.05, 8*flow.Hour)
	for i := range 20 {
		after.calls(host(i), fmt.Sprintf("45.9.20.%d", 80+i), 24, 1500, 1, 8*flow.Hour)
	}
	c := detect.NewContext(detect.Input{Baseline: busy(1).profile(), Test: after.profile(), Geo: lookup(t)})
	c.Run(detect.RuleBeacon, 0.1)
	wantAlerts(t, c.Run(detect.RuleBeacon, detect.DefaultSensitivity).Findings, host(30))

	// Most rhythms of the baseline day are those of programs, as in a network of
	// devices without users.
	machines := func() *lab {
		l := &lab{}
		for i := range hosts {
			l.calls(host(i), site(rand.New(rand.NewPCG(4, uint64(i)))), 100+i, 600, 0.02*float64(i%10), 0)
		}
		return l
	}
	t.Run("a new call among machines", func(t *testing.T) {
		in := detect.Input{Baseline: machines().profile(), Test: machines().calls(host(3), fresh, 110, 570, 0.2, 6*flow.Hour).profile(), Geo: lookup(t)}
		r := detect.Beacon(in)
		wantAlerts(t, r.Findings, host(3))
		if len(r.Known) == 0 {
			t.Error("calls of the baseline day are not listed")
		}
	})

	after = busy(2).calls(host(3), fresh, 110, 570, 0.1, 6*flow.Hour)
	golden(t, "beacon", detect.Beacon(detect.Input{Baseline: busy(1).profile(), Test: after.profile(), Geo: lookup(t)}))
}

// A pause in which the host is off does not hide the calls before and after it, and one in which
// only the calls pause does.
func TestBeaconOfAHostThatRests(t *testing.T) {
	for _, tt := range []struct {
		name string
		pick func(r flow.Record) bool // of the other flows of the host
		want []string
	}{
		{"the host is off", func(r flow.Record) bool { return r.Time < 11*flow.Hour || r.Time >= 15*flow.Hour }, []string{host(3)}},
		{"only the calls pause", func(flow.Record) bool { return true }, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before, after := offices(40, nil, nil)
			after.records = slices.DeleteFunc(after.records, func(r flow.Record) bool { return r.Src.String() == host(3) && !tt.pick(r) })
			after.flows(120, host(3), rented, flow.TCP, 443, 300, 200, 9*flow.Hour, 11*flow.Hour)
			after.flows(120, host(3), rented, flow.TCP, 443, 300, 200, 15*flow.Hour, 17*flow.Hour)
			r := detect.Beacon(detect.Input{Baseline: before.profile(), Test: after.profile(), Geo: lookup(t)})
			wantAlerts(t, r.Findings, tt.want...)
		})
	}
}

// Calls that begin on a Friday are too few for a rhythm on that day, and go on after the weekend,
// on which the host is off, and on later days.
func TestBeaconFromAFriday(t *testing.T) {
	days := weeks(18, 40, func(day int, l *lab) { // the first is a Monday
		switch {
		case day == 11:
			l.flows(6, host(3), rented, flow.TCP, 443, 300, 200, 16*flow.Hour, 17*flow.Hour)
		case day >= 14:
			l.flows(49, host(3), rented, flow.TCP, 443, 300, 200, 9*flow.Hour, 17*flow.Hour+10*flow.Minute)
		}
	})
	for day := 14; day <= 17; day++ {
		wantAlerts(t, detect.Beacon(under(t, days[:day+1])).Findings, host(3))
	}
}
