package detect_test

import (
	"math"
	"net/netip"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
)

// A finding says what its signal says, and what has a signal of 1 has a finding.
func TestSignals(t *testing.T) {
	after := office(2, 40)
	after.https(4, host(3), googleDrive, 120e6, 2e6).ask(600, host(4), dns1, 80, 150).sweep(host(5), 30, 0)
	after.https(200, host(6), "95.163.1.1", 4e3, 36e3)
	clients := visitors(40).steady("82.155.121.1", 200, 150, 0.2, 0)
	in := detect.Input{Baseline: office(1, 40).profile(), Test: after.profile(), Servers: clients.profile(), Geo: lookup(t)}
	r := detect.All(in)
	signals := map[string]detect.Signals{}
	for id, o := range r.Outcomes {
		if o.Signals != nil {
			signals[id] = o.Signals
		}
	}
	found := map[string]map[netip.Addr]bool{}
	for _, f := range r.Findings {
		of, compared := signals[f.Rule]
		if !compared {
			continue
		}
		if found[f.Rule] == nil {
			found[f.Rule] = map[netip.Addr]bool{}
		}
		found[f.Rule][f.Entity] = true
		signal := of[f.Entity]
		if most := 1 - math.Exp2(-signal); f.Score > most+0.001 {
			t.Errorf("%s of %s: score %.3f, but the signal is %.3f", f.Rule, f.Entity, f.Score, signal)
		}
		if f.Severity.Alert() && signal < 0.995 {
			t.Errorf("%s of %s: %s at a signal of %.3f", f.Rule, f.Entity, f.Severity, signal)
		}
	}
	below := 0
	for rule, of := range signals {
		for entity, signal := range of {
			if signal >= 1 && !found[rule][entity] {
				t.Errorf("%s of %s: no finding at a signal of %.3f", rule, entity, signal)
			}
			if signal < 1 {
				below++
			}
		}
	}
	for _, rule := range []string{detect.RuleExfiltration, detect.RuleDNSC2, detect.RuleInternalScan, detect.RuleNewCountry, detect.RuleExternalAutomation} {
		if len(found[rule]) == 0 {
			t.Errorf("%s: nothing is found", rule)
		}
	}
	if below == 0 {
		t.Error("no signal is below its limit")
	}
}
