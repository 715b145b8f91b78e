package alert_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/sampledays"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/alert"
	"github.com/flowbook/flowbook/reportgen/internal/siem"
)

var christmas = time.Date(2024, 12, 25, 0, 0, 0, 0, time.UTC)

// sampleAlerts are those of the sample days, and one of each severity with
// evidence of no known shape.
func sampleAlerts(t *testing.T) []alert.Alert {
	t.Helper()
	s, err := siem.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Detect(sampledays.Input(t))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range r.Findings {
		seen[f.Rule] = true
	}
	if len(seen) < 8 {
		t.Fatalf("the sample days have findings of only %d rules", len(seen))
	}
	// A few of each kind say what there is to say, and schemas are slow.
	var fs []detect.Finding
	kinds := map[string]int{}
	for _, f := range r.Findings {
		if kind := f.Rule + " " + string(f.Severity); kinds[kind] < 3 {
			kinds[kind]++
			fs = append(fs, f)
		}
	}
	for _, severity := range []detect.Severity{detect.Info, detect.Low, detect.Medium, detect.High, detect.Critical} {
		fs = append(fs, detect.Finding{Rule: "own", Entity: netip.MustParseAddr("2001:db8::1"), Severity: severity, Summary: "<odd> & “quoted”", Evidence: []int{1}})
	}
	alerts, err := s.Alerts(fs, alert.Day{Midnight: christmas})
	if err != nil {
		t.Fatal(err)
	}
	return alerts
}

func lines(t *testing.T, alerts []alert.Alert, format string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := alert.Write(&b, alerts, format); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// python runs a script with the virtual environment that `make test` makes and
// returns what it prints.
func python(t *testing.T, stdin []byte, needs, script string, args ...string) string {
	t.Helper()
	return testenv.RunPython(t, []string{needs}, string(stdin), append([]string{filepath.Join("testdata", script)}, args...)...)
}

// Alerts are Detection Findings by OCSF's own schema, of the version that they
// name and of later ones; a damaged one is not.
func TestOCSFSchema(t *testing.T) {
	alerts := sampleAlerts(t)
	text := lines(t, alerts, "ocsf")
	want := fmt.Sprintf("%d events\n", len(alerts))
	if out := python(t, text, "ocsf_json_schema", "check_ocsf.py", alert.OCSFVersion, "1.8.0"); out != want {
		t.Errorf("the schema refuses:\n%.3000s", out)
	}
	first, _, _ := bytes.Cut(text, []byte("\n"))
	for _, change := range [][2]string{{`"severity_id":`, `"severity_id":7`}, {`"finding_info":`, `"info":`}, {`"technique":{"uid":"T`, `"technique":{"ID":"T`}} {
		bad := bytes.Replace(first, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(bad, first) {
			t.Fatalf("%s is not in %s", change[0], first)
		}
		cmd := exec.CommandContext(t.Context(), testenv.Python(t, "ocsf_json_schema"), filepath.Join("testdata", "check_ocsf.py"), alert.OCSFVersion)
		cmd.Stdin = bytes.NewReader(bad)
		if out, err := cmd.Output(); err == nil && string(out) == "1 events\n" {
			t.Errorf("the schema takes an event with %s for %s", change[1], change[0])
		}
	}
}

// ecsField is what the schema says of a field.
type ecsField struct {
	Type     string
	Array    bool
	Required bool
	Allowed  []string
	Expected map[string][]string
}

// ecsFields reads the schema from the package @elastic/ecs.
func ecsFields(t *testing.T) map[string]ecsField {
	t.Helper()
	folder := testenv.File(t, testenv.Path(t, ".venv", "node_modules", "@elastic", "ecs"), "npm install --prefix .venv @elastic/ecs@"+alert.ECSVersion)
	about, err := os.ReadFile(filepath.Join(folder, "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	var installed struct{ Version string }
	if err := json.Unmarshal(about, &installed); err != nil || installed.Version != alert.ECSVersion {
		t.Fatalf("the schema is of version %q, alerts name %s (%v)", installed.Version, alert.ECSVersion, err)
	}
	out, err := exec.CommandContext(t.Context(), testenv.Program(t, "node", "Node.js"), filepath.Join("testdata", "ecs_fields.js"), folder).Output()
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]ecsField
	if err := json.Unmarshal(out, &fields); err != nil || len(fields) < 500 {
		t.Fatalf("%d fields, %v", len(fields), err)
	}
	return fields
}

// Every field of every alert is one of the Elastic Common Schema, of its type,
// with an allowed value, or is below flowbook.
func TestECSSchema(t *testing.T) {
	fields := ecsFields(t)
	for line := range bytes.Lines(lines(t, sampleAlerts(t), "ecs")) {
		var event map[string]any
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatal(err)
		}
		for _, fault := range ecsFaults(fields, event) {
			t.Errorf("%s in %.200s", fault, line)
		}
	}
	for _, bad := range []string{`{"source":{"ip":"host"}}`, `{"event":{"kind":"alarm"}}`, `{"event":{"category":"network"}}`,
		`{"destination":{"ports":1}}`, `{"@timestamp":"noon"}`, `{"event":{"category":["network"],"type":["creation"]}}`} {
		event := map[string]any{}
		if err := json.Unmarshal([]byte(bad), &event); err != nil {
			t.Fatal(err)
		}
		if len(ecsFaults(fields, event)) < 2 { // the required fields are missing too
			t.Errorf("%s passes", bad)
		}
	}
}

func ecsFaults(fields map[string]ecsField, event map[string]any) []string {
	flat := map[string]any{}
	flatten("", event, flat)
	var faults []string
	for _, name := range slices.Sorted(maps.Keys(flat)) {
		if f, ok := fields[name]; !ok {
			faults = append(faults, name+" is no field")
		} else if why := f.fault(flat[name]); why != "" {
			faults = append(faults, name+why)
		}
	}
	for name, f := range fields {
		if _, ok := flat[name]; f.Required && !ok {
			faults = append(faults, name+" is missing")
		}
	}
	categories, _ := flat["event.category"].([]any)
	types, _ := flat["event.type"].([]any)
	for _, c := range categories {
		for _, typ := range types {
			if name, _ := c.(string); !slices.Contains(fields["event.category"].Expected[name], fmt.Sprint(typ)) {
				faults = append(faults, fmt.Sprintf("event.type %v is not expected of category %s", typ, name))
			}
		}
	}
	return faults
}

// flatten writes the fields of an event with dotted names, except our own.
func flatten(prefix string, v any, flat map[string]any) {
	m, ok := v.(map[string]any)
	if !ok {
		flat[prefix] = v
		return
	}
	for k, v := range m {
		if prefix == "" && k == "flowbook" {
			continue
		}
		name := k
		if prefix != "" {
			name = prefix + "." + k
		}
		flatten(name, v, flat)
	}
}

// fault says why a value is invalid for the field, or nothing.
func (f ecsField) fault(v any) string {
	list, isList := v.([]any)
	if f.Array != isList {
		return " must be a list, or must not"
	}
	if !isList {
		list = []any{v}
	}
	for _, v := range list {
		text, isText := v.(string)
		num, isNumber := v.(float64)
		ok := isText
		switch f.Type {
		case "ip":
			_, err := netip.ParseAddr(text)
			ok = err == nil
		case "date":
			_, err := time.Parse(time.RFC3339Nano, text)
			ok = err == nil
		case "long":
			ok = isNumber && num == float64(int64(num))
		case "float":
			ok = isNumber
		}
		if !ok {
			return fmt.Sprintf(" is %v, which is no %s", v, f.Type)
		}
		if len(f.Allowed) > 0 && !slices.Contains(f.Allowed, text) {
			return fmt.Sprintf(" is %q, which is none of %v", text, f.Allowed)
		}
	}
	return ""
}
