package siem

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
)

func builtinSet(tb testing.TB) *Set {
	tb.Helper()
	s, err := Builtin()
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func load(tb testing.TB, s *Set, text string) {
	tb.Helper()
	if err := s.Load("own.yaml", []byte(text)); err != nil {
		tb.Fatal(err)
	}
}

// telnet is a whole rule that is evaluated here.
const telnet = `title: Telnet
id: 6d9c2f3e-6f0e-4d3b-9d0c-0a6f7b1f2a11
name: telnet
logsource: {category: firewall}
detection:
  selection:
    dst_port: 23
  condition: selection
level: medium
`

// with returns telnet with lines changed.
func with(changes ...string) string { return strings.NewReplacer(changes...).Replace(telnet) }

// counting returns a correlation over telnet.
func counting(more string) string {
	return telnet + `---
title: Much telnet
id: 0b0fd0a5-42a9-4f36-8a59-3f0f2fb9f0c1
name: much-telnet
correlation:
  type: event_count
  rules: [telnet]
  group-by: [src_ip]
  timespan: 1d
  condition: {gte: 10}
level: high
` + more
}

func TestLoadErrors(t *testing.T) {
	override := func(block string) string { return "name: beacon\nflowbook:\n" + block }
	tests := []struct {
		name, text, where, want string
	}{
		{"not YAML", "title: [", "own.yaml:1", ""},
		{"a list", "- title: x", "own.yaml:1", "not a rule"},
		{"zero byte", "title: x\n\x00", "own.yaml:2", "zero byte"},
		{"alias", "title: &a x\nname: *a\n", "own.yaml:1", "anchor"},
		{"key twice", "title: x\ntitle: y\n", "own.yaml:2", "title"},
		{"no title", "level: high\n", "own.yaml:1: title", "name or id"},
		{"level", with("level: medium", "level: urgent"), "own.yaml:9: level", `"urgent": want informational`},
		{"no level", with("level: medium\n", ""), "own.yaml:1: level", "missing"},
		{"level is a map", with("level: medium", "level: {a: 1}"), "own.yaml:9: level", ""},
		{"id", with("id: 6d9c", "id: x"), "own.yaml:2: id", "UUID"},
		{"status", with("level:", "status: fresh\nlevel:"), "own.yaml:9: status", `"fresh"`},
		{"date", with("level:", "date: 1.2.2024\nlevel:"), "own.yaml:9: date", "2024-04-21"},
		{"tag", with("level:", "tags:\n  - attack.t1048\n  - Attack T1\nlevel:"), "own.yaml:11: tags.1", "attack.t1048"},
		{"no logsource", with("logsource: {category: firewall}\n", ""), "own.yaml:1: logsource", "missing"},
		{"no detection", "title: x\nid: 6d9c2f3e-6f0e-4d3b-9d0c-0a6f7b1f2a11\nlevel: low\n", "own.yaml:1: detection", "neither"},
		{"unknown field", with("dst_port: 23", "dst_prot: 23"), "own.yaml:7: detection.selection.dst_prot", "dst_port"},
		{"unknown modifier", with("dst_port: 23", "dst_ip|base64: x"), "own.yaml:7: detection.selection.dst_ip|base64", "base64"},
		{"number for text", with("dst_port: 23", "src_ip|startswith: 10."), "own.yaml:7: detection.selection.src_ip|startswith", "quotes"},
		{"bad CIDR", with("dst_port: 23", "dst_ip|cidr: 10.0.0.0"), "own.yaml:7: detection.selection.dst_ip|cidr", "CIDR"},
		{"bad expression", with("dst_port: 23", "dst_owner|re: '('"), "own.yaml:7: detection.selection.dst_owner|re", "regular expression"},
		{"keyword", with("    dst_port: 23", "    - evil"), "own.yaml:7: detection.selection.0", "keywords"},
		{"no condition", with("  condition: selection\n", ""), "detection", "condition"},
		{"unknown selection", with("condition: selection", "condition: selection and other"), "own.yaml:8: detection.condition", `"other"`},
		{"open parenthesis", with("condition: selection", "condition: (selection"), "own.yaml:8: detection.condition", "not closed"},
		{"capitals", with("condition: selection", "condition: selection AND selection"), "own.yaml:8: detection.condition", "lower case"},
		{"old count", with("condition: selection", "condition: selection | count() > 5"), "own.yaml:8: detection.condition", "correlation"},
		{"old timeframe", with("  condition: selection\n", "  timeframe: 5m\n  condition: selection | count(dst_ip) by src_ip > 5\n"), "own.yaml:8: detection.timeframe", "write a correlation"},
		{"old near", with("  condition: selection\n", "  timeframe: 1h\n  condition: selection | near selection\n"), "own.yaml:8: detection.timeframe", "write a correlation"},
		{"deep", with("condition: selection", "condition: "+strings.Repeat("not ", 1000)+"selection"), "own.yaml:8: detection.condition", "too deep"},
		{"name taken", with("name: telnet", "name: beacon"), "own.yaml:3: name", "taken"},
		{"unknown of correlation", strings.Replace(counting(""), "rules: [telnet]", "rules: [telnett]", 1), "own.yaml:16: correlation.rules.0", `"telnett"`},
		{"type", strings.Replace(counting(""), "event_count", "event_sum", 1), "own.yaml:15: correlation.type", "event_count"},
		{"percentile", strings.Replace(counting(""), "event_count\n  rules", "value_percentile\n  rules", 1), "own.yaml:19: correlation.condition", "field"},
		{"timespan", strings.Replace(counting(""), "1d", "5m", 1), "own.yaml:18: correlation.timespan", "1d"},
		{"bad timespan", strings.Replace(counting(""), "1d", "daily", 1), "own.yaml:18: correlation.timespan", "daily"},
		{"two limits", strings.Replace(counting(""), "{gte: 10}", "{gte: 10, lte: 20}", 1), "own.yaml:19: correlation.condition", "one of"},
		{"group-by", strings.Replace(counting(""), "[src_ip]", "[dst_port]", 1), "own.yaml:17: correlation.group-by", "src_ip"},
		{"sum of addresses", strings.Replace(strings.Replace(counting(""), "event_count", "value_sum", 1), "{gte: 10}", "{gte: 10, field: dst_ip}", 1), "own.yaml:19: correlation.condition.field", "up_bytes"},
		{"unknown in correlation", strings.Replace(counting(""), "timespan", "timespam", 1), "own.yaml:18: correlation", "timespam"},
		{"unknown in block", override("  thresholds: {sensitive: 3}\n"), "own.yaml:3: flowbook", "sensitive"},
		{"type in block", override("  enabled: perhaps\n"), "own.yaml:3: flowbook.enabled", ""},
		{"sensitivity", override("  thresholds:\n    sensitivity: -1\n"), "own.yaml:4: flowbook.thresholds.sensitivity", "above 0"},
		{"sensitivity is no number", override("  thresholds: {sensitivity: .nan}\n"), "own.yaml:3: flowbook.thresholds.sensitivity", "above 0"},
		{"times", telnet + "flowbook: {baseline: {times: .inf}}\n", "own.yaml:10: flowbook.baseline.times", "finite"},
		{"infinite limit", strings.Replace(counting(""), "{gte: 10}", "{gte: .inf}", 1), "own.yaml:19: correlation.condition", "number"},
		{"score", override("  thresholds: {score: 70}\n"), "own.yaml:3: flowbook.thresholds.score", "between 0 and 1"},
		{"severity", override("  severity: high\n"), "own.yaml:3: flowbook.severity", "capped"},
		{"detection", override("  detection: becon\n"), "own.yaml:3: flowbook.detection", "beacon"},
		{"detection of another", override("  detection: dns-c2\n"), "own.yaml:3: flowbook.detection", `"dns-c2"`},
		{"baseline", override("  baseline: {times: 2}\n"), "own.yaml:3: flowbook.baseline", "learns"},
		{"thresholds of an own rule", telnet + "flowbook: {thresholds: {score: 0.5}}\n", "own.yaml:10: flowbook.thresholds", "condition"},
		{"destination", override("  actions:\n    - to: mail:me\n"), "own.yaml:4: flowbook.actions.0.to", "syslog+udp"},
		{"format", override("  actions:\n    - to: stdout\n      format: xml\n"), "own.yaml:5: flowbook.actions.0.format", "ocsf"},
		{"timeout", override("  actions:\n    - to: stdout\n      timeout: 5 apples\n"), "own.yaml:5: flowbook.actions.0.timeout", "apples"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := builtinSet(t)
			before := len(s.rules)
			err := s.Load("own.yaml", []byte(tt.text))
			var fault *ruleError
			if !errors.As(err, &fault) {
				t.Fatalf("%v is not a *RuleError", err)
			}
			if !strings.Contains(err.Error(), tt.where) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%q lacks %q or %q", err, tt.where, tt.want)
			}
			if len(s.rules) != before {
				t.Error("the set was changed")
			}
		})
	}
}

func TestOpenNamesMissingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.yaml")
	if _, err := Open(path); err == nil || !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "none.yaml") {
		t.Error(err)
	}
}

// Unknown fields are reported, for they may be typing errors.
func TestUnknownFieldsWarn(t *testing.T) {
	s := builtinSet(t)
	load(t, s, telnet+"lvl: high\n")
	if len(s.Warnings) != 1 || !strings.HasPrefix(s.Warnings[0], "own.yaml:10: lvl") {
		t.Errorf("warnings %q", s.Warnings)
	}
}

// An override changes what it names and nothing else, wherever it lies.
func TestOverride(t *testing.T) {
	s := builtinSet(t)
	was, _ := s.Rule("beacon")
	load(t, s, "# my network\n---\nname: beacon\nlevel: low\nflowbook:\n  thresholds: {score: 0.6}\n  actions: [{to: stdout}]\n")
	is, _ := s.Rule(was.ID)
	switch {
	case is.Level != "low" || is.Flowbook.Thresholds.Score != 0.6 || len(is.Flowbook.Actions) != 1 || is.Flowbook.Severity != severityCapped:
		t.Errorf("not overridden: %+v", is)
	case is.Title != was.Title || is.Flowbook.Detection != "beacon" || is.Flowbook.Thresholds.Sensitivity != detect.DefaultSensitivity || len(is.Flowbook.Response) == 0:
		t.Errorf("too much overridden: %+v", is)
	case len(s.rules) != len(builtinSet(t).rules):
		t.Errorf("%d rules", len(s.rules))
	}
	load(t, s, "id: "+was.ID+"\nlevel: critical\nflowbook: {severity: level, enabled: false}\n")
	is, _ = s.Rule("beacon")
	if is.enabled() || is.Flowbook.Severity != severityLevel || is.Flowbook.Thresholds.Score != 0.6 {
		t.Errorf("a second file does not count: %+v", is.Flowbook)
	}
	// A fault of the merged rule is reported at its position in the overriding file.
	err := s.Load("third.yaml", []byte("name: beacon\nlevel: none\n"))
	if err == nil || !strings.Contains(err.Error(), "third.yaml:2: level") {
		t.Error(err)
	}
}

// What writeYAML writes is read as the same set.
func TestYAMLRoundTrip(t *testing.T) {
	s := builtinSet(t)
	load(t, s, counting("flowbook:\n  baseline: {times: 3, new: true}\n  actions:\n    - {to: 'file:a b.jsonl', timeout: 1m30s, retries: 0}\n"))
	var first, second strings.Builder
	if err := s.writeYAML(&first); err != nil {
		t.Fatal(err)
	}
	again := &Set{}
	if err := again.Load("again.yaml", []byte(first.String())); err != nil {
		t.Fatal(err)
	}
	if err := again.writeYAML(&second); err != nil {
		t.Fatal(err)
	}
	if first.String() != second.String() {
		t.Error("the second writing differs")
	}
	r, _ := again.Rule("much-telnet")
	if a := r.Flowbook.Actions[0]; a.Timeout != "1m30s" || a.Retries == nil || *a.Retries != 0 || a.To != "file:a b.jsonl" {
		t.Errorf("%+v", a)
	}
}

// The Sigma output has no flowbook block, no disabled rules, and no rules that only those need.
func TestWriteSigma(t *testing.T) {
	s := builtinSet(t)
	load(t, s, "name: beacon\nflowbook: {enabled: false}\n")
	var b strings.Builder
	if err := s.writeSigma(&b); err != nil {
		t.Fatal(err)
	}
	for _, no := range []string{"flowbook:", "name: beacon", "name: calls_outward"} {
		if strings.Contains(b.String(), no) {
			t.Errorf("%q is in the Sigma output", no)
		}
	}
	if n := strings.Count(b.String(), "\n---\n") + 1; n != len(s.rules)-2 {
		t.Errorf("%d documents", n)
	}
}

func FuzzLoad(f *testing.F) {
	for _, text := range []string{telnet, counting(""), "name: beacon\nlevel: low\n", "a: &a [*a]", "? [x]\n: y", "---\n---\n", "title: x\nflowbook: 1"} {
		f.Add([]byte(text))
	}
	builtin := builtinSet(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		s := &Set{rules: builtin.rules}
		err := s.Load("own.yaml", text)
		var fault *ruleError
		if err != nil && !errors.As(err, &fault) {
			t.Errorf("%v is not a *RuleError", err)
		}
		if err == nil {
			if err := s.writeYAML(&strings.Builder{}); err != nil {
				t.Error(err)
			}
		}
	})
}
