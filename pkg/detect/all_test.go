package detect_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// attacked is a day of the office with one attack of each kind.
func attacked(hosts int) *lab {
	l := office(2, hosts)
	l.https(4, host(3), googleDrive, 120e6, 2e6)
	l.https(900, host(4), "95.163.1.1", 20e3, 150e3)
	l.mesh(10e3, 10e3, host(5), host(6), host(7))
	l.ask(600, host(8), dns1, 80, 150)
	l.sweep(host(9), 30, 0)
	return l
}

func input(tb testing.TB) detect.Input {
	return detect.Input{Baseline: office(1, 40).profile(), Test: attacked(40).profile(),
		Servers: visitors(60).steady("203.0.113.7", 150, 120, 0.3, 9*flow.Hour).profile(), Geo: lookup(tb)}
}

func TestAll(t *testing.T) {
	r := detect.All(input(t))
	wantAlerts(t, r.Findings, host(3), host(4), host(5), host(6), host(7), host(8), host(9), "203.0.113.7")
	for _, f := range r.Findings {
		rule, ok := detect.RuleOf(f.Rule)
		if !ok {
			t.Errorf("no rule %q", f.Rule)
		}
		for _, technique := range f.Attack {
			if !slices.Contains(rule.Attack, technique) {
				t.Errorf("%s names %s, its rule %v", f.Entity, technique, rule.Attack)
			}
		}
		if f.Window[0] > f.Window[1] || f.Score < 0 || f.Score > 1 || f.Summary == "" || f.Evidence == nil {
			t.Errorf("finding %+v is incomplete", f)
		}
	}
}

// A finding has the fields of the contract, in its order.
func TestFindingJSON(t *testing.T) {
	for _, f := range detect.All(input(t)).Findings {
		b, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		at := -1
		for _, field := range []string{"rule", "entity", "severity", "score", "attack", "summary", "evidence", "window"} {
			i := bytes.Index(b, []byte(`"`+field+`":`))
			if i < at || i < 0 {
				t.Fatalf("field %s is missing or out of order in %s", field, b)
			}
			at = i
		}
	}
}

// What is found does not depend on the order of the rows, and is the same
// each time.
func TestOrderOfRowsDoesNotMatter(t *testing.T) {
	shuffled := func(l *lab, seed uint64) *profile.Profile {
		r := rand.New(rand.NewPCG(seed, 0))
		r.Shuffle(len(l.records), func(i, j int) { l.records[i], l.records[j] = l.records[j], l.records[i] })
		return l.profile()
	}
	in := input(t)
	want, err := json.Marshal(detect.All(in))
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(5) {
		in.Baseline, in.Test = shuffled(office(1, 40), seed), shuffled(attacked(40), seed)
		in.Servers = shuffled(visitors(60).steady("203.0.113.7", 150, 120, 0.3, 9*flow.Hour), seed)
		got, err := json.Marshal(detect.All(in))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("seed %d: the results differ", seed)
		}
	}
}

// Days in which there is nothing to see have empty, true results.
func TestNothingToSee(t *testing.T) {
	public := visitors(3).profile()
	one := (&lab{}).https(1, host(0), googleDrive, 0, 0).profile()
	ask := (&lab{}).ask(1, host(0), dns1, 0, 0).profile()
	tests := map[string]detect.Input{
		"no days":                 {},
		"empty days":              {Baseline: &profile.Profile{}, Test: &profile.Profile{}, Servers: &profile.Profile{}},
		"no internal address":     {Baseline: public, Test: public, Servers: public},
		"one flow without bytes":  {Baseline: one, Test: one, Servers: one},
		"one DNS flow":            {Baseline: ask, Test: ask, Servers: ask},
		"an office, no baseline":  {Test: office(2, 40).profile()},
		"no test day":             {Baseline: attacked(40).profile()},
		"the same day twice":      {Baseline: attacked(40).profile(), Test: attacked(40).profile()},
		"other networks are ours": {Baseline: public, Test: attacked(40).profile(), Internal: mustNetworks(t, "64.225.56.0/24")},
	}
	for name, in := range tests {
		t.Run(name, func(t *testing.T) {
			in.Geo = lookup(t)
			r := detect.All(in)
			if len(r.Findings) != 0 || len(r.Devices) != 0 {
				t.Errorf("%d findings, want none: %+v", len(r.Findings), r.Findings)
			}
			if _, err := json.Marshal(r); err != nil {
				t.Error("a result holds what JSON cannot: ", err)
			}
		})
	}
}

// A day alone is searched for what it can show, and says that it is alone.
func TestNoHistory(t *testing.T) {
	in := input(t)
	in.Baseline = nil
	r := detect.All(in)
	wantAlerts(t, r.Findings, host(3), host(4), host(5), host(6), host(7), host(8), host(9), "203.0.113.7")
	for _, f := range r.Findings {
		if f.History == nil || f.History.Days != 0 || f.State != "" || f.Since != "" || strings.Contains(f.Summary, "baseline") {
			t.Errorf("%s of %s: history %v, state %q, since %q: %s", f.Rule, f.Entity, f.History, f.State, f.Since, f.Summary)
		}
		if f.Severity == detect.Critical && f.Rule != detect.RuleExternalAutomation {
			t.Errorf("%s of %s is critical without a history", f.Rule, f.Entity)
		}
	}
	for _, id := range []string{detect.RuleNewCountry, detect.RuleHostAnomaly} {
		if cov := r.Outcomes[id].Coverage; cov.Ran || cov.Reason == "" {
			t.Errorf("%s: coverage %+v", id, cov)
		}
	}
}

func mustNetworks(t *testing.T, s string) flow.Networks {
	ns, err := flow.ParseNetworks(s)
	if err != nil {
		t.Fatal(err)
	}
	return ns
}

// A higher sensitivity value raises the limits.
func TestSensitivity(t *testing.T) {
	in := input(t)
	in.Sensitivity = 100
	if fs := detect.Exfiltration(in).Findings; len(fs) != 0 {
		t.Errorf("%d findings at a hundred standard deviations, want none", len(fs))
	}
}

func TestRules(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range detect.Rules() {
		if seen[r.ID] {
			t.Errorf("rule %s is there twice", r.ID)
		}
		seen[r.ID] = true
		if r.Title == "" || r.Description == "" || len(r.Conditions) == 0 || len(r.Response) == 0 || r.Attack == nil || len(r.FalsePositives) == 0 {
			t.Errorf("rule %s lacks a text", r.ID)
		}
	}
}

// A host of an office sends half a gigabyte to a storage provider.
func ExampleExfiltration() {
	before, after := office(1, 40), office(2, 40)
	after.https(4, "192.168.100.35", "142.250.184.196", 120e6, 2e6)

	r := detect.Exfiltration(detect.Input{Baseline: before.profile(), Test: after.profile()})
	for _, f := range r.Findings {
		fmt.Println(f.Entity, f.Severity, f.Attack)
		fmt.Println(f.Summary)
	}
	// Output:
	// 192.168.100.35 medium [T1048]
	// uploaded 480 MB to 142.250.184.196 in 4 flows, 24,117 times its baseline
}

// Three hosts that talk to each other are a mesh; the servers are not.
func ExampleBotnet() {
	before, after := office(1, 40), office(2, 40)
	after.mesh(10e3, 10e3, "192.168.100.46", "192.168.100.97", "192.168.100.148")

	r := detect.Botnet(detect.Input{Baseline: before.profile(), Test: after.profile()})
	fmt.Println(r.Meshes)
	// Output:
	// [[192.168.100.46 192.168.100.97 192.168.100.148]]
}
