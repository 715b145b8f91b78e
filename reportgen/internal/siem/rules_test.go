package siem

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// Built-in rules say what the detections say of themselves.
func TestRulesSayWhatDetectionsDo(t *testing.T) {
	for _, d := range detect.Rules() {
		path := filepath.Join("rules", d.ID+".yaml")
		text, err := os.ReadFile(path)
		if testenv.Updating() && errors.Is(err, os.ErrNotExist) {
			text, err = skeleton(d), nil
		}
		if err != nil {
			t.Errorf("detection %s has no rule: %v", d.ID, err)
			continue
		}
		want := retold(t, path, text, d)
		if testenv.Updating() {
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

// skeleton is the file of a new detection, to be made fit by hand: which flows
// it is about, and from how many on another tool should look at them.
func skeleton(d detect.Rule) []byte {
	id := func(name string) string { return uuid.NewSHA1(namespace, []byte(name)).String() }
	base := strings.ReplaceAll(d.ID, "-", "_") + "_flows"
	return fmt.Appendf(nil, `title: Flows of internal hosts that the rule %[1]s counts
id: %[2]s
name: %[3]s
status: experimental
description: Selects the flows that the rule %[1]s counts.
author: Flowbook
date: 2026-11-21
logsource:
  category: firewall
  product: flowbook
detection:
  internal:
    src_ip|cidr:
      - 10.0.0.0/8
      - 172.16.0.0/12
      - 192.168.0.0/16
      - fc00::/7
  condition: internal
falsepositives:
  - Every such flow; the correlation says which are unusual
level: informational
---
title: %[1]s
id: %[4]s
name: %[1]s
status: experimental
description: %[1]s
author: Flowbook
date: 2026-11-21
tags: []
correlation:
  type: event_count
  rules:
    - %[3]s
  group-by:
    - src_ip
  timespan: 1d
  condition:
    gte: 100000
falsepositives: []
level: low
flowbook:
  detection: %[1]s
  enabled: true
  thresholds:
    sensitivity: 3.5
  severity: scored
`, d.ID, id(base), base, id(d.ID))
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
		d, _ := detect.RuleOf(r.Name)
		if !r.Enabled() || r.Flowbook.Detection != r.Name || !slices.Equal(r.Attack(), d.Attack) {
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

// The file that a new detection gets is a valid rule with its words.
func TestSkeleton(t *testing.T) {
	d := detect.Rules()[0]
	s := &Set{}
	if err := s.Load("new.yaml", retold(t, "new.yaml", skeleton(d), d)); err != nil {
		t.Fatal(err)
	}
	r, ok := s.Rule(d.ID)
	if !ok || r.Title != d.Title || !slices.Equal(r.Attack(), d.Attack) || !slices.Equal(r.Flowbook.Conditions, d.Conditions) || len(s.Rules()) != 1 {
		t.Errorf("%+v", r)
	}
}
