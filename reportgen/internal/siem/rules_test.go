package siem

import (
	"slices"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/google/go-cmp/cmp"
)

// The words that detect reads for itself are those that a YAML parser reads.
func TestRulesSayWhatDetectionsDo(t *testing.T) {
	s, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range detect.Rules() {
		r, ok := s.Rule(d.ID)
		if !ok {
			t.Errorf("there is no rule %s", d.ID)
			continue
		}
		parsed := detect.Rule{ID: r.Name, Title: r.Title, Description: r.Description, Conditions: r.Flowbook.Conditions,
			Response: r.Flowbook.Response, Attack: r.attack(), FalsePositives: r.FalsePositives}
		if diff := cmp.Diff(parsed, d); diff != "" {
			t.Errorf("rules/%s.yaml (-parser +detect):\n%s", d.ID, diff)
		}
	}
}

func TestBuiltin(t *testing.T) {
	s, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	var keys, detections []string
	for _, r := range s.visible() {
		keys = append(keys, r.key())
		d, _ := detect.RuleOf(r.Name)
		if !r.enabled() || r.Flowbook.Detection != r.Name || !slices.Equal(r.attack(), d.Attack) {
			t.Errorf("%s: enabled %v, detection %q, ATT&CK %v", r.key(), r.enabled(), r.Flowbook.Detection, r.attack())
		}
	}
	for _, d := range detect.Rules() {
		detections = append(detections, d.ID)
	}
	if !slices.Equal(keys, detections) {
		t.Errorf("rules %v for detections %v", keys, detections)
	}
	if len(s.Warnings) > 0 {
		t.Error(s.Warnings)
	}
}
