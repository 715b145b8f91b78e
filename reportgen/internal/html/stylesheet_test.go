package html

import (
	"regexp"
	"testing"
)

// TestClassesOfAlerts: the classes of alerts are theirs alone. A rule for .tip, the box at the pointer, once covered tips on
// the screen and left them out of the PDF.
func TestClassesOfAlerts(t *testing.T) {
	rule := regexp.MustCompile(`(?m)(?:^|[\s,>+~}])\.(note|tip|important|warning|caution)\b`)
	if m := rule.FindString(regexp.MustCompile(`\([^()]*\)`).ReplaceAllString(stylesheet, "")); m != "" { // without :is(…)
		t.Errorf("the style sheet has a rule for %q without .alert", m)
	}
	if !rule.MatchString("a, .tip:hover {}") {
		t.Error("the pattern does not find a rule")
	}
}
