package detect_test

import (
	"fmt"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

// Without a history, large uploads are ordinary if users of a service, devices or many hosts of the day
// make them.
func TestUploadsOfOneDay(t *testing.T) {
	thief := func(l *lab) {
		l.flows(4, host(3), "45.9.20.77", flow.TCP, 443, 250e6, 1e6, 10*flow.Hour, 11*flow.Hour)
	}
	for _, tt := range []struct {
		name string
		day  func(l *lab)
		want []string
	}{
		{"one of an office", thief, []string{host(3)}},
		{"one of a host that contacts little else", func(l *lab) {
			l.flows(4, host(40), "45.9.20.77", flow.TCP, 443, 250e6, 1e6, 10*flow.Hour, 11*flow.Hour)
			for i := range 3 {
				l.flows(3, host(40), fmt.Sprintf("213.13.7.%d", 1+i), flow.TCP, 443, 900, 4000, 9*flow.Hour, 17*flow.Hour)
			}
		}, []string{host(40)}},
		{"those of a service", func(l *lab) {
			for i := range 4 {
				l.flows(9+i, host(3+i), fmt.Sprintf("45.9.20.%d", 77+i), flow.TCP, 443, 90e6, 1e6, 10*flow.Hour, 11*flow.Hour)
			}
		}, nil},
		{"more than three others send", func(l *lab) {
			thief(l)
			for i, mb := range []int64{20, 60, 150} {
				l.flows(4, host(10+i), fmt.Sprintf("45.%d.20.77", 10+i), flow.TCP, 443, mb*1e6/4, 1e4, 10*flow.Hour, 11*flow.Hour)
			}
		}, []string{host(3)}},
		{"those that many send to places of their own", func(l *lab) {
			thief(l)
			for i := range 12 {
				l.flows(9+i, host(10+i), fmt.Sprintf("45.%d.20.77", 10+i), flow.TCP, 443, 90e6, 1e6, 10*flow.Hour, 11*flow.Hour)
			}
		}, nil},
		{"a camera", func(l *lab) {
			l.flows(720, host(3), "45.9.20.77", flow.TCP, 443, 1e6, 1e4, 0, flow.Day)
			for i := range 30 { // which also looks for updates
				l.flows(24, host(3), fmt.Sprintf("45.9.21.%d", i), flow.TCP, 443, 900, 4000, 0, flow.Day)
			}
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := office(2, 40)
			tt.day(l)
			wantAlerts(t, detect.Exfiltration(detect.Input{Test: l.profile()}).Findings, tt.want...)
		})
	}
}
