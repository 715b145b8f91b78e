package detect_test

import (
	"net/netip"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

// A host in touch with a listed address is an alert that names the list.
func TestHits(t *testing.T) {
	indicator := func(network string, port uint16) detect.Indicator {
		return detect.Indicator{Network: netip.MustParsePrefix(network), Port: port, Note: "bot"}
	}
	lists := []detect.IntelList{{Name: "feed.csv", SHA256: "00", Date: "2024-03-20", Names: 2,
		Indicators: []detect.Indicator{indicator("45.9.20.0/24", 0), indicator("203.0.113.9/32", 8443), indicator("203.0.113.10/32", 0)}}}
	l := office(2, 10)
	l.https(1, host(1), rented, 100, 100)
	l.flows(2, host(2), "203.0.113.9", flow.TCP, 443, 100, 100, 0, flow.Hour) // another port
	l.flows(2, host(3), "203.0.113.9", flow.TCP, 8443, 100, 0, 0, flow.Hour)  // no answer
	l.flows(2, "203.0.113.10", host(4), flow.TCP, 22, 100, 0, 0, flow.Hour)   // tried
	l.flows(2, "203.0.113.10", host(5), flow.TCP, 22, 100, 50, 0, flow.Hour)  // answered
	r := detect.Hits(detect.Input{Test: l.profile(), Intel: lists})
	want := map[string]detect.Severity{host(1): detect.High, host(3): detect.Medium, host(4): detect.Info, host(5): detect.Medium}
	for _, f := range r.Findings {
		if e := f.Evidence.(detect.Hit); f.Severity != want[f.Entity.String()] || e.List != "feed.csv" || e.ListDate != "2024-03-20" {
			t.Errorf("%s is %s, want %s: %+v", f.Entity, f.Severity, want[f.Entity.String()], e)
		}
	}
	if len(r.Findings) != len(want) || !r.Coverage.Ran || r.Coverage.Reason == "" {
		t.Errorf("%d findings, coverage %+v", len(r.Findings), r.Coverage)
	}
	if r := detect.Hits(detect.Input{Test: l.profile()}); r.Coverage.Ran || len(r.Findings) != 0 {
		t.Errorf("without lists: %+v", r.Coverage)
	}
}
