package detect_test

import (
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
)

func TestDevices(t *testing.T) {
	finding := func(rule, entity string, severity detect.Severity, score float64) detect.Finding {
		return detect.Finding{Rule: rule, Entity: mustAddr(entity), Severity: severity, Score: score}
	}
	devices := detect.Devices([]detect.Finding{
		finding("new-country", "10.0.0.9", detect.Info, 0.1),
		finding("dns-c2", "10.0.0.2", detect.Medium, 0.5),
		finding("exfiltration", "10.0.0.2", detect.Medium, 0.6),
		finding("exfiltration", "10.0.0.2", detect.Low, 0.4),
		finding("internal-p2p", "10.0.0.10", detect.High, 0.8),
		finding("internal-p2p", "10.0.0.3", detect.High, 0.8),
	})
	golden(t, "devices", devices)
	want := []struct {
		entity string
		score  float64
	}{{"10.0.0.3", 0.8}, {"10.0.0.10", 0.8}, {"10.0.0.2", 0.8}} // 1 − 0.5·0.4: the second finding of a rule does not count
	if len(devices) != len(want) {
		t.Fatalf("%d devices, want %d: info alone makes none", len(devices), len(want))
	}
	for i, d := range devices {
		if d.Entity.String() != want[i].entity || d.Score != want[i].score {
			t.Errorf("device %d is %s with %v, want %s with %v", i, d.Entity, d.Score, want[i].entity, want[i].score)
		}
	}
	if fs := devices[2].Findings; len(fs) != 3 || fs[0].Score != 0.6 || fs[2].Severity != detect.Low {
		t.Errorf("findings %+v, want three, most severe first", fs)
	}
}

// A host-anomaly finding is not added to the findings that explain it: the larger
// of the two scores counts.
func TestDevicesOfAnomalies(t *testing.T) {
	for _, tt := range []struct{ named, odd, want float64 }{{0.3, 0.4, 0.4}, {0.6, 0.4, 0.6}, {0, 0.55, 0.55}} {
		findings := []detect.Finding{{Rule: detect.RuleHostAnomaly, Entity: mustAddr("10.0.0.2"), Severity: detect.Low, Score: tt.odd}}
		if tt.named > 0 {
			findings = append(findings, detect.Finding{Rule: detect.RuleBeacon, Entity: mustAddr("10.0.0.2"), Severity: detect.Low, Score: tt.named})
		}
		devices := detect.Devices(findings)
		if len(devices) != 1 || devices[0].Score != tt.want || len(devices[0].Findings) != len(findings) {
			t.Errorf("named with %v and odd with %v: %+v, want %v", tt.named, tt.odd, devices, tt.want)
		}
	}
}
