package detect_test

import (
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

// Calls every few hours, too few of each day for a rhythm, add up over days, unless they
// have been there from the first day on, are those of several hosts or of an owner that
// the host contacted before, or come at random times.
func TestCallsAddUpOverDays(t *testing.T) {
	call := func(l *lab, src string, hours ...float64) {
		for _, h := range hours {
			l.at(flow.Time(h*float64(flow.Hour)), src, rented, flow.TCP, 443, 300, 200)
		}
	}
	even := []float64{8.5, 10.5, 12.5, 14.5, 16.5}
	for _, tt := range []struct {
		name string
		add  func(day int, l *lab)
		want []string
	}{
		{"from the ninth day on", func(day int, l *lab) {
			if day >= 8 {
				call(l, host(3), even...)
			}
		}, []string{host(3)}},
		{"from the first day on", func(_ int, l *lab) { call(l, host(3), even...) }, nil},
		{"of two hosts", func(day int, l *lab) {
			if day >= 8 {
				call(l, host(3), even...)
				call(l, host(4), even...)
			}
		}, nil},
		{"of a known owner", func(day int, l *lab) {
			if day >= 8 {
				call(l, host(3), even...)
			} else {
				l.https(1, host(3), "45.9.20.77", 900, 2000)
			}
		}, nil},
		{"three of a day, from the ninth day on", func(day int, l *lab) {
			if day >= 8 {
				call(l, host(3), even[:3]...)
			}
		}, []string{host(3)}},
		{"from the last day but one on", func(day int, l *lab) {
			if day >= 10 {
				call(l, host(3), even...)
			}
		}, []string{host(3)}},
		{"of an hour that varies by a quarter", func(day int, l *lab) {
			if day >= 10 {
				call(l, host(3), 8.5, 10, 12.5, 14, 16.5)
			}
		}, nil},
		{"at random", func(day int, l *lab) {
			if day >= 8 {
				call(l, host(3), 8+float64(day)/7, 8.5+float64(day)/7, 14-float64(day)/5, 16, 16.2)
			}
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := detect.Beacon(under(t, weeks(12, 40, tt.add)))
			wantAlerts(t, r.Findings, tt.want...)
			for _, f := range r.Findings {
				if f.Severity.Alert() && (f.State != detect.StateOngoing || !strings.Contains(f.Summary, "every 7200 s on average")) {
					t.Errorf("%s %s", f.State, f.Summary)
				}
			}
		})
	}
}

// A backup that a server begins in the course of the history is an alert once, and a job
// from its second night on. What goes out at another time each night, or from the host
// of a user, is an alert each time.
func TestBackupBegins(t *testing.T) {
	backup := func(l *lab, src string, at flow.Time) {
		l.flows(20, src, backupSite, flow.TCP, 443, 150e6, 500e3, at, at+flow.Hour)
	}
	server := func(l *lab) { l.flows(96, mail, dns1, flow.TCP, 389, 900, 1200, 0, flow.Day) }
	for _, tt := range []struct {
		name string
		add  func(night int, l *lab)
		want [2][]string // on its first and second night
	}{
		{"at the same time", func(night int, l *lab) { backup(l, mail, 2*flow.Hour+flow.Time(3*night)*flow.Minute) }, [2][]string{{mail}, nil}},
		{"at another time", func(night int, l *lab) { backup(l, mail, flow.Time(1+2*night)*flow.Hour) }, [2][]string{{mail}, {mail}}},
		{"from the host of a user", func(_ int, l *lab) { backup(l, host(3), 10*flow.Hour) }, [2][]string{{host(3)}, {host(3)}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			days := weeks(11, 40, func(day int, l *lab) {
				server(l)
				if day >= 9 {
					tt.add(day-9, l)
				}
			})
			for night, want := range tt.want {
				wantAlerts(t, detect.Exfiltration(under(t, days[:10+night])).Findings, want...)
			}
		})
	}
}

// Without a history, guesses differ from jobs in how fast they follow each other.
func TestPasswordsGuessedOnOneDay(t *testing.T) {
	for _, tt := range []struct {
		name string
		to   flow.Time
		want []string
	}{
		{"guesses", 9*flow.Hour + 20*flow.Minute, []string{host(3)}},
		{"a job", 17 * flow.Hour, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := office(2, 40)
			l.flows(90, host(3), host(20), flow.TCP, 22, 1800, 2500, 9*flow.Hour, tt.to)
			wantAlerts(t, detect.Scan(detect.Input{Test: l.profile()}).Findings, tt.want...)
		})
	}
}

// Passwords of one internal host are guessed in many short sessions. Programs that log
// in as often did so before, and a directory has many clients that do.
func TestPasswordsOfOneHostGuessed(t *testing.T) {
	for _, tt := range []struct {
		name string
		add  func(day int, l *lab)
		want []string
	}{
		{"many sessions", func(day int, l *lab) {
			if day == 8 {
				l.flows(300, host(3), dns1, flow.TCP, 22, 1800, 2500, 9*flow.Hour, 10*flow.Hour)
			}
		}, []string{host(3)}},
		{"few sessions", func(day int, l *lab) {
			if day == 8 {
				l.flows(20, host(3), dns1, flow.TCP, 22, 1800, 2500, 9*flow.Hour, 10*flow.Hour)
			}
		}, nil},
		{"on each day", func(_ int, l *lab) {
			l.flows(300, host(3), dns1, flow.TCP, 22, 1800, 2500, 9*flow.Hour, 17*flow.Hour)
		}, nil},
		{"of many hosts", func(day int, l *lab) {
			for i := range 5 * (day / 8) {
				l.flows(60, host(i), dns1, flow.TCP, 389, 1800, 2500, 9*flow.Hour, 17*flow.Hour)
			}
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := detect.Scan(under(t, weeks(9, 40, tt.add)))
			wantAlerts(t, r.Findings, tt.want...)
			for _, f := range r.Findings {
				if f.Severity.Alert() && !strings.Contains(f.Summary, "opened 300 sessions with a login service of "+dns1) {
					t.Error(f.Summary)
				}
			}
		})
	}
}
