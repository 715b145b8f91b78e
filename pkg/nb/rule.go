package nb

import (
	"fmt"
	"strings"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/frame"
)

// Rule displays a detection rule as a report's section on it says: what it
// looks for, its conditions and the limits that it learned, its actions, and
// what it gave.
func Rule(id string, learned []detect.Threshold, found []detect.Finding) {
	words, err := ruleText(id)
	Check(err)
	send(markdown(words))
	Table(frame.Thresholds(learned), Label("tbl-limits-"+id),
		Caption("Limits that the rule %s learned", id),
		Otherwise("The rule had nothing to learn its limits from."))
	gave, quiet := frame.Alerts(found), ""
	if n := len(found) - len(gave); n > 0 {
		quiet = fmt.Sprintf(" There %s of lower severity, without an alert.", Are(n, "finding"))
	}
	if len(gave) > 0 {
		Prose("On the day under test the rule raised %s (@tbl-alerts-%s).%s", N(len(gave), "alert"), id, quiet)
	}
	Table(frame.Findings(gave), Label("tbl-alerts-"+id),
		Caption("Alerts of the rule %s", id),
		Columns("entity", "severity", "score", "summary"), Most(50),
		Otherwise("On the day under test the rule raised no alert.%s", quiet))
}

// ruleText returns what a rule says of itself, as Markdown.
func ruleText(id string) (string, error) {
	r, ok := detect.RuleOf(id)
	if !ok {
		var ids []string
		for _, r := range detect.Rules() {
			ids = append(ids, r.ID)
		}
		return "", fmt.Errorf("there is no rule %q; there are %s", id, List(ids, 0))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n### Conditions\n\n%s\n### Actions\n\n%s\n", r.Description, bullets(r.Conditions), bullets(r.Response))
	if len(r.Attack) > 0 {
		fmt.Fprintf(&b, "MITRE ATT&CK: %s.\n\n", List(r.Attack, 0))
	}
	if len(r.FalsePositives) > 0 {
		fmt.Fprintf(&b, "Known false positives:\n\n%s\n", bullets(r.FalsePositives))
	}
	return b.String() + "### Result", nil
}

func bullets(lines []string) string {
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "- %s\n", l)
	}
	return b.String()
}
