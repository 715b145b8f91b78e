package siem

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/sampledays"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// flowOf is n flows.
type flowOf struct {
	n        int
	src, dst string
	port     uint16
	up, down int64
}

func mustAddr(s string) netip.Addr { return netip.MustParseAddr(s) }

func dayOf(flows ...flowOf) *profile.Profile {
	b := profile.NewBuilder()
	at := flow.Hour
	for _, f := range flows {
		for range f.n {
			at += flow.Second
			b.Add(flow.Record{Time: at, Src: mustAddr(f.src), Dst: mustAddr(f.dst), Proto: flow.TCP, Port: f.port, Up: f.up, Down: f.down})
		}
	}
	return b.Profile()
}

// own returns the findings of a rule file alone, as "rule entity value".
func own(t *testing.T, in detect.Input, text string) []string {
	t.Helper()
	s := &Set{}
	load(t, s, text)
	r, err := s.Detect(in)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range r.Findings {
		if m, ok := f.Evidence.(match); ok {
			got = append(got, fmt.Sprintf("%s %s %v", f.Rule, f.Entity, m.Value))
		}
	}
	return got
}

// selectionDay is the day that selectionTests ask of.
var selectionDay = []flowOf{
	{3, "10.0.0.1", "10.0.0.9", 23, 100, 10},
	{2, "10.0.0.2", "93.184.216.34", 4444, 1e6, 10},
	{1, "192.168.7.3", "2001:db8::5", 443, 50, 5000},
	{1, "93.184.216.99", "10.0.0.1", 8080, 7, 7},
}

// selectionTests are a selection a, a condition and the last parts of the
// addresses of the sources that match. The selection b is dst_port: 4444.
var selectionTests = []struct{ selection, condition, want string }{
	{"dst_port: 23", "a", "1"},
	{"dst_port: [23, 4444]", "a", "1 2"},
	{"dst_port|gte: 443", "a", "2 3 99"},
	{"dst_port|lt: 443", "a", "1"},
	{"up_bytes|gt: 2000000", "a", ""},
	{"up_bytes|gt: 1999999", "a", "2"},
	{"src_ip|cidr: 10.0.0.0/8", "a", "1 2"},
	{"dst_ip|cidr: ['2001:db8::/32', 10.0.0.9/32]", "a", "1 3"},
	{"src_ip: '10.0.0.?'", "a", "1 2"},
	{"src_ip: '*.7.3'", "a", "3"},
	{"src_ip: '10\\.0'", "a", ""},
	{"src_ip|startswith: '10.'", "a", "1 2"},
	{"src_ip|endswith: '.99'", "a", "99"},
	{"src_ip|contains: '168'", "a", "3"},
	{"src_ip|contains|all: ['10.', '.2']", "a", "2"},
	{"src_ip|re: '\\.[12]$'", "a", "1 2"},
	{"proto: TCP", "a", "1 2 3 99"},
	{"src_internal: false", "a", "99"},
	{"dst_country: null", "a", "1 2 3 99"},
	{"dst_owner|exists: true", "a", ""},
	{"{dst_internal: true, src_internal: true}", "a", "1"},
	{"[{dst_port: 443}, {dst_port: 8080}]", "a", "3 99"},
	{"dst_port: 23", "not a", "2 3 99"},
	{"dst_port: 23", "a or b", "1 2"},
	{"dst_port: 23", "a and b", ""},
	{"dst_port: 23", "not a and not b", "3 99"},
	{"dst_port: 23", "not (a or b)", "3 99"},
	{"dst_port: 23", "1 of *", "1 2"},
	{"dst_port: 23", "all of them", ""},
	{"dst_port: 23", "any of a*", "1"},
	{"dst_port: 23", "b and not a", "2"},
	{"dst_port: 23", "not a and b or a", "1 2"},
	{"dst_port: 23", "b or a and b", "2"},
}

// selectionRule is a rule of a selection and a condition.
func selectionRule(selection, condition string) string {
	if !strings.HasPrefix(selection, "[") && !strings.HasPrefix(selection, "{") {
		selection = "{" + selection + "}"
	}
	second := ""
	if strings.Contains(strings.ToLower(condition), "b") || strings.HasSuffix(condition, "them") || strings.HasSuffix(condition, "of *") {
		second = "  b: {dst_port: 4444}\n"
	}
	return with("  selection:\n    dst_port: 23\n", "  a: "+selection+"\n"+second, "condition: selection", "condition: "+condition)
}

func TestSelections(t *testing.T) {
	in := detect.Input{Test: dayOf(selectionDay...)}
	for _, tt := range selectionTests {
		t.Run(tt.selection+" "+tt.condition, func(t *testing.T) {
			var hosts []string
			for _, f := range own(t, in, selectionRule(tt.selection, tt.condition)) {
				entity := strings.Fields(f)[1]
				hosts = append(hosts, entity[strings.LastIndex(entity, ".")+1:])
			}
			slices.Sort(hosts)
			if got := strings.Join(hosts, " "); got != tt.want {
				t.Errorf("matches %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCorrelations(t *testing.T) {
	before := dayOf(flowOf{4, "10.0.0.1", "10.0.0.9", 23, 100, 10})
	after := dayOf(
		flowOf{10, "10.0.0.1", "10.0.0.9", 23, 100, 10},
		flowOf{5, "10.0.0.2", "10.0.0.8", 23, 1000, 10},
		flowOf{5, "10.0.0.2", "10.0.0.9", 23, 2000, 10},
		flowOf{3, "10.0.0.3", "10.0.0.9", 24, 1, 1})
	in := detect.Input{Baseline: before, Test: after}
	change := func(kind, condition, more string) string {
		return strings.NewReplacer("event_count", kind, "{gte: 10}", condition).Replace(counting(more))
	}
	tests := []struct {
		name, text string
		want       []string
	}{
		{"flows", change("event_count", "{gte: 10}", ""), []string{"much-telnet 10.0.0.1 10", "much-telnet 10.0.0.2 10"}},
		{"more flows", change("event_count", "{gt: 10}", ""), nil},
		{"destinations", change("value_count", "{field: dst_ip, gte: 2}", ""), []string{"much-telnet 10.0.0.2 2"}},
		{"sum", change("value_sum", "{field: up_bytes, gte: 1000}", ""), []string{"much-telnet 10.0.0.2 15000", "much-telnet 10.0.0.1 1000"}},
		{"average", change("value_avg", "{field: up_bytes, lt: 101}", ""), []string{"much-telnet 10.0.0.1 100"}},
		{"new", change("event_count", "{gte: 1}", "flowbook: {baseline: {new: true}}\n"), []string{"much-telnet 10.0.0.2 10"}},
		{"grown", change("event_count", "{gte: 1}", "flowbook: {baseline: {times: 2.5}}\n"), []string{"much-telnet 10.0.0.1 10", "much-telnet 10.0.0.2 10"}},
		{"not grown", change("event_count", "{gte: 1}", "flowbook: {baseline: {times: 2.6}}\n"), []string{"much-telnet 10.0.0.2 10"}},
		{"generate", strings.Replace(change("event_count", "{gt: 10}", ""), "  timespan", "  generate: true\n  timespan", 1), []string{"telnet 10.0.0.1 10", "telnet 10.0.0.2 10"}},
		{"disabled", change("event_count", "{gte: 10}", "flowbook: {enabled: false}\n"), nil},
		{"a week", strings.Replace(change("event_count", "{gte: 10}", ""), "1d", "1w", 1), []string{"much-telnet 10.0.0.1 10", "much-telnet 10.0.0.2 10"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := own(t, in, tt.text); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A temporal correlation wants a match of each rule.
func TestTemporal(t *testing.T) {
	in := detect.Input{Test: dayOf(
		flowOf{1, "10.0.0.1", "10.0.0.9", 23, 1, 1}, flowOf{1, "10.0.0.1", "10.0.0.9", 24, 1, 1},
		flowOf{9, "10.0.0.2", "10.0.0.9", 23, 1, 1})}
	second := with("6d9c2f3e", "6d9c2f3f", "name: telnet", "name: other", "dst_port: 23", "dst_port|lte: 24")
	text := second + "---\n" + strings.NewReplacer("event_count", "temporal", "[telnet]", "[telnet, other]", "  condition: {gte: 10}\n", "").Replace(counting(""))
	if got := own(t, in, text); !slices.Equal(got, []string{"much-telnet 10.0.0.1 2", "much-telnet 10.0.0.2 2"}) {
		t.Errorf("both match both: %q", got)
	}
	text = strings.Replace(text, "dst_port|lte: 24", "dst_port: 24", 1)
	if got := own(t, in, text); !slices.Equal(got, []string{"much-telnet 10.0.0.1 2"}) {
		t.Errorf("only one matches both: %q", got)
	}
}

// A rule on the servers' log reads that log.
func TestServersLog(t *testing.T) {
	in := detect.Input{Test: dayOf(flowOf{1, "10.0.0.1", "10.0.0.9", 23, 1, 1}), Servers: dayOf(flowOf{1, "93.184.216.34", "200.0.0.11", 23, 1, 1})}
	text := with("{category: firewall}", "{category: firewall, service: servers}")
	if got := own(t, in, text); !slices.Equal(got, []string{"telnet 93.184.216.34 1"}) {
		t.Errorf("%q", got)
	}
	in.Servers = nil
	if got := own(t, in, text); got != nil {
		t.Errorf("without the log: %q", got)
	}
}

// Detections find with rules what they find without, and what rules say is
// obeyed.
func TestDetectObeysRules(t *testing.T) {
	in := sampledays.Input(t)
	plain, err := json.Marshal(detect.All(in))
	if err != nil {
		t.Fatal(err)
	}
	findings := func(in detect.Input, text string) []detect.Finding {
		t.Helper()
		s := builtinSet(t)
		load(t, s, text)
		r, err := s.Detect(in)
		if err != nil {
			t.Fatal(err)
		}
		if text == "" {
			if same, err := json.Marshal(r); err != nil || !bytes.Equal(same, plain) {
				t.Errorf("built-in rules change what is found (%v)", err)
			}
		}
		return r.Findings
	}
	of := func(fs []detect.Finding, rule string) []detect.Finding {
		return slices.DeleteFunc(slices.Clone(fs), func(f detect.Finding) bool { return f.Rule != rule })
	}
	all := findings(in, "")
	if got := findings(in, "name: new-country\nflowbook: {enabled: false}\n"); len(of(got, "new-country")) != 0 || len(got) != len(all)-len(of(all, "new-country")) {
		t.Errorf("disabled: %d of %d", len(got), len(all))
	}
	var want, got []detect.Severity
	for _, f := range of(all, "new-country") {
		if f.Severity.Compare(detect.Low) > 0 {
			f.Severity = detect.Low
		}
		want = append(want, f.Severity)
	}
	for _, f := range of(findings(in, "name: new-country\nlevel: low\n"), "new-country") {
		got = append(got, f.Severity)
	}
	if slices.Sort(want); !slices.Contains(want, detect.Low) || !slices.Contains(want, detect.Info) {
		t.Fatalf("the sample days have %v", want)
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("capped at low: %v, want %v", got, want)
	}
	for _, f := range of(findings(in, "name: exfiltration\nlevel: critical\nflowbook: {severity: level}\n"), "exfiltration") {
		if f.Severity != detect.Critical {
			t.Errorf("set to critical: %s", f.Severity)
		}
	}
	few := of(findings(in, "name: new-country\nflowbook: {thresholds: {score: 0.5}}\n"), "new-country")
	if len(few) == 0 || len(few) >= len(of(all, "new-country")) || slices.ContainsFunc(few, func(f detect.Finding) bool { return f.Score < 0.5 }) {
		t.Errorf("score 0.5 and more: %d of %d", len(few), len(of(all, "new-country")))
	}
	strict := "name: exfiltration\nflowbook: {thresholds: {sensitivity: 1000}}\n"
	if got := findings(in, strict); len(of(got, "exfiltration")) != 0 || len(of(got, "dns-c2")) != len(of(all, "dns-c2")) {
		t.Errorf("a sensitivity of one rule: %d of it, %d of another", len(of(got, "exfiltration")), len(of(got, "dns-c2")))
	}
	in.Sensitivity = detect.DefaultSensitivity
	if got := findings(in, strict); len(got) != len(all) {
		t.Errorf("the run's own sensitivity counts before the rule's: %d of %d", len(got), len(all))
	}
}

// A rule of one's own, as `reportgen detect --rules` reads it.
func ExampleSet_Load() {
	s, err := Builtin()
	if err != nil {
		fmt.Println(err)
		return
	}
	err = s.Load("own.yaml", []byte(`
title: Telnet inside the network
id: 6d9c2f3e-6f0e-4d3b-9d0c-0a6f7b1f2a11
name: telnet
tags: [attack.t1021]
logsource: {category: firewall}
detection:
  selection: {dst_port: 23, dst_internal: true}
  condition: selection
level: medium
---
name: new-country
flowbook: {enabled: false}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := s.Detect(detect.Input{Test: dayOf(flowOf{3, "10.0.0.1", "10.0.0.9", 23, 1200, 800})})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range r.Findings {
		fmt.Println(f.Severity, f.Entity, f.Attack, f.Summary)
	}
	// Output:
	// medium 10.0.0.1 [T1021] Telnet inside the network: 3 flows, 3.6 kB up and 2.4 kB down, most with 10.0.0.9
}
