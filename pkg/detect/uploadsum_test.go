package detect_test

import (
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
)

// Uploads that are small each day add up over days, unless they are a job of the
// first week, or others upload to the same place.
func TestUploadsAddUp(t *testing.T) {
	start := time.Date(2024, 3, 4, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name string
		add  func(l *lab, day int)
		want []string
	}{
		{"from the ninth day on", func(l *lab, day int) {
			if day >= 8 {
				l.https(40, host(3), rented, 250e3, 3000)
			}
		}, []string{host(3)}},
		{"from the first day on", func(l *lab, _ int) { l.https(40, host(3), rented, 250e3, 3000) }, nil},
		{"of several hosts", func(l *lab, day int) {
			if day >= 8 {
				l.https(40, host(3), rented, 250e3, 3000).https(40, host(4), rented, 250e3, 3000)
			}
		}, nil},
		{"for two days", func(l *lab, day int) {
			if day >= 18 {
				l.https(40, host(3), rented, 250e3, 3000)
			}
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := detect.Input{Geo: lookup(t)}
			for day := range 20 {
				l := office(uint64(day+1), 40)
				tt.add(l, day)
				in.History = append(in.History, detect.Day{Date: start.AddDate(0, 0, day), Profile: l.profile()})
			}
			last := in.History[19]
			in.History, in.Test, in.TestDate = in.History[:19], last.Profile, last.Date
			r := detect.Exfiltration(in)
			wantAlerts(t, r.Findings, tt.want...)
			for _, f := range r.Findings {
				if f.Severity.Alert() && (f.State != detect.StateOngoing || f.Since != "2024-03-12" || !strings.Contains(f.Summary, "on 12 days since 2024-03-12")) {
					t.Errorf("%s %s %s", f.State, f.Since, f.Summary)
				}
			}
		})
	}
}
