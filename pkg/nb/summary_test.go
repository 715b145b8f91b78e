package nb

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/testenv"
)

// The summary names the devices by severity, with the date on which they were first
// seen, and never says that nothing happened.
func TestSummary(t *testing.T) {
	finding := func(rule, entity string, severity detect.Severity, score float64, summary, since string) detect.Finding {
		return detect.Finding{Rule: rule, Entity: netip.MustParseAddr(entity), Severity: severity, Score: score, Summary: summary, Since: since}
	}
	two := detect.Result{Findings: []detect.Finding{
		finding("exfiltration", "10.0.0.7", detect.Critical, 0.95, "sent 9 GB to [x](http://a.example)", ""),
		finding("beacon", "10.0.0.8", detect.Medium, 0.6, "called every 60 s", "2024-03-19"),
		finding("dns-c2", "10.0.0.8", detect.Medium, 0.5, "made many requests", "2024-03-18"),
		finding("beacon", "10.0.0.9", detect.Info, 0.1, "is nothing", ""),
	}}
	var many detect.Result
	for i := range 12 {
		many.Findings = append(many.Findings, finding("beacon", netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}).String(), detect.High, 0.8, "called", ""))
	}
	var b strings.Builder
	for _, r := range []detect.Result{{}, two, many} {
		b.WriteString(summary(r) + "\n---\n")
	}
	testenv.Golden(t, "testdata/summary.md", b.String())
}
