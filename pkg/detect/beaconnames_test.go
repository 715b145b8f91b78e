package detect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

// front adds calls of a host every five minutes to one of some addresses in turn, by
// one name.
func (l *lab) front(src, name string, first, addresses int) *lab {
	for i := range 288 {
		l.at(flow.Time(i)*5*flow.Minute, src, fmt.Sprintf("23.40.7.%d", first+i*7%addresses), flow.TCP, 443, 700, 900)
		l.records[len(l.records)-1].Details = flow.Details{Name: name}
	}
	return l
}

// Calls to many addresses are found by the name that they have in common, and a
// known name explains calls to an address that is new.
func TestBeaconByName(t *testing.T) {
	monday := time.Date(2024, 3, 18, 0, 0, 0, 0, time.UTC)
	quiet := func(l *lab) { l.front(host(9), "telemetry.example", 1, 1) }
	for _, tt := range []struct {
		name string
		days []func(l *lab)
		want []string
		also func(f detect.Finding) bool
	}{
		{"a front of forty addresses", []func(l *lab){quiet, func(l *lab) { quiet(l); l.front(host(3), "c2.example", 10, 40) }}, []string{host(3)},
			func(f detect.Finding) bool {
				e := f.Evidence.(detect.Call)
				return e.Name == "c2.example" && e.Addresses == 40 && e.Flows == 288 && e.Gap == 300
			}},
		{"other addresses of it on the next day", []func(l *lab){quiet, func(l *lab) { quiet(l); l.front(host(3), "c2.example", 10, 40) },
			func(l *lab) { quiet(l); l.front(host(3), "c2.example", 90, 40) }}, []string{host(3)},
			func(f detect.Finding) bool { return f.State == detect.StateOngoing && f.Since == "2024-03-19" }},
		{"a known name at another address", []func(l *lab){quiet, func(l *lab) { l.front(host(9), "telemetry.example", 200, 1) }}, nil, nil},
		{"a known name at many addresses", []func(l *lab){quiet, func(l *lab) { l.front(host(9), "telemetry.example", 10, 40) }}, nil, nil},
		{"a history without names", []func(l *lab){nil, func(l *lab) { l.front(host(3), "c2.example", 10, 40) }}, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var days []detect.Day
			for i, add := range tt.days {
				l := office(uint64(i+1), 40)
				if add != nil {
					add(l)
				}
				days = append(days, detect.Day{Date: monday.AddDate(0, 0, i), Profile: l.profile()})
			}
			last := days[len(days)-1]
			r := detect.Beacon(detect.Input{History: days[:len(days)-1], Test: last.Profile, TestDate: last.Date})
			wantAlerts(t, r.Findings, tt.want...)
			for _, f := range r.Findings {
				if tt.also != nil && f.Severity.Alert() && !tt.also(f) {
					t.Errorf("%+v", f)
				}
			}
		})
	}
}

// Other names on the addresses of a content delivery network, and the hosts that ask for these, do
// not hide calls to a name that one host asks for.
func TestBeaconBehindSharedAddresses(t *testing.T) {
	sites := func(l *lab) {
		for i := range 40 {
			for a := range 3 {
				l.at(flow.Time(9+i%8)*flow.Hour+flow.Time(a)*flow.Minute, host(i), fmt.Sprintf("23.40.7.%d", a+1), flow.TCP, 443, 900, 20e3)
				l.records[len(l.records)-1].Details = flow.Details{Name: "www.example"}
			}
		}
	}
	for _, tt := range []struct {
		name string
		add  func(l *lab)
		want []string
	}{
		{"the calls of one host", func(l *lab) { l.front(host(3), "c2.example", 1, 3) }, []string{host(3)}},
		{"the calls of many", func(l *lab) {
			for i := range 5 {
				l.front(host(i), "agent.example", 1, 3)
			}
		}, nil},
		{"calls without a name", func(l *lab) {
			from := len(l.records)
			l.front(host(3), "", 1, 3)
			for i := range l.records[from:] {
				l.records[from+i].Details = flow.Details{}
			}
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			days := weeks(8, 40, func(day int, l *lab) {
				sites(l)
				if day == 7 {
					tt.add(l)
				}
			})
			wantAlerts(t, detect.Beacon(under(t, days)).Findings, tt.want...)
		})
	}
}
