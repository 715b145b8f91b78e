package alert_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"os"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/alert"
)

// checkSARIF prints what the schema refuses in the log on its standard input.
const checkSARIF = `
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
for e in jsonschema.Draft7Validator(schema).iter_errors(json.load(sys.stdin)):
    print(list(e.absolute_path), e.message[:300])
`

// A log is SARIF by the schema of OASIS, with a result for each finding above info.
func TestSARIF(t *testing.T) {
	schema := os.Getenv("FLOWBOOK_SARIF_SCHEMA")
	if schema == "" {
		schema = testenv.Path(t, ".venv/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json")
	}
	alerts := sampleAlerts(t)
	for _, list := range [][]alert.Alert{alerts, nil} {
		text := lines(t, list, "sarif")
		var log struct {
			Runs []struct {
				Tool struct {
					Driver struct{ Rules []struct{ ID string } }
				}
				Results []struct {
					RuleID    string
					RuleIndex int
				}
			}
		}
		if err := json.Unmarshal(text, &log); err != nil {
			t.Fatal(err)
		}
		if got, want := len(log.Runs[0].Results), len(alert.AtLeast(list, detect.Low)); got != want {
			t.Errorf("%d results, want %d", got, want)
		}
		for i, r := range log.Runs[0].Results {
			if rule := log.Runs[0].Tool.Driver.Rules[r.RuleIndex]; rule.ID != r.RuleID {
				t.Errorf("result %d: rule %s at the index of %s", i, r.RuleID, rule.ID)
			}
		}
	}
	schema = testenv.File(t, schema, "make test, which installs npm's @microsoft/jest-sarif")
	text := string(lines(t, alerts, "sarif"))
	check := func(log string) string {
		return testenv.RunPython(t, []string{"jsonschema"}, log, "-c", checkSARIF, schema)
	}
	if faults := check(text); faults != "" {
		t.Errorf("the schema refuses:\n%s", faults)
	}
	if check(strings.Replace(text, `"level": "error"`, `"level": "fatal"`, 1)) == "" {
		t.Error("the schema takes a level that does not exist")
	}
}

// A JUnit report counts its tests: alerts fail, rules that did not run are skipped.
func TestJUnit(t *testing.T) {
	alerts := sampleAlerts(t)
	rules := []detect.Coverage{{Rule: "quiet", Ran: true}, {Rule: "blind", Reason: "no <DNS> \x1b"}, {Rule: alerts[0].Finding.Rule, Ran: true}}
	var b bytes.Buffer
	if err := alert.WriteJUnit(&b, alerts, rules); err != nil {
		t.Fatal(err)
	}
	var suite struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Skipped  int `xml:"skipped,attr"`
		Cases    []struct {
			Class   string    `xml:"classname,attr"`
			Failure *struct{} `xml:"failure"`
			Skipped *struct {
				Message string `xml:"message,attr"`
			} `xml:"skipped"`
		} `xml:"testcase"`
	}
	if err := xml.Unmarshal(b.Bytes(), &suite); err != nil {
		t.Fatal(err)
	}
	want := len(alert.AtLeast(alerts, detect.Low)) + 2
	if suite.Tests != want || len(suite.Cases) != want || suite.Failures != len(alert.AtLeast(alerts, detect.Medium)) || suite.Skipped != 1 {
		text, _ := json.Marshal(suite)
		t.Errorf("want %d tests: %s", want, text)
	}
	last := suite.Cases[len(suite.Cases)-1]
	if last.Class != "blind" || last.Skipped == nil || !strings.HasPrefix(last.Skipped.Message, "no <DNS> ") {
		t.Errorf("the rule that did not run is %+v", last)
	}
}
