package detect_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

// Requests for generated domains are found by the domains, though they are as small as others
// and not more than those of a busy host, unless other hosts ask for them, or flows follow.
func TestGeneratedDomains(t *testing.T) {
	generated := func(day, n int) []string {
		r := rand.New(rand.NewPCG(7, uint64(day)))
		var all []string
		for range n {
			all = append(all, fmt.Sprintf("%x.com", r.Uint64()))
		}
		return all
	}
	usual := names(150, ordinaryName)
	for _, tt := range []struct {
		name string
		add  func(day int, l *lab)
		want []string
	}{
		{"from the ninth day on", func(day int, l *lab) {
			if day >= 8 {
				l.askFor(host(3), dns1, generated(day, 200)...)
			}
		}, []string{host(3)}},
		{"a few", func(day int, l *lab) {
			if day >= 8 {
				l.askFor(host(3), dns1, generated(day, 40)...)
			}
		}, nil},
		{"the same on past days", func(_ int, l *lab) { l.askFor(host(3), dns1, generated(1, 200)...) }, nil},
		{"of two hosts", func(day int, l *lab) {
			if day >= 8 {
				l.askFor(host(3), dns1, generated(day, 200)...)
				l.askFor(host(4), dns1, generated(day, 200)...)
			}
		}, []string{host(3), host(4)}},
		{"of three hosts", func(day int, l *lab) {
			if day >= 8 {
				for i := 3; i <= 5; i++ {
					l.askFor(host(i), dns1, generated(day, 200)...)
				}
			}
		}, nil},
		{"with flows that follow", func(day int, l *lab) {
			if day >= 8 {
				sites := generated(day, 200)
				l.askFor(host(3), dns1, sites...)
				for i, name := range sites {
					from := len(l.records)
					l.https(1, host(3), fmt.Sprintf("62.4.%d.9", i), 900, 9000)
					l.records[from].Details = flow.Details{Name: name}
				}
			}
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			days := weeks(10, 40, func(day int, l *lab) {
				for i := range 13 {
					l.askFor(host(i), dns1, usual...)
				}
				tt.add(day, l)
			})
			wantAlerts(t, detect.DNS(under(t, days)).Findings, tt.want...)
		})
	}
}

// A program that takes turns among addresses that are new to the network keeps its rhythm
// over all of them. Users who look around do not.
func TestCallsToManyAddresses(t *testing.T) {
	const owners = 60
	call := func(l *lab, src string, gap func(i int) float64) {
		at, pick := 9.0, rand.New(rand.NewPCG(8, 9))
		for i := 0; at < 17; i++ {
			n := pick.IntN(owners)
			dst := fmt.Sprintf("%d.%d.7.9", 90+n/4, 10+n%4)
			l.at(flow.Time(at*float64(flow.Hour)), src, dst, flow.TCP, 80, 700, 9000)
			at += gap(i)
		}
	}
	even := func(int) float64 { return 1. / 60 }
	r := rand.New(rand.NewPCG(3, 4))
	for _, tt := range []struct {
		name string
		add  func(l *lab)
		want []string
	}{
		{"every minute", func(l *lab) { call(l, host(3), even) }, []string{host(3)}},
		{"at random", func(l *lab) { call(l, host(3), func(int) float64 { return r.ExpFloat64() / 60 }) }, nil},
		{"of two hosts", func(l *lab) {
			call(l, host(3), even)
			call(l, host(4), even)
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := detect.Beacon(under(t, weeks(10, 40, func(day int, l *lab) {
				if day == 9 {
					tt.add(l)
				}
			})))
			wantAlerts(t, r.Findings, tt.want...)
			for _, c := range r.Calls {
				if len(tt.want) > 0 && (c.Addresses != owners || len(c.Also) != owners-1) {
					t.Errorf("%d addresses and %d more", c.Addresses, len(c.Also))
				}
			}
		})
	}
}

// A program that used the public servers from the first week on is not an alert, and one
// that came later is one on each day.
func TestClientsOfWeeks(t *testing.T) {
	const monitor, scraper = "82.155.7.7", "82.155.8.8"
	days := weeks(11, 40, func(day int, l *lab) {
		for i := range 30 {
			l.flows(25, visitor(i), mail, flow.TCP, 443, 900, 20e3, 8*flow.Hour, 18*flow.Hour)
		}
		l.steady(monitor, 200, 300, 0.1, flow.Hour)
		if day >= 8 {
			l.steady(scraper, 300, 60, 0.1, 9*flow.Hour)
		}
	})
	for n := 9; n <= 11; n++ {
		wantAlerts(t, detect.Clients(under(t, days[:n])).Findings, scraper)
	}
	early := detect.Clients(under(t, days[:2])).Findings
	if !slices.ContainsFunc(early, func(f detect.Finding) bool { return f.Entity.String() == monitor && f.Severity.Alert() }) {
		t.Errorf("one day of history explains %s", monitor)
	}
}

// An inventory that begins after the first week is an alert once. A host that is on by day
// only has no scheduled jobs.
func TestInventoryOfEveryWeek(t *testing.T) {
	sweep := func(l *lab, src string, at flow.Time) {
		for i := range 30 {
			l.at(at+flow.Time(i)*flow.Second, src, host(i), flow.TCP, 22, 120, 300)
		}
	}
	for _, tt := range []struct {
		name, src string
		on        bool // day and night
		later     flow.Time
		want      []string
	}{
		{"a server, at the same time", mail, true, 3 * flow.Minute, nil},
		{"a server, an hour later", mail, true, flow.Hour, []string{mail}},
		{"a host of a user", host(33), false, 0, []string{host(33)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			days := weeks(17, 40, func(day int, l *lab) {
				if tt.on {
					l.flows(96, tt.src, dns1, flow.TCP, 389, 900, 1200, 0, flow.Day)
				}
				switch day {
				case 9:
					sweep(l, tt.src, 11*flow.Hour)
				case 16:
					sweep(l, tt.src, 11*flow.Hour+tt.later)
				}
			})
			wantAlerts(t, detect.Scan(under(t, days[:10])).Findings, tt.src)
			wantAlerts(t, detect.Scan(under(t, days)).Findings, tt.want...)
		})
	}
}

// A page of a country that a user looked at once does not make the country known.
func TestVisitedCountry(t *testing.T) {
	const fiji = "144.120.3.4"
	for _, tt := range []struct {
		name   string
		visits int // flows of a past day
		want   []string
	}{
		{"a page", 3, []string{host(3)}},
		{"an afternoon", 40, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			days := weeks(10, 40, func(day int, l *lab) {
				switch day {
				case 1:
					l.https(tt.visits, host(7), fiji, 900, 9000)
				case 9:
					l.https(120, host(3), fiji, 900, 9000)
				}
			})
			wantAlerts(t, detect.Countries(under(t, days)).Findings, tt.want...)
		})
	}
}

// What a host begins with in a country may be too little for an alert, and does not make the
// country usual for it on the next days.
func TestCountryOfABeginning(t *testing.T) {
	const fiji = "144.120.3.4"
	for _, tt := range []struct {
		name  string
		src   string
		first int // day
		want  []string
	}{
		{"the day before", host(3), 8, []string{host(3)}},
		{"in the first week", host(3), 3, nil},
		{"by another host", host(7), 8, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			days := weeks(10, 40, func(day int, l *lab) {
				for i := range 10 { // so that more than a visit to a rare country is usual
					l.https(60, host(20+i), "133.1.1.9", 900, 9000)
				}
				if day == tt.first {
					l.https(8, tt.src, fiji, 900, 9000)
				}
				if day == 9 {
					l.https(120, host(3), fiji, 900, 9000)
				}
			})
			wantAlerts(t, detect.Countries(under(t, days)).Findings, tt.want...)
		})
	}
}

// With days of history, a connection on a port that everyone uses is an alert if the host
// did not know the owner and few hosts hold one. It may break, and lasts as long as the
// host is on.
func TestConnectionsHeldOnACommonPort(t *testing.T) {
	for _, tt := range []struct {
		name string
		add  func(day int, l *lab)
		want []string
	}{
		{"one", func(day int, l *lab) {
			if day == 9 {
				l.holdOn(host(3), rented, 443, 10)
			}
		}, []string{host(3)}},
		{"two after each other", func(day int, l *lab) {
			if day == 9 {
				l.holdOn(host(3), rented, 443, 5).holdOn(host(3), rented, 443, 5)
			}
		}, []string{host(3)}},
		{"one with a known owner", func(day int, l *lab) {
			if day == 9 {
				l.holdOn(host(3), rented, 443, 10)
			} else {
				l.https(1, host(3), "45.9.20.77", 900, 2000)
			}
		}, nil},
		{"one that began in the afternoon of the day before", func(day int, l *lab) {
			if day >= 8 {
				l.holdOn(host(3), rented, 443, int64(10*day-76))
			}
		}, []string{host(3)}},
		{"one that began in the afternoon three days before", func(day int, l *lab) {
			if day >= 6 {
				l.holdOn(host(3), rented, 443, min(4+6*int64(day-6), 10))
			}
		}, []string{host(3)}},
		{"one with an address that was visited before", func(day int, l *lab) {
			if day == 5 {
				l.https(1, host(3), rented, 900, 2000)
			}
			if day == 9 {
				l.holdOn(host(3), rented, 443, 10)
			}
		}, nil},
		{"one of a service that another host used before", func(day int, l *lab) {
			if day == 7 {
				l.https(1, host(4), rented, 900, 2000)
			}
			if day >= 8 {
				l.holdOn(host(3), rented, 443, int64(10*day-76))
			}
		}, nil},
		{"where many hosts hold some", func(day int, l *lab) {
			if day == 9 {
				l.holdOn(host(3), rented, 443, 10)
			}
			for i := range 10 {
				l.holdOn(host(20+i), oneDrive, 443, 9)
			}
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantAlerts(t, detect.LongConnections(under(t, weeks(10, 40, tt.add))).Findings, tt.want...)
		})
	}
}
