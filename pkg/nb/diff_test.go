package nb

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
)

// The day before the last of the sample weeks is examined as the weeks up to it are.
func TestDayBefore(t *testing.T) {
	in := Open(Inputs{Country: "sample:country.mmdb", ASN: "sample:asn.mmdb"}).History("sample:fortnight")
	before, ok := in.DayBefore()
	if !ok || len(before.History) != 12 || before.TestDate.Format("2006-01-02") != "2024-03-20" {
		t.Fatalf("%v, %d days before %v", ok, len(before.History), before.TestDate)
	}
	if _, ok := (detect.Input{Test: in.Test}).DayBefore(); ok {
		t.Error("a day without a history has a day before")
	}
}

// Findings of a file are those that detect wrote.
func TestFindings(t *testing.T) {
	name := filepath.Join(t.TempDir(), "yesterday.jsonl")
	line, err := json.Marshal(map[string]any{"rule": "beacon", "entity": "10.0.0.1", "severity": "high", "summary": "calls"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(line, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(inputsVariable, name+".inputs")
	if r := Findings(name); len(r.Findings) != 1 || r.Findings[0].Summary != "calls" || r.Outcomes != nil {
		t.Errorf("read %+v", r)
	}
	if inputs, err := os.ReadFile(name + ".inputs"); err != nil || string(inputs) != name+"\n" {
		t.Errorf("the cell declares %q, %v", inputs, err)
	}
}
