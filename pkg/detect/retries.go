package detect

import (
	"fmt"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Malware whose command server is down tries it again and again without a pause;
// programs of users wait longer after each failure. Slips reports five refused
// connections to one address and port; a browser makes as many for one page, and so
// the rule asks for retryFlows in a minute or more, at less than a burst's distance.
const (
	retryFlows = 100
	retryTime  = flow.Minute
)

// retries finds internal hosts that keep trying one external address and port of TCP
// that never answers or refuses, if no host contacted the address on past days and
// fewer do than make a program that was rolled out.
func (c *Context) retries() (findings []Finding) {
	if !c.test.answers() {
		return nil
	}
	for conv := range c.test.outward() {
		lasted := conv.Last - conv.First
		if conv.Proto != flow.TCP || conv.Flows < retryFlows || lasted < retryTime ||
			lasted > flow.Time(conv.Flows-1)*burst*flow.Second || !fails(conv) ||
			c.test.contacted()[conv.Dst] >= pilotHosts || c.memory().destinations[conv.Dst] != nil {
			continue
		}
		cv, gap := rhythm(conv.Seconds, conv.Flows)
		call := c.test.call(dayCall{conv: conv, name: nameOf(conv), cv: cv, gap: gap, calls: conv.Flows})
		call.Callers = c.test.contacted()[conv.Dst]
		f := call.finding(scoreOf(1), conv, c.before())
		f.Summary = fmt.Sprintf("tried %s %s in %s, every %.1f s on average, and was refused or not answered each time",
			call.to(), plural(conv.Flows, "time"), minutesText(lasted), gap)
		if history := call.history(c.before()); history != "" {
			f.Summary += "; " + history
		}
		findings = append(findings, f)
	}
	return findings
}

// minutesText writes a time in whole minutes, rounded up.
func minutesText(t flow.Time) string { return plural(int64((t+flow.Minute-1)/flow.Minute), "minute") }
