package alert_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/alert"
	"github.com/flowbook/flowbook/reportgen/internal/siem"
)

// One alert in every format.
func TestGolden(t *testing.T) {
	f := detect.Finding{Rule: detect.RuleExfiltration, Entity: netip.MustParseAddr("192.168.100.35"), Severity: detect.High, Score: 0.97,
		Attack: []string{"T1567.002", "T1030"}, Summary: "uploaded 1.19 GB to 142.250.184.196 (Google LLC), 310 times its baseline",
		Window: [2]flow.Time{9*flow.Hour + 2965, 11 * flow.Hour},
		Evidence: map[string]any{"src_ip": "192.168.100.35", "dst_ip": "142.250.184.196", "owner": map[string]any{"asn": 15169, "name": "Google LLC"},
			"country": map[string]string{"code": "US", "name": "United States"}, "flows": 4, "up_bytes": 1_190_000_000, "down_bytes": 15_000_000, "proto": "tcp", "port": 443}}
	rules, err := siem.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	alerts, err := rules.Alerts([]detect.Finding{f}, alert.Day{Midnight: christmas})
	if err != nil {
		t.Fatal(err)
	}
	a := alerts[0]
	for _, format := range []string{"json", "ocsf", "ecs"} {
		line, err := a.Encode(format)
		if err != nil {
			t.Fatal(err)
		}
		var indented bytes.Buffer
		if err := json.Indent(&indented, line, "", "  "); err != nil {
			t.Fatal(err)
		}
		testenv.Golden(t, filepath.Join("testdata", "alert."+format+".json"), indented.String()+"\n")
	}
	text, err := a.Syslog("")
	if err != nil {
		t.Fatal(err)
	}
	testenv.Golden(t, filepath.Join("testdata", "alert.syslog.txt"), text+"\n")
}
