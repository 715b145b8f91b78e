package nb

import (
	"fmt"
	"strings"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/frame"
)

// Rule displays a detection rule: its description, conditions, response, and from its
// outcome the limits that it learned and its alerts.
func Rule(id string, outcome detect.Outcome) {
	learned, found := outcome.Thresholds, outcome.Findings
	words, err := ruleText(id)
	Check(err)
	send(markdown(words))
	Table(frame.Thresholds(learned), Label("tbl-limits-"+id),
		Caption("Limits learned by the rule %s", id),
		Otherwise("The rule has no data to learn its limits from."))
	alerts, quiet := frame.Alerts(found), Markdown("")
	if n := len(found) - len(alerts); n > 0 {
		quiet = Markdown(fmt.Sprintf(" There %s of lower severity that raised no alert.", are(n, "finding")))
	}
	if len(alerts) > 0 {
		Prose("The rule raised %s on the test day (@tbl-alerts-%s).%s", N(len(alerts), "alert"), id, quiet)
	}
	Table(frame.Findings(alerts), Label("tbl-alerts-"+id),
		Caption("Alerts of the rule %s", id),
		Columns("entity", "severity", "score", "summary"), Most(50),
		Otherwise("The rule raised no alert on the test day.%s", quiet))
}

// ruleText returns the description, conditions and response of a rule as Markdown.
func ruleText(id string) (string, error) {
	r, ok := detect.RuleOf(id)
	if !ok {
		var ids []string
		for _, r := range detect.Rules() {
			ids = append(ids, r.ID)
		}
		return "", fmt.Errorf("unknown rule %q; the rules are %s", id, List(ids, 0))
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
