package detect_test

import (
	"fmt"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
)

// on moves the last n flows to another port.
func (l *lab) on(port uint16, n int) *lab {
	for i := range n {
		l.records[len(l.records)-1-i].Port = port
	}
	return l
}

// named gives the last n flows a name.
func (l *lab) named(name string, n int) *lab {
	for i := range n {
		l.records[len(l.records)-1-i].Name = name
	}
	return l
}

// Without a history, programs that call at even gaps are distinguished from command channels by what the
// other hosts of the day do, and by more than their rhythm.
func TestCallsOfOneDay(t *testing.T) {
	const fresh = "45.9.20.77"
	call := func(l *lab, i int, dst string, gap float64) *lab { return l.calls(host(i), dst, 140, gap, 0.02, 0) }
	own := func(i int) string { return fmt.Sprintf("45.%d.20.77", 10+i) }
	for _, tt := range []struct {
		name  string
		hosts int
		day   func(l *lab)
		want  []string
	}{
		{"the only one of an office", 40, func(l *lab) { call(l, 3, fresh, 600) }, []string{host(3)}},
		{"the only one of a home", 8, func(l *lab) { call(l, 3, fresh, 600) }, nil},
		{"on a port that few programs call, at home", 8, func(l *lab) { call(l, 3, fresh, 600).on(4444, 140) }, []string{host(3)}},
		{"every half minute over HTTP, at home", 8, func(l *lab) { l.calls(host(3), fresh, 1500, 30, 0.02, 0).on(80, 1500) }, []string{host(3)}},
		{"news over HTTP, at home", 8, func(l *lab) { call(l, 3, fresh, 600).on(80, 140) }, nil},
		{"mail at home", 8, func(l *lab) { call(l, 3, fresh, 300).on(993, 140) }, nil},
		{"mail in an office", 40, func(l *lab) { call(l, 3, fresh, 300).on(993, 140) }, nil},
		{"programs of their own of two hosts", 40, func(l *lab) { call(call(l, 3, own(3), 600), 4, own(4), 600) }, nil},
		{"one by another kind of call than most", 120, func(l *lab) {
			for i := range 6 {
				call(l, i, own(i), 300)
			}
			l.calls(host(9), fresh, 140, 300, 0.2, 0)
		}, []string{host(9)}},
		{"addresses of one network", 40, func(l *lab) {
			for i := range 4 {
				call(l, i, fmt.Sprintf("45.9.20.%d", 60+i), 600+100*float64(i))
			}
		}, nil},
		{"one name at several addresses", 40, func(l *lab) {
			for i := range 3 {
				call(l, i, own(i), 600+100*float64(i)).named("api.example.com", 140)
			}
		}, nil},
		{"no name, unlike its other calls", 8, func(l *lab) {
			l.https(900, host(3), "213.13.7.1", 400, 900).named("www.example.com", 900)
			call(l, 3, fresh, 2400)
		}, []string{host(3)}},
		{"a name, like its other calls", 8, func(l *lab) {
			l.https(900, host(3), "213.13.7.1", 400, 900).named("www.example.com", 900)
			call(l, 3, fresh, 2400).named("api.example.com", 140)
		}, nil},
		{"a server that is gone", 40, func(l *lab) {
			call(l, 3, fresh, 600)
			for i := range 140 {
				l.records[len(l.records)-1-i].Up, l.records[len(l.records)-1-i].Down = 180, 0
			}
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := office(2, tt.hosts)
			tt.day(l)
			r := detect.Beacon(detect.Input{Test: l.profile()})
			wantAlerts(t, r.Findings, tt.want...)
			if len(r.Findings) == 0 {
				t.Error("the calls are not found at all")
			}
		})
	}
}
