package detect_test

import (
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

func TestTraffic(t *testing.T) {
	day := &lab{}
	for i := range 6 {
		day.ask(2, host(i), dns1, 100, 230)
	}
	day.https(3, host(0), googleDrive, 1000, 9000).https(1, host(1), googleDrive, 1000, 9000)
	day.https(4, host(1), "193.136.1.1", 50, 50).https(1, host(2), "9.9.9.9", 10, 0)
	day.https(5, host(3), host(4), 500, 500)
	// Multicast and broadcast are neither inside nor outside.
	day.flows(7, host(5), "239.255.255.250", flow.UDP, 1900, 100, 0, 0, flow.Hour)
	day.flows(7, host(5), "255.255.255.255", flow.UDP, 67, 100, 0, 0, flow.Hour)
	servers := (&lab{}).https(2, visitor(0), "200.0.0.11", 1000, 8000).https(1, visitor(1), "200.0.0.12", 10, 80)

	r := detect.Traffic(detect.Input{Baseline: day.profile(), Servers: servers.profile(), Geo: lookup(t)})
	golden(t, "traffic", r)

	totals := []struct {
		name string
		got  profile.Counts
		want profile.Counts
	}{
		{"all", r.Baseline.All.Total, profile.Counts{Flows: 40, Up: 1200 + 4000 + 200 + 10 + 2500 + 1400, Down: 2760 + 36000 + 200 + 2500}},
		{"internal servers", r.Baseline.InternalServers.Total, profile.Counts{Flows: 12, Up: 1200, Down: 2760}},
		{"internal peers", r.Baseline.InternalPeers.Total, profile.Counts{Flows: 5, Up: 2500, Down: 2500}},
		{"external", r.Baseline.External.Total, profile.Counts{Flows: 9, Up: 4210, Down: 36200}},
		{"public", r.Public.Total, profile.Counts{Flows: 3, Up: 2010, Down: 16080}},
		{"test day", r.Test.All.Total, profile.Counts{}},
	}
	for _, tt := range totals {
		if tt.got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, tt.got, tt.want)
		}
	}
	if c := r.Baseline.External.Countries; len(c) != 3 || c[0].Hosts != 2 || c[0].Country.Code != "US" && c[0].Country.Code != "DE" {
		t.Errorf("countries %+v, want three", c)
	}
	if m := r.Baseline.InternalServers.MedianUp; m != 200 {
		t.Errorf("median upload to internal servers %v, want 200", m)
	}
}
