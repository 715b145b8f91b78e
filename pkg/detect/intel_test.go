package detect_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

// A host in touch with a listed address is an alert that names the list.
func TestHits(t *testing.T) {
	indicator := func(network string, port uint16) detect.Indicator {
		return detect.Indicator{Network: netip.MustParsePrefix(network), Port: port, Note: "bot"}
	}
	lists := []detect.IntelList{{Name: "feed.csv", SHA256: "00", Date: "2024-03-20", Names: []detect.ListedName{{Name: "bad.example"}, {Name: "worse.example"}},
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

// A finding of the host and a listed address becomes more severe, and the hit is
// lowered to info. An indicator counts until its date, and a port alone is low.
func TestListedFindings(t *testing.T) {
	l := office(2, 10)
	for i := range 100 { // a beacon to rented all day
		l.https(1, host(1), rented, 100, 100)
		l.flows(1, host(1), rented, flow.TCP, 8443, 700, 900, flow.Time(i)*14*flow.Minute, flow.Time(i)*14*flow.Minute+1)
	}
	l.https(1, host(2), rented, 100, 100)
	l.flows(1, host(3), "198.51.100.7", flow.TCP, 4444, 100, 100, 0, flow.Hour)
	date := time.Date(2024, 3, 20, 0, 0, 0, 0, time.UTC)
	indicators := []detect.Indicator{{Network: netip.MustParsePrefix(rented + "/32"), Until: date.AddDate(0, 0, 1), Note: "panel"}, {Port: 4444, Proto: flow.TCP}}
	in := detect.Input{Test: l.profile(), TestDate: date}
	severities := func(in detect.Input) map[string]detect.Severity {
		found := map[string]detect.Severity{}
		for _, f := range detect.All(in).Findings {
			for _, part := range f.Parts() {
				found[part.Rule+" "+part.Entity.String()] = part.Severity
			}
		}
		return found
	}
	without := severities(in)
	in.Intel = []detect.IntelList{{Name: "feed", Indicators: indicators}}
	with := severities(in)
	rule := ""
	for key, s := range without {
		if entity := " " + host(1); strings.HasSuffix(key, entity) && s.Alert() && s != detect.Critical && !strings.HasPrefix(key, detect.RuleHostAnomaly) {
			rule = key
		}
	}
	if rule == "" {
		t.Fatalf("nothing to raise: %v", without)
	}
	if with[rule].Compare(detect.High) < 0 || with[rule].Compare(without[rule]) <= 0 {
		t.Errorf("%s is %s with the list and %s without", rule, with[rule], without[rule])
	}
	for key, want := range map[string]detect.Severity{"threat-intel " + host(1): detect.Info, "threat-intel " + host(2): detect.High, "threat-intel " + host(3): detect.Low} {
		if with[key] != want {
			t.Errorf("%s is %q, want %s", key, with[key], want)
		}
	}
	in.TestDate = date.AddDate(0, 0, 1)
	if late := severities(in); late["threat-intel "+host(2)] != "" || late["threat-intel "+host(3)] != detect.Low {
		t.Errorf("after its date the indicator still counts: %v", late)
	}
}

// Names of lists match names of flows, and names below them.
func TestNameHits(t *testing.T) {
	named := func(l *lab, host, dst string, port uint16, down int64, name string) {
		l.at(10*flow.Hour, host, dst, flow.TCP, port, 300, down)
		l.records[len(l.records)-1].Details = flow.Details{Name: name}
	}
	date := time.Date(2024, 3, 20, 0, 0, 0, 0, time.UTC)
	lists := []detect.IntelList{{Name: "feed.txt", SHA256: "00", Date: "2024-03-19", Names: []detect.ListedName{
		{Name: "bad.example", Note: "panel"}, {Name: "old.example", Until: date}}}}
	l := office(2, 10)
	named(l, host(1), rented, 443, 900, "cdn.bad.example")
	named(l, host(1), dns1, 53, 90, "cdn.bad.example")
	named(l, host(2), dns1, 53, 90, "BAD.example.")
	named(l, host(3), rented, 443, 900, "notbad.example")
	named(l, host(4), rented, 443, 900, "old.example")
	named(l, host(5), rented, 443, 0, "bad.example")
	r := detect.Hits(detect.Input{Test: l.profile(), TestDate: date, Intel: lists})
	want := map[string]detect.Severity{host(1): detect.High, host(2): detect.Medium, host(5): detect.Medium}
	for _, f := range r.Findings {
		e := f.Evidence.(detect.Hit)
		if f.Severity != want[f.Entity.String()] || e.Indicator != "bad.example" || e.Note != "panel" || f.Entity.String() == host(1) && (e.Dst.String() != rented || e.Flows != 2 || e.Name != "cdn.bad.example") {
			t.Errorf("%s is %s, want %s: %s, %+v", f.Entity, f.Severity, want[f.Entity.String()], f.Summary, e)
		}
	}
	if len(r.Findings) != len(want) || r.Coverage.Reason != "" {
		t.Errorf("%d findings, coverage %+v", len(r.Findings), r.Coverage)
	}
	for i := range 200 {
		named(l, host(6), dns1, 53, 90, fmt.Sprintf("host%d.example.org", i))
	}
	if r := detect.Hits(detect.Input{Test: l.profile(), Intel: lists}); !strings.Contains(r.Coverage.Reason, "a sample of the names") {
		t.Errorf("more names than a profile keeps: %+v", r.Coverage)
	}
}
