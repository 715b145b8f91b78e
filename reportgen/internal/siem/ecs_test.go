package siem

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

	"github.com/flowbook/flowbook/pkg/testenv"
)

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
	folder := testenv.File(t, testenv.Path(t, ".venv", "node_modules", "@elastic", "ecs"), "npm install --prefix .venv @elastic/ecs@"+ECSVersion)
	about, err := os.ReadFile(filepath.Join(folder, "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	var installed struct{ Version string }
	if err := json.Unmarshal(about, &installed); err != nil || installed.Version != ECSVersion {
		t.Fatalf("the schema is of version %q, alerts name %s (%v)", installed.Version, ECSVersion, err)
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
// with an allowed value, or stands under flowbook.
func TestECSSchema(t *testing.T) {
	fields := ecsFields(t)
	for line := range bytes.Lines(lines(t, sampleAlerts(t), FormatECS)) {
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

// flatten writes the fields of an event with dotted names, but for our own.
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

// fault says why a value is none of the field's, or nothing.
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
