package nb

import (
	"fmt"
	"strings"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/frame"
)

// maxSummary is the number of devices that a summary lists.
const maxSummary = 10

// Summary displays what a reader with two minutes needs to know of the findings: the
// verdict, the devices with an alert, what to do first, and what the rules could not
// see. In a cell with the tag summary it is the report's first page.
func Summary(r detect.Result) { send(markdown(summary(r))) }

// summary returns the summary as Markdown.
func summary(r detect.Result) string {
	alerts := frame.Alerts(r.Findings)
	devices := detect.Devices(alerts)
	var b strings.Builder
	if len(devices) == 0 {
		b.WriteString("**No device has an alert.** That does not prove that there was no attack, only that the flows do not show one that the rules detect.\n\n")
	} else {
		worst := devices[0]
		fmt.Fprintf(&b, "**%s an alert.** The most severe, %s, is %s: %s.\n\n", have(len(devices), "device"), Text(worst.Entity.String()), worst.Severity, Text(worst.Findings[0].Summary))
		b.WriteString(deviceTable(devices))
		b.WriteString(firstSteps(devices))
	}
	b.WriteString(unseen(r.Coverage()))
	return b.String()
}

// have returns N with the verb "have" after it: "1 host has", "3 hosts have".
func have(n int, noun string) string {
	if n == 1 {
		return N(n, noun) + " has"
	}
	return N(n, noun) + " have"
}

// deviceTable returns the devices, the date on which each was first seen if one is
// known, and the most severe reason.
func deviceTable(devices []detect.Device) string {
	shown := devices[:min(len(devices), maxSummary)]
	dated := false
	for _, d := range shown {
		dated = dated || since(d) != ""
	}
	var b strings.Builder
	header, rule := "| Device | Severity | Most severe reason |", "|---|---|---|"
	if dated {
		header, rule = "| Device | Severity | Since | Most severe reason |", "|---|---|---|---|"
	}
	fmt.Fprintf(&b, "%s\n%s\n", header, rule)
	for _, d := range shown {
		fmt.Fprintf(&b, "| %s | %s |", Text(d.Entity.String()), d.Severity)
		if dated {
			fmt.Fprintf(&b, " %s |", Text(since(d)))
		}
		fmt.Fprintf(&b, " %s |\n", Text(d.Findings[0].Summary))
	}
	b.WriteByte('\n')
	if more := len(devices) - len(shown); more > 0 {
		fmt.Fprintf(&b, "%s more %s an alert.\n\n", Count(more), strings.TrimPrefix(have(more, "device"), Count(more)+" "))
	}
	return b.String()
}

// since returns the earliest date on which a finding of the device was seen; "" if none
// is known.
func since(d detect.Device) string {
	first := ""
	for _, f := range d.Findings {
		if f.Since != "" && (first == "" || f.Since < first) {
			first = f.Since
		}
	}
	return first
}

// firstSteps returns what the rules of the most severe findings ask for beside an alert,
// each once.
func firstSteps(devices []detect.Device) string {
	const most = 3
	var steps []string
	seen := map[string]bool{}
	for _, d := range devices {
		rule, known := detect.RuleOf(d.Findings[0].Rule)
		if !known || seen[rule.ID] || len(steps) == most {
			continue
		}
		seen[rule.ID] = true
		for _, action := range rule.Response {
			if !strings.HasPrefix(action, "Generate an alert") {
				steps = append(steps, fmt.Sprintf("%s: %s", d.Entity, action))
				break
			}
		}
	}
	if len(steps) == 0 {
		return ""
	}
	return "What to do first:\n\n" + bullets(steps) + "\n"
}

// unseen returns what limits the findings.
func unseen(list []detect.Coverage) string {
	if len(list) == 0 {
		return "Which rules ran is unknown.\n"
	}
	limits, ran := detect.Limits(list)
	s := fmt.Sprintf("%d of %s ran.", ran, N(len(list), "rule"))
	if len(limits) == 0 {
		return s + " They had all the data that they need.\n"
	}
	s += " What they could not see:\n\n"
	for _, l := range limits {
		s += fmt.Sprintf("- %s: %s\n", Text(List(l.Rules, 0)), Text(l.Reason))
	}
	return s
}
