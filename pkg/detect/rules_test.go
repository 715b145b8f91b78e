package detect

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// Each rule has a file, and each file a rule.
func TestRegistered(t *testing.T) {
	var ids []string
	for _, r := range Rules() {
		ids = append(ids, r.ID)
	}
	if registered := slices.Sorted(maps.Keys(registered)); !slices.Equal(ids, registered) {
		t.Errorf("files in rules/ for %v, registered are %v", ids, registered)
	}
}

func TestReadRule(t *testing.T) {
	const text = `title: Flows
name: flows
tags: []
---
title: "Many: flows"
name: many
description: It's one line, with - and # in it.
tags:
  - attack.impact
  - attack.t1498.001
  - attack.t1499
falsepositives:
  - None
level: low
flowbook:
  conditions:
    - One
    - "Two \"quoted\""
  response:
    - Wait
`
	r, err := readRule("many", strings.Replace(text, "# in", "no comment in", 1))
	if err != nil {
		t.Fatal(err)
	}
	if r.Title != "Many: flows" || r.Description != "It's one line, with - and no comment in it." ||
		!slices.Equal(r.Attack, []string{"T1498.001", "T1499"}) || !slices.Equal(r.FalsePositives, []string{"None"}) ||
		!slices.Equal(r.Conditions, []string{"One", `Two "quoted"`}) || !slices.Equal(r.Response, []string{"Wait"}) {
		t.Errorf("%+v", r)
	}
	for _, fault := range []struct{ id, from, to, says string }{
		{"many", "", "", "7: "}, // a plain scalar with #
		{"few", "# in", "in", "no document has the name few"},
		{"many", "tags: []", "tags: [a]", "3: "},
		{"many", "Wait", "|", "20: "},
		{"many", "  response:", "  response", "19: want key"},
		{"many", "  response:", "      response:", "19: want key"},
	} {
		_, err := readRule(fault.id, strings.Replace(strings.Replace(text, fault.from, fault.to, 1), "# in it", "in it", min(len(fault.to), 1)))
		if err == nil || !strings.Contains(err.Error(), fault.says) {
			t.Errorf("%q instead of %q: error %v does not say %q", fault.to, fault.from, err, fault.says)
		}
	}
}
