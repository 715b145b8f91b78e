package alert

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/reportgen/internal/console"
)

// The elements of a JUnit report that findings fill
// (https://github.com/testmoapp/junitxml).
type (
	junitSuite struct {
		XMLName  xml.Name    `xml:"testsuite"`
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Failure *junitMessage `xml:"failure"`
		Skipped *junitMessage `xml:"skipped"`
		Output  string        `xml:"system-out,omitempty"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes findings as a JUnit report, which pipelines show. Each alert is a test
// that fails, and a finding of severity low one that passes with output. A rule without
// either is a test that passes, or is skipped if it did not run.
func WriteJUnit(w io.Writer, alerts []Alert, rules []detect.Coverage) error {
	suite := junitSuite{Name: FormatJUnit}
	found := map[string]bool{}
	for _, a := range shown(alerts) {
		f := a.Finding
		found[f.Rule] = true
		c := junitCase{Class: f.Rule, Name: f.Entity.String()}
		summary := console.Escape(f.Summary)
		if f.Severity.Compare(detect.Medium) >= 0 {
			c.Failure = &junitMessage{summary, string(f.Severity), advice(a)}
			suite.Failures++
		} else {
			c.Output = fmt.Sprintf("%s: %s", f.Severity, summary)
		}
		suite.Cases = append(suite.Cases, c)
	}
	for _, r := range rules {
		if found[r.Rule] {
			continue
		}
		c := junitCase{Class: r.Rule, Name: "no alert"}
		if !r.Ran {
			c.Skipped = &junitMessage{Message: console.Escape(r.Reason)}
			suite.Skipped++
		}
		suite.Cases = append(suite.Cases, c)
	}
	suite.Tests = len(suite.Cases)
	text, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}

// advice returns what to do about an alert.
func advice(a Alert) string {
	if a.Rule == nil {
		return ""
	}
	return strings.Join(a.Rule.Response, "\n")
}
