package siem

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write golden files, and the words of the detections into rules/")

// Built-in rules say what the detections say of themselves.
func TestRulesSayWhatDetectionsDo(t *testing.T) {
	for _, d := range detect.Rules() {
		path := filepath.Join("rules", d.ID+".yaml")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Errorf("detection %s has no rule: %v", d.ID, err)
			continue
		}
		want := retold(t, path, text, d)
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if diff := cmp.Diff(string(want), string(text)); diff != "" {
			t.Errorf("%s does not say what the detection does; run go test -update\n%s", path, diff)
		}
	}
}

// retold returns a rule file with the detection's own words in its correlation.
func retold(t *testing.T, path string, text []byte, d detect.Rule) []byte {
	t.Helper()
	docs, err := readDocuments(path, text)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for _, doc := range docs {
		if doc.get("name") == d.ID {
			doc.fields = mergeFields(doc.fields, yaml.MapSlice{
				{Key: "title", Value: d.Title},
				{Key: "description", Value: d.Description},
				{Key: "tags", Value: append(tactics(doc), tags(d.Attack)...)},
				{Key: "falsepositives", Value: d.FalsePositives},
				{Key: "flowbook", Value: yaml.MapSlice{{Key: "conditions", Value: d.Conditions}, {Key: "response", Value: d.Actions}}},
			}, "flowbook")
		}
		one, err := marshal(doc.fields)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, one)
	}
	return bytes.Join(out, []byte("---\n"))
}

// tactics returns the tags of a document that name tactics.
func tactics(doc document) []string {
	var tags []string
	list, _ := doc.get("tags").([]any)
	for _, v := range list {
		if s, ok := v.(string); ok && len((&Rule{Tags: []string{s}}).Attack()) == 0 {
			tags = append(tags, s)
		}
	}
	return tags
}

func tags(techniques []string) []string {
	var tags []string
	for _, t := range techniques {
		tags = append(tags, "attack."+strings.ToLower(t))
	}
	return tags
}

func TestBuiltin(t *testing.T) {
	s, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	var keys, detections []string
	for _, r := range s.Rules() {
		keys = append(keys, r.Key())
		if !r.Enabled() || r.Flowbook.Detection != r.Name || len(r.Attack()) == 0 {
			t.Errorf("%s: enabled %v, detection %q, ATT&CK %v", r.Key(), r.Enabled(), r.Flowbook.Detection, r.Attack())
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
