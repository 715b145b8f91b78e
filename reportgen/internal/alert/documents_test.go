package alert_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/testenv"
)

// A bundle is STIX 2.1 by the validator of OASIS, and has a sighting for each
// technique of each alert above info; a damaged one is not.
func TestSTIX(t *testing.T) {
	alerts := sampleAlerts(t)
	text := lines(t, alerts, "stix")
	var bundle struct{ Objects []map[string]any }
	if err := json.Unmarshal(text, &bundle); err != nil {
		t.Fatal(err)
	}
	got, want := map[string]int{}, 0
	ids := map[string]bool{}
	for _, o := range bundle.Objects {
		got[o["type"].(string)]++
		ids[o["id"].(string)] = true
	}
	for _, a := range alerts {
		if a.Finding.Severity != detect.Info {
			want += len(a.Finding.Attack)
		}
	}
	if got["sighting"] != want || len(ids) != len(bundle.Objects) || got["identity"] != 1 || got["network-traffic"] == 0 || got["ipv6-addr"] == 0 {
		t.Errorf("%v, want %d sightings; %d ids of %d objects", got, want, len(ids), len(bundle.Objects))
	}
	if again := lines(t, alerts, "stix"); !bytes.Equal(again, text) {
		t.Error("the same alerts give another bundle")
	}
	if out := lines(t, nil, "stix"); bytes.Contains(out, []byte("objects")) {
		t.Errorf("no alerts: %s", out)
	}
	if out := python(t, text, "stix2validator", "check_stix.py"); out != "valid\n" {
		t.Errorf("the validator refuses:\n%.3000s", out)
	}
	bad := bytes.Replace(text, []byte(`"first_observed"`), []byte(`"first"`), 1)
	if out := python(t, bad, "stix2validator", "check_stix.py"); out == "valid\n" {
		t.Error("the validator takes observed data without a time")
	}
}

// technique is the form of an ATT&CK technique.
var technique = regexp.MustCompile(`^T\d{4}(\.\d{3})?$`)

// A layer has what version 4.5 of the format requires, and each technique once.
func TestNavigator(t *testing.T) {
	alerts := sampleAlerts(t)
	text := lines(t, alerts, "navigator")
	var l struct {
		Name, Domain string
		Versions     map[string]string
		Techniques   []struct {
			TechniqueID string
			Score       float64
			Comment     string
			Metadata    []map[string]string
		}
		Gradient struct {
			Colors             []string
			MinValue, MaxValue float64
		}
	}
	if err := json.Unmarshal(text, &l); err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{}
	for _, a := range alerts {
		if a.Finding.Severity == detect.Info {
			continue
		}
		for _, id := range a.Finding.Attack {
			want[id] = max(want[id], a.Finding.Score)
		}
	}
	var ids []string
	for _, x := range l.Techniques {
		ids = append(ids, x.TechniqueID)
		if !technique.MatchString(x.TechniqueID) || x.Score < 100*want[x.TechniqueID]-0.5 || x.Score > 100 || x.Comment == "" {
			t.Errorf("technique %+v, want a score of %v", x, 100*want[x.TechniqueID])
		}
		for _, m := range x.Metadata {
			if m["name"] == "" || m["value"] == "" {
				t.Errorf("%s: metadata %v", x.TechniqueID, m)
			}
		}
	}
	if !slices.Equal(ids, slices.Sorted(maps.Keys(want))) {
		t.Errorf("techniques %v, want %v", ids, slices.Sorted(maps.Keys(want)))
	}
	if l.Versions["layer"] != "4.5" || l.Versions["navigator"] < "4.9.0" || l.Domain != "enterprise-attack" || l.Name != fmt.Sprintf("Flowbook findings of %s", christmas.Format(time.DateOnly)) ||
		len(l.Gradient.Colors) < 2 || l.Gradient.MaxValue <= l.Gradient.MinValue {
		t.Errorf("layer %s %v %s %+v", l.Name, l.Versions, l.Domain, l.Gradient)
	}
	testenv.Golden(t, filepath.Join("testdata", "alerts.navigator.json"), string(lines(t, alerts[:3], "navigator")))
	testenv.Golden(t, filepath.Join("testdata", "alerts.stix.json"), string(lines(t, alerts[:3], "stix")))
}
