package findings_test

import (
	"bytes"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/changes"
	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/reportgen/internal/findings"
)

// found returns the result of a day.
func found(f ...detect.Finding) detect.Result { return detect.Result{Findings: f} }

var (
	seven = netip.MustParseAddr("10.0.0.7")
	eight = netip.MustParseAddr("10.0.0.8")
)

// Names from databases are neither markup nor terminal commands.
func TestWriteChangesEscapes(t *testing.T) {
	list := changes.Compare(found(), found(detect.Finding{Rule: "beacon", Entity: seven, Severity: detect.High, Summary: "calls \x1b[31m|<b>[x](http://evil.example)"}))
	for _, format := range findings.ChangeFormats() {
		var b strings.Builder
		if err := findings.WriteChanges(&b, list, format); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "\x1b") {
			t.Errorf("%s has an escape character: %q", format, b.String())
		}
		if format == "md" && (strings.Contains(b.String(), "<b>") || strings.Contains(b.String(), "[x](")) {
			t.Errorf("markup: %s", b.String())
		}
	}
}

func ExampleWriteChanges() {
	monday := found(detect.Finding{Rule: "exfiltration", Entity: seven, Severity: detect.High, Score: 0.8, Summary: "10.0.0.7 sent 2.1 GB to 203.0.113.9"})
	tuesday := found(
		detect.Finding{Rule: "exfiltration", Entity: seven, Severity: detect.Medium, Score: 0.6, Summary: "10.0.0.7 sent 612 MB to 203.0.113.9", Since: "2024-03-18"},
		detect.Finding{Rule: "beacon", Entity: eight, Severity: detect.Medium, Score: 0.6, Summary: "10.0.0.8 called 203.0.113.4 every 60 s"})
	list := changes.Compare(monday, tuesday)
	if err := findings.WriteChanges(os.Stdout, list, findings.FormatText); err != nil {
		panic(err)
	}
	// Output:
	// New: 1
	//   10.0.0.8: beacon, medium: 10.0.0.8 called 203.0.113.4 every 60 s
	// Quieter: 1
	//   10.0.0.7: exfiltration, medium (was high), since 2024-03-18: 10.0.0.7 sent 612 MB to 203.0.113.9
}

func TestRead(t *testing.T) {
	var b bytes.Buffer
	if err := findings.Write(&b, detect.Result{Findings: []detect.Finding{{Rule: "beacon", Entity: seven, Severity: detect.High, Since: "2024-03-18"}}}, "json"); err != nil {
		t.Fatal(err)
	}
	if err := findings.WriteCoverage(&b, nil, []detect.Coverage{{Rule: "beacon", Ran: true, Days: 3}, {Rule: "dns-c2", Reason: "no DNS"}}, "json"); err != nil {
		t.Fatal(err)
	}
	read, err := detect.ReadFindings("day", &b)
	if err != nil {
		t.Fatal(err)
	}
	list, seen := read.Findings, read.Coverage()
	if len(list) != 1 || list[0].Entity != seven || list[0].Since != "2024-03-18" {
		t.Errorf("findings %+v", list)
	}
	if len(seen) != 2 || !seen[0].Ran || seen[0].Days != 3 || seen[1].Reason != "no DNS" {
		t.Errorf("coverage %+v", seen)
	}
}
